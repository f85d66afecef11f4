using Nines.Core.Alerting.Routing;
using Nines.Server.Alerting.Api;
using Nines.Server.Tests.Delivery;

namespace Nines.Server.Tests.Alerting;

public sealed class AlertPostingTests
{
    [Theory]
    [InlineData("", "Gold", null, null, "at least one label pair required")]
    [InlineData("bad-name", "x", null, null, "invalid label set: invalid name \"bad-name\"")]
    [InlineData("alertname", "x", "2026-11-21T10:00:00Z", "2026-11-21T09:00:00Z", "start time must be before end time")]
    public void Posted_alert_that_cannot_be_is_named_and_the_others_are_taken(string name, string value, string? starts, string? ends, string reason)
    {
        var labels = name.Length == 0 ? [] : new Dictionary<string, string?>(StringComparer.Ordinal) { [name] = value };
        var good = new PostableAlert(new(StringComparer.Ordinal) { ["alertname"] = "Gold" }, null, null, null, null);
        var body = AlertPosting.Read([new PostableAlert(labels, null, starts, ends, null), good], MatcherMode.Classic);
        body.Unfit.ShouldBeNull();
        body.Problems.ShouldBe([reason]);
        body.Alerts.ShouldHaveSingleItem().Labels["alertname"].ShouldBe("Gold");
    }

    [Fact]
    public async Task Posted_alert_reaches_the_door_without_its_empty_labels()
    {
        await using var world = await AlertWorld.StartAsync([]);
        var posted = new PostableAlert(new(StringComparer.Ordinal) { ["alertname"] = "Gold", ["empty"] = "", ["none"] = null }, null, null, "0001-01-01T00:00:00Z", "http://x/y");
        await world.Door.PostAsync(AlertPosting.Read([posted], MatcherMode.Fallback).Alerts, TestContext.Current.CancellationToken);
        var alert = world.Door.Firing().ShouldHaveSingleItem();
        alert.Labels.ToString().ShouldBe("{alertname=\"Gold\"}");
        alert.SinceNs.ShouldBe(world.Time.NowNs);
    }
}
