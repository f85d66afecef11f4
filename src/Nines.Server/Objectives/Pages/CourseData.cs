using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Components;
using Nines.Core.Objectives;
using Nines.Server.Web;

namespace Nines.Server.Objectives.Pages;

/// <summary>The course of an objective as the charts read it.</summary>
/// <param name="Start">Start of the range, Unix seconds.</param>
/// <param name="Step">Length of a point in seconds; each is drawn at its end.</param>
/// <param name="Slo">The target, 0 to 1.</param>
/// <param name="Bad">Bad events of each point; null without data.</param>
/// <param name="Total">All events of each point; null without data.</param>
/// <param name="Left">Budget left at each point in per cent; null before the first entry.</param>
/// <param name="Known">Share of each point whose course is known, 0 to 1.</param>
/// <param name="Gaps">Stretches without data or of known sum only, in Unix seconds.</param>
/// <param name="State">The state whose colour the end takes.</param>
/// <param name="Bounds">Where a band of the budget policy ends and a worse one begins, best first.</param>
public sealed record CourseData(
    long Start, int Step, double Slo, IReadOnlyList<double?> Bad, IReadOnlyList<double?> Total, IReadOnlyList<double?> Left,
    IReadOnlyList<double> Known, IReadOnlyList<CourseGap> Gaps, string State, IReadOnlyList<CourseBound> Bounds)
{
    /// <summary>Where the promise was edited, within the range.</summary>
    public IReadOnlyList<CourseSeam> Seams { get; init; } = [];

    /// <summary>What is read out of each point instead of its events; null for events.</summary>
    public IReadOnlyList<string>? Notes { get; init; }

    /// <summary>Makes the data of a range that ends now.</summary>
    public static CourseData Of(ObjectiveReport report, IReadOnlyList<CoursePoint> points, ChartRange range, string state)
    {
        var start = (points.Count > 0 ? points[0].ToMinute - range.StepMinutes : 0) * 60;
        return new(start, range.StepMinutes * 60, (double)report.Objective.Target,
        [.. points.Select(p => p.Bad)], [.. points.Select(p => p.Good + p.Bad)], [.. points.Select(p => Round(p.RemainingShare * 100))],
        [.. points.Select(p => IsInSpans(report.Spans, p.ToMinute - range.StepMinutes, p.ToMinute) ? 0 : Math.Round(p.Known, 3))],
        [.. report.Spans.Where(s => s.ToMs / 1000 > start).Select(s => new CourseGap(s.FromMs / 1000, s.ToMs / 1000, s.Kind == SpanKind.Unseen))], state,
        [.. CourseBound.Of(report.Objective.ErrorBudgetPolicy)]);
    }

    /// <summary>The data as the text of a <c>script</c> element; the serializer escapes what could end it.</summary>
    public MarkupString ToScript() => new(JsonSerializer.Serialize(this, CourseJson.Default.CourseData));

    // The ledger knows the sum of such a stretch, so it counts as known; but a chart has no course to draw in it.
    private static bool IsInSpans(IReadOnlyList<LedgerSpan> spans, long fromMinute, long toMinute)
    {
        var (fromMs, toMs) = (fromMinute * LedgerTime.MinuteMs, toMinute * LedgerTime.MinuteMs);
        var unknownMs = spans.Where(s => s.Kind is SpanKind.Gap or SpanKind.Start).Sum(s => Math.Max(0, Math.Min(s.ToMs, toMs) - Math.Max(s.FromMs, fromMs)));
        return unknownMs > 0.9 * (toMs - fromMs);
    }

    private static double? Round(double? value) => value is { } v ? Math.Round(v, 3) : null;
}

/// <summary>A stretch whose course is not known.</summary>
/// <param name="From">Start, Unix seconds.</param>
/// <param name="To">End, Unix seconds.</param>
/// <param name="Unseen">Whether its course is known but for what a process took with it when it ended.</param>
public sealed record CourseGap(long From, long To, bool Unseen);

/// <summary>A moment from which on an edited promise is counted or judged.</summary>
/// <param name="At">When, Unix seconds.</param>
/// <param name="Text">What was edited, short.</param>
public sealed record CourseSeam(long At, string Text);

/// <summary>Where one band of a budget policy ends and a worse one begins.</summary>
/// <param name="At">The share of budget left, in per cent.</param>
/// <param name="Name">The worse band.</param>
/// <param name="State">The state it is shown as.</param>
public sealed record CourseBound(double At, string Name, string State)
{
    /// <summary>The bounds of a policy that lie above nothing left, best first.</summary>
    public static IEnumerable<CourseBound> Of(ErrorBudgetPolicy policy) => policy.Bands.Zip(policy.Bands.Skip(1))
        .Where(pair => pair.First.Above > 0)
        .Select(pair => new CourseBound(Math.Round(pair.First.Above!.Value * 100, 2), Format.Capital(pair.Second.Name),
            Format.State(pair.Second.Level).Attribute));
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(CourseData))]
internal sealed partial class CourseJson : JsonSerializerContext;
