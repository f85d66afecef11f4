using Nines.Core.Alerting.Routing;
using Nines.Core.Objectives;

namespace Nines.Core.Workspace;

/// <summary>Reads the kinds of <c>nines/v1</c>.</summary>
internal static class NinesKindReader
{
    public static readonly string[] Kinds = ["Environment", "BurnPolicy", "ErrorBudgetPolicy", "Delivery"];

    public static void Read(string kind, Fields top, YamlText? name, Fields? metadata, Found found)
    {
        var spec = top.Map("spec", required: kind != "Environment");
        var displayName = metadata?.Text("displayName")?.Value;
        switch (kind)
        {
            case "Environment":
                var pages = spec?.Flag("pages", name?.Value == "production") ?? name?.Value == "production";
                if (name is not null && found.IsNew(top.File, name, "environment", name.Value))
                {
                    found.Environments.Add(name.Value, new(name.Value, displayName ?? name.Value, pages, top.File.At(top.Node)));
                }
                break;
            case "BurnPolicy" when spec is not null:
                var rules = spec.Maps("rules", "rule", required: true).Select(Rule).ToList();
                var minimum = (int?)spec.Number("minimumBad", 0, 1_000_000);
                var events = (int)(spec.Number("minimumEvents", 0, 1_000_000_000) ?? 0);
                if (name is not null && found.IsNew(top.File, name, "burn policy", name.Value))
                {
                    found.Policies.Add(name.Value, new(name.Value, [.. rules.OfType<BurnRule>()], minimum, top.File.At(top.Node)) { MinimumEvents = events });
                }
                break;
            case "ErrorBudgetPolicy" when spec is not null:
                if (ErrorBudgetPolicyReader.Read(spec, name?.Value ?? "", top.File.At(top.Node)) is { } bands && name is not null
                    && found.IsNew(top.File, name, "error budget policy", name.Value))
                {
                    found.BudgetPolicies.Add(name.Value, bands);
                }
                break;
            case "Delivery" when spec is not null:
                foreach (var receiver in spec.Maps("receivers", "receiver", required: spec.Any("failover") is null))
                {
                    Receiver(receiver, found);
                }
                FailoverReader.Read(spec, found);
                break;
        }
        spec?.Done();
    }

    private static BurnRule? Rule(Fields rule)
    {
        var longMs = rule.Duration("long", 60_000, 400L * 86_400_000, required: true);
        var shortMs = rule.Duration("short", 60_000, 400L * 86_400_000, required: true);
        var share = rule.Share("share", required: true);
        if (share is <= 0 or > 1)
        {
            rule.File.Error(rule.Any("share")!, "bad-value", $"share must be above 0 and at most 100%, not {share * 100:0.##}%");
            share = null;
        }
        var severity = rule.OneOf("severity", "page", "page", "ticket");
        rule.Done();
        if (longMs <= shortMs)
        {
            rule.File.Error(rule.Any("short")!, "bad-value", "short must be shorter than long");
            return null;
        }
        return longMs is null || shortMs is null || share is null || severity is null ? null
            : new((int)(longMs / 60_000), (int)(shortMs / 60_000), share.Value, severity == "page" ? BurnSeverity.Page : BurnSeverity.Ticket);
    }

    private static void Receiver(Fields receiver, Found found)
    {
        var file = receiver.File;
        var name = receiver.Text("name", required: true);
        var severities = new List<string>();
        foreach (var node in receiver.List("severities"))
        {
            if (node is YamlText { Value: "page" or "ticket" } severity)
            {
                severities.Add(severity.Value);
            }
            else
            {
                file.Error(node, "bad-value", "a severity is page or ticket");
            }
        }
        var sendResolved = receiver.Flag("sendResolved", true);
        var telegram = receiver.Map("telegram");
        var webhook = receiver.Map("webhook");
        receiver.Done();
        if ((telegram is null) == (webhook is null))
        {
            file.Error(receiver.Node, telegram is null ? "missing" : "bad-value", telegram is null ? "a receiver needs telegram or webhook"
                : "a receiver is either telegram or webhook", telegram is null ? "" : "write two receivers");
        }
        var settings = telegram is not null ? Telegram(telegram) : webhook is not null ? Webhook(webhook) : null;
        if (name is not null && found.IsNew(file, name, "receiver", name.Value) && settings is not null)
        {
            found.Receivers.Add(new(name.Value, severities,
                new(telegram is not null ? "telegram" : "webhook", 0, sendResolved, new Settings(settings), file.At(receiver.Node))));
        }
    }

    private static Dictionary<string, object>? Telegram(Fields fields)
    {
        var chat = fields.Text("chatId", required: true);
        var token = fields.Secret("botToken", required: true, warnWhenLiteral: true);
        var api = new Uri("https://api.telegram.org");
        if (fields.Text("apiUrl") is { } text && !(Uri.TryCreate(text.Value, UriKind.Absolute, out api!) && api.Scheme is "http" or "https"))
        {
            fields.File.Error(text, "bad-value", $"apiUrl is not an http address: {text.Value}");
            api = null;
        }
        fields.Done();
        return chat is null || token is null || api is null ? null
            : new(StringComparer.Ordinal) { ["api_url"] = api.AbsoluteUri, ["bot_token"] = token, ["chat_id"] = chat.Value };
    }

    private static Dictionary<string, object>? Webhook(Fields fields)
    {
        var url = fields.Secret("url", required: true, warnWhenLiteral: false);
        if (url is not null && !url.Reference.Contains("${", StringComparison.Ordinal)
            && !(Uri.TryCreate(url.Reference, UriKind.Absolute, out var parsed) && parsed.Scheme is "http" or "https"))
        {
            fields.File.Error(fields.Any("url")!, "bad-value", "url is not an http address", "write http://… or https://…, or ${env:NAME}");
            url = null;
        }
        var settings = new Dictionary<string, object>(StringComparer.Ordinal);
        if (fields.Secret("bearerToken", required: false, warnWhenLiteral: true) is { } bearer)
        {
            var authorization = new Dictionary<string, object>(StringComparer.Ordinal) { ["type"] = "Bearer", ["credentials"] = bearer };
            settings["http_config"] = new Settings(new Dictionary<string, object>(StringComparer.Ordinal) { ["authorization"] = new Settings(authorization) });
        }
        fields.Done();
        if (url is null)
        {
            return null;
        }
        settings["url"] = url;
        return settings;
    }
}
