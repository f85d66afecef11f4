namespace Nines.Core.Delivery.Integrations;

/// <summary>The receivers that are data. Facts: the vendors' published interfaces.</summary>
public static class HttpPresets
{
    /// <summary>The presets by the kind of their integration.</summary>
    public static readonly IReadOnlyDictionary<string, HttpPreset> All = new Dictionary<string, HttpPreset>(StringComparer.Ordinal)
    {
        ["discord"] = new("{{ .K.webhook_url }}", """
            {"content": {{ printf "%.2000s" .S.content | toJson }}, "embeds": [{"title": {{ .T | toJson }}, "description": {{ .B | toJson }},
            "color": {{ .M.ColorNumber }}}]
            {{- if .M.Ours }}, "allowed_mentions": {"parse": []}{{ end }}
            {{- with .S.username }}, "username": {{ . | toJson }}{{ end }}{{ with .S.avatar_url }}, "avatar_url": {{ . | toJson }}{{ end }}}
            """)
        {
            Secrets = ["webhook_url"], Markup = Markup.Markdown, MaxTitle = 256, MaxText = 3800,
            Answer = new() { RetryAfterField = "retry_after", ErrorField = "message" },
        },
        ["msteams"] = new("{{ .K.webhook_url }}", """
            {"@context": "http://schema.org/extensions", "@type": "MessageCard", "title": {{ .T | toJson }},
            "text": {{ .B | toJson }}, "themeColor": {{ slice .M.Color 1 | toJson }},
            "summary": {{ with .S.summary }}{{ printf "%.300s" . | toJson }}{{ else }}{{ .T | toJson }}{{ end }}}
            """)
        {
            // The old connectors answer 200 and say in words that Teams refused.
            Secrets = ["webhook_url"], Message = "text", Markup = Markup.Markdown, MaxTitle = 300, MaxText = 4000,
            Answer = new() { RetryTexts = ["delivery failed", "HTTP error 429"] },
        },
        ["msteamsv2"] = new("{{ .K.webhook_url }}", """
            {"type": "message", "attachments": [{"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": null, "content": {
            "$schema": "http://adaptivecards.io/schemas/adaptive-card.json", "type": "AdaptiveCard", "version": "1.4", "msteams": {"width": "full"}, "body": [
            {"type": "TextBlock", "weight": "Bolder", "size": "Medium", "wrap": true, "style": "heading", "text": {{ .T | toJson }},
            "color": "{{ if eq .D.Status "resolved" }}Good{{ else if .M.Page }}Attention{{ else }}Warning{{ end }}"},
            {"type": "TextBlock", "wrap": true, "text": {{ .B | toJson }}}], "actions": [
            {{- range $i, $l := .M.Links }}{{ if $i }}, {{ end }}
            {"type": "Action.OpenUrl", "title": {{ $l.Title | toJson }}, "url": {{ $l.Url | toJson }}}{{ end }}]}}]}
            """)
        {
            Secrets = ["webhook_url"], Message = "text", Markup = Markup.Markdown, MaxTitle = 300, MaxText = 4000,
        },
        ["mattermost"] = new("{{ .K.webhook_url }}", """
            {"text": "", "attachments": [{"fallback": {{ .T | toJson }}, "title": {{ .T | toJson }}, "text": {{ .B | toJson }},
            "color": {{ .M.Color | toJson }}}]
            {{- with .S.channel }}, "channel": {{ . | toJson }}{{ end }}{{ with .S.username }}, "username": {{ . | toJson }}{{ end }}}
            """)
        {
            Secrets = ["webhook_url"], Message = "text", Markup = Markup.Markdown, MaxText = 12_000,
        },
        ["opsgenie"] = new("""
            {{ .S.api_url }}v2/alerts{{ if eq .D.Status "resolved" }}/{{ .Group }}/close?identifierType=alias{{ end }}
            """, """
            {{ if eq .D.Status "resolved" }}{"source": {{ printf "%.100s" .S.source | toJson }}}{{ else -}}
            {"alias": {{ .Group | toJson }}, "message": {{ .T | toJson }}, "description": {{ .B | toJson }},
            "source": {{ printf "%.100s" .S.source | toJson }}, "details":
            {{- with .P.details }} {{ toJson . }}{{ else }} {{ toJson .D.CommonLabels }}{{ end }}
            {{- with .L.responders }}, "responders": {{ toJson . }}{{ end }}
            {{- with .S.tags }}, "tags": [{{ reReplaceAll "\\s*,\\s*" "\",\"" (toJson .) }}]{{ end }}
            {{- with .S.note }}, "note": {{ printf "%.25000s" . | toJson }}{{ end }}
            {{- with .S.entity }}, "entity": {{ printf "%.512s" . | toJson }}{{ end }}
            {{- with .S.actions }}, "actions": [{{ reReplaceAll "\\s*,\\s*" "\",\"" (toJson .) }}]{{ end }}
            {{- if match "^P[1-5]$" .S.priority }}, "priority": {{ toJson .S.priority }}{{ else if .M.Page }}, "priority": "P1"{{ end }}}
            {{- end }}
            """)
        {
            Secrets = ["api_key"], Title = "message", Message = "description", MaxTitle = 130, MaxText = 15_000,
            Headers = [("Authorization", "GenieKey {{ .K.api_key }}")], Answer = new() { ErrorField = "message" },
            Defaults = new Dictionary<string, string>(StringComparer.Ordinal) { ["api_url"] = "https://api.opsgenie.com/", ["source"] = "Nines" },
        },
        ["pushover"] = new("https://api.pushover.net/1/messages.json", """
            token={{ urlquery .K.token }}&user={{ urlquery .K.user_key }}&title={{ urlquery .T }}&message={{ urlquery .B }}
            {{- with .S.priority }}&priority={{ urlquery . }}{{ else }}&priority={{ if .M.Page }}2{{ else }}0{{ end }}{{ end -}}
            &retry={{ with .Sec.retry }}{{ . }}{{ else }}60{{ end }}&expire={{ with .Sec.expire }}{{ . }}{{ else }}3600{{ end }}
            {{- with .Sec.ttl }}&ttl={{ . }}{{ end }}{{ if .F.html }}&html=1{{ end }}{{ if .F.monospace }}&monospace=1{{ end }}
            {{- with .S.url }}&url={{ printf "%.512s" . | urlquery }}{{ end }}{{ with .S.url_title }}&url_title={{ printf "%.100s" . | urlquery }}{{ end }}
            {{- with .S.device }}&device={{ urlquery . }}{{ end }}{{ with .S.sound }}&sound={{ urlquery . }}{{ end }}
            """)
        {
            Secrets = ["token", "user_key"], MaxTitle = 250, MaxText = 1024, ContentType = "application/x-www-form-urlencoded",
            Answer = new() { OkField = "status", OkValue = "1", ErrorField = "errors" },
        },
        ["webex"] = new("{{ .S.api_url }}", """{"roomId": {{ .S.room_id | toJson }}, "markdown": {{ .B | toJson }}}""")
        {
            Markup = Markup.Markdown, Headline = true, MaxText = 2400, Answer = new() { ErrorField = "message" },
            Defaults = new Dictionary<string, string>(StringComparer.Ordinal) { ["api_url"] = "https://webexapis.com/v1/messages" },
        },
        ["victorops"] = new("{{ .S.api_url }}{{ .K.api_key }}/{{ .S.routing_key }}", """
            { {{- range $k, $v := .P.custom_fields }}{{ toJson $k }}: {{ toJson $v }}, {{ end -}}
            "message_type": {{ if eq .D.Status "resolved" }}"RECOVERY"{{ else }}{{ toJson .S.message_type }}{{ end }}, "entity_id": {{ .Group | toJson }},
            "entity_display_name": {{ .T | toJson }}, "state_message": {{ .B | toJson }}, "monitoring_tool": {{ .S.monitoring_tool | toJson }}}
            """)
        {
            Secrets = ["api_key"], Title = "entity_display_name", Message = "state_message", Headline = true, MaxText = 20_000,
            Answer = new() { ErrorField = "message" },
            Defaults = new Dictionary<string, string>(StringComparer.Ordinal)
            {
                ["api_url"] = "https://alert.victorops.com/integrations/generic/20131114/alert/", ["message_type"] = "CRITICAL", ["monitoring_tool"] = "Nines",
            },
        },
        ["rocketchat"] = new("{{ .S.api_url }}api/v1/chat.postMessage", """
            {"channel": {{ .S.channel | toJson }}, "attachments": [{"title": {{ .T | toJson }}, "text": {{ .B | toJson }},
            "color": {{ with .S.color }}{{ . | toJson }}{{ else }}{{ .M.Color | toJson }}{{ end }}
            {{- with .S.title_link }}, "title_link": {{ . | toJson }}{{ end }}{{ with .S.image_url }}, "image_url": {{ . | toJson }}{{ end }}
            {{- with .S.thumb_url }}, "thumb_url": {{ . | toJson }}{{ end }}{{ with .L.fields }}, "fields": {{ toJson . }}{{ end }}
            {{- with .L.actions }}, "actions": {{ toJson . }}{{ end }}}]
            {{- with .S.emoji }}, "emoji": {{ . | toJson }}{{ end }}{{ with .S.icon_url }}, "avatar": {{ . | toJson }}{{ end }}
            {{- if .F.link_names }}, "parseUrls": true{{ end }}}
            """)
        {
            Secrets = ["token", "token_id"], Message = "text", Markup = Markup.Markdown, MaxText = 4500,
            Headers = [("X-Auth-Token", "{{ .K.token }}"), ("X-User-Id", "{{ .K.token_id }}")],
            Answer = new() { OkField = "success", ErrorField = "error", RetryErrors = ["error-too-many-requests"] },
            Defaults = new Dictionary<string, string>(StringComparer.Ordinal) { ["api_url"] = "https://open.rocket.chat/" },
        },
        ["ntfy"] = new("{{ .S.url }}", """
            {"topic": {{ .K.topic | toJson }}, "title": {{ .T | toJson }}, "message": {{ .B | toJson }},
            "priority": {{ if eq .D.Status "resolved" }}2{{ else if .M.Page }}5{{ else }}3{{ end }},
            "tags": ["{{ if eq .D.Status "resolved" }}white_check_mark{{ else if .M.Page }}rotating_light{{ else }}warning{{ end }}"]
            {{- with .M.Links }}, "click": {{ (index . 0).Url | toJson }}, "actions": [
            {{- range $i, $l := . }}{{ if $i }}, {{ end }}{"action": "view", "label": {{ $l.Title | toJson }}, "url": {{ $l.Url | toJson }}}{{ end }}]{{ end }}}
            """)
        {
            // 4,096 bytes; a character takes up to three of them.
            Secrets = ["topic", "token"], MaxTitle = 250, MaxText = 1300, Headers = [("Authorization", "{{ with .K.token }}Bearer {{ . }}{{ end }}")],
            Answer = new() { ErrorField = "error" }, Defaults = new Dictionary<string, string>(StringComparer.Ordinal) { ["url"] = "https://ntfy.sh" },
        },
        ["incidentio"] = new("{{ .K.url }}", """
            {"title": {{ .T | toJson }}, "description": {{ .B | toJson }}, "deduplication_key": {{ .Group | toJson }},
            "status": {{ .D.Status | toJson }},
            "source_url": {{ .D.ExternalURL | toJson }},
            "metadata": {"labels": {{ .D.CommonLabels | toJson }}, "annotations": {{ .D.CommonAnnotations | toJson }}}}
            """)
        {
            Secrets = ["url", "alert_source_token"], Markup = Markup.Markdown, Headers = [("Authorization", "Bearer {{ .K.alert_source_token }}")],
            Answer = new() { ErrorField = "message" },
        },
        ["sms"] = new("{{ .K.url }}", """to={{ urlquery .S.to }}{{ with .S.from }}&from={{ urlquery . }}{{ end }}&message={{ urlquery .T }}""")
        {
            Secrets = ["url", "token"], MaxTitle = 300, ContentType = "application/x-www-form-urlencoded",
            Headers = [("Authorization", "{{ with .K.token }}Bearer {{ . }}{{ end }}")],
        },
    };

    /// <summary>A receiver whose preset is in its own settings: <c>url</c>, <c>body</c> and what else is not the usual.</summary>
    /// <remarks><c>method</c>, <c>content_type</c>, <c>headers</c>; <c>ok_field</c> with <c>ok_value</c>, <c>ok_text</c>, <c>error_field</c>,
    /// <c>retry_errors</c>, <c>retry_texts</c>, <c>retry_statuses</c> and <c>retry_after_field</c> say how its answer is read, and <c>secrets</c> which of its
    /// settings are secrets, <c>.K</c> in its templates.</remarks>
    public static HttpPreset Own(Alerting.Routing.Settings settings) => new("{{ .K.url }}", settings.Text("body") ?? "")
    {
        Secrets = ["url", "body", .. settings.Texts("secrets")],
        Markup = settings.Text("markup") switch { "markdown" => Markup.Markdown, "html" => Markup.Html, _ => Markup.Plain },
        MaxText = settings.Number("max_text") is { } max and > 100 and < 1_000_000 ? (int)max : 16_000,
        Method = settings.Text("method") ?? "POST",
        ContentType = settings.Text("content_type") ?? "application/json",
        Headers = [.. settings.Map("headers").Select(h => (h.Key, h.Value))],
        Answer = new AnswerRule
        {
            OkField = settings.Text("ok_field") ?? "",
            OkValue = settings.Text("ok_value") ?? "true",
            OkText = settings.Text("ok_text") ?? "",
            ErrorField = settings.Text("error_field") ?? "",
            RetryErrors = settings.Texts("retry_errors"),
            RetryTexts = settings.Texts("retry_texts"),
            RetryAfterField = settings.Text("retry_after_field") ?? "",
            Retries = [.. settings.Texts("retry_statuses").Where(s => int.TryParse(s, out _)).Select(int.Parse)],
        },
    };
}
