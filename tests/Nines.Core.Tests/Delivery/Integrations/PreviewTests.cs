using Nines.Core.Alerting.Routing;
using Nines.Core.Delivery;
using Nines.Core.Delivery.Integrations;
using Nines.Metrics;

namespace Nines.Core.Tests.Delivery.Integrations;

public sealed class PreviewTests
{
    private const string Token = "s3cr3t-t0ken";

    private static readonly GroupNotification Notification = new("0123456789abcdef0123456789abcdef", "ops", "slack", 0, "{}:{}", Labels.Empty, 1, NoticeReason.First,
        1_795_255_200_000_000_000, [new("00000000000000aa", Labels.Of(("alertname", "Down"), ("severity", "page")), Labels.Of(("summary", "it is <down>")), 1_795_255_200_000_000_000, 0, "")]);

    [Theory]
    [InlineData("slack", "api_url=https://hooks.slack.test/" + Token, "🔴 PAGE · Down · it is <down>")]
    [InlineData("slack", "bot_token=" + Token + " channel=#ops", "🔴 PAGE · Down · it is <down>")]
    [InlineData("slack", "api_url=https://hooks.slack.test/" + Token + " title={{.Status}} text={{.CommonLabels.alertname}}!", "firing")]
    [InlineData("telegram", "bot_token=" + Token + " chat_id=" + Token, "🔴 PAGE · Down · it is <down>")]
    [InlineData("pagerduty", "routing_key=" + Token, "🔴 PAGE · Down · it is <down>")]
    [InlineData("opsgenie", "api_key=" + Token + " message={{.CommonLabels.alertname}}", "Down")]
    [InlineData("discord", "webhook_url=https://discord.test/" + Token, "🔴 PAGE · Down · it is <down>")]
    [InlineData("email", "from=n@x.test to=a@x.test auth_password=" + Token, "🔴 PAGE · Down · it is <down>")]
    [InlineData("webhook", "url=https://hooks.test/" + Token + " hmac_secret=" + Token, "")]
    public void Preview_OfAKind_SaysWhatIsSentAndNoSecret(string kind, string settings, string title)
    {
        var preview = IntegrationMessage.Preview(Of(kind, settings), Notification, NotificationTemplates.Default, "https://nines.test");
        (preview.Problem, preview.Title).ShouldBe(("", title));
        (preview.Title + preview.Text + preview.Body).ShouldNotContain(Token);
        preview.Body.ShouldContain(kind == "email" ? "Subject: " : "Down");
    }

    [Fact]
    public void Preview_OfEveryPreset_CanBeMade()
    {
        foreach (var (kind, preset) in HttpPresets.All)
        {
            var settings = string.Join(' ', preset.Secrets.Concat(["url", "api_url", "room_id", "channel", "to", "routing_key"]).Distinct(StringComparer.Ordinal)
                .Where(s => !preset.Defaults.ContainsKey(s)).Select(s => $"{s}=https://x.test/{Token}"));
            IntegrationMessage.Preview(Of(kind, settings), Notification, NotificationTemplates.Default, "https://nines.test").Problem.ShouldBe("", kind);
        }
    }

    [Fact]
    public void Preview_OfSettingsThatAreNotThere_SaysWhich() =>
        IntegrationMessage.Preview(Of("pagerduty", ""), Notification, NotificationTemplates.Default, "https://nines.test").Problem.ShouldBe("routing_key has no value");

    private static Integration Of(string kind, string settings) => new(kind, 0, true, new Settings(settings.Split(' ', StringSplitOptions.RemoveEmptyEntries)
        .Select(s => s.Split('=', 2)).ToDictionary(s => s[0], s => (object)s[1], StringComparer.Ordinal)), default);
}
