using Nines.Core.Objectives;
using Nines.PromQL;

namespace Nines.Core.Workspace;

/// <summary>Reads what an OpenSLO SLI measures.</summary>
internal static class OpenSloIndicatorReader
{
    /// <summary>An indicator of an objective: <c>metadata</c> and <c>spec</c>.</summary>
    public static Indicator? Inline(Fields? inline)
    {
        if (inline is null)
        {
            return null;
        }
        inline.Ignore("metadata", "kind", "apiVersion");
        var spec = inline.Map("spec", required: true);
        var indicator = spec is null ? null : Spec(spec);
        inline.Done();
        return indicator;
    }

    /// <summary>The <c>spec</c> of an SLI.</summary>
    public static Indicator? Spec(Fields spec)
    {
        spec.Ignore("description");
        var threshold = spec.Map("thresholdMetric");
        var ratio = spec.Map("ratioMetric", required: spec.Any("thresholdMetric") is null);
        if (threshold is not null && ratio is not null)
        {
            spec.File.Error(threshold.Node, "bad-value", "an SLI has either thresholdMetric or ratioMetric", "write two SLIs");
        }
        spec.Done();
        return threshold is not null ? Threshold(threshold) : ratio is not null ? Ratio(ratio) : null;
    }

    /// <summary>The limit of a threshold is the objective's: <c>op</c> and <c>value</c>.</summary>
    private static Threshold? Threshold(Fields threshold)
    {
        // The original says metricSource; what is written in its place by many is the source itself.
        var source = threshold.Any("metricSource") is null ? threshold : threshold.Map("metricSource");
        var read = source is null ? null : Source(source);
        if (source is not null && !ReferenceEquals(source, threshold))
        {
            threshold.Done();
        }
        return read is { } found && Evaluated(found.File, found.Query) is { } query ? new(query, default, double.NaN) { Source = found.Name } : null;
    }

    private static Indicator? Ratio(Fields ratio)
    {
        var isCounter = ratio.Flag("counter", true);
        var raw = ratio.Map("raw");
        var (good, bad, total) = (ratio.Map("good"), ratio.Map("bad"), ratio.Map("total", required: raw is null));
        if (raw is not null)
        {
            var ofFailures = ratio.OneOf("rawType", "success", "success", "failure") == "failure";
            if ((good ?? bad ?? total) is { } other)
            {
                ratio.File.Error(other.Node, "bad-value", "raw is a ratio already", "drop good, bad and total, or drop raw");
            }
            ratio.Done();
            return Side(raw) is { } share && Evaluated(share.File, share.Query) is { } query
                ? new EvaluatedShare(query, ofFailures) { Source = share.Name } : null;
        }
        if ((good is null) == (bad is null))
        {
            ratio.File.Error(ratio.Node, good is null ? "missing" : "bad-value", good is null ? "ratioMetric needs good or bad"
                : "ratioMetric has both good and bad", good is null ? "" : "drop one: the other is what is left of total");
        }
        var (part, whole, both) = (Side(good ?? bad), Side(total), good is not null && bad is not null);
        ratio.Done();
        return part is null || whole is null || both ? null : Ratio(part, whole, good is not null, isCounter);
    }

    private static Indicator? Ratio(ReadQuery part, ReadQuery total, bool partIsGood, bool isCounter)
    {
        if (part.Name != total.Name)
        {
            total.File.Error(total.Query, "bad-value",
                $"one side is read from {part.Name ?? "the built-in engine"} and the other from {total.Name ?? "the built-in engine"}",
                "give both the same metricSourceRef");
            return null;
        }
        var (partCounts, totalCounts) = isCounter ? (Counted(part), Counted(total)) : (null, null);
        if (partCounts is not null && totalCounts is not null)
        {
            return new CounterRatio(partIsGood ? partCounts : null, partIsGood ? null : partCounts, totalCounts) { Source = part.Name };
        }
        return Evaluated(part.File, part.Query) is { } evaluated && Evaluated(total.File, total.Query) is { } whole
            ? new EvaluatedRatio(partIsGood ? evaluated : null, partIsGood ? null : evaluated, whole) { Source = part.Name } : null;
    }

    /// <summary>A query as a sum of counters. What else it is becomes a warning, or an error when it cannot have been meant.</summary>
    private static CounterExpression? Counted(ReadQuery read)
    {
        var reading = IndicatorReader.Read(read.Query.Value);
        foreach (var problem in reading.Problems)
        {
            var (line, column) = YamlReader.Locate(read.File.Text, read.Query, problem.Start);
            var severity = problem.Refused ? ProblemSeverity.Error : ProblemSeverity.Warning;
            read.File.Problems.Add(new(new(read.File.Path, line, column), severity, problem.Refused ? "query" : "approximate",
                problem.Refused ? problem.Message : $"{problem.Message}; it is evaluated once a minute and its figures are approximate", problem.Hint));
        }
        return reading.Expression;
    }

    private static EvaluatedQuery? Evaluated(BindingFile file, YamlText query)
    {
        var parsed = PromParser.Parse(IndicatorReader.WithWindow(query.Value, EvaluatedQuery.WindowText));
        foreach (var problem in parsed.Problems)
        {
            var (line, column) = YamlReader.Locate(file.Text, query, problem.Start);
            var position = new SourcePosition(file.Path, line, column);
            if (!file.Problems.Exists(p => p.Position == position))
            {
                file.Problems.Add(new(position, ProblemSeverity.Error, "query", problem.Message, ""));
            }
        }
        if (parsed.Expr is { Kind: not (ValueKind.Vector or ValueKind.Scalar) } other)
        {
            file.Error(query, "query", $"the query gives a {(other.Kind == ValueKind.String ? "text" : "range")}, not a number", "write rate(…[5m]) around it");
            return null;
        }
        return parsed.Expr is { } expr ? new(query.Value, expr.ToString()) : null;
    }

    private sealed record ReadQuery(BindingFile File, YamlText Query, string? Name);

    private static ReadQuery? Side(Fields? side)
    {
        var source = side?.Map("metricSource", required: true);
        side?.Done();
        return source is null ? null : Source(source);
    }

    private static ReadQuery? Source(Fields source)
    {
        var type = source.Text("type");
        var name = source.Text("metricSourceRef");
        var spec = source.Map("spec", required: true);
        source.Done();
        if (type is not null && type.Value is not ("Prometheus" or "prometheus" or "Nines"))
        {
            source.File.Error(type, "unsupported", $"queries for {type.Value} cannot be evaluated", "write the query in PromQL with type Prometheus");
            return null;
        }
        // Documents in use name the query's language in its key.
        var query = spec is null ? null : spec.Text("query") ?? spec.Text("promql");
        if (spec is not null && query is null)
        {
            source.File.Error(spec.Node, "missing", "spec needs query");
        }
        spec?.Ignore("queryType");
        spec?.Done();
        return query is null ? null : new(source.File, query, name?.Value is "Nines" ? null : name?.Value);
    }
}
