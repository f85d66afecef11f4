namespace Nines.PromQL;

/// <summary>How queries are evaluated and how large they may become.</summary>
public sealed record QueryOptions
{
    /// <summary>How far back an instant selector looks for a sample, in milliseconds. Default 5 min.</summary>
    public long LookbackMs { get; init; } = 300_000;

    /// <summary>Step of a subquery that names none, in milliseconds. Default 1 min.</summary>
    public long DefaultStepMs { get; init; } = 60_000;

    /// <summary>Most samples held at once by one query. Default 50,000,000.</summary>
    public int MaxSamples { get; init; } = 50_000_000;

    /// <summary>Most points a series of a range query may have. Default 11,000.</summary>
    public int MaxPoints { get; init; } = 11_000;

    /// <summary>Longest time a query may take. Default 2 min.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>
    /// Whether the metric name is dropped at the end of the query rather than by the function or operator that changes the meaning
    /// (Prometheus' <c>promql-delayed-name-removal</c>). Default false.
    /// </summary>
    public bool DelayedNameRemoval { get; init; }
}
