using Nines.Core.Alerting;
using Nines.Core.Catalog;
using Nines.Server.Objectives.Pages;

namespace Nines.Server.Objectives;

/// <summary>The services of the active workspace.</summary>
internal delegate IReadOnlyList<Service> KnownServices();

/// <summary>A service with its objectives and what fires for it.</summary>
/// <param name="Service">What the workspace says of it.</param>
/// <param name="Objectives">Its objectives, worst first.</param>
/// <param name="Alerts">Its firing alerts, pages first, then the latest.</param>
public sealed record ServiceStanding(Service Service, IReadOnlyList<ObjectiveRow> Objectives, IReadOnlyList<AlertReport> Alerts)
{
    /// <summary>The objective that needs people most; null without objectives.</summary>
    public ObjectiveRow? Worst => Objectives.Count > 0 ? Objectives[0] : null;

    /// <summary>Whether one of its alerts wakes people.</summary>
    public bool Pages => Alerts.Any(a => a.Labels["severity"] == "page");

    /// <summary>All services, worst first; those without objectives last. A service that only objectives name is one, too.</summary>
    public static IReadOnlyList<ServiceStanding> All(IReadOnlyList<Service> services, IReadOnlyList<ObjectiveRow> rows, IReadOnlyList<AlertReport> firing)
    {
        var known = services.ToDictionary(s => s.Name, StringComparer.Ordinal);
        foreach (var row in rows)
        {
            known.TryAdd(row.Objective.Service, new(row.Objective.Service, row.Objective.Service, "", default));
        }
        var byService = rows.ToLookup(r => r.Objective.Service, StringComparer.Ordinal);
        var alerts = firing.ToLookup(a => a.Labels["service"], StringComparer.Ordinal);
        var order = rows.Select((r, i) => (r.Objective.Service, i))
            .GroupBy(r => r.Service, StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.Min(r => r.i), StringComparer.Ordinal);
        return [.. known.Values.OrderBy(s => order.GetValueOrDefault(s.Name, int.MaxValue)).ThenBy(s => s.Name, StringComparer.Ordinal)
            .Select(s => new ServiceStanding(s, [.. byService[s.Name]],
                [.. alerts[s.Name].OrderByDescending(a => a.Labels["severity"] == "page").ThenByDescending(a => a.SinceNs)]))];
    }
}
