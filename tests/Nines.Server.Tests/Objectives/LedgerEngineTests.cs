using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Nines.Core.Objectives;
using Nines.Metrics;
using Nines.PromQL;
using Nines.Server.Objectives;
using Nines.Server.State;

namespace Nines.Server.Tests.Objectives;

public sealed class LedgerEngineTests : IDisposable
{
    private const long Start = 30_000_000L * 60_000;

    private readonly string _directory = Directory.CreateTempSubdirectory("nines-ledger-").FullName;
    private readonly FakeSource _source = new();

    [Fact]
    public void Step_CrashAtAnyMoment_NeitherLosesNorRepeats()
    {
        var requests = _source.Add("requests_total", ("code", "200"));
        var random = new Random(3);
        var (value, now) = (0L, Start);
        var engine = Open();
        for (var i = 0; i < 200; i++)
        {
            requests.Samples.Add(new CounterSample(now, value += random.Next(50), Start - 1000));
            now += 5_000;
            engine.Engine.Step(now);
            if (random.Next(10) == 0)
            {
                // Not flushed: what was not committed is counted again from the samples.
                engine.Dispose();
                engine = Open();
            }
        }
        engine.Engine.Step(now);
        engine.Engine.Find("shop/orders@production")!.Window.Good.ShouldBe(value);
        engine.Dispose();
    }

    [Fact]
    public void Window_MinutesOfHoursThatOnlyTheStoreHas_AreExact()
    {
        var requests = _source.Add("requests_total", ("code", "200"));
        var random = new Random(5);
        var (value, now, counts) = (0L, Start, new List<int>());
        requests.Samples.Add(new CounterSample(Start, 0, Start - 1000));
        var engine = Open();
        for (var minute = 1; minute <= 20 * 60; minute++)
        {
            counts.Add(random.Next(50));
            requests.Samples.Add(new CounterSample(now += 60_000, value += counts[^1], Start - 1000));
            engine.Engine.Step(now + 5_000);
            if (random.Next(100) == 0)
            {
                engine.Dispose();
                engine = Open();
                engine.Engine.Step(now + 6_000);
            }
        }
        for (var i = 0; i < 200; i++)
        {
            var from = random.Next(counts.Count);
            var to = random.Next(from, counts.Count);
            var account = engine.Engine.Window("shop/orders@production", Start / 60_000 + from, Start / 60_000 + to)!.Value;
            (account.Good, account.Approximate).ShouldBe((counts.Skip(from).Take(to - from).Sum(), false));
        }
        engine.Dispose();
    }

    [Fact]
    public void Apply_ALongerWindow_CountsNothingTwice()
    {
        var requests = _source.Add("requests_total", ("code", "200"));
        var objective = Orders("requests_total");
        using var engine = Open(objective);
        var (value, now) = (0L, Start);
        for (var i = 0; i < 40; i++)
        {
            requests.Samples.Add(new CounterSample(now, value += 7, Start - 1000));
            now += 15_000;
            engine.Engine.Step(now);
            if (i % 5 == 4)
            {
                // Another window begins anew with what is stored; the last quarter minutes were not.
                engine.Engine.Apply([objective = objective with { Windows = [new RollingWindow(objective.WindowMinutes + 1440)] }]);
            }
        }
        engine.Engine.Step(now);
        engine.Engine.Find("shop/orders@production")!.Window.Good.ShouldBe(value);
    }

    [Fact]
    public void Step_StoreRefuses_CountsOnAndStoresLater()
    {
        var requests = _source.Add("requests_total", ("code", "200"));
        using (var engine = Open())
        {
            requests.Samples.Add(new CounterSample(Start, 10, Start - 1000));
            engine.Engine.Step(Start + 70_000);
            using (var blocker = new SqliteConnection($"Data Source={Path.Combine(_directory, "ledger.db")};Pooling=False"))
            {
                blocker.Open();
                using var begin = blocker.CreateCommand();
                begin.CommandText = "begin immediate";
                begin.ExecuteNonQuery();
                requests.Samples.Add(new CounterSample(Start + 75_000, 25, Start - 1000));
                engine.Engine.Step(Start + 370_000);
                engine.Engine.StoreFailure.ShouldNotBeNull();
                engine.Engine.Find("shop/orders@production")!.Window.Good.ShouldBe(25);
            }
            // What was refused does not wait for its next turn.
            engine.Engine.Step(Start + 430_000);
            engine.Engine.StoreFailure.ShouldBeNull();
        }
        requests.Samples.Clear();
        using var later = Open();
        later.Engine.Step(Start + 431_000);
        later.Engine.Find("shop/orders@production")!.Window.Good.ShouldBe(25);
    }

    [Fact]
    public void Apply_AnotherIndicatorAndBack_FindsItsAccountAgain()
    {
        var requests = _source.Add("requests_total", ("code", "200"));
        var jobs = _source.Add("jobs_total", ("code", "200"));
        using var engine = Open();
        requests.Samples.Add(new CounterSample(Start, 10, Start - 1000));
        jobs.Samples.Add(new CounterSample(Start, 7, Start - 1000));
        engine.Engine.Step(Start + 70_000);
        engine.Engine.Apply([Orders("jobs_total")]);
        engine.Engine.Step(Start + 130_000);
        engine.Engine.Find("shop/orders@production")!.Window.Good.ShouldBe(7);
        requests.Samples.Add(new CounterSample(Start + 140_000, 12, Start - 1000));
        engine.Engine.Apply([Orders("requests_total") with { Target = 0.9m, DisplayName = "renamed" }]);
        engine.Engine.Step(Start + 190_000);
        engine.Engine.Find("shop/orders@production")!.Window.Good.ShouldBe(12);
    }

    [Fact]
    public void Apply_AnotherIndicatorWhoseSamplesAreYounger_NothingSpentIsLost()
    {
        var requests = _source.Add("requests_total", ("code", "500"));
        var answers = _source.Add("answers_total", ("code", "500"));
        using (var engine = Open())
        {
            for (var i = 0; i <= 240; i++)
            {
                // Both count the same, but of the answers there are samples of the last hour only.
                requests.Samples.Add(new CounterSample(Start + i * 15_000, 10 * i, 0));
                if (i >= 180)
                {
                    answers.Samples.Add(new CounterSample(Start + i * 15_000, 10 * i, 0));
                }
                engine.Engine.Step(Start + i * 15_000);
            }
            engine.Engine.Find("shop/orders@production")!.Window.Bad.ShouldBe(2_400);
            engine.Engine.Apply([Orders("answers_total")]);
            engine.Engine.Step(Start + 241 * 15_000);
            engine.Engine.Find("shop/orders@production")!.Window.Bad.ShouldBe(2_400);
        }
        using var later = Open(Orders("answers_total"));
        later.Engine.Step(Start + 242 * 15_000);
        var report = later.Engine.Find("shop/orders@production")!;
        report.Window.Bad.ShouldBe(2_400);
        report.CarriedToMinute.ShouldBe(Start / 60_000 + 45);
    }

    [Fact]
    public void Start_DamagedAccount_IsCountedAgainFromTheSamples()
    {
        var requests = _source.Add("requests_total", ("code", "200"));
        requests.Samples.Add(new CounterSample(Start, 10, Start - 1000));
        using (var engine = Open())
        {
            engine.Engine.Step(Start + 70_000);
        }
        using (var connection = new SqliteConnection($"Data Source={Path.Combine(_directory, "ledger.db")};Pooling=False"))
        {
            connection.Open();
            using var damage = connection.CreateCommand();
            damage.CommandText = "update cursor set packed = x'0901'";
            damage.ExecuteNonQuery().ShouldBe(1);
        }
        using var later = Open();
        later.Engine.Step(Start + 75_000);
        later.Engine.Find("shop/orders@production")!.Window.Good.ShouldBe(10);
    }

    [Fact]
    public void Step_AnHourDamagedWhileItRuns_IsToldOfItsObjectiveAndTheOthersGoOn()
    {
        var (damaged, whole) = (_source.Add("requests_total", ("code", "200")), _source.Add("answers_total", ("code", "200")));
        using var engine = Open();
        Objective other = Orders("answers_total") with { Key = "shop/answers@production" };
        engine.Engine.Apply([Orders("requests_total"), other]);
        var now = Start;
        void Pass(int minutes)
        {
            for (var i = 0; i < 4 * minutes; i++)
            {
                now += 15_000;
                damaged.Samples.Add(new CounterSample(now, (now - Start) / 15_000, Start - 1000));
                whole.Samples.Add(new CounterSample(now, (now - Start) / 15_000, Start - 1000));
                engine.Engine.Step(now + 5_000);
            }
        }
        Pass(600);
        using (var connection = new SqliteConnection($"Data Source={Path.Combine(_directory, "ledger.db")};Pooling=False"))
        {
            connection.Open();
            using var damage = connection.CreateCommand();
            damage.CommandText = $"update hour set packed = x'01ff' where hour < {Start / 3_600_000 + 8} and generation = (select id from generation where objective like '%orders%')";
            damage.ExecuteNonQuery().ShouldBe(9);
        }
        Pass(10);
        var minute = Start / 60_000;
        engine.Engine.Window("shop/orders@production", minute + 90, minute + 600)!.Value.Approximate.ShouldBeTrue();
        engine.Engine.All().Count.ShouldBe(2);
        engine.Engine.Find("shop/orders@production")!.Findings.Select(f => f.Code).ShouldContain("damaged");
        engine.Engine.Find("shop/answers@production")!.Findings.Select(f => f.Code).ShouldNotContain("damaged");
        Pass(10);
        engine.Engine.Find("shop/answers@production")!.Window.Good.ShouldBe(2_480);
    }

    [Fact]
    public void LateBooked_AnObjectiveThatLeaves_DoesNotFall()
    {
        var (first, second) = (_source.Add("requests_total", ("code", "200")), _source.Add("requests_total", ("code", "201")));
        using var engine = Open();
        second.Samples.Add(new CounterSample(Start, 1, Start - 1000));
        for (var i = 0; i < 5; i++)
        {
            first.Samples.Add(new CounterSample(Start + i * 60_000, 10 * i, Start - 1000));
            engine.Engine.Step(Start + i * 60_000 + 5_000);
        }
        second.Samples.Add(new CounterSample(Start + 15_000, 8, Start - 1000));
        engine.Engine.Step(Start + 300_000);
        engine.Engine.LateBooked.ShouldBe(7 * LedgerTime.Scale);
        engine.Engine.Apply([]);
        engine.Engine.Step(Start + 301_000);
        engine.Engine.LateBooked.ShouldBe(7 * LedgerTime.Scale);
    }

    [Fact]
    public void Step_AllFails_PostsOnePageAndItsEnd()
    {
        var good = _source.Add("requests_total", ("code", "200"));
        var bad = _source.Add("requests_total", ("code", "500"));
        using var engine = Open();
        var posted = new List<string>();
        for (var i = 0; i < 200; i++)
        {
            var now = Start + i * 15_000;
            good.Samples.Add(new CounterSample(now, 100 * (i < 20 ? i : i < 30 ? 20 : i - 10), Start - 1000));
            bad.Samples.Add(new CounterSample(now, i is >= 20 and < 30 ? 100 * (i - 19) : i < 20 ? 0 : 1000, Start - 1000));
            posted.AddRange(engine.Engine.Step(now + 1).Select(a => $"{a.Labels["alertname"]} {a.Labels["severity"]} {(a.EndsAtNs > (now + 1) * 1_000_000 ? "fires" : "ends")}"));
        }
        // Posted again each minute while it holds; the ticket is there from the start and goes on when nobody is paged any more.
        posted.Distinct().ShouldBe(["ErrorBudgetBurn page fires", "ErrorBudgetBurn ticket fires", "ErrorBudgetBurn page ends"]);
        posted.Count(p => p.EndsWith("ends", StringComparison.Ordinal)).ShouldBe(1);
    }

    [Fact]
    public void Step_SignalGone_IsLostWithinThreeMinutesAndBackAgain()
    {
        var requests = _source.Add("requests_total", ("code", "200"));
        using var engine = Open();
        requests.Samples.Add(new CounterSample(Start, 10, Start - 1000));
        engine.Engine.Step(Start + 1);
        engine.Engine.Step(Start + 115_000).ShouldBeEmpty();
        var lost = engine.Engine.Step(Start + 130_000).ShouldHaveSingleItem();
        (lost.Labels["alertname"], lost.Labels["severity"]).ShouldBe(("SliLost", "page"));
        engine.Engine.Find("shop/orders@production")!.State.ShouldBe(BudgetState.Unknown);
        requests.Samples.Add(new CounterSample(Start + 140_000, 12, Start - 1000));
        var back = engine.Engine.Step(Start + 145_000).ShouldHaveSingleItem();
        back.EndsAtNs.ShouldBe((Start + 145_000) * 1_000_000);
    }

    [Fact]
    public void Step_ObjectivesThatCannotAllStart_FollowNothingUntilTheyCan()
    {
        using var engine = Open();
        engine.Engine.Step(Start);
        var before = _source.Followed;
        _source.Refuses = "refused_total";
        engine.Engine.Apply([Orders("requests_total"), Orders("more_total") with { Key = "shop/more@production" },
            Orders("refused_total") with { Key = "shop/refused@production" }]);
        for (var i = 1; i < 5; i++)
        {
            engine.Engine.Step(Start + i * 15_000);
            _source.Followed.ShouldBe(before);
        }
        engine.Engine.Count.ShouldBe(1);
        _source.Refuses = "";
        engine.Engine.Step(Start + 75_000);
        engine.Engine.Count.ShouldBe(3);
        _source.Followed.ShouldBe(3 * before);
    }

    [Fact]
    public void Step_Grouped_CountsEachGroupTheWholeAndTheRest()
    {
        var series = Enumerable.Range(0, ObjectiveGroups.Cap + 5).Select(i => _source.Add("requests_total", ("code", i == 0 ? "500" : "200"), ("route", $"/{i:000}"))).ToList();
        var grouped = Orders("requests_total") with { GroupBy = ["route"] };
        using (var engine = Open(grouped))
        {
            for (var i = 0; i < series.Count; i++)
            {
                series[i].Samples.Add(new CounterSample(Start, 100 + i, Start - 1000));
            }
            var alerts = engine.Engine.Step(Start + 70_000);
            engine.Engine.Find(grouped.Key)!.Window.Total.ShouldBe(series.Select((_, i) => 100 + i).Sum());
            var groups = engine.Engine.Groups(grouped.Key);
            groups.Count.ShouldBe(ObjectiveGroups.Cap + 1);
            groups.Sum(g => g.Window.Total).ShouldBe(series.Select((_, i) => 100 + i).Sum());
            groups[^1].Objective.Key.ShouldBe("shop/orders@production{other}");
            groups[^1].Window.Total.ShouldBe(Enumerable.Range(ObjectiveGroups.Cap, 5).Sum(i => 100 + i));
            engine.Engine.Find("shop/orders@production{route=\"/000\"}")!.Window.Bad.ShouldBe(100);
            alerts.Where(a => a.Labels["severity"] == "page").ShouldHaveSingleItem().Labels["objective"].ShouldBe("shop/orders@production{route=\"/000\"}");
            engine.Engine.Flush();
        }
        // After a restart the same groups are kept, though another comes first by name now.
        _source.Add("requests_total", ("code", "200"), ("route", "/")).Samples.Add(new CounterSample(Start + 60_000, 7, Start - 1000));
        using var again = Open(grouped);
        again.Engine.Step(Start + 130_000);
        again.Engine.Groups(grouped.Key)[^1].Window.Total.ShouldBe(Enumerable.Range(ObjectiveGroups.Cap, 5).Sum(i => 100 + i) + 7);
        again.Engine.Find("shop/orders@production{route=\"/199\"}")!.Window.Total.ShouldBe(299);
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    internal static Objective Orders(string metric) => new()
    {
        Key = "shop/orders@production",
        Service = "shop",
        Environment = "production",
        DisplayName = "Orders are accepted",
        Target = 0.999m,
        Windows = [new RollingWindow(28 * 1440)],
        Indicator = new CounterRatio(null, Expression(metric, "500"), Expression(metric, null)),
        BurnPolicy = BurnPolicy.Default,
        Position = default,
    };

    private static CounterExpression Expression(string metric, string? code)
    {
        var name = new Matcher(Labels.MetricName, MatchOp.Equal, metric);
        return new CounterExpression([new CounterTerm(1, code is null ? [name] : [name, new Matcher("code", MatchOp.Equal, code)])], metric, $"{metric}{code}");
    }

    private OpenEngine Open(Objective? objective = null)
    {
        var store = LedgerStore.Open(Path.Combine(_directory, "ledger.db"));
        var queries = new EngineQueries(new QueryEngine(_source, new QueryOptions()));
        var engine = new LedgerEngine(_source, queries, store, new Uri("http://nines.example/"), LedgerFault.None, NullLogger.Instance);
        engine.Apply([objective ?? Orders("requests_total")]);
        return new OpenEngine(engine, store);
    }

    private sealed record OpenEngine(LedgerEngine Engine, LedgerStore Store) : IDisposable
    {
        public void Dispose()
        {
            Engine.Dispose();
            Store.Dispose();
        }
    }

    internal sealed class FakeSource : ISeriesSource
    {
        private readonly List<FakeSeries> _series = [];

        /// <summary>How many selectors are followed.</summary>
        public int Followed { get; private set; }

        /// <summary>The metric that cannot be followed now.</summary>
        public string Refuses { get; set; } = "";

        public FakeSeries Add(string name, params (string, string)[] labels)
        {
            var series = new FakeSeries(Labels.Of([(Labels.MetricName, name), .. labels]));
            _series.Add(series);
            return series;
        }

        public IReadOnlyList<ISelectedSeries> Select(IReadOnlyList<Matcher> matchers, long fromMs, long toMs) => [];

        public IReadOnlyList<string> LabelNames(IReadOnlyList<Matcher> matchers, long fromMs, long toMs) => [];

        public IReadOnlyList<string> LabelValues(string name, IReadOnlyList<Matcher> matchers, long fromMs, long toMs) => [];

        public ITrackedSeries Track(IReadOnlyList<Matcher> matchers)
        {
            if (matchers.Any(m => m.Value == Refuses))
            {
                throw new StoreRefusedException("not now", null);
            }
            Followed++;
            return new Tracked(this, [.. _series.Where(s => Matcher.AllMatch(matchers, s.Labels))]);
        }

        private sealed record Tracked(FakeSource Source, IReadOnlyList<ISeriesHandle> Handles) : ITrackedSeries
        {
            public void Dispose() => Source.Followed--;
        }
    }

    internal sealed class FakeSeries(Labels labels) : ISeriesHandle
    {
        public List<CounterSample> Samples { get; } = [];

        public Labels Labels => labels;

        public bool BornInKnownTarget => false;

        public long IntervalMs => 15_000;

        public int Read(long afterMs, long untilMs, Span<CounterSample> into)
        {
            var found = Samples.Where(s => s.TimeMs > afterMs && s.TimeMs <= untilMs).Take(into.Length).ToArray();
            found.CopyTo(into);
            return found.Length;
        }
    }
}
