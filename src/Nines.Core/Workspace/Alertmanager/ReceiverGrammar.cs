using static Nines.Core.Workspace.Alertmanager.SettingField;
using static Nines.Core.Workspace.Alertmanager.SettingKind;

namespace Nines.Core.Workspace.Alertmanager;

/// <summary>The integrations of Alertmanager 0.28 and their settings, as data. Source: Alertmanager's <c>docs/configuration.md</c>.</summary>
internal static class ReceiverGrammar
{
    /// <summary>The integrations: the key's stem (<c>slack</c> of <c>slack_configs</c>), whether it tells of ends by default, and the settings.</summary>
    public static readonly IReadOnlyList<(string Kind, bool SendsResolved, SettingGrammar Settings)> Integrations =
    [
        ("discord", true, WebhookOf("discord", F("title", Template, By("discord", "title")), F("message", Template, By("discord", "message")),
            F("content", Template, By("discord", "content")), F("username"), F("avatar_url"))),
        ("email", false, Email),
        ("jira", true, Jira),
        ("msteams", true, WebhookOf("msteams", F("title", Template, By("msteams", "title")), F("summary", Template, By("msteams", "summary")),
            F("text", Template, By("msteams", "text")))),
        ("msteamsv2", true, WebhookOf("msteamsv2", F("title", Template, By("msteamsv2", "title")), F("text", Template, By("msteamsv2", "text")))),
        ("opsgenie", true, Opsgenie),
        ("pagerduty", true, PagerDuty),
        ("pushover", true, Pushover),
        ("rocketchat", false, RocketChat),
        ("slack", false, Slack),
        ("sns", true, Sns),
        ("telegram", true, Telegram),
        ("victorops", true, VictorOps),
        ("webex", true, new("webex_config", [G("api_url", Url, "webex_api_url"), F("room_id", Template, required: true),
            F("message", Template, By("webex", "message")), GlobalGrammar.HttpWithAuthorization])),
        ("webhook", true, new("webhook_config", [F("url", HiddenUrl), F("url_file", FilePath), F("max_alerts", Count), F("timeout", Duration), Http])
        {
            AtMostOne = [["url", "url_file"]],
            AtLeastOne = [["url", "url_file"]],
        }),
        ("wechat", false, WeChat),
    ];

    private static string[] Responders => ["team", "teams", "user", "escalation", "schedule"];

    private static SettingField Http => GlobalGrammar.Http;

    private static SettingGrammar Email => new("email_config",
    [
        F("to", Template, required: true), G("from", Template, "smtp_from"), G("smarthost", HostPort, "smtp_smarthost"), G("hello", Text, "smtp_hello"),
        G("auth_username", Text, "smtp_auth_username"), G("auth_password", Hidden, "smtp_auth_password"),
        G("auth_password_file", FilePath, "smtp_auth_password_file"), G("auth_secret", Hidden, "smtp_auth_secret"),
        G("auth_identity", Text, "smtp_auth_identity"), G("require_tls", Flag, "smtp_require_tls"),
        new("tls_config", Nested, Global: "smtp_tls_config", Of: GlobalGrammar.Tls),
        F("html", Template, By("email", "html")), F("text", Template, ""), F("headers", TemplateMap),
    ])
    {
        AtMostOne = [["auth_password", "auth_password_file"]],
        AtLeastOne = [["smarthost"], ["from"]],
    };

    private static SettingGrammar Jira => new("jira_config",
    [
        G("api_url", Url, "jira_api_url"), F("project", required: true), F("issue_type", required: true), F("summary", Template, By("jira", "summary")),
        F("description", Template, By("jira", "description")), F("labels", Templates), F("priority", Template, By("jira", "priority")),
        F("resolve_transition"), F("reopen_transition"), F("wont_fix_resolution"), F("reopen_duration", Duration), F("fields", Json), Http,
    ])
    {
        AtLeastOne = [["api_url"]],
    };

    private static SettingGrammar Opsgenie => new("opsgenie_config",
    [
        G("api_key", Hidden, "opsgenie_api_key"), G("api_key_file", FilePath, "opsgenie_api_key_file"), G("api_url", Url, "opsgenie_api_url"),
        F("message", Template, By("opsgenie", "message")), F("description", Template, By("opsgenie", "description")),
        F("source", Template, By("opsgenie", "source")), F("details", TemplateMap), F("tags", Template), F("note", Template), F("priority", Template),
        F("update_alerts", Flag), F("entity", Template), F("actions", Template), Http,
        new("responders", NestedList, Of: new("responder",
            [F("id", Template), F("name", Template), F("username", Template), F("type", Template, required: true) with { OneOf = Responders }])
        {
            AtLeastOne = [["id", "name", "username"]],
        }),
    ])
    {
        AtMostOne = [["api_key", "api_key_file"]],
        AtLeastOne = [["api_key", "api_key_file"]],
    };

    private static SettingGrammar PagerDuty => new("pagerduty_config",
    [
        F("routing_key", HiddenTemplate), F("routing_key_file", FilePath), F("service_key", HiddenTemplate), F("service_key_file", FilePath),
        G("url", Url, "pagerduty_url"), F("client", Template, By("pagerduty", "client")), F("client_url", Template, By("pagerduty", "clientURL")),
        F("description", Template, By("pagerduty", "description")), F("severity", Template, "error"), F("source", Template), F("component", Template),
        F("group", Template), F("class", Template), Http,
        F("details", TemplateMap, new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["firing"] = "{{ template \"pagerduty.default.instances\" .Alerts.Firing }}",
            ["resolved"] = "{{ template \"pagerduty.default.instances\" .Alerts.Resolved }}",
            ["num_firing"] = "{{ .Alerts.Firing | len }}",
            ["num_resolved"] = "{{ .Alerts.Resolved | len }}",
        }),
        new("images", NestedList, Of: new("image", [F("href", Template), F("src", Template), F("alt", Template)])),
        new("links", NestedList, Of: new("link", [F("href", Template), F("text", Template)])),
    ])
    {
        AtMostOne = [["routing_key", "routing_key_file"], ["service_key", "service_key_file"]],
        AtLeastOne = [["routing_key", "routing_key_file", "service_key", "service_key_file"]],
    };

    private static SettingGrammar Pushover => new("pushover_config",
    [
        F("user_key", Hidden), F("user_key_file", FilePath), F("token", Hidden), F("token_file", FilePath), F("title", Template, By("pushover", "title")),
        F("message", Template, By("pushover", "message")), F("url", Template, By("pushover", "url")), F("url_title", Template), F("device", Template),
        F("sound", Template), F("priority", Template, "{{ if eq .Status \"firing\" }}2{{ else }}0{{ end }}"), F("retry", Duration, 60_000L),
        F("expire", Duration, 3_600_000L), F("ttl", Duration), F("html", Flag), F("monospace", Flag), Http,
    ])
    {
        AtMostOne = [["user_key", "user_key_file"], ["token", "token_file"], ["html", "monospace"]],
        AtLeastOne = [["user_key", "user_key_file"], ["token", "token_file"]],
    };

    private static SettingGrammar RocketChat => new("rocketchat_config",
    [
        G("api_url", Url, "rocketchat_api_url"), F("channel", Template), G("token", Hidden, "rocketchat_token"),
        G("token_file", FilePath, "rocketchat_token_file"),
        G("token_id", Hidden, "rocketchat_token_id"), G("token_id_file", FilePath, "rocketchat_token_id_file"),
        F("color", Template, "{{ if eq .Status \"firing\" }}red{{ else }}green{{ end }}"), F("emoji", Template, By("rocketchat", "emoji")),
        F("icon_url", Template, By("rocketchat", "iconurl")), F("text", Template, By("rocketchat", "text")), F("title", Template, By("rocketchat", "title")),
        F("title_link", Template, By("rocketchat", "titlelink")), F("image_url", Template), F("thumb_url", Template), F("link_names", Flag),
        F("short_fields", Flag), Http,
        new("fields", NestedList, Of: new("field", [F("title", Template), F("value", Template), F("short", Flag)])),
        new("actions", NestedList, Of: new("action", [F("type", Template), F("text", Template), F("url", Template), F("msg", Template)])),
    ])
    {
        AtMostOne = [["token", "token_file"], ["token_id", "token_id_file"]],
        AtLeastOne = [["token", "token_file"], ["token_id", "token_id_file"]],
    };

    private static SettingGrammar Slack => new("slack_config",
    [
        G("api_url", HiddenUrl, "slack_api_url"), G("api_url_file", FilePath, "slack_api_url_file"), F("channel", Template),
        F("username", Template, By("slack", "username")),
        F("color", Template, "{{ if eq .Status \"firing\" }}danger{{ else }}good{{ end }}"), F("title", Template, By("slack", "title")),
        F("title_link", Template, By("slack", "titlelink")), F("pretext", Template, By("slack", "pretext")), F("text", Template, By("slack", "text")),
        F("short_fields", Flag), F("footer", Template, By("slack", "footer")), F("fallback", Template, By("slack", "fallback")),
        F("callback_id", Template, By("slack", "callbackid")), F("icon_emoji", Template, By("slack", "iconemoji")),
        F("icon_url", Template, By("slack", "iconurl")),
        F("image_url", Template), F("thumb_url", Template), F("link_names", Flag), F("mrkdwn_in", Texts), Http,
        new("fields", NestedList, Of: new("field", [F("title", Template, required: true), F("value", Template, required: true), F("short", Flag)])),
        new("actions", NestedList, Of: new("action",
        [
            F("type", Template, required: true), F("text", Template, required: true), F("url", Template), F("name", Template),
            F("value", Template), F("style", Template),
            new("confirm", Nested, Of: new("confirm",
                [F("text", Template, required: true), F("title", Template), F("ok_text", Template), F("dismiss_text", Template)])),
        ])
        {
            AtLeastOne = [["url", "name"]],
        }),
    ])
    {
        AtMostOne = [["api_url", "api_url_file"]],
        AtLeastOne = [["api_url", "api_url_file"]],
    };

    private static SettingGrammar Sns => new("sns_config",
    [
        F("api_url", Template), F("topic_arn", Template), F("phone_number", Template), F("target_arn", Template), F("subject", Template, By("sns", "subject")),
        F("message", Template, By("sns", "message")), F("attributes", TemplateMap), Http,
        new("sigv4", Nested, Of: new("sigv4", [F("region"), F("access_key"), F("secret_key", Hidden), F("profile"), F("role_arn")])),
    ])
    {
        AtMostOne = [["topic_arn", "phone_number", "target_arn"]],
        AtLeastOne = [["topic_arn", "phone_number", "target_arn"]],
    };

    private static SettingGrammar Telegram => new("telegram_config",
    [
        G("api_url", Url, "telegram_api_url"), F("bot_token", Hidden), F("bot_token_file", FilePath), F("chat_id", Number, required: true),
        F("message_thread_id", Number), F("message", Template, By("telegram", "message")), F("disable_notifications", Flag),
        F("parse_mode", Text, "HTML") with { OneOf = ["", "Markdown", "MarkdownV2", "HTML"] }, Http,
    ])
    {
        AtMostOne = [["bot_token", "bot_token_file"]],
        AtLeastOne = [["bot_token", "bot_token_file"]],
    };

    private static SettingGrammar VictorOps => new("victorops_config",
    [
        G("api_key", Hidden, "victorops_api_key"), G("api_key_file", FilePath, "victorops_api_key_file"), G("api_url", Url, "victorops_api_url"),
        F("routing_key", Template, required: true), F("message_type", Template, "CRITICAL"),
        F("entity_display_name", Template, By("victorops", "entity_display_name")), F("state_message", Template, By("victorops", "state_message")),
        F("monitoring_tool", Template, By("victorops", "monitoring_tool")), F("custom_fields", TemplateMap), Http,
    ])
    {
        AtMostOne = [["api_key", "api_key_file"]],
        AtLeastOne = [["api_key", "api_key_file"]],
    };

    private static SettingGrammar WeChat => new("wechat_config",
    [
        G("api_url", Url, "wechat_api_url"), G("api_secret", Hidden, "wechat_api_secret"), G("corp_id", Text, "wechat_api_corp_id"),
        F("message", Template, By("wechat", "message")), F("message_type", Text, "text") with { OneOf = ["text", "markdown"] },
        F("agent_id", Template, By("wechat", "agent_id")),
        F("to_user", Template, By("wechat", "to_user")), F("to_party", Template, By("wechat", "to_party")), F("to_tag", Template, By("wechat", "to_tag")), Http,
    ])
    {
        AtLeastOne = [["api_secret"], ["corp_id"]],
    };

    private static SettingGrammar WebhookOf(string kind, params SettingField[] fields) =>
        new($"{kind}_config", [F("webhook_url", HiddenUrl), F("webhook_url_file", FilePath), .. fields, Http])
        {
            AtMostOne = [["webhook_url", "webhook_url_file"]],
            AtLeastOne = [["webhook_url", "webhook_url_file"]],
        };

    private static string By(string kind, string part) => $"{{{{ template \"{kind}.default.{part}\" . }}}}";
}
