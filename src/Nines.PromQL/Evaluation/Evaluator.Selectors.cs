using Nines.Metrics;

namespace Nines.PromQL.Evaluation;

// Where samples come from: selectors and subqueries.
internal sealed partial class Evaluator
{
    /// <summary>The samples of one series for a function over ranges. Valid until the next one is asked for.</summary>
    private readonly record struct RangedSeries(Labels Labels, bool DropName, SlidingRange Range);

    /// <summary>At each step the newest sample that is not older than the lookback, or its time in seconds.</summary>
    private IEnumerable<Row> Selected(VectorSelector selector, Steps steps, bool timestamps)
    {
        if (selector.Edge == EdgeModifier.Anchored)
        {
            throw QueryException.Execution("anchored modifier can only be used with ranges");
        }
        var at = Moved(steps, selector.At, selector.Offset);
        var smoothed = selector.Edge == EdgeModifier.Smoothed;
        var toMs = smoothed ? at.EndMs + options.LookbackMs : at.EndMs;
        var samples = new SampleColumns();
        foreach (var series in source.Select(selector.Matchers, at.StartMs - options.LookbackMs + 1, toMs))
        {
            stop.ThrowIfCancellationRequested();
            samples.Clear();
            series.Read(at.StartMs - options.LookbackMs + 1, toMs, samples);
            if (samples.Count == 0)
            {
                continue;
            }
            var row = _pool.Rent(steps.Count);
            (row.Labels, row.DropName) = (series.Labels, false);
            if (smoothed ? EdgedRanges.Smooth(samples, at, options.LookbackMs, row.Values) : LookBack(samples, at, timestamps, row.Values))
            {
                yield return row;
            }
            else
            {
                _pool.Return(row);
            }
        }
    }

    private bool LookBack(SampleColumns samples, Steps at, bool timestamps, double[] into)
    {
        var times = samples.Times;
        var values = samples.Values;
        var (next, any) = (0, false);
        for (var i = 0; i < into.Length; i++)
        {
            var time = at[i];
            while (next < times.Length && times[next] <= time)
            {
                next++;
            }
            var found = next > 0 && times[next - 1] > time - options.LookbackMs && !Absent.Is(values[next - 1]);
            into[i] = !found ? Absent.Value : timestamps ? times[next - 1] / 1000d : values[next - 1];
            any |= found;
        }
        return any;
    }

    /// <summary>The series of a range selector or a subquery. Each is valid until the next is asked for.</summary>
    private IEnumerable<RangedSeries> Ranged(Expr expr, Steps steps) => expr switch
    {
        ParenExpr paren => Ranged(paren.Inner, steps),
        MatrixSelector matrix => Ranged(matrix, steps),
        SubqueryExpr subquery => Ranged(subquery, steps),
        _ => throw new InvalidOperationException($"{expr.Kind} where a range vector is needed"),
    };

    private IEnumerable<RangedSeries> Ranged(MatrixSelector matrix, Steps steps)
    {
        var ends = Moved(steps, matrix.Selector.At, matrix.Selector.Offset);
        var rangeMs = RangeMs(matrix.Range);
        var edge = matrix.Selector.Edge;
        var fromMs = ends.StartMs - rangeMs + 1 - (edge == EdgeModifier.None ? 0 : options.LookbackMs);
        var toMs = ends.EndMs + (edge == EdgeModifier.Smoothed ? options.LookbackMs : 0);
        var samples = new SampleColumns();
        foreach (var series in source.Select(matrix.Selector.Matchers, fromMs, toMs))
        {
            stop.ThrowIfCancellationRequested();
            samples.Clear();
            series.Read(fromMs, toMs, samples);
            samples.DropStale();
            if (samples.Count > 0)
            {
                _pool.Hold(samples.Count);
                yield return new RangedSeries(series.Labels, false, new SlidingRange(samples, ends, steps, rangeMs));
                _pool.Hold(-samples.Count);
            }
        }
    }

    private IEnumerable<RangedSeries> Ranged(SubqueryExpr subquery, Steps steps)
    {
        var ends = Moved(steps, subquery.At, subquery.Offset);
        var rangeMs = RangeMs(subquery.Range);
        var stepMs = subquery.Step is { } step ? RangeMs(step) : options.DefaultStepMs;
        // Inner steps are multiples of the inner step, so that neighbouring evaluations see the same ones.
        var first = FloorTo(ends.StartMs - rangeMs, stepMs) + stepMs;
        var inner = InnerSteps(first, ends.EndMs, stepMs);
        if (inner.Count == 0)
        {
            yield break;
        }
        var samples = new SampleColumns();
        foreach (var row in Rows(subquery.Inner, inner))
        {
            samples.Clear();
            for (var i = 0; i < inner.Count; i++)
            {
                if (!Absent.Is(row.Values[i]))
                {
                    samples.Add(inner[i], row.Values[i]);
                }
            }
            var (labels, dropName) = (row.Labels, row.DropName);
            _pool.Return(row);
            if (samples.Count > 0)
            {
                _pool.Hold(samples.Count);
                yield return new RangedSeries(labels, dropName, new SlidingRange(samples, ends, steps, rangeMs));
                _pool.Hold(-samples.Count);
            }
        }
    }

    private Steps InnerSteps(long firstMs, long lastMs, long stepMs)
    {
        if (lastMs >= firstMs && (lastMs - firstMs) / stepMs >= options.MaxSamples)
        {
            throw QueryException.Execution("query processing would load too many samples into memory in query execution");
        }
        return Steps.Of(firstMs, lastMs, stepMs);
    }

    private static long FloorTo(long value, long unit)
    {
        var rest = value % unit;
        return value - (rest < 0 ? rest + unit : rest);
    }

    private Steps Moved(Steps steps, AtModifier? at, Expr? offset)
    {
        var offsetMs = DurationMs(offset);
        return at is null ? steps with { StartMs = steps.StartMs - offsetMs }
            : new Steps(-offsetMs + (at.Kind switch { AtKind.Start => query.StartMs, AtKind.End => query.EndMs, _ => at.TimeMs }), 0, steps.Count);
    }

    /// <summary>The samples of a range selector or subquery at one time, as a query that is nothing else gives them.</summary>
    public List<MatrixSeries> Matrix(Expr expr, Steps once)
    {
        var found = new List<MatrixSeries>();
        foreach (var series in Ranged(expr, once))
        {
            var (low, high) = (0, 0);
            series.Range.Slide(0, ref low, ref high);
            if (low < high)
            {
                var samples = new Sample[high - low];
                for (var i = low; i < high; i++)
                {
                    samples[i - low] = new Sample(series.Range.Samples.Times[i], series.Range.Samples.Values[i]);
                }
                _pool.Hold(samples.Length);
                found.Add(new MatrixSeries(series.DropName ? series.Labels.WithoutMetadata() : series.Labels, samples));
            }
        }
        found.Sort((a, b) => Labels.Compare(a.Labels, b.Labels));
        return found;
    }
}
