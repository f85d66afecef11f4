using System.Text.RegularExpressions;

namespace Nines.Core.Objectives.Generate;

/// <summary>Which of Sloth's input formats a document is written in.</summary>
public enum SlothDialect
{
    /// <summary><c>version: prometheus/v1</c>.</summary>
    Prometheus,
    /// <summary><c>kind: PrometheusServiceLevel</c> of <c>sloth.slok.dev/v1</c>.</summary>
    Kubernetes,
    /// <summary><c>kind: SLO</c> of <c>openslo/v1alpha</c>.</summary>
    OpenSlo,
}

/// <summary>A document that Sloth makes rules of.</summary>
/// <param name="Dialect">How it is written.</param>
/// <param name="Slos">Its objectives.</param>
/// <param name="Kubernetes">Its Kubernetes metadata; null in other dialects.</param>
public sealed record SlothDocument(SlothDialect Dialect, IReadOnlyList<SlothSlo> Slos, KubernetesMetadata? Kubernetes);

/// <summary>An objective in Sloth's terms. Either both <see cref="ErrorQuery"/> and <see cref="TotalQuery"/>, or <see cref="RatioQuery"/> is given.</summary>
public sealed partial record SlothSlo
{
    /// <summary><c>service-name</c>: unique.</summary>
    public required string Id { get; init; }

    /// <summary>The objective's name.</summary>
    public required string Name { get; init; }

    /// <summary>The service it belongs to.</summary>
    public required string Service { get; init; }

    /// <summary>What it means; may be empty.</summary>
    public string Description { get; init; } = "";

    /// <summary>Target in percent, above 0 and at most 100, as the double that Sloth computes with.</summary>
    public required double Objective { get; init; }

    /// <summary>Period in milliseconds.</summary>
    public required long PeriodMs { get; init; }

    /// <summary>Labels of all its recorded series.</summary>
    public required SortedDictionary<string, string> Labels { get; init; }

    /// <summary>Gives bad events, with <c>{{.window}}</c>, or null.</summary>
    public string? ErrorQuery { get; init; }

    /// <summary>Gives all events, with <c>{{.window}}</c>, or null.</summary>
    public string? TotalQuery { get; init; }

    /// <summary>Gives the share of bad events, with <c>{{.window}}</c>, or null.</summary>
    public string? RatioQuery { get; init; }

    /// <summary>The alert that pages; null when it is disabled.</summary>
    public SlothAlert? Page { get; init; }

    /// <summary>The alert that makes a ticket; null when it is disabled.</summary>
    public SlothAlert? Ticket { get; init; }

    /// <summary>Whether the whole period is queried instead of averaging the ratios of the shortest window.</summary>
    public bool DisableOptimized { get; init; }

    /// <summary>A query with its window filled in.</summary>
    public static string WithWindow(string query, string window) => Window().Replace(query, window);

    /// <summary>Whether a query says where its window goes.</summary>
    public static bool HasWindow(string query) => Window().IsMatch(query);

    [GeneratedRegex(@"\{\{-? *\.window *-?\}\}", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Window();
}

/// <summary>What an alert of an objective is called and carries.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Labels">Its own labels.</param>
/// <param name="Annotations">Its own annotations.</param>
public sealed record SlothAlert(string Name, SortedDictionary<string, string> Labels, SortedDictionary<string, string> Annotations);

/// <summary>A pair of windows that alerts together.</summary>
/// <param name="BudgetPercent">Share of the budget that, spent within the long window, is too much; percent.</param>
/// <param name="ShortMs">The short window in milliseconds.</param>
/// <param name="LongMs">The long window in milliseconds.</param>
public readonly record struct SlothWindow(double BudgetPercent, long ShortMs, long LongMs)
{
    /// <summary>The burn rate it stands for, computed in the order that gives Sloth's doubles.</summary>
    public double Factor(long periodMs) => BudgetPercent * (periodMs / 3_600_000d) / 100 / (LongMs / 3_600_000d);
}

/// <summary>The windows of one period.</summary>
public sealed record SlothWindows(long PeriodMs, SlothWindow PageQuick, SlothWindow PageSlow, SlothWindow TicketQuick, SlothWindow TicketSlow)
{
    /// <summary>Those of the SRE workbook, for 28 and 30 days.</summary>
    public static readonly IReadOnlyList<SlothWindows> Google = [Workbook(28), Workbook(30)];

    /// <summary>All windows, shortest first.</summary>
    public IReadOnlyList<long> All =>
        [.. new[] { PageQuick, PageSlow, TicketQuick, TicketSlow }.SelectMany(w => new[] { w.ShortMs, w.LongMs }).Distinct().Order()];

    private static SlothWindows Workbook(int days)
    {
        const long minute = 60_000;
        return new(days * 1440 * minute, new(2, 5 * minute, 60 * minute), new(5, 30 * minute, 360 * minute), new(10, 120 * minute, 1440 * minute),
            new(10, 360 * minute, 4320 * minute));
    }
}
