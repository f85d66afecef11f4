using Nines.Core.Alerting;
using Nines.Metrics;
using Nines.PromQL;

namespace Nines.Core.Tests.Alerting;

public class AlertingRuleTests
{
    private static readonly RuleFunctions NoFunctions = new(_ => throw new NotSupportedException(), 0, "", Labels.Empty);

    /// <summary>A rule's alerts after any history are those that the history itself says: a plain reading of all of it, for each series and time anew.</summary>
    [Fact]
    public void States_AfterAnyHistory_AreThoseOfTheHistory()
    {
        var random = new Random(20261121);
        for (var world = 0; world < 400; world++)
        {
            var rule = Rule(forMs: random.Next(4) * 60_000, keepMs: random.Next(3) * 90_000);
            IReadOnlyDictionary<Labels, RuleAlert> alerts = new Dictionary<Labels, RuleAlert>();
            var times = new List<long>();
            var present = new[] { new List<bool>(), new List<bool>(), new List<bool>() };
            var now = 1_000_000L;
            for (var step = 0; step < 40; step++)
            {
                // Sometimes iterations were left out.
                now += 60_000 * (random.Next(8) == 0 ? random.Next(2, 5) : 1);
                times.Add(now);
                var samples = new List<VectorSample>();
                for (var s = 0; s < present.Length; s++)
                {
                    present[s].Add(random.Next(4) != 0 == (step / 7 % 2 == 0));
                    if (present[s][^1])
                    {
                        samples.Add(new VectorSample(Labels.Of(("s", s.ToString())), new Sample(now, step)));
                    }
                }
                var result = AlertingRule.Step(rule, alerts, samples, now, 0, NoFunctions);
                result.Error.ShouldBeNull();
                alerts = result.Alerts;
                for (var s = 0; s < present.Length; s++)
                {
                    var alert = alerts.GetValueOrDefault(Labels.Of(("alertname", "A"), ("s", s.ToString())));
                    var state = alert?.State ?? RuleAlertState.Inactive;
                    state.ShouldBe(Expected(rule, times, present[s]), $"world {world}, step {step}, series {s}");
                    if (state == RuleAlertState.Pending)
                    {
                        var start = present[s].FindLastIndex(p => !p) + 1;
                        // A stretch that began while the alert was kept firing is not pending.
                        alert!.ActiveAtMs.ShouldBe(times[start]);
                    }
                }
            }
        }
    }

    // Firing: somewhere a stretch lasted as long as for asks, and no gap since was as long as keep_firing_for.
    private static RuleAlertState Expected(Rule rule, List<long> times, List<bool> present)
    {
        var last = present.Count - 1;
        for (var end = 0; end <= last; end++)
        {
            for (var start = 0; start <= end; start++)
            {
                var isStretch = present[start..(end + 1)].TrueForAll(p => p) && times[end] - times[start] >= rule.ForMs;
                if (isStretch && GapsAreShort(rule, times, present, end))
                {
                    return RuleAlertState.Firing;
                }
            }
        }
        return present[last] ? RuleAlertState.Pending : RuleAlertState.Inactive;
    }

    private static bool GapsAreShort(Rule rule, List<long> times, List<bool> present, int from)
    {
        long? gap = null;
        for (var i = from + 1; i < present.Count; i++)
        {
            gap = present[i] ? null : gap ?? times[i];
            if (gap is { } began && (rule.KeepFiringForMs == 0 || times[i] - began >= rule.KeepFiringForMs))
            {
                return false;
            }
        }
        return true;
    }

    [Fact]
    public void SameLabelsTwice_IsAnErrorAndChangesNothing()
    {
        var rule = Rule(0, 0) with { Labels = [new RuleText("s", "same", null)] };
        var before = AlertingRule.Step(rule, new Dictionary<Labels, RuleAlert>(), [Sample("1")], 1000, 0, NoFunctions).Alerts;
        var step = AlertingRule.Step(rule, before, [Sample("1"), Sample("2")], 2000, 0, NoFunctions);
        step.Error.ShouldBe("vector contains metrics with the same labelset after applying alert labels");
        step.Alerts.ShouldBe(before);
    }

    [Fact]
    public void MoreAlertsThanTheLimit_IsAnErrorAndNoAlert()
    {
        var step = AlertingRule.Step(Rule(0, 0), new Dictionary<Labels, RuleAlert>(), [Sample("1"), Sample("2")], 1000, 1, NoFunctions);
        step.Error.ShouldBe("exceeded limit of 1 with 2 alerts");
        step.Alerts.ShouldBeEmpty();
    }

    [Fact]
    public void FiringAlert_IsToldEachMinute_AndItsEndForAQuarterOfAnHour()
    {
        var rule = Rule(0, 0);
        IReadOnlyDictionary<Labels, RuleAlert> alerts = new Dictionary<Labels, RuleAlert>();
        var told = new List<(long At, PostedAlert Post)>();
        for (var at = 15_000L; at <= 30 * 60_000; at += 15_000)
        {
            alerts = AlertingRule.Step(rule, alerts, at <= 300_000 ? [Sample("1")] : [], at, 0, NoFunctions).Alerts;
            (alerts, var due) = AlertingRule.Send(alerts, 15_000, at);
            told.AddRange(due.Select(d => (at, AlertingRule.Post(rule, d, "http://nines", Labels.Of(("region", "eu"))))));
        }
        told[0].Post.ShouldBe(new PostedAlert(Labels.Of(("alertname", "A"), ("region", "eu"), ("s", "1")), told[0].Post.Annotations, 15_000_000_000, 255_000_000_000,
            "http://nines/explore?expr=x+%3E+0&tab=1"));
        told.Count(t => t.At <= 300_000).ShouldBe(4);
        told.First(t => t.At > 300_000).ShouldSatisfyAllConditions(t => t.At.ShouldBe(315_000), t => t.Post.EndsAtNs.ShouldBe(315_000_000_000), t => t.Post.StartsAtNs.ShouldBe(15_000_000_000));
        told[^1].At.ShouldBeInRange(315_000 + 14 * 60_000, 315_000 + 15 * 60_000);
        alerts.ShouldBeEmpty();
    }

    [Fact]
    public void ClockSetBack_SilencesNeitherTheAlertNorItsEnd()
    {
        var rule = Rule(0, 0);
        var alerts = AlertingRule.Step(rule, new Dictionary<Labels, RuleAlert>(), [Sample("1")], 7_200_000, 0, NoFunctions).Alerts;
        (alerts, _) = AlertingRule.Send(alerts, 15_000, 7_200_000);
        alerts = AlertingRule.Step(rule, alerts, [Sample("1")], 3_600_000, 0, NoFunctions).Alerts;
        (alerts, var due) = AlertingRule.Send(alerts, 15_000, 3_600_000);
        due.ShouldHaveSingleItem().ValidUntilMs.ShouldBe(3_600_000 + 240_000);
        alerts = AlertingRule.Step(rule, alerts, [], 3_000_000, 0, NoFunctions).Alerts;
        AlertingRule.Post(rule, AlertingRule.Send(alerts, 15_000, 3_000_000).Due.ShouldHaveSingleItem(), "", Labels.Empty).EndsAtNs.ShouldBe(3_000_000_000_000);
    }

    [Theory]
    // Had fired: it fires again at the next evaluation.
    [InlineData(3600, 0, 3700, 5000, 0)]
    // A minute was left: not before ten minutes after the start.
    [InlineData(3600, 0, 3540, 5000, 5000 + 600 - 3600)]
    // Much was left: the outage does not count.
    [InlineData(3600, 0, 600, 5000, 4400)]
    // Short rules begin anew.
    [InlineData(300, 0, 200, 5000, 5000)]
    public void Restore_FollowsPrometheusGraceRules(int forSeconds, long activeSeconds, long downSeconds, long nowSeconds, long expectedSeconds)
    {
        var alert = new RuleAlert(Labels.Empty, Labels.Empty, RuleAlertState.Pending, 1, nowSeconds * 1000);
        AlertingRule.Restore(Rule(forSeconds * 1000L, 0), alert, new Sample(downSeconds * 1000, activeSeconds), nowSeconds * 1000).ActiveAtMs.ShouldBe(expectedSeconds * 1000);
    }

    [Fact]
    public void Restore_AlertThatHadEnded_BeginsAnew()
    {
        var alert = new RuleAlert(Labels.Empty, Labels.Empty, RuleAlertState.Pending, 1, 5_000_000);
        AlertingRule.Restore(Rule(3_600_000, 0), alert, new Sample(4_000_000, StaleMarker.Value), 5_000_000).ShouldBe(alert);
    }

    [Fact]
    public void Groups_AreSpreadOverTheirInterval_AndKeepTheirTimes()
    {
        var offsets = Enumerable.Range(0, 200).Select(i => new RuleGroup { Name = "g" + i, File = "f.yml" }.NextMs(1_700_000_000_000, 60_000) % 60_000).ToList();
        offsets.Distinct().Count().ShouldBeGreaterThan(190);
        for (var quarter = 0; quarter < 4; quarter++)
        {
            offsets.Count(o => o / 15_000 == quarter).ShouldBeInRange(25, 75);
        }
        var group = new RuleGroup { Name = "g", File = "f.yml" };
        var first = group.NextMs(1_700_000_000_000, 60_000);
        first.ShouldBeInRange(1_700_000_000_001, 1_700_000_060_000);
        group.NextMs(first, 60_000).ShouldBe(first + 60_000);
        group.NextMs(first - 1, 60_000).ShouldBe(first);
    }

    private static VectorSample Sample(string series) => new(Labels.Of(("s", series), (Labels.MetricName, "x")), new Sample(0, 1));

    private static Rule Rule(long forMs, long keepMs) => new()
    {
        Name = "A",
        Alerts = true,
        Query = "x > 0",
        Expr = PromParser.Parse("x > 0").Expr!,
        ForMs = forMs,
        KeepFiringForMs = keepMs,
    };
}
