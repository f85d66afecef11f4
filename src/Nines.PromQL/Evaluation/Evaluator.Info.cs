using Nines.Metrics;

namespace Nines.PromQL.Evaluation;

// info(): labels of series such as target_info, whose value says nothing, added to the series of the same instance and job.
internal sealed partial class Evaluator
{
    private static readonly string[] Identifying = ["instance", "job"];

    /// <summary>What identifies the subject of an info series.</summary>
    private readonly record struct InfoKey(string Metric, string Instance, string Job);

    private List<Row> WithInfo(Call call, Steps steps)
    {
        var rows = Rows(call.Arguments[0], steps).ToList();
        var conditions = call.Arguments.Count > 1 ? ((VectorSelector)call.Arguments[1]).Matchers : [];
        var target = new Matcher(Labels.MetricName, MatchOp.Equal, "target_info");
        var names = call.Arguments.Count > 1 ? conditions.Where(m => m.Name == Labels.MetricName).ToList() : [target];
        var data = conditions.Where(m => m.Name != Labels.MetricName).ToList();
        // Info series get no labels of other info series. A condition that only says what they are not called makes no series one of them.
        var tells = names.Exists(m => m.Op is MatchOp.Equal or MatchOp.Regex);
        bool IsInfo(Row row) => tells && names.TrueForAll(m => m.Matches(Seen(row).Name));
        var subjects = rows.Where(r => !IsInfo(r)).ToList();
        List<Matcher> called = tells ? names : names.Count == 0 ? [target] : [.. names, new Matcher(Labels.MetricName, MatchOp.Regex, ".+_info")];
        var infos = InfoSeries(subjects, called, data, InfoTimes(call.Arguments[0], steps) ?? steps);
        var byLabels = new Dictionary<(Labels, bool), Row>();
        foreach (var row in rows)
        {
            foreach (var result in IsInfo(row) ? [row] : Informed(row, infos, data))
            {
                if (!byLabels.TryAdd((result.Labels, result.DropName), result))
                {
                    Merge(result, byLabels[(result.Labels, result.DropName)]);
                }
            }
        }
        infos.Values.SelectMany(i => i).ToList().ForEach(_pool.Return);
        return [.. byLabels.Values];
    }

    // Rows of info series that may belong to one of the subjects; their values are the times of their samples.
    private Dictionary<InfoKey, List<Row>> InfoSeries(List<Row> subjects, List<Matcher> names, List<Matcher> data, Steps at)
    {
        var wanted = Identifying.Select(label => (Label: label,
                Values: subjects.Select(s => s.Labels[label]).Where(v => v.Length > 0).ToHashSet(StringComparer.Ordinal)))
            .Where(w => w.Values.Count > 0).ToList();
        var infos = new Dictionary<InfoKey, List<Row>>();
        if (wanted.Count == 0)
        {
            return infos;
        }
        var selector = new VectorSelector(default, null, [.. names, .. data], null, null, EdgeModifier.None);
        foreach (var row in Selected(selector, at, timestamps: true))
        {
            if (wanted.Exists(w => !w.Values.Contains(row.Labels[w.Label])))
            {
                _pool.Return(row);
                continue;
            }
            var key = new InfoKey(row.Labels.Name, row.Labels[Identifying[0]], row.Labels[Identifying[1]]);
            (infos.TryGetValue(key, out var same) ? same : infos[key] = []).Add(row);
        }
        return infos;
    }

    // A series with the labels of the info series of each step: one row for each set of them that there is.
    private List<Row> Informed(Row row, Dictionary<InfoKey, List<Row>> infos, List<Matcher> data)
    {
        var mine = infos.Where(i => i.Key.Instance == row.Labels[Identifying[0]] && i.Key.Job == row.Labels[Identifying[1]]).Select(i => i.Value).ToList();
        var stays = data.TrueForAll(m => m.Matches(""));
        var results = new List<(Row[] Infos, Row Row)>();
        for (var i = 0; i < row.Values.Length; i++)
        {
            var chosen = Absent.Is(row.Values[i]) ? [] : mine.Select(same => Newest(same, i)).OfType<Row>().ToArray();
            if (Absent.Is(row.Values[i]) || (chosen.Length == 0 && !stays))
            {
                continue;
            }
            var result = results.Find(r => r.Infos.SequenceEqual(chosen)).Row;
            if (result is null)
            {
                result = _pool.RentAbsent(WithLabelsOf(row.Labels, chosen, data), row.DropName, row.Values.Length);
                results.Add((chosen, result));
            }
            result.Values[i] = row.Values[i];
        }
        _pool.Return(row);
        return results.ConvertAll(r => r.Row);
    }

    private static Row? Newest(List<Row> same, int step)
    {
        Row? newest = null;
        foreach (var row in same)
        {
            if (Absent.Is(row.Values[step]))
            {
                continue;
            }
            if (newest is not null && newest.Values[step] == row.Values[step])
            {
                var at = (long)Math.Round(row.Values[step] * 1000);
                throw QueryException.Execution($"found duplicate series for info metric: existing {newest.Labels} @ {at}, new {row.Labels} @ {at}");
            }
            newest = newest is null || row.Values[step] > newest.Values[step] ? row : newest;
        }
        return newest;
    }

    // Labels that a series has already stay as they are; with conditions on labels only those are added.
    private static Labels WithLabelsOf(Labels own, Row[] infos, List<Matcher> data)
    {
        var labels = own;
        foreach (var info in infos)
        {
            foreach (var (name, value) in info.Labels.Pairs)
            {
                if (name == Labels.MetricName || own[name].Length > 0 || (data.Count > 0 && !data.Exists(m => m.Name == name)))
                {
                    continue;
                }
                labels = labels[name].Length == 0 || labels[name] == value ? labels.With(name, value)
                    : throw QueryException.Execution($"conflicting label: {name}");
            }
        }
        return labels;
    }

    // The times of which the first selector speaks: @ and offset, and those of subqueries around it, hold for the info series too.
    private Steps? InfoTimes(Expr expr, Steps steps) => expr switch
    {
        VectorSelector selector => Moved(steps, selector.At, selector.Offset),
        MatrixSelector matrix => InfoTimes(matrix.Selector, steps),
        SubqueryExpr subquery => InfoTimes(subquery.Inner, Moved(steps, subquery.At, subquery.Offset)),
        ParenExpr paren => InfoTimes(paren.Inner, steps),
        UnaryExpr unary => InfoTimes(unary.Inner, steps),
        AggregateExpr aggregate => InfoTimes(aggregate.Inner, steps),
        BinaryExpr binary => InfoTimes(binary.Left, steps) ?? InfoTimes(binary.Right, steps),
        Call call => call.Arguments.Select(a => InfoTimes(a, steps)).FirstOrDefault(t => t is not null),
        _ => null,
    };
}
