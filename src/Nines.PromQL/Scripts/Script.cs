using Nines.Metrics;

namespace Nines.PromQL.Scripts;

/// <summary>A command of a script. Lines count from 1.</summary>
public abstract record ScriptCommand(int Line);

/// <summary><c>load</c>: samples at multiples of a step.</summary>
/// <param name="StepMs">Distance between samples, in milliseconds; the first is at 0.</param>
/// <param name="WithNativeHistograms">Whether classic histograms are loaded as native ones with custom buckets too (<c>load_with_nhcb</c>).</param>
/// <param name="Series">The series.</param>
public sealed record LoadCommand(
    int Line, long StepMs, bool WithNativeHistograms, IReadOnlyList<(Labels Labels, IReadOnlyList<NotedSample> Samples)> Series) : ScriptCommand(Line);

/// <summary>Lines that are not understood; the commands around them are.</summary>
/// <param name="Text">The first of them.</param>
/// <param name="Message">What is wrong.</param>
public sealed record UnreadableCommand(int Line, string Text, string Message) : ScriptCommand(Line);

/// <summary><c>clear</c>: forgets everything loaded.</summary>
public sealed record ClearCommand(int Line) : ScriptCommand(Line);

/// <summary><c>eval</c>: a query and what it has to give.</summary>
/// <param name="Query">The query.</param>
/// <param name="StartMs">Time of evaluation, or the first one.</param>
/// <param name="EndMs">The last time; the first one again for an instant query.</param>
/// <param name="StepMs">Distance between evaluations; 0 for an instant query.</param>
/// <param name="Expectations">What is expected beside the values.</param>
/// <param name="Series">The series expected.</param>
/// <param name="Scalar">The number expected instead of series, or null.</param>
public sealed record EvalCommand(
    int Line,
    string Query,
    long StartMs,
    long EndMs,
    long StepMs,
    IReadOnlyList<Expectation> Expectations,
    IReadOnlyList<ExpectedSeries> Series,
    double? Scalar) : ScriptCommand(Line)
{
    /// <summary>Whether the query is evaluated at one time.</summary>
    public bool IsInstant => StepMs == 0;

    /// <summary>Whether the result may not be a float only: it holds a native histogram.</summary>
    public bool ExpectsHistogram => Series.Any(s => s.Samples.Any(v => v.IsHistogram));

    internal Expectation? Find(ExpectationKind kind) => Expectations.FirstOrDefault(e => e.Kind == kind);
}

/// <summary>A series expected.</summary>
/// <param name="Line">Where it stands.</param>
/// <param name="Labels">Its labels.</param>
/// <param name="Samples">A sample for each step.</param>
public sealed record ExpectedSeries(int Line, Labels Labels, IReadOnlyList<NotedSample> Samples);

/// <summary>What may be expected beside the values.</summary>
public enum ExpectationKind
{
    /// <summary>The query fails.</summary>
    Fail,
    /// <summary>There is a warning.</summary>
    Warn,
    /// <summary>There is none.</summary>
    NoWarn,
    /// <summary>There is an info annotation.</summary>
    Info,
    /// <summary>There is none.</summary>
    NoInfo,
    /// <summary>The series come in the order written.</summary>
    Ordered,
    /// <summary>The result is a string.</summary>
    Text,
    /// <summary>The result is a range vector; its samples lie between two times.</summary>
    RangeVector,
}

/// <summary>An <c>expect</c> line.</summary>
/// <param name="Kind">What is expected.</param>
/// <param name="Text">The message or pattern that has to match, or the string; null for any.</param>
/// <param name="IsPattern">Whether <paramref name="Text"/> is a regular expression that has to match somewhere.</param>
/// <param name="StartMs">First time of a range vector.</param>
/// <param name="StepMs">Distance between its samples.</param>
public sealed record Expectation(ExpectationKind Kind, string? Text = null, bool IsPattern = false, long StartMs = 0, long StepMs = 0);
