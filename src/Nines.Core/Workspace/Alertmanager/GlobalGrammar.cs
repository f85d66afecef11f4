using static Nines.Core.Workspace.Alertmanager.SettingField;
using static Nines.Core.Workspace.Alertmanager.SettingKind;

namespace Nines.Core.Workspace.Alertmanager;

/// <summary>The settings that all integrations share.</summary>
internal static class GlobalGrammar
{
    /// <summary><c>tls_config</c></summary>
    public static readonly SettingGrammar Tls = new("tls_config",
    [
        F("ca", Text), F("cert", Text), F("key", Hidden), F("ca_file", FilePath), F("cert_file", FilePath), F("key_file", FilePath), F("server_name"),
        F("insecure_skip_verify", Flag), F("min_version"), F("max_version"),
    ])
    {
        AtMostOne = [["ca", "ca_file"], ["cert", "cert_file"], ["key", "key_file"]],
    };

    private static readonly SettingField[] Proxy =
        [F("proxy_url", Url), F("no_proxy"), F("proxy_from_environment", Flag), F("proxy_connect_header", Json)];

    private static readonly SettingGrammar HttpConfig = new("http_config",
    [
        new("basic_auth", Nested, Of: new("basic_auth", [F("username"), F("username_file", FilePath), F("password", Hidden), F("password_file", FilePath)])
        {
            AtMostOne = [["username", "username_file"], ["password", "password_file"]],
        }),
        new("authorization", Nested, Of: new("authorization", [F("type", Text, "Bearer"), F("credentials", Hidden), F("credentials_file", FilePath)])
        {
            AtMostOne = [["credentials", "credentials_file"]],
        }),
        new("oauth2", Nested, Of: new("oauth2",
        [
            F("client_id", required: true), F("client_secret", Hidden), F("client_secret_file", FilePath), F("scopes", Texts),
            F("token_url", Url, required: true), F("endpoint_params", TextMap), new("tls_config", Nested, Of: Tls), .. Proxy,
        ])
        {
            AtMostOne = [["client_secret", "client_secret_file"]],
        }),
        F("bearer_token", Hidden), F("bearer_token_file", FilePath), F("follow_redirects", Flag, true), F("enable_http2", Flag, true), F("http_headers", Json),
        new("tls_config", Nested, Of: Tls), .. Proxy,
    ])
    {
        AtMostOne = [["basic_auth", "authorization", "oauth2", "bearer_token", "bearer_token_file"], ["proxy_url", "proxy_from_environment"]],
    };

    /// <summary><c>http_config</c> of an integration.</summary>
    public static readonly SettingField Http = new("http_config", Nested, Global: "http_config", Of: HttpConfig);

    /// <summary><c>http_config</c> of an integration that cannot do without a token.</summary>
    public static readonly SettingField HttpWithAuthorization = Http with { Required = true, Of = HttpConfig with { AtLeastOne = [["authorization"]] } };

    /// <summary><c>global</c></summary>
    public static readonly SettingGrammar Global = new("global",
    [
        F("resolve_timeout", Duration, 300_000L), new("http_config", Nested, Of: HttpConfig),
        F("smtp_from", Template), F("smtp_hello", Text, "localhost"), F("smtp_smarthost", HostPort), F("smtp_auth_username"), F("smtp_auth_password", Hidden),
        F("smtp_auth_password_file", FilePath), F("smtp_auth_secret", Hidden), F("smtp_auth_identity"), F("smtp_require_tls", Flag, true),
        new("smtp_tls_config", Nested, Of: Tls),
        F("slack_api_url", HiddenUrl), F("slack_api_url_file", FilePath), F("jira_api_url", Url),
        F("pagerduty_url", Url, "https://events.pagerduty.com/v2/enqueue"),
        F("opsgenie_api_url", Url, "https://api.opsgenie.com/"), F("opsgenie_api_key", Hidden), F("opsgenie_api_key_file", FilePath),
        F("rocketchat_api_url", Url, "https://open.rocket.chat/"), F("rocketchat_token", Hidden), F("rocketchat_token_file", FilePath),
        F("rocketchat_token_id", Hidden), F("rocketchat_token_id_file", FilePath),
        F("wechat_api_url", Url, "https://qyapi.weixin.qq.com/cgi-bin/"), F("wechat_api_secret", Hidden), F("wechat_api_corp_id"),
        F("victorops_api_url", Url, "https://alert.victorops.com/integrations/generic/20131114/alert/"), F("victorops_api_key", Hidden),
        F("victorops_api_key_file", FilePath), F("telegram_api_url", Url, "https://api.telegram.org"),
        F("webex_api_url", Url, "https://webexapis.com/v1/messages"),
    ])
    {
        AtMostOne =
        [
            ["smtp_auth_password", "smtp_auth_password_file"], ["slack_api_url", "slack_api_url_file"], ["opsgenie_api_key", "opsgenie_api_key_file"],
            ["victorops_api_key", "victorops_api_key_file"], ["rocketchat_token", "rocketchat_token_file"], ["rocketchat_token_id", "rocketchat_token_id_file"],
        ],
    };
}
