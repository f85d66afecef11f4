using Nines.Metrics;

namespace Nines.PromQL;

/// <summary>What a query came to: a value, or why there is none.</summary>
/// <param name="Value">The value; null when there is an error.</param>
/// <param name="Error">Why there is no value, or null.</param>
/// <param name="Annotations">What the asker should know about the value, without repetition.</param>
public sealed record QueryResult(QueryValue? Value, QueryError? Error, IReadOnlyList<Annotation> Annotations);

/// <summary>A value of the query language.</summary>
public abstract record QueryValue;

/// <summary>A number at the time of evaluation.</summary>
public sealed record ScalarValue(Sample Sample) : QueryValue;

/// <summary>A text at the time of evaluation.</summary>
public sealed record StringValue(long TimeMs, string Text) : QueryValue;

/// <summary>An instant vector: one sample a series, all at the time of evaluation.</summary>
public sealed record VectorValue(IReadOnlyList<VectorSample> Samples) : QueryValue;

/// <summary>A sample of an instant vector.</summary>
public readonly record struct VectorSample(Labels Labels, Sample Sample);

/// <summary>Series with their samples: what a range query, or a range selector, gives. Sorted by labels.</summary>
public sealed record MatrixValue(IReadOnlyList<MatrixSeries> Series) : QueryValue;

/// <summary>One series of a matrix, oldest sample first.</summary>
public sealed record MatrixSeries(Labels Labels, IReadOnlyList<Sample> Samples);

/// <summary>Why a query has no value, in the words of Prometheus' API.</summary>
public enum QueryErrorKind
{
    /// <summary>The query or a parameter is wrong (<c>bad_data</c>, 400).</summary>
    BadData,
    /// <summary>It cannot be computed on this data, or is larger than a limit (<c>execution</c>, 422).</summary>
    Execution,
    /// <summary>It took too long (<c>timeout</c>, 503).</summary>
    Timeout,
    /// <summary>The asker went away (<c>canceled</c>, 499).</summary>
    Canceled,
}

/// <summary>Why a query has no value.</summary>
/// <param name="Kind">The class of the error.</param>
/// <param name="Message">What, in Prometheus' words where it has some.</param>
public sealed record QueryError(QueryErrorKind Kind, string Message);

/// <summary>How much an annotation matters.</summary>
public enum AnnotationLevel
{
    /// <summary>The result may be other than meant.</summary>
    Info,
    /// <summary>The result is probably not what was meant.</summary>
    Warning,
}

/// <summary>Something the asker should know about a result.</summary>
/// <param name="Level">How much it matters.</param>
/// <param name="Text">What, with Prometheus' prefix and position: <c>PromQL info: … (1:6)</c>.</param>
public readonly record struct Annotation(AnnotationLevel Level, string Text);
