using Nines.Core.Alerting;
using Nines.Metrics;
using Nines.Server.Alerting;
using Nines.Server.Tests.Delivery;

namespace Nines.Server.Tests.Alerting;

public sealed class RuleHistoryStoreTests
{
    private const long Second = 1_000_000_000;

    [Fact]
    public async Task History_IsThatOfTheRecordedBeginningsAndEnds()
    {
        await using var world = await AlertWorld.StartAsync([]);
        var start = world.Time.NowNs;
        await world.PostAsync(AlertWorld.Alert("Burn", start), AlertWorld.Alert("Other", start));
        world.Time.Advance(TimeSpan.FromMinutes(1));
        await world.PostAsync(AlertWorld.Alert("Burn", start, world.Time.NowNs));
        world.Time.Advance(TimeSpan.FromMinutes(2));
        await world.PostAsync(AlertWorld.Alert("Burn", world.Time.NowNs));
        var nowMs = world.Time.GetUtcNow().ToUnixTimeMilliseconds() + 1;
        var history = await new RuleHistoryStore(world.Inner).ReadAsync(nowMs, TestContext.Current.CancellationToken);
        var rule = new RuleReport(RuleKind.Alerting, "Burn", "", 0, 0, Labels.Of(("severity", "page")), Labels.Empty, [], RuleAlertState.Firing, RuleHealth.Ok, "", null, 0);
        // This store has no fact yet, so nothing is known of the time before.
        history.Of(rule).ShouldBe(new RuleActivity(0, 2, 2, 1, (start + 180 * Second) / 1_000_000));
    }
}
