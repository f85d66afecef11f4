using Nines.Core.Objectives;

namespace Nines.Core.Workspace;

/// <summary>Reads the kinds of <c>nines/v1</c>.</summary>
internal static class NinesKindReader
{
    public static readonly string[] Kinds =
    [
        "Environment", "BurnPolicy", "ErrorBudgetPolicy", "Delivery", "Calendar", "SeverityLadder", "Collector", "Heartbeat", "Probe",
    ];

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
                foreach (var receiver in spec.Maps("receivers", "receiver", required: (spec.Any("wishes") ?? spec.Any("failover")) is null))
                {
                    DeliveryReceiverReader.Read(receiver, found);
                }
                WishesReader.Read(spec, found);
                FailoverReader.Read(spec, found);
                break;
            case "Calendar" when spec is not null:
                var calendar = CalendarReader.Read(spec, name?.Value ?? "");
                if (name is not null && found.IsNew(top.File, name, "calendar", name.Value))
                {
                    found.Calendars.Add(name.Value, calendar);
                }
                break;
            case "SeverityLadder" when spec is not null && name is not null:
                SeverityLadderReader.Read(spec, name, found);
                break;
            case "Collector" when spec is not null && name is not null:
                CollectorReader.Read(spec, name, displayName, found);
                break;
            case "Heartbeat" when spec is not null:
                HeartbeatReader.Read(spec, name, displayName, found);
                break;
            case "Probe" when spec is not null && name is not null:
                ProbeReader.Read(spec, name, displayName, found);
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
}
