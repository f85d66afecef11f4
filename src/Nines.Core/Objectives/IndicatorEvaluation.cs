using Nines.PromQL;

namespace Nines.Core.Objectives;

/// <summary>What the queries of an evaluated indicator gave for one minute.</summary>
/// <param name="Good">Good events, or the share of the minute that was good.</param>
/// <param name="Bad">Bad events, or the share of it that was bad.</param>
public readonly record struct EvaluatedMinute(double Good, double Bad);

/// <summary>Evaluates queries for indicators that no counters make.</summary>
public interface IIndicatorQueries
{
    /// <summary>The values of a query at each step of a range: for each step, one value for every series that has one.</summary>
    /// <exception cref="IndicatorQueryException">The query cannot be evaluated now.</exception>
    IReadOnlyList<IReadOnlyList<double>> Range(string query, long fromMs, long toMs, long stepMs);
}

/// <summary>A query that could not be evaluated; its minutes are evaluated again later.</summary>
public sealed class IndicatorQueryException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>Reads minutes of evaluated indicators. Pure, given what the queries give.</summary>
public static class IndicatorEvaluation
{
    /// <summary>Evaluations of a threshold's value in one minute.</summary>
    public const int SamplesPerMinute = 4;

    /// <summary>What an indicator gives for each of the minutes (from, to]; null where it gives nothing.</summary>
    /// <exception cref="IndicatorQueryException">A query cannot be evaluated now.</exception>
    public static IReadOnlyList<EvaluatedMinute?> Minutes(Indicator indicator, IIndicatorQueries queries, long fromMinute, long toMinute)
    {
        var (startMs, endMs) = ((fromMinute + 1) * LedgerTime.MinuteMs, toMinute * LedgerTime.MinuteMs);
        IReadOnlyList<IReadOnlyList<double>> PerMinute(EvaluatedQuery query) => queries.Range(query.Runnable, startMs, endMs, LedgerTime.MinuteMs);
        switch (indicator)
        {
            case EvaluatedRatio ratio:
                var part = PerMinute(ratio.Part);
                return [.. PerMinute(ratio.Total).Select((total, i) => Ratio(total, part[i], ratio.Good is not null))];
            case EvaluatedShare share:
                return [.. PerMinute(share.Query).Select(values => Share(values, share.OfFailures))];
            case Threshold threshold:
                var stepMs = LedgerTime.MinuteMs / SamplesPerMinute;
                return [.. queries.Range(threshold.Query.Runnable, startMs - LedgerTime.MinuteMs + stepMs, endMs, stepMs)
                    .Chunk(SamplesPerMinute).Select(steps => Judged(steps, threshold))];
            default:
                throw new ArgumentException($"{indicator.GetType().Name} is counted, not evaluated", nameof(indicator));
        }
    }

    // Several series are summed, as sum() around the query would. A total of nothing, or one that is no number, is nothing.
    private static EvaluatedMinute? Ratio(IReadOnlyList<double> totals, IReadOnlyList<double> parts, bool partIsGood)
    {
        var total = totals.Sum();
        if (totals.Count == 0 || !double.IsFinite(total) || total < 0)
        {
            return null;
        }
        var part = parts.Sum();
        part = double.IsFinite(part) ? Math.Clamp(part, 0, total) : 0;
        return partIsGood ? new(part, total - part) : new(total - part, part);
    }

    private static EvaluatedMinute? Share(IReadOnlyList<double> values, bool ofFailures)
    {
        if (values.Count == 0 || values.Any(v => !double.IsFinite(v)))
        {
            return null;
        }
        var share = Math.Clamp(values.Average(), 0, 1);
        return ofFailures ? new(1 - share, share) : new(share, 1 - share);
    }

    private static EvaluatedMinute? Judged(IReadOnlyList<double>[] steps, Threshold threshold)
    {
        var values = steps.SelectMany(s => s).ToList();
        return values.Count == 0 ? null : new(values.Count(threshold.IsGood), values.Count(v => !threshold.IsGood(v)));
    }
}

/// <summary>Evaluates on an engine of our own.</summary>
public sealed class EngineQueries(QueryEngine engine) : IIndicatorQueries
{
    // A day of minutes: each piece is short enough for the engine's limits of points and time.
    private const int MaxPoints = 1440;

    /// <inheritdoc/>
    public IReadOnlyList<IReadOnlyList<double>> Range(string query, long fromMs, long toMs, long stepMs)
    {
        var steps = new List<double>[toMs < fromMs ? 0 : (toMs - fromMs) / stepMs + 1];
        for (var i = 0; i < steps.Length; i++)
        {
            steps[i] = [];
        }
        for (var at = 0; at < steps.Length; at += MaxPoints)
        {
            var startMs = fromMs + at * stepMs;
            var endMs = Math.Min(toMs, startMs + (MaxPoints - 1) * stepMs);
            var result = engine.Range(query, startMs, endMs, stepMs);
            if (result.Value is not MatrixValue matrix)
            {
                throw new IndicatorQueryException(result.Error?.Message ?? "the query gives no numbers");
            }
            foreach (var sample in matrix.Series.SelectMany(s => s.Samples))
            {
                steps[(sample.TimeMs - fromMs) / stepMs].Add(sample.Value);
            }
        }
        return steps;
    }
}
