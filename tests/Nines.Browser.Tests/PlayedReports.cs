using Nines.Core;
using Nines.Core.Objectives;
using Nines.Metrics;
using Nines.Server.Objectives;
using NodaTime;

namespace Nines.Browser.Tests;

/// <summary>A ledger whose books are written by hand and read by the real arithmetic.</summary>
internal sealed class PlayedReports : IObjectiveReports, IObjectiveHistory, IBudgetBands
{
    private const int Day = 1440;
    private const int Window = 28 * Day;
    private static readonly long Now = ShiftedTime.Start.ToUnixTimeMilliseconds();
    private static readonly long Minute = Now / LedgerTime.MinuteMs;

    private readonly List<Played> _played = [];
    private long _version = 1;

    private sealed record Played(Objective Objective, ObjectiveLedger Ledger, long? LostSinceMs);

    public long Version => Interlocked.Read(ref _version);

    public IReadOnlyList<ObjectiveReport> All() { lock (_played) { return [.. _played.Select(Report)]; } }

    public ObjectiveReport? Find(string key) { lock (_played) { return _played.Find(p => p.Objective.Key == key) is { } played ? Report(played) : null; } }

    /// <summary>Orders are kept by route: one that failed, one that did not.</summary>
    public IReadOnlyList<ObjectiveReport> Groups(string key)
    {
        lock (_played)
        {
            return _played.Find(p => p.Objective.Key == key && p.Objective.GroupBy.Count > 0) is not { } played ? []
                : [.. new[] { "/checkout", "/checkout/confirm" }.Select(route => Report(played) with { Objective = played.Objective.OfGroup(Labels.Of(("route", route))) })];
        }
    }

    public IReadOnlyList<LabelAttribution>? Attribute(string key, long fromMinute, long toMinute) =>
        key.StartsWith("checkout/", StringComparison.Ordinal)
            ? [new("route", [new("/checkout", 5210, 90_000), new("/checkout/confirm", 12, 9_100_000)], 431), new("zone", [new("a", 5222, 4e6), new("b", 0, 5e6)], 431)]
            : null;

    public IReadOnlyList<CoursePoint> Course(string key, long fromMinute, long toMinute, int stepMinutes)
    {
        lock (_played)
        {
            return _played.Find(p => p.Objective.Key == key) is { } played
                ? BudgetCalculator.Course(played.Objective, played.Ledger.Book, fromMinute, toMinute, stepMinutes, Minute) : [];
        }
    }

    WindowAccount? IObjectiveReports.Window(string key, long fromMinute, long toMinute) => Find(key)?.Window;

    public AdjustmentEffect? Effect(string key, Adjustment adjustment)
    {
        lock (_played)
        {
            return _played.Find(p => p.Objective.Key == key) is { } played ? AdjustmentEffect.Of(played.Objective, played.Ledger.Book, [], adjustment, Minute) : null;
        }
    }

    public IReadOnlyList<CauseAttribution> Causes(string key, long fromMinute, long toMinute) =>
        key.StartsWith("payments/", StringComparison.Ordinal) ? [new("load-test", true, 1, 870, 60), new("network", false, 2, 4000, 410)] : [];

    public PolicyReplay Replay(Objective objective, int minutes)
    {
        lock (_played)
        {
            return BudgetPolicyMachine.Replay(objective, _played.Find(p => p.Objective.Key == objective.Key)!.Ledger.Book, ExcludedTime.None, Minute - minutes, Minute);
        }
    }

    public Task<IReadOnlyList<RecordedBand>> BandChangesAsync(string key, CancellationToken cancellation)
    {
        var stretches = Replay(Find(key)!.Objective, 90 * Day).Stretches;
        return Task.FromResult<IReadOnlyList<RecordedBand>>([.. stretches.Zip(stretches.Skip(1))
            .Select(p => new RecordedBand(At(p.Second.FromMinute), new(key, "default", p.First.Band, p.Second.Band, p.Second.RemainingShare ?? 0))).Reverse()]);
    }

    public Task<IReadOnlyList<RecordedEdit>> EditsAsync(string key, CancellationToken cancellation) => Task.FromResult<IReadOnlyList<RecordedEdit>>(!key.Contains("orders", StringComparison.Ordinal) ? [] :
    [
        new(At(Minute - 2 * Day), new(key, true, [new("indicator", "sum(rate(http_requests_total{route=\"/checkout\", code=~\"5..|429\"}[5m]))\nsum(rate(http_requests_total{route=\"/checkout\"}[5m]))", "sum(rate(http_requests_total{route=\"/checkout\", code=~\"5..\"}[5m]))\nsum(rate(http_requests_total{route=\"/checkout\"}[5m]))")])),
        new(At(Minute - 16 * Day), new(key, false, [new("target", "99.5 %", "99.9 %"), new("budget policy", "default", "strict")])),
    ]);

    public IReadOnlyList<LedgerGeneration> Generations(ObjectiveReport report) =>
    [
        new(7, "bad=http_requests_total{code=~\"5..\",route=\"/checkout\"};total=http_requests_total{route=\"/checkout\"}", At(Minute - 2 * Day), true, Minute - 20 * Day, Minute, default),
        .. report.Objective.Key.Contains("orders", StringComparison.Ordinal)
            ? [new LedgerGeneration(3, "bad=http_requests_total{code=~\"5..|429\",route=\"/checkout\"};total=http_requests_total{route=\"/checkout\"}", At(Minute - 90 * Day), false,
                Minute - 90 * Day, Minute - 2 * Day, new(Minute - Window, Minute - 20 * Day, 2_640_000, 1910, 8 * Day, 0, 0, 0, false))] : Array.Empty<LedgerGeneration>(),
    ];

    public GenerationAccount? Generation(long id)
    {
        var report = Find("checkout/orders@production");
        return id != 3 || report is null ? null
            : new(report.Objective, Generations(report)[1], Minute - 2 * Day, report.Windows[0], Course(report.Objective.Key, Minute - Window, Minute, 60), 60);
    }

    public BandState? Of(string key) => Find(key) is { RemainingShare: { } left } report
        ? new(key, report.Objective.ErrorBudgetPolicy.Name, report.Objective.ErrorBudgetPolicy.BandOf(left).Name, At(Minute - 12)) : null;

    /// <summary>More failures in the running minute; live pages hear of it.</summary>
    public void Fail(string key, int failures)
    {
        lock (_played)
        {
            _played.Find(p => p.Objective.Key == key)!.Ledger.Book.Add(Minute, 0, failures * LedgerTime.Scale);
        }
        Interlocked.Increment(ref _version);
    }

    /// <summary>28 days of traffic: gaps, a process that ended, an outage; services in every state.</summary>
    public static PlayedReports Full()
    {
        var reports = new PlayedReports();
        reports.Add("checkout", "orders", "Orders are accepted", 0.999m, 230, b =>
        {
            Outage(b, 58 * Day, 60, 200);
            Outage(b, 20 * Day, 60, 60);
            Outage(b, 9 * Day, 60, 50);
            Outage(b, 12, 12, 40);
            b.AddSpan(new(At(Minute - 5 * Day), At(Minute - 5 * Day + 274), 60_000, 80, SpanKind.Gap, 0));
            b.AddSpan(new(At(Minute - 14 * Day), At(Minute - 14 * Day + 3), 0, 0, SpanKind.Unseen, 41));
        }, first: 75 * Day, gapFrom: 5 * Day, gapMinutes: 274);
        reports.Add("payments", "cards", "Card authorisations are answered", 0.9995m, 90, b => Outage(b, 40, 40, 60));
        reports.Add("search", "speed", "Searches are answered within 300 ms", 0.95m, 400, b => Outage(b, 3 * Day, 1500, 310));
        reports.Add("scraper", "prices", "Prices are younger than 8 days", 0.99m, 12, _ => { }, gapFrom: 274, gapMinutes: 274, lostSince: 274);
        foreach (var name in (string[])["pages", "images", "prices", "reviews", "stock", "suggestions", "offers", "feeds", "maps", "texts"])
        {
            reports.Add("catalogue", name, $"Product {name} are shown", 0.99m, 40, b => Outage(b, Day * name.Length, name.Length, 20));
        }
        return reports;
    }

    /// <summary>A server that was started minutes ago.</summary>
    public static PlayedReports Fresh()
    {
        var reports = new PlayedReports();
        reports.Add("checkout", "orders", "Orders are accepted", 0.999m, 20, _ => { }, first: 1);
        reports.Add("checkout", "carts", "Carts can be filled", 0.995m, 33, b => Outage(b, 2, 2, 33), first: 4);
        reports.Add("checkout", "refunds", "Refunds are paid", 0.995m, 0, _ => { }, first: 4);
        return reports;
    }

    private static void Outage(LedgerBook book, int ago, int minutes, int failures)
    {
        for (var m = Minute - ago; m < Minute - ago + minutes; m++)
        {
            book.Add(m, -failures * LedgerTime.Scale, failures * LedgerTime.Scale);
        }
    }

    private void Add(string service, string name, string promise, decimal target, int perMinute, Action<LedgerBook> course,
        int first = Window, int gapFrom = 0, int gapMinutes = 0, int lostSince = 0)
    {
        var counter = new CounterExpression([], "sum(rate(x_total[5m]))", "x");
        var objective = new Objective
        {
            Key = $"{service}/{name}@production", Service = service, Environment = "production", DisplayName = promise, Target = target, 
            Windows = name == "orders" ? [new RollingWindow(Window), new CalendarWindow(new(2026, 1, 1, 0, 0), CalendarUnit.Month, 1, DateTimeZoneProviders.Tzdb["Europe/Berlin"])]
                : [new RollingWindow(Window)],
            Indicator = new CounterRatio(null, counter, counter), BurnPolicy = BurnPolicy.Default,
            ErrorBudgetPolicy = service == "payments" ? ErrorBudgetPolicy.Default with { Bands = [new("fine", 0.6, BudgetState.Ok, ""), new("careful", 0.1, BudgetState.Caution, ""),
                new("stopped", null, BudgetState.Exhausted, "")] } : ErrorBudgetPolicy.Default,
            Position = new SourcePosition("slos/shop.yaml", 12, 1),
            Definition = $"apiVersion: openslo/v1\nkind: SLO\nmetadata:\n  name: {name}\nspec:\n  service: {service}\n  objectives:\n    - target: {target}\n",
            GroupBy = name == "orders" ? ["route"] : [], Sla = name == "orders" ? 0.995m : null,
            Description = name == "orders" ? "A server error or an unreachable payment provider counts as a failure." : "",
        };
        var ledger = new ObjectiveLedger(objective.Indicator, objective.Slices);
        for (var m = Minute - first + 1; m <= Minute; m++)
        {
            if (m <= Minute - gapFrom || m > Minute - gapFrom + gapMinutes)
            {
                ledger.Book.Add(m, perMinute * LedgerTime.Scale, m % 211 == 0 ? LedgerTime.Scale / 4 : 0);
                ledger.Book.Observe(At(m - 1), At(m));
            }
        }
        course(ledger.Book);
        ledger.Close(Minute - 1);
        _played.Add(new(objective, ledger, lostSince > 0 ? At(Minute - lostSince) : null));
    }

    private static ObjectiveReport Report(Played played) => BudgetCalculator.Report(
        played.Objective, played.Ledger, BurnEvaluator.Rules(played.Objective, played.Ledger.Book, Now, []), played.LostSinceMs, Now,
        // A load test that was taken out, and a policy of its own.
        played.Objective.Service == "payments" ? ExcludedTime.Of([(Minute - 30, Minute - 20)]) : null)
        with { CarriedToMinute = played.Objective.Key.Contains("orders", StringComparison.Ordinal) ? Minute - 20 * Day : null };

    private static long At(long minute) => minute * LedgerTime.MinuteMs;
}
