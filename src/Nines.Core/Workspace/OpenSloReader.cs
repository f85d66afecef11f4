using Nines.Core.Catalog;
using Nines.Core.Objectives;

namespace Nines.Core.Workspace;

/// <summary>Reads OpenSLO v1 documents.</summary>
internal static class OpenSloReader
{
    public static readonly string[] Kinds = ["Service", "SLO", "SLI", "DataSource", "AlertPolicy", "AlertCondition", "AlertNotificationTarget"];

    public static void Read(string kind, Fields top, YamlText? name, Fields? metadata, string definition, Found found)
    {
        var file = top.File;
        var spec = top.Map("spec", required: kind is "SLO" or "SLI" or "DataSource");
        var displayName = metadata?.Text("displayName")?.Value;
        switch (kind)
        {
            case "Service":
                var description = spec?.Text("description")?.Value ?? "";
                if (name is not null && found.IsNew(file, name, "service", name.Value))
                {
                    found.Services.Add(name.Value, OfService(new(name.Value, displayName ?? name.Value, description, file.At(top.Node)), metadata));
                }
                spec?.Done();
                break;
            case "SLI":
                var indicator = spec is null ? null : OpenSloIndicatorReader.Spec(spec, found);
                if (name is not null && found.IsNew(file, name, "SLI", name.Value))
                {
                    found.Indicators.Add(name.Value, indicator);
                }
                break;
            case "SLO":
                if (spec is not null && name is not null)
                {
                    Objectives(spec, name, displayName, metadata, definition, found);
                }
                break;
            case "DataSource":
                if (spec is not null)
                {
                    DataSourceReader.Read(spec, name, found);
                }
                break;
            default:
                file.Warn(top.Node, "not-used", $"{kind} is not used: burn policies decide when to alert",
                    "declare a nines/v1 BurnPolicy and name it in alertPolicies");
                if (kind == "AlertPolicy" && name is not null)
                {
                    found.AlertPolicies.Add(name.Value);
                }
                break;
        }
    }

    private static void Objectives(Fields spec, YamlText name, string? displayName, Fields? metadata, string definition, Found found)
    {
        var file = spec.File;
        var description = spec.Text("description")?.Value ?? "";
        var service = spec.Text("service", required: true);
        var labels = metadata?.Map("labels");
        var annotations = metadata?.Map("annotations");
        var environment = (annotations?.Any("nines.dev/environment") ?? labels?.Any("environment")) is { } e
            ? e as YamlText ?? (e as YamlList)?.Items.FirstOrDefault() as YamlText : null;
        var unknown = annotations?.OneOf("nines.dev/unknown", "ignored", "ignored", "bad", "half") switch
        {
            "bad" => UnknownTreatment.Bad,
            "half" => UnknownTreatment.Half,
            _ => UnknownTreatment.Ignored,
        };
        var inline = spec.Map("indicator");
        var reference = spec.Text("indicatorRef");
        if ((inline is null) == (reference is null) && spec.Any("indicator") is null)
        {
            file.Error(spec.Node, "missing", "an SLO needs indicator or indicatorRef");
        }
        else if (inline is not null && reference is not null)
        {
            file.Error(reference, "bad-value", "indicator and indicatorRef are both given", "drop one");
        }
        var indicator = OpenSloIndicatorReader.Inline(inline, found);
        var method = spec.OneOf("budgetingMethod", "Occurrences", "Occurrences", "Timeslices", "RatioTimeslices");
        var sla = annotations?.Share("nines.dev/sla");
        if (sla is <= 0 or >= 1)
        {
            file.Error(annotations!.Any("nines.dev/sla")!, "bad-value", "nines.dev/sla must be between 0 and 100%, both excluded");
            sla = null;
        }
        var groupBy = GroupBy(annotations);
        var budgetPolicy = annotations?.Text("nines.dev/error-budget-policy");
        var windows = BudgetWindowReader.Read(spec);
        var policy = Policy(spec, found);
        var drafts = spec.Maps("objectives", "objective", required: true).Select((o, i) => (Fields: o, Index: i)).ToList();
        if (drafts.Count == 0 && spec.Any("objectives") is { } none)
        {
            file.Error(none, "missing", "objectives is empty", "add one with a target");
        }
        foreach (var (objective, index) in drafts)
        {
            var (target, at) = Target(objective);
            var own = objective.Text("displayName")?.Value;
            if (objective.Map("indicator") is not null || objective.Text("indicatorRef") is not null)
            {
                file.Error(objective.Node, "unsupported", "composite objectives are not supported", "write an SLO for each indicator");
            }
            var limit = Limit(objective);
            var slices = Slices(objective, method);
            objective.Ignore("compositeWeight");
            objective.Done();
            if (target is not null && windows.Count > 0)
            {
                var suffix = drafts.Count == 1 ? "" : "/" + (own is { Length: > 0 } ? Slug(own) : (index + 1).ToString());
                var shown = drafts.Count == 1 || own is null ? displayName ?? own ?? name.Value : $"{displayName ?? name.Value}: {own}";
                found.Objectives.Add(new(file, name, suffix, service, environment, shown, description, target.Value, at!, windows, indicator, reference,
                    objective.Node, limit, slices, sla, groupBy, policy, unknown, definition) { BudgetPolicy = budgetPolicy });
            }
        }
        spec.Done();
    }

    /// <summary>The limit a threshold metric is held to; null when the objective gives none.</summary>
    private static (ThresholdOperator Operator, double Value)? Limit(Fields objective)
    {
        var value = objective.Number("value", decimal.MinValue, decimal.MaxValue);
        var given = objective.Any("op");
        ThresholdOperator? op = objective.OneOf("op", "lte", "lt", "lte", "gt", "gte") switch
        {
            "lt" => ThresholdOperator.Lt,
            "lte" => ThresholdOperator.Lte,
            "gt" => ThresholdOperator.Gt,
            "gte" => ThresholdOperator.Gte,
            _ => null,
        };
        return value is null || op is null || given is null ? null : (op.Value, (double)value.Value);
    }

    private static Slicing? Slices(Fields objective, string? method)
    {
        var isSliced = method is "Timeslices" or "RatioTimeslices";
        var window = objective.Duration("timeSliceWindow", 60_000, 86_400_000, required: isSliced);
        var target = objective.Number("timeSliceTarget", 0, 1, required: method == "Timeslices");
        foreach (var key in (string[])["timeSliceWindow", "timeSliceTarget"])
        {
            if (objective.Any(key) is { } unused && (!isSliced || (method == "RatioTimeslices" && key == "timeSliceTarget")))
            {
                objective.File.Warn(unused, "not-used", $"{key} is not used with budgetingMethod {method}", "drop it");
            }
        }
        if (!isSliced || window is null || (method == "Timeslices" && target is null))
        {
            return null;
        }
        if (window % 60_000 != 0 || 86_400_000 % window != 0)
        {
            objective.File.Error(objective.Any("timeSliceWindow")!, "bad-value", "timeSliceWindow must be whole minutes and divide a day",
                "write 1m, 5m, 15m or 1h");
            return null;
        }
        if (target is 0)
        {
            objective.File.Error(objective.Any("timeSliceTarget")!, "bad-value", "with timeSliceTarget 0 every slice is good");
            return null;
        }
        return new((int)(window.Value / 60_000), method == "Timeslices" ? target : null);
    }

    private static Service OfService(Service service, Fields? metadata)
    {
        var annotations = metadata?.Map("annotations");
        var runbook = annotations?.Text("nines.dev/runbook");
        Uri? address = null;
        if (runbook is not null && !(Uri.TryCreate(runbook.Value, UriKind.Absolute, out address) && address.Scheme is "http" or "https"))
        {
            annotations!.File.Error(runbook, "bad-value", "nines.dev/runbook must be an address", "such as https://wiki.example/checkout");
            address = null;
        }
        return service with
        {
            Owner = annotations?.Text("nines.dev/owner")?.Value.Trim() ?? "",
            Runbook = address,
            DependsOn = [.. (annotations?.Text("nines.dev/depends-on")?.Value ?? "")
                .Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Distinct(StringComparer.Ordinal)],
        };
    }

    private static IReadOnlyList<string> GroupBy(Fields? annotations)
    {
        if (annotations?.Text("nines.dev/group-by") is not { } text)
        {
            return [];
        }
        var names = text.Value.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        foreach (var name in names.Where(n => !(char.IsAsciiLetter(n[0]) || n[0] == '_') || n.Any(c => !char.IsAsciiLetterOrDigit(c) && c != '_')))
        {
            annotations.File.Error(text, "bad-value", $"\"{name}\" is no name of a label", "write label names with commas between them: route, method");
        }
        return [.. names.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
    }

    private static string Slug(string text) =>
        string.Join('-', new string([.. text.ToLowerInvariant().Select(c => char.IsAsciiLetterOrDigit(c) ? c : ' ')])
            .Split(' ', StringSplitOptions.RemoveEmptyEntries));

    private static (decimal? Target, YamlNode? At) Target(Fields objective)
    {
        var target = objective.Any("target");
        var percent = objective.Any("targetPercent");
        if ((target is null) == (percent is null))
        {
            objective.File.Error(objective.Node, target is null ? "missing" : "bad-value", target is null ? "an objective needs target or targetPercent"
                : "target and targetPercent are both given");
            return (null, null);
        }
        var value = target is not null ? objective.Number("target", decimal.MinValue, decimal.MaxValue)
            : objective.Number("targetPercent", decimal.MinValue, decimal.MaxValue) / 100;
        if (value is <= 0 or >= 1)
        {
            var hint = target is not null && value is > 1 and < 100 ? "write it as a share, such as 0.999, or use targetPercent" : value is 1
                ? "a target of all leaves no budget" : "";
            objective.File.Error((target ?? percent)!, "bad-value", target is not null ? "target must be between 0 and 1, both excluded"
                : "targetPercent must be between 0 and 100, both excluded", hint);
            return (null, null);
        }
        return (value, target ?? percent);
    }

    private static YamlText? Policy(Fields spec, Found found)
    {
        YamlText? policy = null;
        foreach (var node in spec.List("alertPolicies"))
        {
            if (node is YamlText text)
            {
                if (policy is not null)
                {
                    spec.File.Error(text, "bad-value", "an objective has one burn policy", "put all rules into one BurnPolicy");
                }
                policy ??= text;
            }
            else if (node is YamlMap map)
            {
                var entry = new Fields(spec.File, map, "alertPolicy");
                var reference = entry.Text("alertPolicyRef");
                if (reference is null)
                {
                    spec.File.Warn(node, "not-used", "inline alert policies are not used: burn policies decide when to alert",
                        "declare a nines/v1 BurnPolicy and name it here");
                }
                policy ??= reference;
            }
            else
            {
                spec.File.Error(node, "wrong-type", "an alert policy must be the name of a BurnPolicy");
            }
        }
        return policy;
    }
}
