using Nines.Core.Alerting;
using Nines.Core.Alerting.Routing;
using Nines.Metrics;

namespace Nines.Server.Alerting.Pages;

/// <summary>An alert with what routing makes of it.</summary>
/// <param name="Report">The alert.</param>
/// <param name="Routed">Its routing; null when it is over.</param>
public sealed record AlertEntry(AlertReport Report, RoutedAlert? Routed)
{
    /// <summary>In which list it stands.</summary>
    public AlertList List => !Report.Firing ? AlertList.Resolved : Routed?.Standing == AlertStanding.Suppressed ? AlertList.Quiet : AlertList.Firing;

    /// <summary>What tells it from others that share some labels.</summary>
    public string Distinct(Labels common) =>
        Report.Labels.Pairs.ToArray().Where(p => common[p.Key].Length == 0).Select(p => p.Value).ToList() is { Count: > 0 } values
            ? string.Join(", ", values) : Report.Labels["alertname"];
}

/// <summary>The lists of the page of alerts.</summary>
public enum AlertList
{
    /// <summary>They fire, and people are told.</summary>
    Firing,
    /// <summary>They fire, and something keeps them quiet.</summary>
    Quiet,
    /// <summary>They were over within the last day.</summary>
    Resolved,
}

/// <summary>Alerts that are one thing to people: a row of the list.</summary>
/// <param name="Receiver">Who is told of them as a group; empty when they are put together by what they are.</param>
/// <param name="Alerts">The alerts, the oldest first.</param>
public sealed record AlertRow(string Receiver, IReadOnlyList<AlertEntry> Alerts)
{
    /// <summary>The labels that all of them have.</summary>
    public Labels Common { get; } = Shared([.. Alerts.Select(a => a.Report.Labels)]);

    /// <summary>The one that stands for all: the most urgent.</summary>
    public AlertReport Lead { get; } = Alerts.OrderByDescending(a => a.Report.Pages).ThenByDescending(a => a.Report.Rank ?? -1).First().Report;

    /// <summary>Whether one of them wakes people.</summary>
    public bool Pages => Lead.Pages;

    /// <summary>The first time by which one of them is to be acknowledged, nanoseconds since the Unix epoch; null for none.</summary>
    public long? AcknowledgeByNs => Alerts.Min(a => a.Report.Response?.AtNs);

    /// <summary>Since when, or when the last was over; nanoseconds since the Unix epoch.</summary>
    public long AtNs => Lead.Firing ? Alerts.Min(a => a.Report.SinceNs) : Alerts.Max(a => a.Report.EndedNs ?? 0);

    /// <summary>What happens: the summary they share, or the alert's name.</summary>
    public string Title
    {
        get
        {
            var summaries = Alerts.Select(a => a.Report.Annotations["summary"]).Distinct(StringComparer.Ordinal).ToList();
            return summaries is [{ Length: > 0 } one] ? one : Lead.Labels["alertname"] is { Length: > 0 } name ? name : "An alert without a name";
        }
    }

    /// <summary>More of it in one line: whose it is, and the description or the first summary.</summary>
    public string Detail
    {
        get
        {
            var description = Alerts.Count == 1 ? Lead.Annotations["description"] : "";
            return description.Length > 0 ? description : Title == Lead.Annotations["summary"] ? "" : Lead.Annotations["summary"];
        }
    }

    /// <summary>The conditions of a silence for all of them.</summary>
    public string Matchers => MatchersOf(Common);

    /// <summary>Conditions that name each label's value, as people write them.</summary>
    public static string MatchersOf(Labels labels) =>
        string.Join(", ", labels.Pairs.ToArray().Select(p => new Matcher(p.Key, MatchOp.Equal, p.Value)));

    /// <summary>Puts alerts together, pages first, then by rank, then the latest.</summary>
    /// <param name="alerts">The alerts of one list.</param>
    /// <param name="groups">The groups of receivers, to put them together by these; null to do it by name and service.</param>
    public static IReadOnlyList<AlertRow> Of(IReadOnlyList<AlertEntry> alerts, IReadOnlyList<GroupReport>? groups)
    {
        var byFingerprint = alerts.ToDictionary(a => a.Report.Fingerprint, StringComparer.Ordinal);
        var rows = groups is null
            ? alerts.GroupBy(a => (a.Report.Labels["alertname"], a.Report.Labels["service"])).Select(g => new AlertRow("", Sorted(g)))
            : groups.Select(g => (g.Receiver, Alerts: Sorted(g.Alerts.Select(a => byFingerprint.GetValueOrDefault(a.State.Fingerprint)).OfType<AlertEntry>())))
                .Where(g => g.Alerts.Count > 0).Select(g => new AlertRow(g.Receiver, g.Alerts));
        return [.. rows.OrderByDescending(r => r.Pages).ThenByDescending(r => r.Lead.Rank ?? -1).ThenByDescending(r => r.AtNs)
            .ThenBy(r => r.Title, StringComparer.Ordinal)];
    }

    private static List<AlertEntry> Sorted(IEnumerable<AlertEntry> alerts) =>
        [.. alerts.OrderBy(a => a.Report.SinceNs).ThenBy(a => a.Report.Labels, Comparer<Labels>.Create(Labels.Compare))];

    private static Labels Shared(IReadOnlyList<Labels> all) =>
        Labels.Of(all[0].Pairs.ToArray().Where(p => all.All(l => l[p.Key] == p.Value)).Select(p => (p.Key, p.Value)));
}

/// <summary>What the list shows: from the address, so that a link shows the same.</summary>
/// <param name="Text">Matchers, or a text that a label's value or the summary holds.</param>
/// <param name="Severity">The severity looked for; empty for all.</param>
/// <param name="List">The list.</param>
/// <param name="ByReceiver">Whether alerts are put together as receivers are told of them.</param>
public sealed record AlertFilter(string Text, string Severity, AlertList List, bool ByReceiver)
{
    private readonly MatcherReading? _reading = Text.AsSpan().IndexOfAny('=', '~', '{') >= 0 ? MatcherText.Read(Text) : null;

    /// <summary>What is wrong with the matchers; null when nothing is.</summary>
    public string? Wrong => _reading is { Matchers: null } wrong ? wrong.Error : null;

    /// <summary>Whether it leaves anything out of a list.</summary>
    public bool IsAll => Text.Length + Severity.Length == 0;

    /// <summary>Whether it takes an alert.</summary>
    public bool Takes(AlertReport alert) =>
        (Severity.Length == 0 || alert.Labels["severity"] == Severity)
        && (_reading is { Matchers: { } matchers } ? Matcher.AllMatch(matchers, alert.Labels)
            : Text.Length == 0 || _reading is not null || Holds(alert.Annotations["summary"]) || alert.Labels.Pairs.ToArray().Any(p => Holds(p.Value)));

    /// <summary>The address of the page with another list, another way to put alerts together, or a row explained.</summary>
    public string Link(AlertList? list = null, bool? byReceiver = null, string why = "")
    {
        var query = new List<string>();
        void Add(string name, string value)
        {
            if (value.Length > 0)
            {
                query.Add($"{name}={Uri.EscapeDataString(value)}");
            }
        }
        Add("q", Text);
        Add("severity", Severity);
        Add("state", (list ?? List) is var l && l != AlertList.Firing ? l.ToString().ToLowerInvariant() : "");
        Add("by", byReceiver ?? ByReceiver ? "receiver" : "");
        Add("why", why);
        return "/alerts" + (query.Count > 0 ? "?" + string.Join('&', query) : "");
    }

    private bool Holds(string value) => value.Contains(Text, StringComparison.OrdinalIgnoreCase);
}
