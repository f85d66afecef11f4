using Nines.Core.Alerting;
using Nines.Metrics;
using Nines.PromQL;

namespace Nines.Core.Tests.Alerting;

/// <summary>What fired before a restart goes on, in a group of turns a minute apart that is started again after 20 min.</summary>
public class RuleRestoringTests
{
    private const long Minute = 60_000;
    private readonly MemorySeriesSource _store = new();
    private readonly QueryEngine _engine;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public RuleRestoringTests() => _engine = new QueryEngine(_store, new QueryOptions());

    [Theory]
    [InlineData("0s")]
    [InlineData("6m")]
    [InlineData("15m")]
    public void FiringAlert_GoesOnFromTheFirstTurn_WithItsStart(string lasts)
    {
        var rules = $"  - {{alert: A, expr: \"x > 0\", for: {lasts}, annotations: {{s: now}}}}";
        var fired = Served(rules, 20).ShouldHaveSingleItem();
        var after = Group(rules);
        var taken = after.TakeUp(Told(fired), _ => false, 25 * Minute).ShouldHaveSingleItem();
        (taken.Labels, taken.StartsAtNs, taken.EndsAtNs, taken.Annotations["s"]).ShouldBe((fired.Labels, fired.StartsAtNs, 29 * Minute * 1_000_000, "then"));
        var active = after.Rules[0].Alerts.Values.Single().ActiveAtMs;
        active.ShouldBe(0);
        Add(27 * Minute, 1);
        var post = after.Evaluate(27 * Minute, Stop).ShouldHaveSingleItem();
        (post.StartsAtNs, post.Annotations["s"]).ShouldBe((fired.StartsAtNs, "now"));
        At("ALERTS{alertstate='firing'}", 27 * Minute).ShouldBe([1]);
        At("ALERTS_FOR_STATE", 27 * Minute).ShouldBe([0]);
        Add(28 * Minute, 1);
        after.Evaluate(28 * Minute, Stop);
        At("ALERTS_FOR_STATE", 28 * Minute).ShouldBe([0]);
    }

    [Fact]
    public void AlertThatIsOver_EndsOnce_WhenWhatItRestsOnHadTimeToComeBack()
    {
        const string Rules = "  - {alert: A, expr: \"x > 0\", for: 6m}";
        var fired = Served(Rules, 20).Single();
        var after = Group(Rules);
        after.TakeUp(Told(fired), _ => false, 30 * Minute);
        after.Evaluate(31 * Minute, Stop).ShouldBeEmpty("nothing has been scraped yet");
        Add(32 * Minute, 0);
        var over = after.Evaluate(32 * Minute, Stop).ShouldHaveSingleItem();
        (over.StartsAtNs, over.EndsAtNs).ShouldBe((fired.StartsAtNs, 32 * Minute * 1_000_000));
        At("ALERTS", 32 * Minute).ShouldBeEmpty();
    }

    [Fact]
    public void FailingRule_KeepsWhatItTookUp_AndSaysSo()
    {
        const string Rules = "  - {alert: A, expr: \"x > 0\", for: 6m, labels: {s: same}}";
        var fired = Served(Rules, 20).Single();
        var after = Group(Rules);
        after.TakeUp(Told(fired), _ => false, 21 * Minute);
        for (var at = 22 * Minute; at < 40 * Minute; at += Minute)
        {
            foreach (var s in new[] { "1", "2" })
            {
                _store.Add(Labels.Of((Labels.MetricName, "x"), ("s", s)), new Sample(at, 1));
            }
            foreach (var post in after.Evaluate(at, Stop))
            {
                (post.Labels, post.Annotations["s"]).ShouldBe((fired.Labels, "then"));
                post.EndsAtNs.ShouldBe((at + 4 * Minute) * 1_000_000);
            }
        }
        after.Rules[0].Alerts.Values.ShouldContain(a => a.State == RuleAlertState.Firing && a.Labels.Equals(fired.Labels));
    }

    [Fact]
    public void AlertThatTwoRulesMayHaveMade_IsEndedByNeither()
    {
        const string Maker = "  - {alert: A, expr: \"x > 0\", for: 6m}";
        var fired = Served(Maker, 20).Single();
        var other = Group("  - {alert: A, expr: \"y > 0\", for: 6m}");
        var isShared = RuleRestoring.Shared([Group(Maker).Group, other.Group]);
        isShared(fired.Labels).ShouldBeTrue();
        other.TakeUp(Told(fired), isShared, 21 * Minute).ShouldHaveSingleItem().EndsAtNs.ShouldBe(25 * Minute * 1_000_000);
        other.Evaluate(24 * Minute, Stop).ShouldBeEmpty();
        other.Rules[0].Alerts.ShouldBeEmpty();
    }

    [Fact]
    public void RulesThatTheirLabelsTellApart_TakeUpTheirOwn()
    {
        const string Page = "  - {alert: A, expr: \"x > 0\", labels: {severity: page}}";
        var fired = Served(Page, 20).Single();
        var ticket = Group("  - {alert: A, expr: \"x > 1\", labels: {severity: ticket}}");
        RuleRestoring.Shared([Group(Page).Group, ticket.Group])(fired.Labels).ShouldBeFalse();
        ticket.TakeUp(Told(fired), _ => false, 21 * Minute).ShouldBeEmpty();
    }

    [Fact]
    public void AlertThatNobodyWasToldOf_WaitsForItsSample()
    {
        const string Rules = "  - {alert: A, expr: \"x > 0\", for: 6m}";
        var fired = Served(Rules, 20).Single();
        var after = Group(Rules);
        after.TakeUp(new Dictionary<Labels, AlertReport>(), _ => false, 30 * Minute).ShouldBeEmpty();
        after.Evaluate(31 * Minute, Stop).ShouldBeEmpty();
        Add(32 * Minute, 1);
        after.Evaluate(32 * Minute, Stop).ShouldHaveSingleItem().StartsAtNs.ShouldBe(fired.StartsAtNs);
    }

    [Theory]
    [InlineData(81, true)]
    [InlineData(82, false)]
    public void Outage_OfMoreThanAnHourAndATurn_BeginsAnew(int minute, bool goesOn)
    {
        const string Rules = "  - {alert: A, expr: \"x > 0\", for: 6m}";
        var fired = Served(Rules, 20).Single();
        Group(Rules).TakeUp(Told(fired), _ => false, minute * Minute).Count.ShouldBe(goesOn ? 1 : 0);
    }

    [Fact]
    public void AlertThatHadEnded_IsNotTakenUp()
    {
        const string Rules = "  - {alert: A, expr: \"x > 0\", for: 6m}";
        var before = Group(Rules);
        PostedAlert? fired = null;
        for (var at = 0L; at <= 20 * Minute; at += Minute)
        {
            Add(at, at == 20 * Minute ? 0 : 1);
            fired = before.Evaluate(at, Stop) is [var post, ..] ? fired ?? post : fired;
        }
        Group(Rules).TakeUp(Told(fired!), _ => false, 21 * Minute).ShouldBeEmpty();
    }

    /// <summary>Lets x be 1 for some minutes; returns the alerts' first postings.</summary>
    private List<PostedAlert> Served(string rules, int minutes)
    {
        var group = Group(rules);
        var posts = new List<PostedAlert>();
        for (var at = 0L; at <= minutes * Minute; at += Minute)
        {
            Add(at, 1);
            posts.AddRange(group.Evaluate(at, Stop));
        }
        return [.. posts.DistinctBy(p => p.Labels)];
    }

    private static Dictionary<Labels, AlertReport> Told(PostedAlert alert) => new()
    {
        [alert.Labels] = new("", alert.Labels, Labels.Of(("s", "then")), true, alert.StartsAtNs, null, alert.StartsAtNs, "", "", []),
    };

    private GroupEvaluator Group(string rules)
    {
        var reading = Promtool.Rules($"groups:\n- name: g\n  rules:\n{rules}\n");
        reading.Problems.ShouldBeEmpty();
        return new GroupEvaluator(reading.Groups[0], Minute,
            new RuleWorld(_engine, _store, new MemorySampleSink(_store), "http://n", Labels.Empty, () => 0), restore: true);
    }

    private void Add(long atMs, double value) => _store.Add(Labels.Of((Labels.MetricName, "x"), ("s", "1")), new Sample(atMs, value));

    private IEnumerable<double> At(string query, long atMs) =>
        ((VectorValue)_engine.Instant(query.Replace('\'', '"'), atMs, Stop).Value!).Samples.Select(s => s.Sample.Value);
}
