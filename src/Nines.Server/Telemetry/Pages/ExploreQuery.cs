using System.Text;
using Nines.PromQL;
using Nines.Server.Web;

namespace Nines.Server.Telemetry.Pages;

/// <summary>What the query page is asked, as it stands in the address.</summary>
/// <param name="Expr">The query; empty when there is none yet.</param>
/// <param name="RangeMs">Length of the graph.</param>
/// <param name="EndMs">End of the graph and time of the table, milliseconds since the Unix epoch; null for now.</param>
/// <param name="Table">Whether the table is shown rather than the graph.</param>
public sealed record ExploreQuery(string Expr, long RangeMs, long? EndMs, bool Table)
{
    /// <summary>The ranges offered, in milliseconds.</summary>
    public static readonly IReadOnlyList<long> Offered = [900_000, Hour, 6 * Hour, 24 * Hour, 168 * Hour];

    private const long Hour = 3_600_000;
    private const long Shortest = 10_000;
    private const long Longest = 366L * 24 * Hour;

    /// <summary>Most points of a line; steps are chosen for it.</summary>
    private const int MostPoints = 360;

    private static readonly long[] Steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800];

    /// <summary>What is wrong with the range, or null.</summary>
    public string? RangeProblem { get; init; }

    /// <summary>What is wrong with the end, or null.</summary>
    public string? EndProblem { get; init; }

    /// <summary>Distance of two points of the graph, in milliseconds.</summary>
    public long StepMs => 1000 * Steps.FirstOrDefault(s => RangeMs / (s * 1000) <= MostPoints, Steps[^1]);

    /// <summary>The range as it stands in the address: <c>6h</c>.</summary>
    public string RangeText => Durations.Format(RangeMs);

    /// <summary>The end as people write it, in UTC; empty for now.</summary>
    public string EndText => EndMs is { } ms ? UtcText.Of(ms) : "";

    /// <summary>The address of this query.</summary>
    public string Url
    {
        get
        {
            var url = new StringBuilder("/explore?expr=").Append(Uri.EscapeDataString(Expr)).Append("&range=").Append(RangeText);
            if (EndMs is not null)
            {
                url.Append("&end=").Append(Uri.EscapeDataString(EndText));
            }
            return url.Append(Table ? "&tab=table" : "").ToString();
        }
    }

    /// <summary>Reads what an address asks. What cannot be used is replaced by its default and told.</summary>
    /// <param name="parameter">Gives the value of a parameter, or null.</param>
    /// <param name="prefix">Stands before each name: <c>g0.</c> in the addresses of Prometheus.</param>
    public static ExploreQuery Read(Func<string, string?> parameter, string prefix = "")
    {
        string Value(string name, string ofPrometheus) => parameter(prefix + (prefix.Length > 0 ? ofPrometheus : name))?.Trim() ?? "";
        var (range, end) = (Value("range", "range_input"), Value("end", "end_input"));
        // 15min is how the page's own links say it to people, 15m how Prometheus does.
        var duration = range.EndsWith("min", StringComparison.Ordinal) ? range[..^2] : range;
        var rangeMs = Hour;
        var rangeProblem = range.Length == 0 || (Durations.TryParseMs(duration, out rangeMs) && rangeMs is >= Shortest and <= Longest) ? null
            : $"“{Short(range)}” is no range from 10s to 366d. Write it as 15m, 6h or 7d.";
        var timeMs = 0L;
        var endProblem = end.Length == 0 || UtcText.TryParse(end, out timeMs) ? null
            : $"“{Short(end)}” is no time. {UtcText.Hint}";
        return new(parameter(prefix + "expr")?.ReplaceLineEndings("\n").Trim() ?? "", rangeProblem is null ? rangeMs : Hour,
            end.Length > 0 && endProblem is null ? timeMs : null, Value("tab", "tab") is "1" or "table")
        {
            RangeProblem = rangeProblem,
            EndProblem = endProblem,
        };
    }

    private static string Short(string text) => text.Length > 40 ? text[..40] + "…" : text;
}
