using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using FsCheck;
using FsCheck.Fluent;
using Nines.Core.Alerting;
using Nines.Core.Alerting.Routing;
using Nines.Core.Delivery;
using Nines.Metrics;

namespace Nines.Core.Tests.Delivery;

public sealed class MessageTests
{
    private const long At = 1_795_197_302_234_592_752;
    private static readonly DeliveryMarks Plain = new(1, false, false, null);

    [Fact]
    public void Webhook_body_is_Alertmanagers_version_4()
    {
        var body = Encoding.UTF8.GetString(WebhookPayload.Render(Firing("wh.1"), Plain, "http://host:9999"));
        body.ShouldBe("""{"receiver":"wh\\.1","status":"firing","alerts":[{"status":"firing","labels":{"alertname":"Burn","objective":"shop/checkout@production","severity":"page"},"annotations":{"budget_left":"34 %","summary":"Orders fail: 14 \u003C 20 \u0026 rising"},"startsAt":"TIME","endsAt":"0001-01-01T00:00:00Z","generatorURL":"http://host:9999/o/1","fingerprint":"PRINT"}],"groupLabels":{"alertname":"Burn","objective":"shop/checkout@production","severity":"page"},"commonLabels":{"alertname":"Burn","objective":"shop/checkout@production","severity":"page"},"commonAnnotations":{"budget_left":"34 %","summary":"Orders fail: 14 \u003C 20 \u0026 rising"},"externalURL":"http://host:9999","version":"4","groupKey":"{}:{alertname=\u0022Burn\u0022, objective=\u0022shop/checkout@production\u0022, severity=\u0022page\u0022}","truncatedAlerts":0}"""
            .Replace("TIME", Clock.ToRfc3339(At)).Replace("PRINT", Firing("x").Alerts[0].Fingerprint));
    }

    [Fact]
    public void Webhook_marks_ride_in_an_annotation()
    {
        using var body = JsonDocument.Parse(WebhookPayload.Render(Firing("a"), new DeliveryMarks(2, true, true, null), ""));
        body.RootElement.GetProperty("commonAnnotations").GetProperty("nines_delivery").GetString()
            .ShouldBe("not recorded: the store refuses writes; possible repeat: the outcome of an earlier attempt is not known");
    }

    [Fact]
    public void Telegram_first_line_tells_severity_objective_and_what()
    {
        var lines = TelegramMessage.Text(Firing("a"), Plain).Split('\n');
        lines[0].ShouldBe("<b>🔴 PAGE · shop/checkout@production</b> · Orders fail: 14 &lt; 20 &amp; rising");
        lines[1].ShouldBe("budget left: <b>34 %</b>");
        lines[2].ShouldBe($"since {Clock.Text(At)}");
        lines[3].ShouldBe("<a href=\"http://host:9999/o/1\">Open in Nines</a>");
        lines[4].ShouldBe($"<code>ref {Firing("a").Key[..8]}</code>");
    }

    [Fact]
    public void Telegram_tells_the_delay_when_both_are_told_at_once()
    {
        var over = Of("a", State() with { Firing = false, EndsAtNs = At + 60_000_000_000 }, At + 61_000_000_000);
        TelegramMessage.Text(over, new DeliveryMarks(1, false, false, At))
            .ShouldContain($"fired {Clock.Minute(At)}, resolved {Clock.Minute(At + 60_000_000_000)}, delivery was delayed");
    }

    [Fact]
    public void Telegram_text_never_exceeds_the_limit_nor_breaks_its_markup()
    {
        Prop.ForAll(ArbMap.Default.ArbFor<string[]>(), texts =>
        {
            var all = texts.Where(t => t is not null).Select((t, i) => ($"note_{i}", string.Concat(Enumerable.Repeat(t, 200)) + "<&😀"));
            var state = State() with { Annotations = Labels.Of([.. all, ("summary", new string('<', 5000)), ("description", string.Concat(Enumerable.Repeat("😀&", 3000)))]) };
            var text = TelegramMessage.Text(Of("a", state), new DeliveryMarks(1, true, true, null));
            text.Length.ShouldBeLessThanOrEqualTo(TelegramMessage.MaxLength);
            var bare = Regex.Replace(text, "</?(b|i|a|code)( href=\"[^\"<>]*\")?>", "", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(5));
            bare.ShouldNotContain('<');
            bare.ShouldNotContain('>');
            Regex.IsMatch(bare, "&(?!amp;|lt;|gt;|quot;)", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(5)).ShouldBeFalse();
            WebUtility.HtmlDecode(bare).EndsWith($"ref {Of("a", state).Key[..8]}", StringComparison.Ordinal).ShouldBeTrue();
        }).QuickCheckThrowOnFailure();
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

    private static GroupNotification Of(string receiver, AlertState state, long decidedNs = At)
    {
        var group = "{}:" + state.Labels;
        return new(GroupNotification.KeyOf(receiver, "webhook", 0, group, 1), receiver, "webhook", 0, group, state.Labels, 1, NoticeReason.First, decidedNs,
            [new(state.Fingerprint, state.Labels, state.Annotations, state.StartsAtNs, state.Firing ? 0 : state.EndsAtNs, state.GeneratorUrl)]);
    }
}
