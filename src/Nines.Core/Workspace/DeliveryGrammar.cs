using Nines.Core.Workspace.Alertmanager;
using static Nines.Core.Workspace.Alertmanager.SettingField;
using static Nines.Core.Workspace.Alertmanager.SettingKind;

namespace Nines.Core.Workspace;

/// <summary>
/// The kinds of receivers that a Delivery document can name beside <c>telegram</c> and <c>webhook</c>: Alertmanager's integrations, with our own message unless
/// somebody wrote one and with secrets by reference, and those Alertmanager does not have.
/// </summary>
internal static class DeliveryGrammar
{
    // Those that have a form of their own in Delivery documents, and those that cannot be sent to.
    private static readonly string[] Left = ["telegram", "webhook", "jira", "sns", "wechat"];

    private static readonly SettingGrammar Http = new("http",
    [
        F("url", AddressReference, required: true), F("body", Template, required: true), F("method"), F("content_type"), F("headers", TextMap),
        F("max_text", Count), F("markup") with { OneOf = ["plain", "markdown", "html"] }, F("ok_field"), F("ok_value"), F("ok_text"), F("error_field"),
        F("retry_errors", Texts), F("retry_texts", Texts), F("retry_statuses", Texts), F("retry_after_field"), F("secrets", Texts),
        ByReference(GlobalGrammar.Http),
    ]);

    /// <summary>The grammars by kind; that of <c>http</c> has more settings as its templates need them.</summary>
    public static readonly IReadOnlyDictionary<string, SettingGrammar> Kinds = ReceiverGrammar.Integrations.Where(i => !Left.Contains(i.Kind))
        .Select(i => (i.Kind, Grammar: OurMessage(i.Settings) with { What = i.Kind }))
        .Select(i => i.Kind == "slack" ? (i.Kind, SlackApp(i.Grammar)) : i)
        .Concat(
        [
            ("ntfy", new("ntfy", [F("url", Url), F("topic", Reference, required: true), F("token", Reference), ByReference(GlobalGrammar.Http)])),
            ("mattermost", new("mattermost",
                [F("webhook_url", AddressReference, required: true), F("channel"), F("username"), ByReference(GlobalGrammar.Http)])),
            ("incidentio", new("incidentio",
                [F("url", AddressReference, required: true), F("alert_source_token", Reference, required: true), ByReference(GlobalGrammar.Http)])),
            ("sms", new("sms",
                [F("url", AddressReference, required: true), F("token", Reference), F("to", required: true), F("from"), ByReference(GlobalGrammar.Http)])),
            ("http", Http),
        ])
        .ToDictionary(k => k.Item1, k => k.Item2, StringComparer.Ordinal);

    /// <summary>The grammar of one receiver.</summary>
    public static SettingGrammar Of(string kind, Fields fields)
    {
        var grammar = Kinds[kind];
        if (kind != "http" || fields.Node is not YamlMap map)
        {
            return grammar;
        }
        var secrets = (map.Entries.FirstOrDefault(e => e.Key.Value == "secrets").Value as YamlList)?.Items.OfType<YamlText>().Select(t => t.Value)
            .ToList() ?? [];
        return grammar with
        {
            Fields = [.. grammar.Fields, .. map.Entries.Select(e => e.Key.Value).Where(name => grammar.Fields.All(f => f.Name != name))
                .Select(name => F(name, secrets.Contains(name) ? Reference : Text))],
        };
    }

    // A bot posts by its token, and a Slack app says by its signing secret that it was Slack who told of a pressed button.
    private static SettingGrammar SlackApp(SettingGrammar grammar) => grammar with
    {
        Fields = [.. grammar.Fields, F("bot_token", Reference), F("signing_secret", Reference)],
        AtLeastOne = [["api_url", "api_url_file", "bot_token"]],
    };

    // What Alertmanager says by default is left out, so that ours is sent; what its globals say by default stays.
    private static SettingGrammar OurMessage(SettingGrammar grammar) => grammar with
    {
        Fields = [.. grammar.Fields.Select(f => ByReference(f) with
        {
            Default = f.Kind is Template or TemplateMap or Text ? null
                : f.Default ?? GlobalGrammar.Global.Fields.FirstOrDefault(g => g.Name == f.Global)?.Default,
            Global = null,
        })],
    };

    private static SettingField ByReference(SettingField field) => field with
    {
        Kind = field.Kind switch { Hidden or HiddenTemplate => Reference, HiddenUrl => AddressReference, var kind => kind },
        Global = null,
        Of = field.Of is { } nested ? nested with { Fields = [.. nested.Fields.Select(ByReference)] } : null,
    };
}
