using Nines.Metrics;

namespace Nines.PromQL.Evaluation;

// Operators between vectors and numbers, and between vectors.
internal sealed partial class Evaluator
{
    /// <summary>The one side's series of one matching group.</summary>
    private sealed class MatchGroup
    {
        public readonly List<Row> Rows = [];

        /// <summary>Which row has a value at a step, by its index; −1 for none. Null while there is one row.</summary>
        public int[]? RowAt;

        /// <summary>Whether a step was taken by a series of the many side already (one to one).</summary>
        public bool[]? Taken;

        /// <summary>Whether some series of the many side had a value at the step; only with a fill.</summary>
        public bool[]? Met;
    }

    private IEnumerable<Row> Combined(BinaryExpr binary, Steps steps)
    {
        var (left, right) = (binary.Left.Kind == ValueKind.Vector, binary.Right.Kind == ValueKind.Vector);
        if (left && right)
        {
            return binary.Op is "and" or "or" or "unless" ? SetOperation(binary, steps) : Matched(binary, steps);
        }
        var vector = left ? binary.Left : binary.Right;
        return Distinct(WithScalar(binary, steps, vector, Scalars(left ? binary.Right : binary.Left, steps), scalarRight: left), vector);
    }

    private IEnumerable<Row> WithScalar(BinaryExpr binary, Steps steps, Expr vector, double[] scalars, bool scalarRight)
    {
        var filters = Parser.IsComparison(binary.Op) && !binary.ReturnBool;
        var holds = filters ? Operators.Comparison(binary.Op) : null;
        var operation = filters ? null : Operators.Scalar(binary.Op);
        foreach (var row in Rows(vector, steps))
        {
            var values = row.Values;
            for (var i = 0; i < values.Length; i++)
            {
                if (Absent.Is(values[i]))
                {
                    continue;
                }
                var (a, b) = scalarRight ? (values[i], scalars[i]) : (scalars[i], values[i]);
                values[i] = operation is not null ? operation(a, b) : holds!(a, b) ? values[i] : Absent.Value;
            }
            row.DropName |= !filters;
            yield return row;
        }
    }

    private static LabelProjection Signature(BinaryExpr binary) =>
        new(binary.Matching?.Labels ?? [], without: binary.Matching is not { On: true });

    private IEnumerable<Row> SetOperation(BinaryExpr binary, Steps steps)
    {
        var signature = Signature(binary);
        if (binary.Op == "or")
        {
            return Joined(Union(binary, steps, signature));
        }
        var present = Presence(Rows(binary.Right, steps), signature, steps.Count, keep: false);
        return Kept(Rows(binary.Left, steps), present, wanted: binary.Op == "and");
    }

    private IEnumerable<Row> Kept(IEnumerable<Row> rows, Groups<bool[]> present, bool wanted)
    {
        foreach (var row in rows)
        {
            var there = present.Find(Seen(row, present.Projection));
            for (var i = 0; i < row.Values.Length; i++)
            {
                if ((there is not null && there[i]) != wanted)
                {
                    row.Values[i] = Absent.Value;
                }
            }
            yield return row;
        }
    }

    private IEnumerable<Row> Union(BinaryExpr binary, Steps steps, LabelProjection signature)
    {
        var left = Rows(binary.Left, steps).ToList();
        var present = Presence(left, signature, steps.Count, keep: true);
        return left.Concat(Kept(Rows(binary.Right, steps), present, wanted: false));
    }

    private Groups<bool[]> Presence(IEnumerable<Row> rows, LabelProjection signature, int count, bool keep)
    {
        var groups = new Groups<bool[]>(signature);
        foreach (var row in rows)
        {
            var labels = Seen(row, signature);
            var present = groups.Find(labels) ?? groups.Add(labels, new bool[count]);
            for (var i = 0; i < count; i++)
            {
                present[i] |= !Absent.Is(row.Values[i]);
            }
            if (!keep)
            {
                _pool.Return(row);
            }
        }
        return groups;
    }

    // The same series may come from the left at one step and from the right at another.
    private Dictionary<(Labels, bool), Row>.ValueCollection Joined(IEnumerable<Row> rows)
    {
        var byLabels = new Dictionary<(Labels, bool), Row>();
        foreach (var row in rows)
        {
            var labels = Seen(row);
            if (!options.DelayedNameRemoval)
            {
                (row.Labels, row.DropName) = (labels, false);
            }
            if (byLabels.TryGetValue((row.Labels, row.DropName), out var there))
            {
                for (var i = 0; i < row.Values.Length; i++)
                {
                    there.Values[i] = Absent.Is(there.Values[i]) ? row.Values[i] : there.Values[i];
                }
                _pool.Return(row);
            }
            else
            {
                byLabels.Add((row.Labels, row.DropName), row);
            }
        }
        return byLabels.Values;
    }

    private IEnumerable<Row> Matched(BinaryExpr binary, Steps steps)
    {
        var matching = binary.Matching ?? new VectorMatching(MatchCardinality.OneToOne, false, [], [], null, null);
        var oneIsLeft = matching.Cardinality == MatchCardinality.OneToMany;
        var signature = Signature(binary);
        var many = Rows(oneIsLeft ? binary.Right : binary.Left, steps).ToList();
        var oneRows = Rows(oneIsLeft ? binary.Left : binary.Right, steps).ToList();
        var fills = matching.FillLeft is not null || matching.FillRight is not null;
        var groups = GroupOneSide(oneRows, signature, fills ? null : StepsWithAny(many, steps.Count), steps.Count, oneIsLeft ? "left" : "right");
        var result = new MatchedRows(this, binary, matching, signature, steps.Count);
        foreach (var row in many)
        {
            stop.ThrowIfCancellationRequested();
            var labels = Seen(row);
            if (groups.Find(labels) is { } group)
            {
                result.Add(row, labels, group);
            }
            else if (fills)
            {
                result.Add(row, labels, groups.Add(labels, new MatchGroup()));
            }
            _pool.Return(row);
        }
        if (fills)
        {
            result.AddUnmet(groups.All);
        }
        foreach (var row in oneRows)
        {
            _pool.Return(row);
        }
        return result.Rows;
    }

    private static bool[] StepsWithAny(List<Row> rows, int count)
    {
        var any = new bool[count];
        foreach (var row in rows)
        {
            for (var i = 0; i < count; i++)
            {
                any[i] |= !Absent.Is(row.Values[i]);
            }
        }
        return any;
    }

    // Two series of one group at the same step are an error, but only where the other side has something to match.
    private Groups<MatchGroup> GroupOneSide(List<Row> rows, LabelProjection signature, bool[]? relevant, int count, string side)
    {
        var groups = new Groups<MatchGroup>(signature);
        foreach (var row in rows)
        {
            var labels = Seen(row);
            var group = groups.Find(labels) ?? groups.Add(labels, new MatchGroup());
            group.Rows.Add(row);
            if (group.Rows.Count == 1)
            {
                continue;
            }
            group.RowAt ??= [.. group.Rows[0].Values.Select(v => Absent.Is(v) ? -1 : 0)];
            for (var i = 0; i < count; i++)
            {
                if (Absent.Is(row.Values[i]))
                {
                    continue;
                }
                if (group.RowAt[i] >= 0 && relevant?[i] != false)
                {
                    throw QueryException.Execution($"found duplicate series for the match group {Braced(signature.Of(labels))} on the {side} hand-side of the "
                        + $"operation: [{Braced(Seen(group.Rows[group.RowAt[i]]))}, {Braced(labels)}];many-to-many matching not allowed: "
                        + "matching labels must be unique on one side");
                }
                group.RowAt[i] = group.Rows.Count - 1;
            }
        }
        return groups;
    }

    // Prometheus names series in this message with __name__ as a label.
    private static string Braced(Labels labels) =>
        $"{{{string.Join(", ", labels.Pairs.ToArray().Select(p => $"{p.Key}={PromText.Quoted(p.Value)}"))}}}";

    /// <summary>The result of matching two vectors: rows by labels and, where the cardinality needs it, a check that a step is used once.</summary>
    private sealed class MatchedRows(Evaluator evaluator, BinaryExpr binary, VectorMatching matching, LabelProjection signature, int count)
    {
        private const string OneToOneClash = "multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)";
        private const string GroupClash = "multiple matches for labels: grouping labels must ensure unique matches";

        private readonly Dictionary<(Labels, bool), Row> _byLabels = [];
        private readonly Func<double, double, double> _operation = Operators.Vector(binary.Op, binary.ReturnBool);
        private readonly bool _oneToOne = matching.Cardinality == MatchCardinality.OneToOne;
        private readonly bool _oneIsLeft = matching.Cardinality == MatchCardinality.OneToMany;
        private readonly bool _dropsName = binary.ReturnBool || !Parser.IsComparison(binary.Op);

        public IEnumerable<Row> Rows => _byLabels.Values;

        // With group_right the sides are swapped before anything else, so fill_left is the many side's there too.
        private double? FillOne => matching.FillRight;

        private double? FillMany => matching.FillLeft;

        /// <summary>Combines a series of the many side with its group.</summary>
        public void Add(Row many, Labels labels, MatchGroup group)
        {
            if (FillMany is not null)
            {
                group.Met ??= new bool[count];
            }
            Row? into = null;
            var intoOf = -2;
            for (var i = 0; i < count; i++)
            {
                var value = many.Values[i];
                if (Absent.Is(value))
                {
                    continue;
                }
                group.Met?[i] = true;
                var index = group.RowAt is { } rowAt ? rowAt[i] : group.Rows.Count - 1;
                var other = index >= 0 ? group.Rows[index].Values[i] : Absent.Value;
                if (Absent.Is(other))
                {
                    if (FillOne is not { } fill)
                    {
                        continue;
                    }
                    (index, other) = (-1, fill);
                }
                if (_oneToOne)
                {
                    group.Taken ??= new bool[count];
                    if (group.Taken[i])
                    {
                        throw QueryException.Execution(OneToOneClash);
                    }
                    group.Taken[i] = true;
                }
                // A filter yields the left side's value, whichever side is the many side.
                var result = _oneIsLeft ? _operation(other, value) : _operation(value, other);
                if (Absent.Is(result))
                {
                    continue;
                }
                if (into is null || (index != intoOf && !_oneToOne))
                {
                    var one = index >= 0 ? evaluator.Seen(group.Rows[index]) : signature.Of(labels);
                    (into, intoOf) = (RowOf(ResultLabels(labels, one)), index);
                }
                Set(into, i, result);
            }
        }

        /// <summary>Combines what the many side lacks with its fill.</summary>
        public void AddUnmet(List<MatchGroup> groups)
        {
            if (FillMany is not { } fill)
            {
                return;
            }
            foreach (var group in groups)
            {
                foreach (var one in group.Rows)
                {
                    var labels = evaluator.Seen(one);
                    Row? into = null;
                    for (var i = 0; i < count; i++)
                    {
                        if (Absent.Is(one.Values[i]) || group.Met?[i] == true)
                        {
                            continue;
                        }
                        var result = _oneIsLeft ? _operation(one.Values[i], fill) : _operation(fill, one.Values[i]);
                        if (!Absent.Is(result))
                        {
                            into ??= RowOf(ResultLabels(signature.Of(labels), labels));
                            Set(into, i, result);
                        }
                    }
                }
            }
        }

        private void Set(Row into, int step, double value)
        {
            if (!Absent.Is(into.Values[step]))
            {
                throw QueryException.Execution(_oneToOne ? OneToOneClash : GroupClash);
            }
            into.Values[step] = value;
        }

        private Row RowOf(Labels labels)
        {
            var dropName = binary.ReturnBool && evaluator._delayed;
            if (!_byLabels.TryGetValue((labels, dropName), out var row))
            {
                _byLabels[(labels, dropName)] = row = evaluator._pool.RentAbsent(labels, dropName, count);
            }
            return row;
        }

        private Labels ResultLabels(Labels many, Labels one)
        {
            var labels = _dropsName && !(evaluator._delayed && binary.ReturnBool) ? many.WithoutMetadata() : many;
            if (_oneToOne)
            {
                // ignoring() leaves the name alone; whether it goes is the operator's matter.
                return matching.On ? labels.Keep([.. matching.Labels]) : labels.Without([.. matching.Labels]);
            }
            foreach (var name in matching.Include)
            {
                labels = labels.With(name, one[name]);
            }
            return labels;
        }
    }
}
