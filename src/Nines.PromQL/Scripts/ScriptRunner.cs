using Nines.Metrics;
using Nines.Metrics.Templates;

namespace Nines.PromQL.Scripts;

/// <summary>What became of an evaluation in a script.</summary>
public enum EvaluationOutcome
{
    /// <summary>Everything came as expected.</summary>
    Passed,
    /// <summary>Something did not.</summary>
    Failed,
    /// <summary>It was not tried, since it is about native histograms.</summary>
    Skipped,
}

/// <summary>An evaluation in a script.</summary>
/// <param name="File">The script.</param>
/// <param name="Line">Where it stands.</param>
/// <param name="Query">Its query.</param>
/// <param name="Outcome">What became of it.</param>
/// <param name="Expected">What was expected, when it failed; why it was skipped, when it was.</param>
/// <param name="Got">What came instead.</param>
public sealed record ScriptEvaluation(string File, int Line, string Query, EvaluationOutcome Outcome, string Expected = "", string Got = "");

/// <summary>Runs scripts against the query engine.</summary>
/// <param name="onlyFloats">
/// Whether evaluations are skipped whose own selectors match a native histogram, or which expect one. Else they fail.
/// </param>
/// <param name="engine">Makes the engine that is asked, given the series loaded; the ordinary one when null.</param>
public sealed class ScriptRunner(bool onlyFloats, Func<ISeriesSource, QueryEngine>? engine = null)
{
    // The precision to which Prometheus' scripts state their numbers.
    private const double Tolerance = 1e-6;

    /// <summary>The options that Prometheus runs its scripts with.</summary>
    public static readonly QueryOptions Options = new() { DelayedNameRemoval = true };

    private readonly MemorySeriesSource _source = new();
    private readonly HashSet<Labels> _histograms = [];

    /// <summary>Runs a script; each evaluation is reported as it ends. Lines that are not understood are reported as one that failed.</summary>
    public IEnumerable<ScriptEvaluation> Run(string file, string text)
    {
        _source.Clear();
        _histograms.Clear();
        foreach (var command in ScriptReader.Read(text))
        {
            switch (command)
            {
                case ClearCommand:
                    _source.Clear();
                    _histograms.Clear();
                    break;
                case LoadCommand load:
                    Load(load);
                    break;
                case EvalCommand eval:
                    yield return Evaluate(file, eval);
                    break;
                case UnreadableCommand unreadable:
                    yield return new ScriptEvaluation(file, unreadable.Line, unreadable.Text, EvaluationOutcome.Failed, "a command", unreadable.Message);
                    break;
            }
        }
    }

    private void Load(LoadCommand load)
    {
        foreach (var (labels, samples) in load.Series)
        {
            for (var i = 0; i < samples.Count; i++)
            {
                if (samples[i].Value is { } value)
                {
                    _source.Add(labels, new Sample(i * load.StepMs, value));
                }
                else if (samples[i].IsHistogram)
                {
                    _histograms.Add(labels);
                }
            }
            if (load.WithNativeHistograms && labels.Name.EndsWith("_bucket", StringComparison.Ordinal) && labels["le"].Length > 0)
            {
                _histograms.Add(labels.Without("le").With(Labels.MetricName, labels.Name[..^"_bucket".Length]));
            }
        }
    }

    private ScriptEvaluation Evaluate(string file, EvalCommand eval)
    {
        var parsed = PromParser.Parse(eval.Query);
        if (onlyFloats && (eval.ExpectsHistogram || (parsed.Expr is { } expr && SelectsHistogram(expr))))
        {
            return new ScriptEvaluation(file, eval.Line, eval.Query, EvaluationOutcome.Skipped,
                eval.ExpectsHistogram ? "expects a native histogram" : "selects a native histogram");
        }
        var asked = engine?.Invoke(_source) ?? new QueryEngine(_source, Options);
        var result = eval.IsInstant ? asked.Instant(eval.Query, eval.StartMs) : asked.Range(eval.Query, eval.StartMs, eval.EndMs, eval.StepMs);
        var problem = Checked(eval, result);
        return problem is null ? new ScriptEvaluation(file, eval.Line, eval.Query, EvaluationOutcome.Passed)
            : new ScriptEvaluation(file, eval.Line, eval.Query, EvaluationOutcome.Failed, problem.Value.Expected, problem.Value.Got);
    }

    private bool SelectsHistogram(Expr expr) => expr switch
    {
        VectorSelector selector => _histograms.Any(h => Matcher.AllMatch(selector.Matchers, h)),
        MatrixSelector matrix => SelectsHistogram(matrix.Selector),
        SubqueryExpr subquery => SelectsHistogram(subquery.Inner),
        UnaryExpr unary => SelectsHistogram(unary.Inner),
        ParenExpr paren => SelectsHistogram(paren.Inner),
        BinaryExpr binary => SelectsHistogram(binary.Left) || SelectsHistogram(binary.Right),
        AggregateExpr aggregate => SelectsHistogram(aggregate.Inner) || (aggregate.Parameter is { } p && SelectsHistogram(p)),
        // Conditions on labels to be added select nothing of their own, but names of info series do.
        Call { Function.Name: "info" } call => call.Arguments.Where((a, i) => i == 0 || ((VectorSelector)a).Matchers.Any(m => m.Name == Labels.MetricName))
            .Any(SelectsHistogram),
        Call call => call.Arguments.Any(SelectsHistogram),
        _ => false,
    };

    private static (string Expected, string Got)? Checked(EvalCommand eval, QueryResult result)
    {
        try
        {
            return Check(eval, result);
        }
        catch (ArgumentException e)
        {
            // A pattern that is none; the rest of the script goes on.
            return ("a pattern", e.Message);
        }
    }

    private static (string Expected, string Got)? Check(EvalCommand eval, QueryResult result)
    {
        if (eval.Find(ExpectationKind.Fail) is { } fail)
        {
            return result.Error is not { } failure ? ("an error", Show(result.Value!))
                : Matches(fail, failure.Message) ? null : ($"the error {fail.Text}", failure.Message);
        }
        if (result.Error is { } error)
        {
            return (eval.Series.Count == 0 ? "a result" : string.Join("; ", eval.Series.Select(Show)), $"error: {error.Message}");
        }
        return CheckAnnotations(eval, result.Annotations, AnnotationLevel.Warning, ExpectationKind.Warn, ExpectationKind.NoWarn)
            ?? CheckAnnotations(eval, result.Annotations, AnnotationLevel.Info, ExpectationKind.Info, ExpectationKind.NoInfo)
            ?? CheckValue(eval, result.Value!);
    }

    private static (string, string)? CheckAnnotations(
        EvalCommand eval, IReadOnlyList<Annotation> annotations, AnnotationLevel level, ExpectationKind some, ExpectationKind none)
    {
        var found = annotations.Where(a => a.Level == level).Select(a => a.Text).ToList();
        var expected = eval.Expectations.Where(e => e.Kind == some).ToList();
        if (eval.Find(none) is not null && found.Count > 0)
        {
            return ($"no {level} annotation", string.Join("; ", found));
        }
        var missing = expected.Find(e => !found.Exists(f => Matches(e, f)));
        var surplus = expected.Count == 0 ? null : found.Find(f => !expected.Exists(e => Matches(e, f)));
        return missing is not null ? ($"the annotation {missing.Text ?? level.ToString()}", found.Count == 0 ? "none" : string.Join("; ", found))
            : surplus is not null ? ("no other annotation", surplus) : null;
    }

    private static bool Matches(Expectation expectation, string text) => expectation.Text is not { } wanted
        || (expectation.IsPattern ? Re2.Anywhere(wanted).IsMatch(text) : wanted == text);

    private static (string, string)? CheckValue(EvalCommand eval, QueryValue value)
    {
        if (eval.Find(ExpectationKind.Text) is { } text)
        {
            return value is StringValue s && s.Text == text.Text ? null : ($"\"{text.Text}\"", Show(value));
        }
        if (eval.Scalar is { } scalar)
        {
            return value is ScalarValue got && Same(scalar, got.Sample.Value) ? null : ($"{scalar}", Show(value));
        }
        var range = eval.Find(ExpectationKind.RangeVector);
        if (range is null && value is VectorValue vector)
        {
            return CheckSeries(eval, [.. vector.Samples.Select(v => new MatrixSeries(v.Labels, [v.Sample]))], eval.StartMs, 1);
        }
        return value is MatrixValue matrix && (range is not null || !eval.IsInstant)
            ? CheckSeries(eval, matrix.Series, range?.StartMs ?? eval.StartMs, range?.StepMs ?? eval.StepMs)
            : ("a vector", Show(value));
    }

    private static (string, string)? CheckSeries(EvalCommand eval, IReadOnlyList<MatrixSeries> got, long startMs, long stepMs)
    {
        var byLabels = new Dictionary<Labels, MatrixSeries>();
        foreach (var series in got)
        {
            if (!byLabels.TryAdd(series.Labels, series))
            {
                return ("each series once", Show(series));
            }
        }
        foreach (var expected in eval.Series)
        {
            var samples = expected.Samples.Select((s, i) => (s.Value, TimeMs: startMs + (i * stepMs))).Where(s => s.Value is not null)
                .Select(s => new Sample(s.TimeMs, s.Value!.Value)).ToList();
            if (samples.Count == 0)
            {
                continue;
            }
            if (!byLabels.Remove(expected.Labels, out var found))
            {
                return (Show(expected), got.Count == 0 ? "nothing" : string.Join("; ", got.Select(Show)));
            }
            if (samples.Count != found.Samples.Count
                || samples.Zip(found.Samples).Any(p => p.First.TimeMs != p.Second.TimeMs || !Same(p.First.Value, p.Second.Value)))
            {
                return (Show(expected), Show(found));
            }
        }
        if (byLabels.Count > 0)
        {
            return ("no other series", string.Join("; ", byLabels.Values.Select(Show)));
        }
        var inOrder = eval.Find(ExpectationKind.Ordered) is null || eval.Series.Select(s => s.Labels).SequenceEqual(got.Select(s => s.Labels));
        return inOrder ? null : (string.Join("; ", eval.Series.Select(Show)), string.Join("; ", got.Select(Show)));
    }

    private static bool Same(double expected, double got) =>
        expected.Equals(got) || expected == got || Math.Abs(expected - got) < Tolerance * (Math.Abs(expected) + Math.Abs(got));

    private static string Show(ExpectedSeries series) =>
        $"{series.Labels} {string.Join(' ', series.Samples.Select(s => s.IsHistogram ? "{{…}}" : s.Value is { } v ? GoFloat.Format(v, 'f') : "_"))}";

    private static string Show(MatrixSeries series) =>
        series.Samples.Count == 1 ? $"{series.Labels} {GoFloat.Format(series.Samples[0].Value, 'f')}"
            : $"{series.Labels} {string.Join(' ', series.Samples.Select(s => $"{GoFloat.Format(s.Value, 'f')}@{s.TimeMs / 1000d}"))}";

    private static string Show(QueryValue value) => value switch
    {
        ScalarValue scalar => GoFloat.Format(scalar.Sample.Value, 'f'),
        StringValue text => $"\"{text.Text}\"",
        VectorValue vector => vector.Samples.Count == 0 ? "nothing"
            : string.Join("; ", vector.Samples.Select(s => $"{s.Labels} {GoFloat.Format(s.Sample.Value, 'f')}")),
        MatrixValue matrix => matrix.Series.Count == 0 ? "nothing" : string.Join("; ", matrix.Series.Select(Show)),
        _ => "",
    };
}
