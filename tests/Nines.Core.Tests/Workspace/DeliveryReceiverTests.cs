using System.Text;
using Nines.Core.Delivery;
using Nines.Core.Workspace;
using Nines.Core.Workspace.Alertmanager;

namespace Nines.Core.Tests.Workspace;

public sealed class DeliveryReceiverTests
{
    private const string Head = "apiVersion: nines/v1\nkind: Delivery\nmetadata: {name: a}\nspec:\n  receivers:\n";

    [Theory]
    [InlineData("slack: {api_url: '${env:HOOK}', channel: '#ops'}", "slack", "api_url")]
    [InlineData("slack: {bot_token: '${env:BOT}', channel: '#ops', signing_secret: '${env:S}'}", "slack", "signing_secret")]
    [InlineData("telegram: {chatId: '-100', botToken: '${env:BOT}', buttons: true}", "telegram", "bot_token")]
    [InlineData("email: {to: a@b.test, from: c@d.test, smarthost: 'mail:587', auth_username: u, auth_password: '${file:/p}'}", "email", "auth_password")]
    [InlineData("pagerduty: {routing_key: '${env:KEY}'}", "pagerduty", "routing_key")]
    [InlineData("discord: {webhook_url: '${env:HOOK}'}", "discord", "webhook_url")]
    [InlineData("mattermost: {webhook_url: '${env:HOOK}'}", "mattermost", "webhook_url")]
    [InlineData("msteamsv2: {webhook_url: 'https://a.test/x'}", "msteamsv2", "webhook_url")]
    [InlineData("opsgenie: {api_key: '${env:KEY}'}", "opsgenie", "api_key")]
    [InlineData("pushover: {user_key: '${env:A}', token: '${env:B}'}", "pushover", "token")]
    [InlineData("ntfy: {topic: '${env:TOPIC}'}", "ntfy", "topic")]
    [InlineData("sms: {url: '${env:GATEWAY}', to: '+49 30 1234'}", "sms", "url")]
    [InlineData("incidentio: {url: 'https://a.test/', alert_source_token: '${env:T}'}", "incidentio", "alert_source_token")]
    [InlineData("http: {url: '${env:G}', body: '{{ .T }} {{ .K.key }}', number: '7', key: '${env:K}', secrets: [key]}", "http", "key")]
    [InlineData("webhook: {url: 'http://a.test/', hmacSecret: '${env:S}'}", "webhook", "hmac_secret")]
    public void Receiver_OfEachKind_HasItsSecretsByReferenceAndNoWordsOfAlertmanagers(string receiver, string kind, string secret)
    {
        var reading = Read($"  - name: r\n    {receiver}\n");
        reading.Problems.ShouldBeEmpty();
        var integration = reading.Model!.Routing.Receivers["r"].Integrations.ShouldHaveSingleItem();
        integration.Kind.ShouldBe(kind);
        integration.Settings.Secret(secret).ShouldNotBeNull().Verbatim.ShouldBeFalse();
        integration.Settings.Names.ShouldAllBe(name => !(integration.Settings.Text(name) ?? "").Contains("default.", StringComparison.Ordinal));
    }

    [Fact]
    public void Email_SaysNothingOfTls_IsNotSentWithout() =>
        Read("  - name: r\n    email: {to: a@b.test, from: c@d.test, smarthost: 'mail:587'}\n").Model!.Routing.Receivers["r"].Integrations[0].Settings
            .Flag("require_tls").ShouldBeTrue();

    [Theory]
    [InlineData("slack: {channel: '#ops'}", "slack needs api_url", 7)]
    [InlineData("ntfy: {}", "ntfy needs topic", 7)]
    [InlineData("telegram: {chatId: '@ops', botToken: '${env:B}', buttons: true}", "anybody can join @ops", 7)]
    [InlineData("ntfy: {topic: '${env:T}', topics: x}", "has no key topics", 7)]
    [InlineData("http: {url: 'gopher://x', body: a}", "url is not an http", 7)]
    [InlineData("jira: {project: x}", "a receiver needs one of telegram, webhook", 6)]
    [InlineData("ntfy: {topic: '${env:T}'}\n    sms: {url: 'http://a.test/', to: '1'}", "a receiver is one of ntfy, sms", 6)]
    public void Receiver_Mistakes_AreNamedAtTheirPlace(string receiver, string message, int line)
    {
        var problem = Read($"  - name: r\n    {receiver}\n").Problems.First(p => p.Message.Contains(message, StringComparison.Ordinal));
        problem.Position.Line.ShouldBe(line);
    }

    [Theory]
    [InlineData("slack: {bot_token: '${env:BOT}', channel: '#ops', signing_secret: '${env:S}'}", true)]
    [InlineData("slack: {bot_token: '${env:BOT}', channel: '#ops'}", false)]
    [InlineData("telegram: {chatId: '-100', botToken: '${env:BOT}', buttons: true}", true)]
    [InlineData("telegram: {chatId: '-100', botToken: '${env:BOT}'}", false)]
    public void Buttons_AreOnlyWhereAnswersComeBack(string receiver, bool on) =>
        MessageButtons.AreOn(Read($"  - name: r\n    {receiver}\n").Model!.Routing.Receivers["r"].Integrations[0]).ShouldBe(on);

    [Fact]
    public void Buttons_InAnAlertmanagerFile_HaveNoPlace() => AlertmanagerReader.Read(new("alertmanager.yml", Encoding.UTF8.GetBytes(
        "route: {receiver: r}\nreceivers: [{name: r, slack_configs: [{api_url: 'https://a.test/', signing_secret: x}], telegram_configs: [{bot_token: x, chat_id: 1, buttons: true}]}]\n")))
        .Problems.Select(p => p.Message).ShouldBe(["slack_config has no key signing_secret", "telegram_config has no key buttons"], ignoreOrder: true);

    [Fact]
    public void Receiver_SecretAsItIs_GetsAWarning() =>
        Read("  - name: r\n    ntfy: {topic: very-secret}\n").Problems.ShouldHaveSingleItem().Code.ShouldBe("literal-secret");

    private static WorkspaceReading Read(string receivers) =>
        WorkspaceReader.Read([new WorkspaceFile("delivery.yml", Encoding.UTF8.GetBytes(Head + receivers))]);
}
