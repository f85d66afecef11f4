using System.Text;
using System.Text.Json;
using Nines.Core.Alerting;
using Nines.Core.Alerting.Routing;
using Nines.Core.Delivery;
using Nines.Core.Delivery.Integrations;
using Nines.Metrics;

namespace Nines.Core.Tests.Delivery;

public sealed class MessageTests
{
    private const long At = 1_795_197_302_234_592_752;

    [Fact]
    public void Webhook_body_is_Alertmanagers_version_4()
    {
        var body = Encoding.UTF8.GetString(WebhookMessage.Render(Firing("wh.1"), [], "http://host:9999", 0));
        body.ShouldBe("""{"receiver":"wh\\.1","status":"firing","alerts":[{"status":"firing","labels":{"alertname":"Burn","objective":"shop/checkout@production","severity":"page"},"annotations":{"budget_left":"34 %","summary":"Orders fail: 14 \u003C 20 \u0026 rising"},"startsAt":"TIME","endsAt":"0001-01-01T00:00:00Z","generatorURL":"http://host:9999/o/1","fingerprint":"PRINT"}],"groupLabels":{"alertname":"Burn","objective":"shop/checkout@production","severity":"page"},"commonLabels":{"alertname":"Burn","objective":"shop/checkout@production","severity":"page"},"commonAnnotations":{"budget_left":"34 %","summary":"Orders fail: 14 \u003C 20 \u0026 rising"},"externalURL":"http://host:9999","version":"4","groupKey":"{}:{alertname=\u0022Burn\u0022, objective=\u0022shop/checkout@production\u0022, severity=\u0022page\u0022}","truncatedAlerts":0}"""
            .Replace("TIME", Clock.ToRfc3339(At)).Replace("PRINT", Firing("x").Alerts[0].Fingerprint));
    }

    [Fact]
    public void Webhook_marks_ride_in_an_annotation()
    {
        using var body = JsonDocument.Parse(WebhookMessage.Render(Firing("a"), [.. new DeliveryMarks(2, true, true, null).Sentences(Firing("a"))], "", 0));
        body.RootElement.GetProperty("commonAnnotations").GetProperty("nines_delivery").GetString()
            .ShouldBe("not recorded: the store refuses writes; possible repeat: the outcome of an earlier attempt is not known");
    }

    [Theory]
    [InlineData(200, SendVerdict.Sent)]
    [InlineData(204, SendVerdict.Sent)]
    [InlineData(302, SendVerdict.Failed)]
    [InlineData(400, SendVerdict.Failed)]
    [InlineData(404, SendVerdict.Failed)]
    [InlineData(408, SendVerdict.Retry)]
    [InlineData(429, SendVerdict.Retry)]
    [InlineData(500, SendVerdict.Retry)]
    [InlineData(503, SendVerdict.Retry)]
    public void Status_decides_whether_to_try_again(int status, SendVerdict verdict) => SendOutcome.VerdictOf(status).ShouldBe(verdict);

    [Theory]
    [InlineData(1, 0.5, 1)]
    [InlineData(2, 0.5, 2)]
    [InlineData(5, 0.5, 16)]
    [InlineData(7, 0.5, 60)]
    [InlineData(90, 0, 54)]
    [InlineData(90, 1, 66)]
    public void Waits_double_up_to_a_minute(int attempt, double jitter, double seconds) =>
        new SendOutcome(SendVerdict.Retry, "").WaitAfter(attempt, jitter).TotalSeconds.ShouldBe(seconds, 0.001);

    [Fact]
    public void Receivers_wish_is_honoured_up_to_an_hour()
    {
        new SendOutcome(SendVerdict.Retry, "", TimeSpan.FromSeconds(37)).WaitAfter(9, 1).ShouldBe(TimeSpan.FromSeconds(37));
        new SendOutcome(SendVerdict.Retry, "", TimeSpan.FromDays(9)).WaitAfter(1, 1).ShouldBe(TimeSpan.FromHours(1));
    }

    [Fact]
    public void Key_is_the_same_for_the_same_news_and_no_other()
    {
        var key = GroupNotification.KeyOf("a", "webhook", 0, "g", 1);
        key.ShouldBe(GroupNotification.KeyOf("a", "webhook", 0, "g", 1));
        string[] others =
        [
            GroupNotification.KeyOf("a", "webhook", 0, "g", 2), GroupNotification.KeyOf("a", "webhook", 1, "g", 1),
            GroupNotification.KeyOf("a", "slack", 0, "g", 1), GroupNotification.KeyOf("aw", "ebhook", 0, "g", 1), GroupNotification.KeyOf("a", "webhook", 0, "g1", 1),
        ];
        others.Append(key).Distinct().Count().ShouldBe(6);
    }

    private static AlertState State() => AlertMachine.Receive(null, new PostedAlert(
        Labels.Of(("alertname", "Burn"), ("severity", "page"), ("objective", "shop/checkout@production")),
        Labels.Of(("summary", "Orders fail: 14 < 20 & rising"), ("budget_left", "34 %")), At, 0, "http://host:9999/o/1"), At)!.State;

    private static GroupNotification Firing(string receiver) => Of(receiver, State());

    private static GroupNotification Of(string receiver, AlertState state)
    {
        var group = "{}:" + state.Labels;
        return new(GroupNotification.KeyOf(receiver, "webhook", 0, group, 1), receiver, "webhook", 0, group, state.Labels, 1, NoticeReason.First, At,
            [new(state.Fingerprint, state.Labels, state.Annotations, state.StartsAtNs, state.Firing ? 0 : state.EndsAtNs, state.GeneratorUrl)]);
    }
}
