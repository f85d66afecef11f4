using Nines.Metrics;
using Nines.PromQL;
using Nines.PromQL.Scripts;

namespace Nines.Core.Alerting;

/// <summary>A file of unit tests of rules, in promtool's format.</summary>
public sealed record RuleTestFile
{
    /// <summary>The rule files tested, as patterns relative to this file.</summary>
    public IReadOnlyList<string> RuleFiles { get; init; } = [];

    /// <summary>Distance of two evaluations, in milliseconds.</summary>
    public long IntervalMs { get; init; } = 60_000;

    /// <summary>Names of groups to be evaluated first, in this order.</summary>
    public IReadOnlyList<string> GroupOrder { get; init; } = [];

    /// <summary>Whether values may differ in the last bit.</summary>
    public bool Fuzzy { get; init; }

    /// <summary>The tests.</summary>
    public IReadOnlyList<RuleTest> Tests { get; init; } = [];
}

/// <summary>One test: series, and what rules make of them.</summary>
public sealed record RuleTest
{
    /// <summary>Its name; may be empty.</summary>
    public string Name { get; init; } = "";

    /// <summary>Where it stands.</summary>
    public SourcePosition Position { get; init; }

    /// <summary>Distance of two samples, in milliseconds.</summary>
    public long IntervalMs { get; init; }

    /// <summary>The input.</summary>
    public IReadOnlyList<(Labels Labels, IReadOnlyList<NotedSample> Samples)> Series { get; init; } = [];

    /// <summary>What is expected of alerts.</summary>
    public IReadOnlyList<AlertExpectation> Alerts { get; init; } = [];

    /// <summary>What is expected of queries.</summary>
    public IReadOnlyList<QueryExpectation> Queries { get; init; } = [];

    /// <summary>Labels that tell the tested server from others.</summary>
    public Labels ExternalLabels { get; init; } = Labels.Empty;

    /// <summary>The address of the tested server.</summary>
    public string ExternalUrl { get; init; } = "";
}

/// <summary>The alerts that fire at a time.</summary>
public sealed record AlertExpectation(SourcePosition Position, long AtMs, string Name, IReadOnlyList<(Labels Labels, Labels Annotations)> Alerts);

/// <summary>What a query gives at a time.</summary>
public sealed record QueryExpectation(SourcePosition Position, long AtMs, string Query, IReadOnlyList<(Labels Labels, double Value)> Samples);

/// <summary>A test that failed.</summary>
/// <param name="Position">The expectation, or the test.</param>
/// <param name="Test">The test's name; may be empty.</param>
/// <param name="Subject">The alert, query or rule.</param>
/// <param name="AtMs">When, in milliseconds from the test's start.</param>
/// <param name="Expected">What was expected; empty when the evaluation failed.</param>
/// <param name="Got">What there was instead, or why the evaluation failed.</param>
public sealed record RuleTestFailure(SourcePosition Position, string Test, string Subject, long AtMs, string Expected, string Got);

/// <summary>Runs unit tests of rules on a store in memory. Pure.</summary>
public static class RuleTestRunner
{
    /// <summary>Most evaluations of a test.</summary>
    public const int MaxEvaluations = 1_000_000;

    /// <summary>Runs a test; gives what failed.</summary>
    public static IReadOnlyList<RuleTestFailure> Run(RuleTestFile file, RuleTest test, IReadOnlyList<RuleGroup> groups)
    {
        var input = new Input(test);
        var store = new MemorySeriesSource();
        var engine = new QueryEngine(store, new QueryOptions { DefaultStepMs = file.IntervalMs });
        var world = new RuleWorld(engine, store, new MemorySampleSink(store), test.ExternalUrl, test.ExternalLabels, () => 0);
        var order = file.GroupOrder.Select((name, i) => (name, i)).ToDictionary(p => p.name, p => p.i, StringComparer.Ordinal);
        var evaluators = groups.OrderBy(g => order.GetValueOrDefault(g.Name, int.MaxValue))
            .Select(g => new GroupEvaluator(g, test.IntervalMs, world, false)).ToList();
        var failures = new List<RuleTestFailure>();
        var lastMs = test.Alerts.Select(a => a.AtMs).Concat(test.Queries.Select(q => q.AtMs)).DefaultIfEmpty(0).Max();
        if (lastMs / file.IntervalMs > MaxEvaluations)
        {
            return [new(test.Position, test.Name, "", lastMs, "", $"the test would take more than {MaxEvaluations} evaluations")];
        }
        for (var atMs = 0L; atMs <= lastMs; atMs += file.IntervalMs)
        {
            input.FeedUntil(atMs, store);
            foreach (var evaluator in evaluators)
            {
                evaluator.Evaluate(atMs);
            }
            var failed = evaluators.SelectMany(e => e.Rules).Where(r => r.Error is not null).ToList();
            if (failed.Count > 0)
            {
                return [.. failures, .. failed.Select(r => new RuleTestFailure(test.Position, test.Name, $"rule {r.Rule.Name}", atMs, "", r.Error!))];
            }
            failures.AddRange(test.Alerts.Where(a => a.AtMs >= atMs && a.AtMs < atMs + file.IntervalMs)
                .Select(a => Compare(test, a, evaluators)).OfType<RuleTestFailure>());
        }
        failures.AddRange(test.Queries.Select(q => Compare(file, test, q, engine)).OfType<RuleTestFailure>());
        return failures;
    }

    private static RuleTestFailure? Compare(RuleTest test, AlertExpectation expected, List<GroupEvaluator> groups)
    {
        var got = groups.SelectMany(g => g.Rules).Where(r => r.Rule.Alerts && r.Rule.Name == expected.Name).SelectMany(r => r.Alerts.Values)
            .Where(a => a.State == RuleAlertState.Firing).Select(a => Shown(a.Labels, a.Annotations)).Order(StringComparer.Ordinal).ToList();
        var wanted = expected.Alerts.Select(a => Shown(a.Labels.With("alertname", expected.Name), a.Annotations)).Order(StringComparer.Ordinal).ToList();
        return got.SequenceEqual(wanted, StringComparer.Ordinal) ? null
            : new(expected.Position, test.Name, $"alertname: {expected.Name}", expected.AtMs, Listed(wanted), Listed(got));
    }

    private static RuleTestFailure? Compare(RuleTestFile file, RuleTest test, QueryExpectation expected, QueryEngine engine)
    {
        var result = engine.Instant(expected.Query, expected.AtMs);
        var samples = result.Value switch
        {
            VectorValue vector => vector.Samples,
            ScalarValue scalar => [new VectorSample(Labels.Empty, scalar.Sample)],
            _ => null,
        };
        var subject = $"expr: {expected.Query.Trim()}";
        if (samples is null)
        {
            return new(expected.Position, test.Name, subject, expected.AtMs, "", result.Error?.Message ?? "rule result is not a vector or scalar");
        }
        var got = samples.Select(s => (s.Labels, s.Sample.Value)).OrderBy(s => s.Labels.ToString(), StringComparer.Ordinal).ToList();
        var wanted = expected.Samples.OrderBy(s => s.Labels.ToString(), StringComparer.Ordinal).ToList();
        return got.Count == wanted.Count && got.Zip(wanted).All(p => p.First.Labels.Equals(p.Second.Labels) && Same(p.First.Value, p.Second.Value, file.Fuzzy))
            ? null : new(expected.Position, test.Name, subject, expected.AtMs, Listed(wanted.Select(Shown)), Listed(got.Select(Shown)));
    }

    private static bool Same(double a, double b, bool fuzzy) => a == b || (fuzzy && (Math.BitIncrement(a) == b || Math.BitDecrement(a) == b));

    private static string Shown((Labels Labels, double Value) sample) => $"{sample.Labels} {Nines.Metrics.Templates.GoFloat.Format(sample.Value)}";

    private static string Shown(Labels labels, Labels annotations) => $"Labels:{labels} Annotations:{annotations}";

    private static string Listed(IEnumerable<string> items) => $"[{string.Join(", ", items)}]";

    /// <summary>The input series, fed as time passes: nothing is seen before its time.</summary>
    private sealed class Input(RuleTest test)
    {
        private int _next;

        public void FeedUntil(long atMs, MemorySeriesSource store)
        {
            for (; _next * test.IntervalMs <= atMs && test.Series.Any(s => s.Samples.Count > _next); _next++)
            {
                foreach (var (labels, samples) in test.Series)
                {
                    if (_next < samples.Count && samples[_next].Value is { } value)
                    {
                        store.Add(labels, new Sample(_next * test.IntervalMs, value));
                    }
                }
            }
        }
    }
}
