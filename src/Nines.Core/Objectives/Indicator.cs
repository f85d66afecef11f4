using Nines.Metrics;

namespace Nines.Core.Objectives;

/// <summary>What an objective counts.</summary>
public abstract record Indicator
{
    /// <summary>The indicator's identity, free of spaces, order and windows: a change of this text starts a new generation of the ledger.</summary>
    public string Canonical => Source is null ? What : $"{What};source={Source}";

    /// <summary>The name of the Source it is read from; null for the built-in engine.</summary>
    public string? Source { get; init; }

    /// <summary>Units of its counts in one event (or one minute, for a share): the resolution of its account.</summary>
    public virtual long Scale => LedgerTime.Scale;

    /// <summary>Whether its figures are estimates: it is evaluated once in a while instead of counted.</summary>
    public virtual bool IsApproximate => true;

    /// <summary>What it counts, without where.</summary>
    protected abstract string What { get; }

    /// <summary>The queries it consists of, as written: good or bad first, then total, when it has both.</summary>
    public abstract IReadOnlyList<string> Queries { get; }
}

/// <summary>
/// Events that counters count: exact. Exactly one of <see cref="Good"/> and <see cref="Bad"/> is given; the other is what is left of <see cref="Total"/>.
/// </summary>
/// <param name="Good">Counts good events, or null.</param>
/// <param name="Bad">Counts bad events, or null.</param>
/// <param name="Total">Counts all valid events.</param>
public sealed record CounterRatio(CounterExpression? Good, CounterExpression? Bad, CounterExpression Total) : Indicator
{
    /// <summary>The good or bad events, whichever is given.</summary>
    public CounterExpression Part => Good ?? Bad!;

    /// <inheritdoc/>
    public override bool IsApproximate => false;

    /// <inheritdoc/>
    public override IReadOnlyList<string> Queries => [Part.Query, Total.Query];

    /// <inheritdoc/>
    protected override string What => $"{(Good is null ? "bad" : "good")}={Part.Canonical};total={Total.Canonical}";
}

/// <summary>A ratio of two queries that are no sums of counters, each evaluated once a minute; a minute weighs what its total says.</summary>
/// <param name="Good">Gives the good events, or null.</param>
/// <param name="Bad">Gives the bad events, or null.</param>
/// <param name="Total">Gives all valid events.</param>
public sealed record EvaluatedRatio(EvaluatedQuery? Good, EvaluatedQuery? Bad, EvaluatedQuery Total) : Indicator
{
    /// <summary>The good or bad events, whichever is given.</summary>
    public EvaluatedQuery Part => Good ?? Bad!;

    /// <inheritdoc/>
    public override long Scale => 1_000_000;

    /// <inheritdoc/>
    public override IReadOnlyList<string> Queries => [Part.Text, Total.Text];

    /// <inheritdoc/>
    protected override string What => $"{(Good is null ? "bad" : "good")}~{Part.Canonical};total~{Total.Canonical}";
}

/// <summary>A share that a query gives ready-made, evaluated once a minute; every minute weighs the same.</summary>
/// <param name="Query">Gives the share, 0 to 1.</param>
/// <param name="OfFailures">Whether it is the share of bad events.</param>
public sealed record EvaluatedShare(EvaluatedQuery Query, bool OfFailures) : Indicator
{
    /// <inheritdoc/>
    public override long Scale => 1_000_000;

    /// <inheritdoc/>
    public override IReadOnlyList<string> Queries => [Query.Text];

    /// <inheritdoc/>
    protected override string What => $"{(OfFailures ? "failure" : "success")}~{Query.Canonical}";
}

/// <summary>What an objective counted before its indicator was edited, known by its canonical text only; enough to read the account.</summary>
/// <param name="Text">The canonical text.</param>
public sealed record PastIndicator(string Text) : Indicator
{
    private static readonly string[] Evaluated = ["good~", "bad~", "failure~", "success~"];

    /// <inheritdoc/>
    public override long Scale => Evaluated.Any(p => Text.StartsWith(p, StringComparison.Ordinal)) ? 1_000_000 : LedgerTime.Scale;

    /// <inheritdoc/>
    public override IReadOnlyList<string> Queries => [Text];

    /// <inheritdoc/>
    protected override string What => Text;
}

/// <summary>A value that is good while it keeps a limit. Every sample is judged; a slice is good when enough of its samples are.</summary>
/// <param name="Query">Gives the value, or one for each of several series.</param>
/// <param name="Operator">How a good value relates to the limit.</param>
/// <param name="Limit">The limit.</param>
public sealed record Threshold(EvaluatedQuery Query, ThresholdOperator Operator, double Limit) : Indicator
{
    /// <inheritdoc/>
    public override IReadOnlyList<string> Queries => [Query.Text];

    /// <inheritdoc/>
    protected override string What => $"{Operator} {Limit:R}~{Query.Canonical}";

    /// <summary>Whether a value keeps the limit; NaN never does.</summary>
    public bool IsGood(double value) => Operator switch
    {
        ThresholdOperator.Lt => value < Limit,
        ThresholdOperator.Lte => value <= Limit,
        ThresholdOperator.Gt => value > Limit,
        _ => value >= Limit,
    };
}

/// <summary>How a good value relates to its limit, in OpenSLO's words.</summary>
public enum ThresholdOperator
{
    /// <summary>Less than.</summary>
    Lt,
    /// <summary>Less than or equal.</summary>
    Lte,
    /// <summary>Greater than.</summary>
    Gt,
    /// <summary>Greater than or equal.</summary>
    Gte,
}

/// <summary>A query that is evaluated as it stands.</summary>
/// <param name="Text">As written; <c>{{.window}}</c> stands for <see cref="WindowText"/>.</param>
/// <param name="Canonical">In a form that does not depend on spaces and brackets.</param>
public sealed record EvaluatedQuery(string Text, string Canonical)
{
    /// <summary>What <c>{{.window}}</c> becomes: the distance of the evaluations.</summary>
    public const string WindowText = "1m";

    /// <summary>The text to evaluate.</summary>
    public string Runnable => IndicatorReader.WithWindow(Text, WindowText);
}

/// <summary>A sum of counters, each added or taken away.</summary>
/// <param name="Terms">The counters.</param>
/// <param name="Query">The query as written.</param>
/// <param name="Canonical">The query's terms in a form that does not depend on spaces, order of matchers or windows.</param>
public sealed record CounterExpression(IReadOnlyList<CounterTerm> Terms, string Query, string Canonical);

/// <summary>One selector of a <see cref="CounterExpression"/>.</summary>
/// <param name="Sign">+1 or −1.</param>
/// <param name="Matchers">What it selects, the metric name included.</param>
public sealed record CounterTerm(int Sign, IReadOnlyList<Matcher> Matchers);
