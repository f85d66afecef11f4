using Nines.Core.Alerting;
using Nines.Metrics;
using Nines.PromQL;

namespace Nines.Core.Tests.Alerting;

public class GroupEvaluatorTests
{
    private readonly MemorySeriesSource _store = new();
    private readonly QueryEngine _engine;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public GroupEvaluatorTests() => _engine = new QueryEngine(_store, new QueryOptions());

    [Fact]
    public void LaterRule_SeesTheEarlierOnesSampleOfTheSameTime()
    {
        var group = Group("""
              - {record: a, expr: "x * 2", labels: {l: "1"}}
              - {record: b, expr: "a + 1"}
              - {alert: A, expr: "b > 4", annotations: {s: "{{ $value }}"}}
            """);
        Add(1000, ("x", 2));
        var posts = group.Evaluate(1000, Stop);
        At("b{l='1'}", 1000).ShouldBe([5]);
        posts.ShouldHaveSingleItem().Annotations["s"].ShouldBe("5");
        At("ALERTS{alertname='A',alertstate='firing',l='1'}", 1000).ShouldBe([1]);
        At("ALERTS_FOR_STATE{alertname='A'}", 1000).ShouldBe([1]);
    }

    [Fact]
    public void VanishedSeries_EndAtOnce()
    {
        var group = Group("  - {record: a, expr: \"x\"}\n  - {alert: A, expr: \"x > 0\"}");
        Add(1000, ("x", 1));
        group.Evaluate(1000, Stop);
        Add(2000, ("x", StaleMarker.Value));
        group.Evaluate(2000, Stop);
        At("a", 2000).ShouldBeEmpty();
        At("ALERTS", 2000).ShouldBeEmpty();
        At("a", 1999).ShouldBe([1]);
    }

    [Fact]
    public void PendingThatFires_LeavesNoPendingSeries()
    {
        var group = Group("  - {alert: A, expr: \"x > 0\", for: 1m}");
        Add(1000, ("x", 1));
        group.Evaluate(1000, Stop);
        At("ALERTS{alertstate='pending'}", 1000).ShouldBe([1]);
        group.Evaluate(61_000, Stop);
        At("ALERTS{alertstate='pending'}", 61_000).ShouldBeEmpty();
        At("ALERTS{alertstate='firing'}", 61_000).ShouldBe([1]);
    }

    [Fact]
    public void FailingRule_SaysWhy_AndTheOthersGoOn()
    {
        var group = Group("  - {record: a, expr: \"x\", labels: {l: same}}\n  - {record: b, expr: \"x + on() x\"}\n  - {record: c, expr: \"sum(x)\"}");
        Add(1000, ("x{l='1'}", 1), ("x{l='2'}", 2));
        group.Evaluate(1000, Stop);
        group.Rules[0].Error.ShouldBe("vector contains metrics with the same labelset after applying rule labels");
        group.Rules[1].Error!.ShouldNotBeEmpty();
        group.Rules[2].Error.ShouldBeNull();
        At("c", 1000).ShouldBe([3]);
        At("a", 1000).ShouldBeEmpty();
    }

    [Fact]
    public void Limit_HoldsForSeriesAndAlerts()
    {
        var group = Group("  - {record: a, expr: x}\n  - {alert: A, expr: x}", "  limit: 1\n");
        Add(1000, ("x{l='1'}", 1), ("x{l='2'}", 2));
        group.Evaluate(1000, Stop).ShouldBeEmpty();
        group.Rules.Select(r => r.Error).ShouldBe(["exceeded limit of 1 with 2 series", "exceeded limit of 1 with 2 alerts"]);
        At("{__name__=~'a|ALERTS.*'}", 1000).ShouldBeEmpty();
    }

    [Fact]
    public void QueryOffset_LooksBackAndWritesBack()
    {
        var group = Group("  - {record: a, expr: x}", "  query_offset: 1m\n");
        Add(1000, ("x", 1));
        Add(50_000, ("x", 2));
        group.Evaluate(70_000, Stop);
        At("a", 10_000).ShouldBe([1]);
        At("a", 9_999).ShouldBeEmpty();
    }

    [Fact]
    public void EditedGroup_KeepsTheAlertsOfRulesItStillHas_AndEndsTheOthers()
    {
        var before = Group("  - {alert: Stays, expr: \"x > 0\", for: 2m}\n  - {alert: Goes, expr: \"x > 0\"}\n  - {record: gone, expr: x}");
        Add(1000, ("x", 1));
        before.Evaluate(1000, Stop);
        var after = Group("  - {record: fresh, expr: x}\n  - {alert: Stays, expr: \"x>0\", for: 2m, annotations: {a: new}}");
        var over = after.TakeOver(before, 60_000);
        over.ShouldHaveSingleItem().ShouldSatisfyAllConditions(p => p.Labels["alertname"].ShouldBe("Goes"), p => p.EndsAtNs.ShouldBe(60_000_000_000));
        after.Evaluate(61_000, Stop);
        At("gone", 61_000).ShouldBeEmpty();
        At("ALERTS{alertname='Goes'}", 61_000).ShouldBeEmpty();
        after.Evaluate(121_000, Stop).ShouldHaveSingleItem().Labels["alertname"].ShouldBe("Stays");
    }

    [Fact]
    public void RestartedGroup_TakesUpForWhereItStood()
    {
        const string Rules = "  - {alert: A, expr: \"x > 0\", for: 30m}";
        var before = Group(Rules);
        for (var at = 0L; at <= 15 * 60_000; at += 60_000)
        {
            Add(at, ("x", 1));
            before.Evaluate(at, Stop);
        }
        // Five minutes down, a quarter of an hour served: fires fifteen minutes after the start, downtime not counted.
        var after = Group(Rules, restore: true);
        var fired = new List<long>();
        for (var at = 20 * 60_000L; at <= 60 * 60_000; at += 60_000)
        {
            Add(at, ("x", 1));
            fired.AddRange(after.Evaluate(at, Stop).Select(_ => at / 60_000));
            if (at == 20 * 60_000)
            {
                // Not shown before it is restored: a short time in ALERTS_FOR_STATE would overwrite the long one.
                At("ALERTS", at).ShouldBeEmpty();
            }
        }
        fired[0].ShouldBe(36);
    }

    [Fact]
    public void GroupEditedRightAfterARestart_StillTakesUpFor()
    {
        var before = Group("  - {alert: A, expr: \"x > 0\", for: 30m}");
        for (var at = 0L; at <= 15 * 60_000; at += 60_000)
        {
            Add(at, ("x", 1));
            before.Evaluate(at, Stop);
        }
        var restarted = Group("  - {alert: A, expr: \"x > 0\", for: 30m}", restore: true);
        Add(16 * 60_000, ("x", 1));
        restarted.Evaluate(16 * 60_000, Stop);
        restarted.IsRestored.ShouldBeFalse();
        var edited = Group("  - {alert: A, expr: \"x > 0\", for: 30m, annotations: {a: new}}", restore: true);
        edited.TakeOver(restarted, 16 * 60_000);
        Add(17 * 60_000, ("x", 1));
        edited.Evaluate(17 * 60_000, Stop);
        edited.IsRestored.ShouldBeTrue();
        // A quarter of an hour was served, and two minutes nobody looked.
        edited.Rules[0].Alerts.Values.ShouldHaveSingleItem().ActiveAtMs.ShouldBe(2 * 60_000);
    }

    [Fact]
    public void RuleThatThrows_LeavesItsGroupAlone()
    {
        var group = Group("  - {record: broken, expr: x}\n  - {alert: A, expr: x}\n  - {alert: B, expr: x, labels: {l: broken}}", sink: new BrokenSink(new MemorySampleSink(_store)));
        Add(1000, ("x", 1));
        // An alert whose series cannot be written goes out all the same.
        group.Evaluate(1000, Stop).Select(p => p.Labels["alertname"]).ShouldBe(["A", "B"]);
        group.Rules.Select(r => r.Error).ShouldBe(["InvalidOperationException: a bug", null, "InvalidOperationException: a bug"]);
        At("ALERTS", 1000).ShouldBe([1]);
    }

    [Fact]
    public void EndedGroup_EndsItsSeriesAndAlerts()
    {
        var group = Group("  - {record: a, expr: x}\n  - {alert: A, expr: x}");
        Add(1000, ("x", 1));
        group.Evaluate(1000, Stop);
        group.End(2000).ShouldHaveSingleItem().EndsAtNs.ShouldBe(2_000_000_000);
        At("{__name__=~'a|ALERTS.*'}", 2000).ShouldBeEmpty();
    }

    private GroupEvaluator Group(string rules, string options = "", bool restore = false, ISampleSink? sink = null)
    {
        var reading = Promtool.Rules($"groups:\n- name: g\n{options}  rules:\n{rules}\n");
        reading.Problems.ShouldBeEmpty();
        return new GroupEvaluator(reading.Groups[0], 60_000, new RuleWorld(_engine, _store, sink ?? new MemorySampleSink(_store), "http://n", Labels.Empty, () => 0), restore);
    }

    private void Add(long atMs, params (string Series, double Value)[] samples)
    {
        foreach (var (series, value) in samples)
        {
            _store.Add(Nines.PromQL.Scripts.SeriesNotation.ParseLabels(series.Replace('\'', '"')), new Sample(atMs, value));
        }
    }

    private IEnumerable<double> At(string query, long atMs) =>
        ((VectorValue)_engine.Instant(query.Replace('\'', '"'), atMs, Stop).Value!).Samples.Select(s => s.Sample.Value);

    /// <summary>Throws where a rule named broken writes.</summary>
    private sealed class BrokenSink(ISampleSink inner) : ISampleSink
    {
        public IAppend Begin() => new Append(inner.Begin());

        private sealed class Append(IAppend inner) : IAppend
        {
            public long Series(Labels labels, bool bornInKnownTarget, long intervalMs, out Refusal refusal) =>
                labels.Pairs.ToArray().Any(p => p.Value == "broken") ? throw new InvalidOperationException("a bug")
                    : inner.Series(labels, bornInKnownTarget, intervalMs, out refusal);

            public Refusal Add(long series, CounterSample sample) => inner.Add(series, sample);

            public Committed Commit() => inner.Commit();

            public void Dispose() => inner.Dispose();
        }
    }
}
