using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using Nines.Core.Objectives;
using Nines.Core.Objectives.Generate;
using Nines.Core.Workspace;
using Nines.Core.Workspace.Import;
using Nines.Metrics;
using Nines.PromQL;

namespace Nines.Core.Tests.Objectives.Generate;

/// <summary>Thirty days of the same traffic, read by Sloth's rules, by ours and by the ledger. The guide states what comes out.</summary>
public sealed class WeightingTests
{
    private const long Minute = 60_000;
    private const long StartMs = 1_800_000_000_000 / 86_400_000 * 86_400_000;
    private const int Minutes = 30 * 1440;
    private const double DayRate = 600;         // requests a minute from 6 to 18 o'clock
    private const double NightRate = 6;

    private const string Spec = """
        version: prometheus/v1
        service: shop
        slos:
          - name: orders
            objective: 99.9
            sli:
              events:
                error_query: sum(rate(requests_total{code="500"}[{{.window}}]))
                total_query: sum(rate(requests_total[{{.window}}]))
            alerting: {name: Orders}
        """;

    private static readonly (string Name, Func<int, double> BadShare)[] Scenarios =
    [
        ("1 h of 50 % errors at peak", m => m / 1440 == 15 && m % 1440 / 60 == 12 ? 0.5 : 0),
        ("1 h of 50 % errors at night", m => m / 1440 == 15 && m % 1440 / 60 == 2 ? 0.5 : 0),
        ("0.2 % errors, by day only", m => IsDay(m) ? 0.002 : 0),
        ("5 % errors, by night only", m => IsDay(m) ? 0 : 0.05),
    ];

    [Fact]
    public void Guide_StatesWhatSlothsRulesAndTheLedgerSay()
    {
        var spec = new WorkspaceFile("orders.yaml", Encoding.UTF8.GetBytes(Spec));
        var sloth = SlothRules.Of(Importer.ReadSloth([spec], ImportOptions.Default).Documents[0],
            new(SlothWindows.Google, new(StringComparer.Ordinal), true, true, "dev")).SelectMany(g => g.Rules).ToList();
        var objective = WorkspaceReader.Read(Importer.Import([spec], [], ImportOptions.Default).Files).Model!.Objectives.ShouldHaveSingleItem();
        var ours = BurnRules.Of([objective]).Groups.Single().Rules;
        var rows = new List<string>();
        foreach (var (name, badShare) in Scenarios)
        {
            var series = Traffic(badShare);
            var ledger = Ledger(objective, series);
            var bySloth = Evaluated(series, [Rule(sloth, "slo:sli_error:ratio_rate5m")], [Rule(sloth, "slo:sli_error:ratio_rate30d"), Rule(sloth, "slo:error_budget:ratio"),
                Rule(sloth, "slo:period_burn_rate:ratio"), Rule(sloth, "slo:period_error_budget_remaining:ratio")]);
            var byOurs = Evaluated(series, [Rule(ours, "nines_slo:events:increase5m"), Rule(ours, "nines_slo:bad_events:increase5m")],
                [Rule(ours, "nines_slo:error_budget_remaining:ratio30d")]);
            rows.Add($"| {name} | {Percent(bySloth)} | {Percent(byOurs)} | {Percent(ledger)} |");
        }
        File.ReadAllText(Guide()).Split('\n').SkipWhile(l => !l.StartsWith("|---", StringComparison.Ordinal)).Skip(1).TakeWhile(l => l.StartsWith('|')).ShouldBe(rows);
    }

    private static bool IsDay(int minute) => (minute + 1440) % 1440 / 60 is >= 6 and < 18;

    private static GeneratedRule Rule(IEnumerable<GeneratedRule> rules, string record) => rules.First(r => r.Record == record);

    private static string Percent(double share) => (share * 100).ToString("+0.0' %';−0.0' %';0.0' %'", CultureInfo.InvariantCulture);

    private static List<FakeSeries> Traffic(Func<int, double> badShare)
    {
        FakeSeries[] series = [.. new[] { "200", "500" }.Select(code => new FakeSeries(Labels.Of((Labels.MetricName, "requests_total"), ("code", code)), false, Minute))];
        // Both counters are old: Prometheus guesses less of a counter that was just born.
        double[] counts = [1e9, 1e6];
        for (var minute = -1440; minute <= Minutes; minute++)
        {
            for (var i = 0; i < 2; i++)
            {
                series[i].Samples.Add(new CounterSample(StartMs + minute * Minute, Math.Round(counts[i], 6), 0));
                var bad = badShare(minute) * (IsDay(minute) ? DayRate : NightRate);
                counts[i] += i == 1 ? bad : (IsDay(minute) ? DayRate : NightRate) - bad;
            }
        }
        return [.. series];
    }

    private static double Ledger(Objective objective, List<FakeSeries> series)
    {
        var ledger = new ObjectiveLedger(objective.Indicator);
        ledger.SetSeries([series], [[series[1]]]);
        ledger.Read(StartMs + Minutes * Minute);
        var report = BudgetCalculator.Over(objective, ledger.Book, objective.Windows[0], LedgerTime.MinuteOf(StartMs + Minutes * Minute));
        return 1 - report.Account.Bad / report.BudgetTotal;
    }

    /// <summary>Records rules as Prometheus does, the first ones every minute, the others once at the end; answers the last.</summary>
    private static double Evaluated(List<FakeSeries> series, IReadOnlyList<GeneratedRule> everyMinute, IReadOnlyList<GeneratedRule> atTheEnd)
    {
        var store = new MemorySeriesSource();
        foreach (var one in series)
        {
            one.Samples.ForEach(s => store.Add(one.Labels, new Sample(s.TimeMs, s.Value)));
        }
        var engine = new QueryEngine(store, new QueryOptions { MaxPoints = Minutes + 1 });
        var end = StartMs + Minutes * Minute;
        foreach (var rule in everyMinute)
        {
            foreach (var found in engine.Range(rule.Expr, StartMs + Minute, end, Minute, TestContext.Current.CancellationToken).Value.ShouldBeOfType<MatrixValue>().Series)
            {
                foreach (var sample in found.Samples)
                {
                    store.Add(Recorded(rule, found.Labels), sample);
                }
            }
        }
        var last = double.NaN;
        foreach (var rule in atTheEnd)
        {
            var sample = engine.Instant(rule.Expr, end, TestContext.Current.CancellationToken).Value.ShouldBeOfType<VectorValue>().Samples.ShouldHaveSingleItem();
            store.Add(Recorded(rule, sample.Labels), sample.Sample);
            last = sample.Sample.Value;
        }
        return last;
    }

    private static Labels Recorded(GeneratedRule rule, Labels labels) => rule.Labels.Aggregate(labels.With(Labels.MetricName, rule.Record!), (all, l) => all.With(l.Key, l.Value));

    private static string Guide([CallerFilePath] string here = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "../../../../docs/guide/slo-rules.md"));
}
