using System.Text;
using Nines.Core.Alerting;
using Nines.Core.Probes;
using Nines.Core.Telemetry;
using Nines.Metrics;
using Nines.Server.Probes;
using Nines.Server.Tests.Delivery;

namespace Nines.Server.Tests.Probes;

public sealed class ProbeWorkerTests : IDisposable
{
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("nines-probes-");

    private static Probe Probe(Uri url, long intervalMs = 60_000, params string[] conditions) =>
        HttpProbingTests.Probe(new HttpCheck(url), conditions) with { IntervalMs = intervalMs, Service = "checkout" };

    /// <summary>A target whose status the test sets.</summary>
    private static ProbeTarget Switched(Func<int> status, Action? before = null) => ProbeTarget.Answers(async (stream, _, stop) =>
    {
        before?.Invoke();
        await stream.WriteAsync(Encoding.UTF8.GetBytes(ProbeTarget.Text(status(), "")), stop);
    });

    [Theory]
    [InlineData(60_000, 4)]
    [InlineData(60_000, 50)]
    [InlineData(300_000, 50)]
    public async Task A_restart_neither_pages_again_nor_forgets(long intervalMs, int downMinutes)
    {
        var status = 503;
        await using var target = Switched(() => Volatile.Read(ref status));
        await using var sink = await Sink.StartAsync();
        var receivers = new[] { AlertWorld.Webhook("hook", sink.Url) };
        await using var before = await AlertWorld.StartAsync(receivers);
        await using (var bench = new ProbeBench(before, _root.FullName, Probe(target.Url(), intervalMs)))
        {
            for (var i = 0; i < 60 && sink.Empty; i++)
            {
                await bench.PassAsync(TimeSpan.FromMinutes(1), 10);
                await AlertWorld.UntilAsync(() => before.Door.Firing().All(a => a.Deliveries.All(d => d.State == DeliveryState.Sent)));
            }
            (await sink.NextAsync()).Status.ShouldBe("firing");
            await AlertWorld.UntilAsync(() => before.QueryAsync("SELECT state FROM outbox WHERE state <> 'sent'").GetAwaiter().GetResult().Count == 0);
        }
        await using var after = await before.KillAndRestartAsync(receivers, TimeSpan.FromMinutes(downMinutes));
        await using (var bench = new ProbeBench(after, _root.FullName, Probe(target.Url(), intervalMs)))
        {
            for (var i = 0; i < 15; i++)
            {
                await bench.PassAsync(TimeSpan.FromMinutes(1), 10);
                sink.Empty.ShouldBeTrue($"minute {i}");
                after.Door.Firing().ShouldHaveSingleItem();
            }
            Volatile.Write(ref status, 200);
            for (var i = 0; i < 30 && sink.Empty; i++)
            {
                await bench.PassAsync(TimeSpan.FromMinutes(1), 10);
                await AlertWorld.UntilAsync(() => after.Door.All().All(a => a.Deliveries.All(d => d.State == DeliveryState.Sent)));
            }
            (await sink.NextAsync()).Status.ShouldBe("resolved");
            after.Door.All().ShouldHaveSingleItem().Deliveries.Count.ShouldBe(2);
        }
    }

    [Fact]
    public async Task What_nobody_looked_at_has_no_sample()
    {
        await using var target = Switched(() => 200);
        await using var world = await AlertWorld.StartAsync([]);
        await using (var bench = new ProbeBench(world, _root.FullName, Probe(target.Url())))
        {
            await bench.PassAsync(TimeSpan.FromMinutes(5), 10);
            bench.Report.Verdict.ShouldBe(ProbeVerdict.Up);
            bench.Samples(ProbeSamples.Success).Count.ShouldBeInRange(5, 6);
        }
        world.Time.Advance(TimeSpan.FromHours(1));
        await using var later = new ProbeBench(world, _root.FullName, Probe(target.Url()));
        // Up an hour ago is not up now.
        later.Report.Verdict.ShouldBe(ProbeVerdict.Unknown);
        await later.PassAsync(TimeSpan.FromMinutes(3), 10);
        foreach (var name in (string[])[ProbeSamples.Success, ProbeSamples.Up, ProbeSamples.Duration])
        {
            // The last run before the gap speaks until the next was due, and no query takes it for longer.
            var samples = later.Samples(name);
            var end = samples.FindIndex(s => StaleMarker.Is(s.Value));
            (samples.Count(s => StaleMarker.Is(s.Value)), samples[end].TimeMs - samples[end - 1].TimeMs).ShouldBe((1, 60_000), name);
            samples.Zip(samples.Skip(1)).Count(p => p.Second.TimeMs - p.First.TimeMs > 90_000).ShouldBe(1, name);
        }
        new ProbeHistory(later.Store).Course(later.Report.Probe, later.NowMs - 3_600_000, later.NowMs, 12).Count(s => !s.Known).ShouldBeInRange(9, 11);
    }

    [Fact]
    public async Task A_probe_up_before_a_short_restart_is_up_after_it()
    {
        await using var target = Switched(() => 200);
        await using var world = await AlertWorld.StartAsync([]);
        long since;
        await using (var bench = new ProbeBench(world, _root.FullName, Probe(target.Url())))
        {
            await bench.PassAsync(TimeSpan.FromMinutes(5), 10);
            since = bench.Report.State.SinceMs;
        }
        await using var later = new ProbeBench(world, _root.FullName, Probe(target.Url()));
        await AlertWorld.UntilAsync(() => later.Report.State.SinceMs > 0);
        (later.Report.Verdict, later.Report.State.SinceMs).ShouldBe((ProbeVerdict.Up, since));
    }

    [Fact]
    public async Task One_failure_is_a_sample_and_no_page()
    {
        var runs = 0;
        await using var target = Switched(() => Interlocked.Increment(ref runs) == 3 ? 500 : 200);
        await using var world = await AlertWorld.StartAsync([]);
        await using var bench = new ProbeBench(world, _root.FullName, Probe(target.Url()));
        await bench.PassAsync(TimeSpan.FromMinutes(6), 10);
        bench.Samples(ProbeSamples.Success).Count(s => s.Value == 0).ShouldBe(1);
        bench.Samples(ProbeSamples.Up).ShouldAllBe(s => s.Value == 1);
        bench.Samples("probe_http_status_code").Select(s => s.Value).Distinct().Order().ShouldBe([200, 500]);
        world.Door.All().ShouldBeEmpty();
    }

    [Fact]
    public async Task A_machine_that_slept_during_a_run_has_not_looked()
    {
        await using var world = await AlertWorld.StartAsync([]);
        var sleeps = false;
        await using var target = Switched(() => 500, () =>
        {
            if (sleeps)
            {
                world.Time.StepWallClock(TimeSpan.FromMinutes(40));
            }
        });
        await using var bench = new ProbeBench(world, _root.FullName, Probe(target.Url()));
        await bench.PassAsync(TimeSpan.FromSeconds(15));
        bench.Samples(ProbeSamples.Success).Count.ShouldBe(1);
        sleeps = true;
        await bench.PassAsync(TimeSpan.FromSeconds(60));
        sleeps = false;
        bench.Samples(ProbeSamples.Success).Count.ShouldBe(1);
        bench.Report.Missed.ShouldBeGreaterThanOrEqualTo(40);
        bench.Report.Verdict.ShouldBe(ProbeVerdict.Unknown);
    }

    [Fact]
    public async Task A_target_that_hangs_costs_only_its_own_probe()
    {
        await using var hanging = ProbeTarget.Answers((_, _, stop) => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, stop));
        await using var target = Switched(() => 200);
        await using var world = await AlertWorld.StartAsync([]);
        await using var bench = new ProbeBench(world, _root.FullName);
        bench.Worker.Apply([Probe(target.Url()), .. Enumerable.Range(0, ProbeWorker.MostAtOnce - 1).Select(i => Probe(hanging.Url()) with { Name = $"hangs{i}", TimeoutMs = 60_000 })]);
        for (var i = 0; i < 60; i++)
        {
            world.Time.Advance(TimeSpan.FromSeconds(5));
            await AlertWorld.UntilAsync(() => bench.Worker.All().Single(r => r.Probe.Name == "shop") is var r && r.NextMs > bench.NowMs);
        }
        bench.Samples(ProbeSamples.Success).Count(s => s.Value == 1).ShouldBeInRange(5, 6);
        await AlertWorld.UntilAsync(() => bench.Samples(ProbeSamples.Success, "hangs0").Exists(s => s.Value == 0));
    }

    [Fact]
    public async Task What_leaves_the_workspace_ends_and_an_edit_goes_on()
    {
        await using var target = Switched(() => 503);
        await using var world = await AlertWorld.StartAsync([]);
        var probe = Probe(target.Url()) with { FailuresBeforeDown = 1 };
        await using var bench = new ProbeBench(world, _root.FullName, probe);
        await bench.PassAsync(TimeSpan.FromMinutes(2), 10);
        var since = bench.Report.State.SinceMs;
        world.Door.Firing().ShouldHaveSingleItem().Labels["severity"].ShouldBe("page");
        bench.Worker.Apply([probe with { DisplayName = "Another" }]);
        (bench.Report.State.SinceMs, bench.Report.Probe.DisplayName).ShouldBe((since, "Another"));
        bench.Worker.Apply([probe with { Severity = "ticket" }]);
        await bench.PassAsync(TimeSpan.FromMinutes(1), 10);
        world.Door.Firing().ShouldHaveSingleItem().Labels["severity"].ShouldBe("ticket");
        bench.Worker.Apply([]);
        await AlertWorld.UntilAsync(() => world.Door.Firing().Count == 0);
        await AlertWorld.UntilAsync(() => StaleMarker.Is(bench.Samples(ProbeSamples.Success).OrderBy(s => s.TimeMs).Last().Value));
        bench.Worker.All().ShouldBeEmpty();
    }

    [Fact]
    public async Task A_certificate_that_ends_soon_is_a_ticket()
    {
        // The certificate is of the machine's time, the clock of the test is another.
        var days = (int)Math.Round((ManualTime.Start.AddDays(10) - TimeProvider.System.GetUtcNow()).TotalDays);
        await using var target = ProbeTarget.Says(ProbeTarget.Text(200, ""), ProbeTarget.Certificate(days));
        await using var world = await AlertWorld.StartAsync([]);
        var check = new HttpCheck(target.Url()) { Access = new HttpAccess { Tls = new() { InsecureSkipVerify = true } } };
        await using var bench = new ProbeBench(world, _root.FullName, HttpProbingTests.Probe(check) with { WarnBeforeMs = 14 * 86_400_000L });
        await bench.PassAsync(TimeSpan.FromMinutes(2), 10);
        var alert = world.Door.Firing().ShouldHaveSingleItem();
        (alert.Labels["alertname"], alert.Labels["severity"]).ShouldBe((ProbeAlerts.Certificate, "ticket"));
        bench.Samples("probe_tls_expiry_seconds_left").Last().Value.ShouldBeInRange(9 * 86_400, 11 * 86_400);
        bench.Worker.Apply([HttpProbingTests.Probe(check) with { WarnBeforeMs = 5 * 86_400_000L }]);
        await bench.PassAsync(TimeSpan.FromMinutes(2), 10);
        world.Door.Firing().ShouldBeEmpty();
    }

    [Fact]
    public async Task Parts_of_a_target_are_series_and_the_failing_one_is_named()
    {
        const string Body = """{"status":"fail","checks":{"db:up":[{"status":"pass"}],"cache:up":[{"status":"fail","output":"refused"}]}}""";
        await using var target = ProbeTarget.Http(503, Body, "application/health+json");
        await using var world = await AlertWorld.StartAsync([]);
        await using var bench = new ProbeBench(world, _root.FullName, Probe(target.Url()) with { FailuresBeforeDown = 1 });
        await bench.PassAsync(TimeSpan.FromSeconds(15));
        bench.Store.Select([new(Labels.MetricName, MatchOp.Equal, "probe_component_up")], 0, long.MaxValue).Select(s => s.Labels["component"]).Order().ShouldBe(["cache:up", "db:up"]);
        world.Door.Firing().ShouldHaveSingleItem().Annotations["summary"].ShouldContain("failing: cache:up (refused)");
    }

    public void Dispose() => _root.Delete(recursive: true);
}
