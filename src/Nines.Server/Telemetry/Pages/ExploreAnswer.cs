using Nines.PromQL;

namespace Nines.Server.Telemetry.Pages;

/// <summary>What the query page has to show.</summary>
/// <param name="Query">What was asked.</param>
/// <param name="EndMs">The end of the graph, or the time of the table, milliseconds since the Unix epoch.</param>
public sealed record ExploreAnswer(ExploreQuery Query, long EndMs)
{
    /// <summary>What is wrong with the query's text, with its place; null when it can be read.</summary>
    public PromProblem? Problem { get; init; }

    /// <summary>Why there is no value though the query can be read; null when there is one, or nothing was asked.</summary>
    public string? Error { get; init; }

    /// <summary>The query in canonical notation; null when it cannot be read.</summary>
    public string? Canonical { get; init; }

    /// <summary>The value, or null.</summary>
    public QueryValue? Value { get; init; }

    /// <summary>The graph of a range query's value, or null.</summary>
    public ExploreGraph? Graph { get; init; }

    /// <summary>How long the evaluation took.</summary>
    public TimeSpan Took { get; init; }

    /// <summary>What the engine says beside the value.</summary>
    public IReadOnlyList<Annotation> Annotations { get; init; } = [];

    /// <summary>Queries to begin with, of metrics that exist; only when nothing was asked.</summary>
    public IReadOnlyList<(string Words, string Expr)> Examples { get; init; } = [];

    /// <summary>Names in the query of which nothing is stored at all; only when the value is empty.</summary>
    public IReadOnlyList<string> Unknown { get; init; } = [];

    /// <summary>How many series the value has; null for a number or a text.</summary>
    public int? Series => Value switch { VectorValue v => v.Samples.Count, MatrixValue m => m.Series.Count, _ => null };
}
