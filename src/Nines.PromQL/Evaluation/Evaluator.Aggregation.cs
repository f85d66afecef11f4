using Nines.Metrics;
using Nines.Metrics.Templates;

namespace Nines.PromQL.Evaluation;

// Aggregations over the series of a vector.
internal sealed partial class Evaluator
{
    private IEnumerable<Row> Aggregated(AggregateExpr aggregate, Steps steps)
    {
        var projection = new LabelProjection(aggregate.Grouping, aggregate.Without);
        var parameter = aggregate.Parameter is { Kind: ValueKind.Scalar } p ? Scalars(p, steps) : null;
        var rows = Rows(aggregate.Inner, steps);
        if (parameter is not null && aggregate.Op is "topk" or "bottomk" or "limitk")
        {
            CheckCount(parameter!);
        }
        else if (aggregate.Op == "quantile")
        {
            Array.ForEach(parameter!, q => CheckQuantile(q, aggregate.Parameter!));
        }
        return aggregate.Op switch
        {
            "topk" or "bottomk" => Chosen(rows, projection, steps, members => RankedAt(members, Whole(parameter!), aggregate.Op == "topk")),
            "limitk" => Chosen(rows, projection, steps, members => FirstAt(members, Whole(parameter!))),
            "limit_ratio" => LimitRatio(rows, Ratios(parameter!, aggregate)),
            "quantile" => Gathered(rows, projection, (members, into) => QuantileOf(members, parameter!, into)),
            "count_values" => CountValues(rows, projection, steps.Count, aggregate),
            _ => Folded(rows, projection, steps.Count, aggregate.Op),
        };
    }

    /// <summary>The row that shows a group: its labels, and whether a name among them goes at the end.</summary>
    private Row GroupRow(Row member, LabelProjection projection, int count) =>
        _pool.RentAbsent(projection.Of(Seen(member, projection)), member.DropName && _delayed, count);

    private List<Row> Folded(IEnumerable<Row> rows, LabelProjection projection, int count, string op)
    {
        var groups = new Groups<Fold>(projection);
        var state = Fold.StateOf(op) * count;
        foreach (var row in rows)
        {
            var labels = Seen(row, projection);
            if (groups.Find(labels) is not { } fold)
            {
                _pool.Hold(state);
                fold = groups.Add(labels, Fold.Of(op, GroupRow(row, projection, count)));
            }
            fold.Result.DropName |= row.DropName && _delayed;
            fold.Add(row.Values);
            _pool.Return(row);
        }
        _pool.Hold(-state * groups.All.Count);
        return groups.All.ConvertAll(g => g.Finish());
    }

    private List<Row> Gathered(IEnumerable<Row> rows, LabelProjection projection, Action<List<Row>, double[]> compute)
    {
        var results = new List<Row>();
        foreach (var members in Members(rows, projection))
        {
            var result = GroupRow(members[0], projection, members[0].Values.Length);
            result.DropName = members.Exists(m => m.DropName) && _delayed;
            compute(members, result.Values);
            results.Add(result);
            members.ForEach(_pool.Return);
        }
        return results;
    }

    private List<List<Row>> Members(IEnumerable<Row> rows, LabelProjection projection)
    {
        var groups = new Groups<List<Row>>(projection);
        foreach (var row in rows)
        {
            var labels = Seen(row, projection);
            (groups.Find(labels) ?? groups.Add(labels, [])).Add(row);
        }
        return groups.All;
    }

    private static void QuantileOf(List<Row> members, double[] quantiles, double[] into)
    {
        var values = new List<double>(members.Count);
        for (var i = 0; i < into.Length; i++)
        {
            values.Clear();
            foreach (var member in members)
            {
                if (!Absent.Is(member.Values[i]))
                {
                    values.Add(member.Values[i]);
                }
            }
            values.Sort(Quantiles.Order);
            into[i] = values.Count == 0 ? Absent.Value
                : Quantiles.OfSorted(quantiles[i], System.Runtime.InteropServices.CollectionsMarshal.AsSpan(values));
        }
    }

    private void CheckQuantile(double quantile, Expr at)
    {
        if (double.IsNaN(quantile) || quantile is < 0 or > 1)
        {
            Annotations.Warn($"quantile value should be between 0 and 1, got {GoFloat.Format(quantile)}", at);
        }
    }

    // Nothing is chosen when every number is below 1, however small; else each has to be a number that a count can be.
    private static void CheckCount(double[] parameter)
    {
        if (parameter.All(k => k < 1))
        {
            return;
        }
        if (parameter.Any(double.IsNaN))
        {
            throw QueryException.Execution("Parameter value is NaN");
        }
        foreach (var k in parameter.Where(k => Math.Abs(k) >= 9_223_372_036_854_775_807d))
        {
            throw QueryException.Execution($"Scalar value {GoFloat.Format(k)} {(k < 0 ? "underflows" : "overflows")} int64");
        }
    }

    private static int[] Whole(double[] parameter) => [.. parameter.Select(k => (int)Math.Clamp(k, 0, int.MaxValue))];

    // Each group's rows with the values of the steps at which they are chosen. At one step they come in the order of choice.
    private List<Row> Chosen(
        IEnumerable<Row> rows, LabelProjection projection, Steps steps, Func<List<Row>, Func<int, List<Row>>> choose)
    {
        var results = new List<Row>();
        foreach (var members in Members(rows, projection))
        {
            var chosenAt = choose(members);
            var kept = new Dictionary<Row, Row>(ReferenceEqualityComparer.Instance);
            for (var i = 0; i < steps.Count; i++)
            {
                stop.ThrowIfCancellationRequested();
                foreach (var row in chosenAt(i))
                {
                    if (!kept.TryGetValue(row, out var copy))
                    {
                        kept[row] = copy = _pool.RentAbsent(row.Labels, row.DropName, steps.Count);
                        results.Add(copy);
                    }
                    copy.Values[i] = row.Values[i];
                }
            }
            members.ForEach(_pool.Return);
        }
        return results;
    }

    private static Func<int, List<Row>> FirstAt(List<Row> members, int[] most) =>
        step => [.. members.Where(m => !Absent.Is(m.Values[step])).Take(most[step])];

    private static Func<int, List<Row>> RankedAt(List<Row> members, int[] most, bool largest)
    {
        var heap = new RankHeap(largest);
        return step =>
        {
            heap.Clear();
            foreach (var member in members)
            {
                if (!Absent.Is(member.Values[step]))
                {
                    heap.Offer(member, member.Values[step], most[step]);
                }
            }
            return heap.Ranked();
        };
    }

    private double[] Ratios(double[] parameter, AggregateExpr aggregate)
    {
        for (var i = 0; i < parameter.Length; i++)
        {
            if (double.IsNaN(parameter[i]))
            {
                throw QueryException.Execution("Ratio value is NaN");
            }
            var capped = Math.Clamp(parameter[i], -1, 1);
            if (capped != parameter[i])
            {
                Annotations.Warn($"ratio value should be between -1 and 1, got {GoFloat.Format(parameter[i])}, "
                    + $"capping to {GoFloat.Format(capped)}", aggregate.Parameter!);
            }
            parameter[i] = capped;
        }
        return parameter;
    }

    // A series' place is given by its labels alone, so r and r − 1 choose complements, now and at the next evaluation.
    private IEnumerable<Row> LimitRatio(IEnumerable<Row> rows, double[] ratios)
    {
        foreach (var row in rows)
        {
            var place = Mixed(Seen(row).StableHash) / (double)ulong.MaxValue;
            for (var i = 0; i < row.Values.Length; i++)
            {
                var ratio = ratios[i];
                if (!(ratio >= 0 ? place < ratio : place >= 1 + ratio))
                {
                    row.Values[i] = Absent.Value;
                }
            }
            yield return row;
        }
    }

    // FNV leaves the high bits of short texts close together (finalizer of MurmurHash3).
    private static ulong Mixed(ulong hash)
    {
        hash = (hash ^ (hash >> 33)) * 0xff51afd7ed558ccdUL;
        hash = (hash ^ (hash >> 33)) * 0xc4ceb9fe1a85ec53UL;
        return hash ^ (hash >> 33);
    }

    private List<Row> CountValues(IEnumerable<Row> rows, LabelProjection projection, int count, AggregateExpr aggregate)
    {
        var name = Text(aggregate.Parameter!);
        if (!PromText.IsLabelName(name))
        {
            throw QueryException.Execution($"invalid label name {PromText.Quoted(name)}");
        }
        // The label is set first and grouped by then, so that without() may take it away again.
        var grouped = aggregate.Without ? projection : new LabelProjection(aggregate.Grouping.Append(name), without: false);
        var byLabels = new Dictionary<Labels, Row>();
        foreach (var row in rows)
        {
            var own = Seen(row);
            var (lastValue, counted) = (double.NaN, (Row?)null);
            for (var i = 0; i < count; i++)
            {
                var value = row.Values[i];
                if (Absent.Is(value))
                {
                    continue;
                }
                if (counted is null || value != lastValue)
                {
                    var labels = grouped.Of(own.With(name, GoFloat.Format(value, 'f')));
                    if (!byLabels.TryGetValue(labels, out counted))
                    {
                        byLabels[labels] = counted = _pool.RentAbsent(labels, row.DropName && _delayed, count);
                    }
                    lastValue = value;
                }
                counted.Values[i] = Absent.Is(counted.Values[i]) ? 1 : counted.Values[i] + 1;
            }
            _pool.Return(row);
        }
        return [.. byLabels.Values];
    }
}
