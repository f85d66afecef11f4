using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace Nines.Core.Delivery.Integrations;

/// <summary>PagerDuty's Events API, version 2, and 1 where a service key is given.</summary>
public static class PagerDutyEvent
{
    /// <summary>Most characters of a summary.</summary>
    public const int MaxSummary = 1024;

    /// <summary>Most bytes of an event.</summary>
    public const int MaxEvent = 512_000;

    private const string Enqueue = "https://events.pagerduty.com/v2/enqueue";
    private const string EnqueueV1 = "https://events.pagerduty.com/generic/2010-04-15/create_event.json";
    private static readonly string[] Severities = ["critical", "error", "warning", "info"];

    /// <summary>The event: trigger while anything fires, else resolve, under the same key.</summary>
    public static HttpMessage Of(MessageScope scope)
    {
        var settings = scope.Integration.Settings;
        // As in Alertmanager, a service key asks for version 1.
        var v1 = scope.Secret("service_key") is { Length: > 0 };
        var e = v1 ? V1(scope) : V2(scope);
        var url = settings.Text("url") is { Length: > 0 } given && !(v1 && given == Enqueue) ? given : v1 ? EnqueueV1 : Enqueue;
        var body = Encoding.UTF8.GetBytes(e.ToJsonString());
        if (body.Length > MaxEvent)
        {
            var note = new JsonObject { ["error"] = "the details were left out: the event would be longer than PagerDuty takes" };
            if (v1)
            {
                e["details"] = note;
            }
            else
            {
                e["payload"]!["custom_details"] = note;
            }
            body = Encoding.UTF8.GetBytes(e.ToJsonString());
        }
        return new HttpMessage(url, body, new AnswerRule { Retries = v1 ? [403] : [], IdField = "dedup_key", ErrorField = "errors" });
    }

    /// <summary>The key of a group's incident: SHA-256 of its group key, hex.</summary>
    public static string KeyOf(string groupKey) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(groupKey)));

    private static JsonObject V2(MessageScope scope)
    {
        var e = new JsonObject
        {
            ["routing_key"] = scope.Render("routing_key", scope.Needed("routing_key")),
            ["event_action"] = scope.Notification.Resolved ? "resolve" : "trigger",
            ["dedup_key"] = KeyOf(scope.Notification.GroupKey),
        };
        var ours = scope.IsOurs ? scope.Default : null;
        var (client, clientUrl) = ours is null ? (scope.Text("client"), scope.Text("client_url")) : ("Nines", scope.ExternalUrl);
        var source = scope.Text("source");
        var payload = new JsonObject
        {
            ["summary"] = Summary(ours?.Headline ?? scope.Text("description"), scope),
            ["source"] = source.Length > 0 ? source : client.Length > 0 ? client : "Nines",
            ["severity"] = Severity(scope, ours),
        };
        foreach (var name in (string[])["component", "group", "class"])
        {
            if (scope.Text(name) is { Length: > 0 } value)
            {
                payload[name] = value;
            }
        }
        payload["custom_details"] = Details(scope, ours);
        e["payload"] = payload;
        Add(e, "client", client);
        Add(e, "client_url", clientUrl);
        var links = ours is not null
            ? ours.Links.Select(l => new JsonObject { ["href"] = l.Url, ["text"] = l.Title })
            : List(scope, "links", ["href", "text"]);
        e["links"] = new JsonArray([.. links.Where(l => l["href"] is not null)]);
        e["images"] = new JsonArray([.. List(scope, "images", ["src", "href", "alt"]).Where(l => l["src"] is not null)]);
        return e;
    }

    private static JsonObject V1(MessageScope scope)
    {
        var ours = scope.IsOurs ? scope.Default : null;
        var e = new JsonObject
        {
            ["service_key"] = scope.Render("service_key", scope.Needed("service_key")),
            ["event_type"] = scope.Notification.Resolved ? "resolve" : "trigger",
            ["incident_key"] = KeyOf(scope.Notification.GroupKey),
            ["description"] = Summary(ours?.Headline ?? scope.Text("description"), scope),
        };
        Add(e, "client", scope.Text("client"));
        Add(e, "client_url", scope.Text("client_url"));
        e["details"] = Details(scope, ours);
        return e;
    }

    private static string Summary(string text, MessageScope scope) =>
        RichText.Cut(text.Trim() is { Length: > 0 } summary ? summary : scope.Default.Headline, MaxSummary);

    private static string Severity(MessageScope scope, DefaultMessage? ours)
    {
        var asked = scope.Text("severity").Trim().ToLowerInvariant();
        return Severities.Contains(asked) ? asked : ours is null ? "error" : ours.IsPage ? "critical" : "warning";
    }

    private static JsonObject Details(MessageScope scope, DefaultMessage? ours)
    {
        var details = new JsonObject();
        foreach (var (name, template) in scope.Integration.Settings.Map("details"))
        {
            details[name] = scope.Render("details." + name, template);
        }
        if (ours is not null)
        {
            details["message"] = ours.Fit(t => t.Plain.Length, 20_000, headline: false).Plain;
        }
        if (scope.Notes.Count > 0)
        {
            details["delivery"] = string.Join("; ", scope.Notes);
        }
        return details;
    }

    private static IEnumerable<JsonObject> List(MessageScope scope, string name, string[] fields)
    {
        foreach (var item in scope.Integration.Settings.NestedList(name))
        {
            var o = new JsonObject();
            foreach (var field in fields.Where(f => item.Text(f) is not null))
            {
                Add(o, field, scope.Render($"{name}.{field}", item.Text(field)!));
            }
            yield return o;
        }
    }

    private static void Add(JsonObject to, string name, string value)
    {
        if (value.Length > 0)
        {
            to[name] = value;
        }
    }
}
