using Nines.Core.Alerting;
using Nines.Metrics;

namespace Nines.Server.Telemetry.Api;

/// <summary>Writes <c>rules</c> and <c>alerts</c>.</summary>
internal static class RulesJson
{
    public static async Task WriteGroupsAsync(ApiRequest request, IReadOnlyList<RuleGroupReport> groups)
    {
        var parameters = request.Parameters;
        var (names, files, rules) = (parameters.All("rule_group[]"), parameters.All("file[]"), parameters.All("rule_name[]"));
        RuleKind? kind = parameters["type"].ToLowerInvariant() switch
        {
            "" => null,
            "alert" => RuleKind.Alerting,
            "record" => RuleKind.Recording,
            var other => throw ApiException.Parameter("type", $"not supported value {ApiParameters.Quoted(other)}"),
        };
        var withAlerts = parameters["exclude_alerts"] is "" or "false" or "0" or "f";
        var selectors = parameters.Selectors(problem => ApiException.Parameter("match[]", problem));
        bool Wanted(RuleReport rule) => (kind is null || rule.Kind == kind) && (rules.Count == 0 || rules.Contains(rule.Name, StringComparer.Ordinal))
            && (selectors.Count == 0 || selectors.Any(s => Matcher.AllMatch(s, rule.Labels)));
        var json = request.Out.Json;
        request.Begin();
        json.WriteStartObject();
        json.WriteStartArray("groups");
        var filtered = kind is not null || rules.Count > 0 || selectors.Count > 0;
        foreach (var group in groups.Where(g => (names.Count == 0 || names.Contains(g.Name, StringComparer.Ordinal))
            && (files.Count == 0 || files.Contains(g.File, StringComparer.Ordinal)) && (!filtered || g.Rules.Any(Wanted))))
        {
            json.WriteStartObject();
            json.WriteString("name", group.Name);
            json.WriteString("file", group.File);
            json.WriteStartArray("rules");
            foreach (var rule in group.Rules.Where(Wanted))
            {
                Rule(request.Out, rule, withAlerts);
                await request.Out.BreatheAsync(request.Stop);
            }
            json.WriteEndArray();
            json.WriteNumber("interval", group.IntervalSeconds);
            json.WriteNumber("limit", group.Limit);
            json.WriteNumber("evaluationTime", group.EvaluationSeconds);
            json.WriteString("lastEvaluation", ApiJson.Rfc3339(group.LastEvaluationMs));
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    public static async Task WriteAlertsAsync(ApiRequest request, IReadOnlyList<RuleGroupReport> groups)
    {
        request.Begin();
        request.Out.Json.WriteStartObject();
        request.Out.Json.WriteStartArray("alerts");
        foreach (var alert in groups.SelectMany(g => g.Rules).SelectMany(r => r.Alerts))
        {
            Alert(request.Out, alert);
            await request.Out.BreatheAsync(request.Stop);
        }
        request.Out.Json.WriteEndArray();
        request.Out.Json.WriteEndObject();
    }

    private static void Rule(ApiJson to, RuleReport rule, bool withAlerts)
    {
        var json = to.Json;
        json.WriteStartObject();
        if (rule.Kind == RuleKind.Alerting)
        {
            json.WriteString("state", Word(rule.State));
        }
        json.WriteString("name", rule.Name);
        json.WriteString("query", rule.Query);
        if (rule.Kind == RuleKind.Alerting)
        {
            json.WriteNumber("duration", rule.DurationSeconds);
            json.WriteNumber("keepFiringFor", rule.KeepFiringForSeconds);
            to.Labels("labels", rule.Labels);
            to.Labels("annotations", rule.Annotations);
            json.WriteStartArray("alerts");
            foreach (var alert in withAlerts ? rule.Alerts : [])
            {
                Alert(to, alert);
            }
            json.WriteEndArray();
        }
        else if (rule.Labels.Count > 0)
        {
            to.Labels("labels", rule.Labels);
        }
        json.WriteString("health", rule.Health switch { RuleHealth.Ok => "ok", RuleHealth.Error => "err", _ => "unknown" });
        if (rule.LastError.Length > 0)
        {
            json.WriteString("lastError", rule.LastError);
        }
        json.WriteNumber("evaluationTime", rule.EvaluationSeconds);
        json.WriteString("lastEvaluation", ApiJson.Rfc3339(rule.LastEvaluationMs));
        json.WriteString("type", rule.Kind == RuleKind.Alerting ? "alerting" : "recording");
        json.WriteEndObject();
    }

    private static void Alert(ApiJson to, RuleAlertReport alert)
    {
        to.Json.WriteStartObject();
        to.Labels("labels", alert.Labels);
        to.Labels("annotations", alert.Annotations);
        to.Json.WriteString("state", Word(alert.State));
        to.Json.WriteString("activeAt", ApiJson.Rfc3339(alert.ActiveAtMs));
        if (alert.KeepFiringSinceMs is { } since)
        {
            to.Json.WriteString("keepFiringSince", ApiJson.Rfc3339(since));
        }
        to.Json.WriteString("value", ApiNumber.Scientific(alert.Value));
        to.Json.WriteEndObject();
    }

    private static string Word(RuleAlertState state) =>
        state switch { RuleAlertState.Firing => "firing", RuleAlertState.Pending => "pending", _ => "inactive" };
}
