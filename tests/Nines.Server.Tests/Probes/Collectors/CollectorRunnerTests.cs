using System.Diagnostics;
using Nines.Core.Alerting;
using Nines.Core.Probes.Collectors;
using Nines.Metrics;

namespace Nines.Server.Tests.Probes.Collectors;

public sealed class CollectorRunnerTests : IDisposable
{
    private readonly CollectorWorld _world = new();
    private readonly string _backups;

    public CollectorRunnerTests() => _backups = Directory.CreateDirectory(Path.Combine(_world.Path, "backups")).FullName;

    public void Dispose() => _world.Dispose();

    [Fact]
    public async Task Failure_EndsTheSeries_AndAfterThreeTells_UntilItReadsAgain()
    {
        var runner = _world.Runner(CollectorWorld.Collector(new FileWork([_backups + "/*.dump"])));
        var file = Backup("a.dump", TimeSpan.FromHours(2));
        (await _world.RunAsync(runner)).ShouldBeNull();
        (await _world.RunAsync(runner)).ShouldBeNull();
        _world.Samples("file_newest_age_seconds").ShouldBe(["7200", "7260"]);

        Directory.Move(_backups, _backups + ".gone");
        for (var i = 0; i < 3; i++)
        {
            (await _world.RunAsync(runner)).ShouldNotBeNull().ShouldContain("backups");
        }
        _world.Samples("file_newest_age_seconds").ShouldBe(["7200", "7260", "end"]);
        _world.Samples("collector_success").ShouldBe(["1", "1", "0", "0", "0"]);
        _world.Samples("collector_duration_seconds").Count.ShouldBe(5);
        var alert = _world.Posted.ShouldHaveSingleItem();
        (alert.Labels["alertname"], alert.Labels["severity"], alert.Labels["service"]).ShouldBe(("CollectorFailing", "ticket", "shop"));

        Directory.Move(_backups + ".gone", _backups);
        (await _world.RunAsync(runner)).ShouldBeNull();
        (await _world.RunAsync(runner)).ShouldBeNull();
        _world.Posted.Count.ShouldBe(2);
        (_world.Posted[1].EndsAtNs / 1_000_000).ShouldBeLessThan(_world.NowMs);
        File.Exists(file).ShouldBeTrue();
    }

    [Fact]
    public async Task NoFile_IsACountOfNothing_AndNoAge()
    {
        var runner = _world.Runner(CollectorWorld.Collector(new FileWork([_backups + "/*.dump"])));
        (await _world.RunAsync(runner)).ShouldBeNull();
        _world.Samples("file_count").ShouldBe(["0"]);
        _world.Names().ShouldNotContain("file_newest_age_seconds");
    }

    [Fact]
    public async Task Series_BeyondTheLimit_AreRefusedAndNamed()
    {
        var runner = _world.Runner(CollectorWorld.Collector(new FileWork([_backups + "/*.a", _backups + "/*.b", _backups + "/*.c"])) with { SeriesLimit = 2 });
        (await _world.RunAsync(runner))!.ShouldStartWith("1 of 3 series are beyond the limit of 2, the first of them file_count{path=");
        (_world.Samples("file_count").Count, _world.Samples("collector_success").Single()).ShouldBe((2, "0"));
    }

    [Fact]
    public async Task AlertOfAServerBefore_IsEndedByTheOneAfter()
    {
        var collector = CollectorWorld.Collector(new FileWork([_backups + "/*"]));
        _world.Known.Add(new AlertReport("x", CollectorStanding.AlertLabels(collector), Labels.Empty, true, _world.Time.NowNs, null, 0, "", "", []));
        (await _world.RunAsync(_world.Runner(collector))).ShouldBeNull();
        _world.Posted.ShouldHaveSingleItem().Labels.ShouldBe(CollectorStanding.AlertLabels(collector));
        await _world.RunAsync(_world.Runner(collector with { Name = "other" }));
        _world.Posted.Count.ShouldBe(1);
    }

    [Fact]
    public async Task Loop_RunsEach_EndsWhatIsGone_AndGoesOnWithWhatChanged()
    {
        var stop = TestContext.Current.CancellationToken;
        var first = CollectorWorld.Collector(new FileWork([_backups + "/*"]), timeoutSeconds: 3600, intervalSeconds: 604_800) with { Definition = "1" };
        using var loop = _world.Loop();
        loop.Apply([first]);
        await loop.StartAsync(stop);
        await RanAsync(1);
        _world.Samples("file_count").ShouldBe(["0"]);

        // The same again changes nothing; a new limit is another collector under the same name.
        loop.Apply([first with { Position = first.Position }]);
        loop.Collectors.ShouldHaveSingleItem().Collector.ShouldBe(first);
        Backup("x", TimeSpan.Zero);
        loop.Apply([first with { SeriesLimit = 7, Definition = "2" }]);
        await RanAsync(2);
        _world.Samples("file_count").ShouldBe(["0", "1"]);

        // Of one moment there is one sample.
        _world.Time.Advance(TimeSpan.FromSeconds(1));
        loop.Apply([]);
        loop.Collectors.ShouldBeEmpty();
        await UntilAsync(() => _world.Samples("file_count")[^1] == "end");
        await loop.StopAsync(stop);

        // The first run is within five seconds, the next one days away.
        Task RanAsync(int runs) => UntilAsync(() => _world.Samples("collector_success").Count == runs);

        async Task UntilAsync(Func<bool> good)
        {
            for (var attempt = 0; attempt == 0 || !good(); attempt++)
            {
                attempt.ShouldBeLessThan(2000);
                _world.Time.Advance(TimeSpan.FromSeconds(1));
                await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, stop);
            }
        }
    }

    [Fact]
    public async Task RunThatCannotBeStopped_IsNotJoinedByAnother()
    {
        using var world = new CollectorWorld(TimeProvider.System);
        // A pipe that nobody writes to: whoever opens it waits for ever, as on a network drive that is away.
        var pipe = Path.Combine(Directory.CreateDirectory(Path.Combine(world.Path, "proc")).FullName, "stat");
        using (var made = Process.Start("mkfifo", pipe))
        {
            await made.WaitForExitAsync(TestContext.Current.CancellationToken);
        }
        var runner = world.Runner(CollectorWorld.Collector(new HostWork { Root = world.Path }, timeoutSeconds: 0.2));
        (await world.RunAsync(runner)).ShouldBe("no complete answer within 0.2 s");
        (await world.RunAsync(runner)).ShouldBe("the run before this one cannot be stopped and has not ended");
        await File.WriteAllTextAsync(pipe, "cpu0 1 2 3 4\n", TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Sqlite_IsOnlyRead_AndStoppedInTime()
    {
        var file = Path.Combine(_world.Path, "a.db");
        Nines.Server.State.SqliteLibrary.Use();
        await using (var connection = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={file};Pooling=false"))
        {
            connection.Open();
            await using var command = connection.CreateCommand();
            command.CommandText = "CREATE TABLE deals(source, price, at); INSERT INTO deals VALUES ('a', 3, '2026-11-21 09:00:00'), ('b', 4.5, '2026-11-21 09:30:00'), ('c', NULL, NULL)";
            command.ExecuteNonQuery();
        }
        (await SqliteAsync(file, "SELECT source, price FROM deals", "deal_price")).ShouldBeNull();
        _world.Samples("deal_price").Order().ShouldBe(["3", "4.5"]);
        (await SqliteAsync(file, "SELECT max(at) AS at FROM deals", "deals_age_seconds", ValueMeaning.Age)).ShouldBeNull();
        _world.Samples("deals_age_seconds").ShouldHaveSingleItem().ShouldBe("1860");
        (await SqliteAsync(file, "DELETE FROM deals", "m")).ShouldNotBeNull().ShouldContain("readonly");
        (await SqliteAsync(file, "DELETE FROM deals; SELECT 1", "m")).ShouldNotBeNull().ShouldContain("readonly");
        (await SqliteAsync(file + ".none", "SELECT 1", "m")).ShouldNotBeNull().ShouldContain("unable to open");
        (await SqliteAsync(file, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n", "m")).ShouldBe("m: more than 10 rows: let the query add them up, or raise maxRows");
        using var world = new CollectorWorld(TimeProvider.System);
        var endless = world.Runner(CollectorWorld.Collector(Sqlite(file, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n", "m"), timeoutSeconds: 0.3));
        (await world.RunAsync(endless)).ShouldBe("no complete answer within 0.3 s");
    }

    private Task<string?> SqliteAsync(string file, string query, string metric, ValueMeaning meaning = ValueMeaning.Number) =>
        _world.RunAsync(_world.Runner(CollectorWorld.Collector(Sqlite(file, query, metric, meaning))));

    private static SqlWork Sqlite(string file, string query, string metric, ValueMeaning meaning = ValueMeaning.Number) =>
        new(null, file, [new(query, new(metric, "", "", meaning, false), [])], 10);

    private string Backup(string name, TimeSpan age)
    {
        var path = Path.Combine(_backups, name);
        File.WriteAllText(path, "x");
        File.SetLastWriteTimeUtc(path, (_world.Clock.GetUtcNow() - age).UtcDateTime);
        return path;
    }
}
