using Microsoft.Extensions.Logging.Abstractions;
using Nines.Core;
using Nines.Core.Telemetry;
using Nines.Server.Alerting;
using Nines.Server.Probes.Push;
using Nines.Server.Telemetry;
using Nines.Server.Tests.Delivery;

namespace Nines.Server.Tests.Probes.Push;

public sealed class BeatSenderTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Beat_GoesOutOncePerPeriod_OnlyWhileNinesWouldPage()
    {
        await using var sink = await Sink.StartAsync();
        var (time, life, checks) = (new ManualTime(), new Life(), new List<HealthCheck>());
        using var meter = new PushMeter();
        using var sender = new BeatSender(life, new HealthSource(() => checks), meter, ".", time, NullLogger<BeatSender>.Instance);
        sender.Apply([new("out", new Secret(sink.Url.ToString()), 60_000)]);
        async Task<string?> RoundAsync(int seconds)
        {
            time.Advance(TimeSpan.FromSeconds(seconds));
            await sender.RoundAsync(time.GetUtcNow().ToUnixTimeMilliseconds(), Stop);
            await sender.SentAsync();
            return sender.Status()[0].Error;
        }
        (await RoundAsync(1)).ShouldBe("held back: alerts are not watched yet");
        sink.Empty.ShouldBeTrue();
        life.SinceLook = TimeSpan.FromSeconds(1);
        (await RoundAsync(60)).ShouldBeNull();
        (await RoundAsync(1)).ShouldBeNull();
        await sink.NextAsync();
        sink.Empty.ShouldBeTrue();
        sender.Status()[0].LastSent.ShouldBe(time.GetUtcNow() - TimeSpan.FromSeconds(1));
        life.SinceLook = TimeSpan.FromSeconds(16);
        (await RoundAsync(60)).ShouldBe("held back: the watch over alerts has stood still for 16 s");
        life.SinceLook = TimeSpan.Zero;
        checks.Add(new("ledger", "stepAge", "component", HealthStatus.Fail, HealthClass.HardLocal, 61d, "s", "", []));
        (await RoundAsync(60)).ShouldBe("held back: ledger stepAge fails");
        sink.Empty.ShouldBeTrue();
    }

    [Fact]
    public async Task Beat_ThatIsNotTaken_SaysWhyWithoutTheAddress()
    {
        using var meter = new PushMeter();
        using var sender = new BeatSender(new Life { SinceLook = TimeSpan.Zero }, new HealthSource(() => []), meter, ".", new ManualTime(), NullLogger<BeatSender>.Instance);
        sender.Apply([new("closed", new Secret("http://127.0.0.1:1/secret"), 60_000), new("unset", new Secret("${env:NINES_TEST_NO_SUCH_VARIABLE}"), 60_000)]);
        await sender.RoundAsync(1_000_000_000_000, Stop);
        await sender.SentAsync();
        sender.Status().Select(s => s.Error).ShouldBe(["the other side cannot be reached: ConnectionError", "the environment variable NINES_TEST_NO_SUCH_VARIABLE is not set"]);
    }

    private sealed class Life : IAlertLife
    {
        public TimeSpan? SinceLook { get; set; }
    }
}
