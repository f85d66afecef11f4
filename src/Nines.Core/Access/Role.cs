namespace Nines.Core.Access;

/// <summary>What someone may do; each includes those before it, except that to see everything is not to push.</summary>
public enum Role
{
    /// <summary>Everyone, signed in or not.</summary>
    Anyone,
    /// <summary>Pushes events and reports to heartbeats, and sees nothing: the role of a job's token.</summary>
    Push,
    /// <summary>Sees everything, changes nothing.</summary>
    Viewer,
    /// <summary>Takes alerts in hand, and silences them.</summary>
    Responder,
    /// <summary>May do everything.</summary>
    Admin,
}

/// <summary>Who may use a route.</summary>
/// <param name="Method">The HTTP method.</param>
/// <param name="Route">The route's pattern as mapped.</param>
/// <param name="Least">The least role that may.</param>
public sealed record RouteRule(string Method, string Route, Role Least);

/// <summary>The route × role table: every route the server answers and who may use it. A route that is not here is refused.</summary>
public static class RouteTable
{
    /// <summary>The rules.</summary>
    public static readonly IReadOnlyList<RouteRule> Rules =
    [
        new("GET", "/", Role.Viewer),
        new("GET", "/objectives", Role.Viewer),
        new("GET", "/objectives/{**key}", Role.Viewer),
        new("GET", "/services", Role.Viewer),
        new("GET", "/services/{name}", Role.Viewer),
        new("GET", "/sources", Role.Viewer),
        new("GET", "/collectors", Role.Viewer),
        new("GET", "/collectors/{name}", Role.Viewer),
        new("GET", "/generations/{id}", Role.Viewer),
        new("GET", "/adjustments", Role.Viewer),
        new("POST", "/adjustments", Role.Admin),
        new("POST", "/adjustments/approve", Role.Admin),
        new("POST", "/adjustments/undo", Role.Admin),
        new("GET", "/attribution/{**key}", Role.Viewer),
        new("GET", "/explore", Role.Viewer),
        new("GET", "/graph", Role.Viewer),
        new("GET", "/routing", Role.Viewer),
        new("GET", "/deliveries", Role.Viewer),
        new("GET", "/deliveries/{key}", Role.Viewer),
        new("GET", "/rules", Role.Viewer),
        new("GET", "/probes", Role.Viewer),
        new("GET", "/probes/{name}", Role.Viewer),
        new("GET", "/alerts", Role.Viewer),
        new("GET", "/alerts/{fingerprint}", Role.Viewer),
        new("POST", "/alerts/acknowledge", Role.Responder),
        new("POST", "/alerts/resolve", Role.Responder),
        new("GET", "/silences", Role.Viewer),
        new("POST", "/silences", Role.Responder),
        new("GET", "/silences/new", Role.Viewer),
        new("POST", "/silences/preview", Role.Responder),
        new("GET", "/silences/{id}", Role.Viewer),
        new("POST", "/silences/{id}/expire", Role.Responder),
        new("POST", "/silences/{id}/extend", Role.Responder),
        new("GET", "/heartbeats", Role.Viewer),
        new("GET", "/heartbeats/{name}", Role.Viewer),
        new("GET", "/workspace", Role.Viewer),
        new("GET", "/stream", Role.Viewer),
        new("GET", "/account", Role.Viewer),
        new("POST", "/account/tokens", Role.Admin),
        new("POST", "/account/tokens/delete", Role.Admin),
        new("POST", "/account/users", Role.Admin),
        new("GET", "/setup", Role.Anyone),
        new("POST", "/setup", Role.Anyone),
        new("GET", "/login", Role.Anyone),
        new("POST", "/login", Role.Anyone),
        new("POST", "/logout", Role.Anyone),
        new("GET", "/health", Role.Anyone),
        new("GET", "/health/live", Role.Anyone),
        new("GET", "/health/liveness", Role.Anyone),
        new("GET", "/health/ready", Role.Anyone),
        new("GET", "/health/readiness", Role.Anyone),
        new("GET", "/health/detailed", Role.Viewer),
        new("GET", "/metrics", Role.Anyone),
        new("GET", "/openapi/{documentName}.json", Role.Anyone),
        new("GET", "/nines/v1/objectives", Role.Viewer),
        new("GET", "/nines/v1/objectives/{**key}", Role.Viewer),
        new("GET", "/nines/v1/budget-policy/{**key}", Role.Viewer),
        new("POST", "/nines/v1/budget-policy/{**key}", Role.Viewer),
        new("GET", "/nines/v1/services", Role.Viewer),
        new("GET", "/nines/v1/services/{name}", Role.Viewer),
        new("GET", "/nines/v1/generations/{**key}", Role.Viewer),
        new("GET", "/nines/v1/adjustments", Role.Viewer),
        new("POST", "/nines/v1/adjustments", Role.Admin),
        new("POST", "/nines/v1/adjustments/{id}/approve", Role.Admin),
        new("POST", "/nines/v1/adjustments/{id}/undo", Role.Admin),
        new("GET", "/nines/v1/attribution/{**key}", Role.Viewer),
        new("GET", "/nines/v1/targets", Role.Viewer),
        new("GET", "/nines/v1/probes", Role.Viewer),
        new("GET", "/nines/v1/probes/{name}", Role.Viewer),
        new("GET", "/nines/v1/sources", Role.Viewer),
        new("GET", "/nines/v1/collectors", Role.Viewer),
        new("GET", "/nines/v1/collectors/{name}", Role.Viewer),
        new("GET", "/nines/v1/workspace", Role.Viewer),
        new("GET", "/nines/v1/alerts", Role.Viewer),
        new("GET", "/nines/v1/routes/test", Role.Viewer),
        new("GET", "/nines/v1/deliveries", Role.Viewer),
        new("GET", "/nines/v1/deliveries/{key}", Role.Viewer),
        new("GET", "/nines/v1/alerts/{fingerprint}", Role.Viewer),
        new("POST", "/nines/v1/alerts/{fingerprint}/acknowledge", Role.Responder),
        new("POST", "/nines/v1/alerts/{fingerprint}/resolve", Role.Responder),
        new("POST", "/nines/v1/events", Role.Push),
        new("GET", "/nines/v1/heartbeats", Role.Viewer),
        new("GET", "/nines/v1/heartbeats/{name}", Role.Viewer),
        new("POST", "/nines/v1/heartbeats/{name}", Role.Push),
        new("POST", "/nines/v1/heartbeats/{name}/start", Role.Push),
        new("GET", "/nines/v1/heartbeats/{name}/start", Role.Push),
        new("POST", "/nines/v1/heartbeats/{name}/success", Role.Push),
        new("GET", "/nines/v1/heartbeats/{name}/success", Role.Push),
        new("POST", "/nines/v1/heartbeats/{name}/fail", Role.Push),
        new("GET", "/nines/v1/heartbeats/{name}/fail", Role.Push),
        // The signature of the Slack app is the credential, and no browser sends it.
        new("POST", "/nines/v1/integrations/slack", Role.Anyone),
        new("GET", "/api/v2/alerts", Role.Viewer),
        new("POST", "/api/v2/alerts", Role.Admin),
        new("GET", "/api/v2/alerts/groups", Role.Viewer),
        new("GET", "/api/v2/status", Role.Viewer),
        new("GET", "/api/v2/receivers", Role.Viewer),
        new("GET", "/api/v2/silences", Role.Viewer),
        new("POST", "/api/v2/silences", Role.Responder),
        new("GET", "/api/v2/silence/{id}", Role.Viewer),
        new("DELETE", "/api/v2/silence/{id}", Role.Responder),
        new("POST", "/api/v1/write", Role.Admin),
        new("GET", "/api/v1/query", Role.Viewer),
        new("POST", "/api/v1/query", Role.Viewer),
        new("GET", "/api/v1/query_range", Role.Viewer),
        new("POST", "/api/v1/query_range", Role.Viewer),
        new("GET", "/api/v1/query_exemplars", Role.Viewer),
        new("POST", "/api/v1/query_exemplars", Role.Viewer),
        new("GET", "/api/v1/format_query", Role.Viewer),
        new("POST", "/api/v1/format_query", Role.Viewer),
        new("GET", "/api/v1/parse_query", Role.Viewer),
        new("POST", "/api/v1/parse_query", Role.Viewer),
        new("GET", "/api/v1/series", Role.Viewer),
        new("POST", "/api/v1/series", Role.Viewer),
        new("GET", "/api/v1/labels", Role.Viewer),
        new("POST", "/api/v1/labels", Role.Viewer),
        new("GET", "/api/v1/label/{name}/values", Role.Viewer),
        new("GET", "/api/v1/metadata", Role.Viewer),
        new("GET", "/api/v1/targets", Role.Viewer),
        new("GET", "/api/v1/rules", Role.Viewer),
        new("GET", "/api/v1/alerts", Role.Viewer),
        new("GET", "/api/v1/status/buildinfo", Role.Viewer),
        new("GET", "/api/v1/status/runtimeinfo", Role.Viewer),
        new("GET", "/api/v1/status/config", Role.Viewer),
        new("GET", "/api/v1/status/flags", Role.Viewer),
        new("GET", "/api/v1/status/tsdb", Role.Viewer),
        new("GET", "/api/v1/status/walreplay", Role.Viewer),
        new("GET", "/-/healthy", Role.Anyone),
        new("GET", "/-/ready", Role.Anyone),
    ];

    /// <summary>Whether a role is enough for what needs another.</summary>
    public static bool Allows(Role needed, Role role) => needed == Role.Push ? role is Role.Push or Role.Admin : role >= needed;

    /// <summary>The least role for a route; null when the route is not in the table.</summary>
    public static Role? Least(string method, string route)
    {
        var wanted = method == "HEAD" ? "GET" : method;
        foreach (var rule in Rules)
        {
            if (rule.Method == wanted && rule.Route.TrimEnd('/') == route.TrimEnd('/'))
            {
                return rule.Least;
            }
        }
        return null;
    }
}
