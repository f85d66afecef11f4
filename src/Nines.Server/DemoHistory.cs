using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Nines.Core.Journal;
using Nines.Core.Objectives;
using Nines.Core.Workspace;
using Nines.Server.Objectives;
using Nines.Server.State;
using Nines.Server.Workspace;

namespace Nines.Server;

/// <summary>
/// Sixty days that the demo's shop never had: traffic with outages, bands, an adjustment, an edit. Written into an empty data directory before the
/// server starts. The facts are of the kind <c>example</c>; the ledger ends two hours before now, so that what is counted from then on is real.
/// </summary>
public static class DemoHistory
{
    private const int Days = 60;
    private const int PauseMinutes = 120;
    private const string Orders = "checkout/orders@production";

    // Requests a minute at the day's mean, and the share of them that fails on a quiet day.
    private static readonly Dictionary<string, (double Rate, double Failing)> Traffic = new(StringComparer.Ordinal)
    {
        [Orders] = (120, 0.00025),
        ["checkout/carts@production"] = (180, 0.001),
        ["catalogue/pages@production"] = (600, 0.0002),
        ["catalogue/search-speed@production"] = (300, 0.006),
        ["storefront/requests@production"] = (1200, 0.0003),
    };

    // Days ago, minutes long, share that fails, in which objectives.
    private static readonly (double DaysAgo, int Minutes, double Failing, string Of)[] Outages =
    [
        (44, 95, 0.9, "checkout/"), (31, 20, 0.25, "catalogue/"), (12.3, 17, 0.35, "checkout/"), (5.4, 40, 0.5, "checkout/"), (2.2, 11, 0.6, "checkout/orders"),
        (9, 600, 0.03, "catalogue/search"), (12.3, 17, 0.03, "storefront/"), (2.2, 11, 0.05, "storefront/"),
    ];

    /// <summary>Plays it, unless the ledger has entries already.</summary>
    /// <param name="services">The services of a server that was made and not started.</param>
    /// <param name="cancellation">Ends it.</param>
    public static async Task PlayAsync(IServiceProvider services, CancellationToken cancellation)
    {
        var ledger = services.GetRequiredService<LedgerStore>();
        var store = services.GetRequiredService<IStateStore>();
        var nowMs = services.GetRequiredService<TimeProvider>().GetUtcNow().ToUnixTimeMilliseconds();
        var files = new WorkspaceDirectory().Read(services.GetRequiredService<NinesOptions>().WorkspaceDirectory).Files;
        if (ledger.Keys("").Count > 0 || WorkspaceReader.Read(files).Model is not { } model)
        {
            return;
        }
        var end = LedgerTime.MinuteOf(nowMs) - PauseMinutes;
        var excluded = ExcludedTime.Of([(end - (long)(5.4 * 1440), end - (long)(5.4 * 1440) + 40)]);
        foreach (var objective in model.Objectives.Where(o => Traffic.ContainsKey(o.Key)))
        {
            var account = Played(objective, end - Days * 1440L, end);
            var since = nowMs - Days * 86_400_000L;
            if (objective.Key == Orders)
            {
                // What was counted before the edit of nine days ago is an account of its own.
                var (old, _) = ledger.Generation(objective.Key, objective.Indicator.Canonical.Replace("5..", "5..|429", StringComparison.Ordinal), since);
                Commit(ledger, old, Played(objective, end - Days * 1440L, end - 9 * 1440), nowMs);
                since = nowMs - 9 * 86_400_000L;
            }
            Commit(ledger, ledger.Generation(objective.Key, objective.Indicator.Canonical, since).Id, account, nowMs);
            await TellAsync(store, BandsOf(objective, account, excluded, end), cancellation);
        }
        await TellAsync(store, Edit(model.Objectives, nowMs), cancellation);
        await TellAsync(store, Adjustments(nowMs, end), cancellation);
    }

    private static ObjectiveLedger Played(Objective objective, long from, long to)
    {
        var ledger = new ObjectiveLedger(objective.Indicator, objective.Slices);
        var (rate, failing) = Traffic[objective.Key];
        var carried = 0.0;
        for (var minute = from; minute <= to; minute++)
        {
            // More by day than by night, and never quite even.
            var wobble = 1 + 0.15 * Math.Sin(minute * 12.9898) * Math.Cos(minute * 0.37);
            var total = (long)(rate * (1 + 0.5 * Math.Sin((minute % 1440 - 480) * Math.PI / 720)) * wobble);
            var share = Outages.Where(o => objective.Key.StartsWith(o.Of, StringComparison.Ordinal))
                .Where(o => minute - (from + (long)((Days - o.DaysAgo) * 1440)) is >= 0 and var m && m < o.Minutes).Select(o => o.Failing)
                .DefaultIfEmpty(failing * wobble).Max();
            carried += total * share;
            var bad = Math.Min(total, (long)carried);
            carried -= bad;
            ledger.Events.Add(minute, (total - bad) * LedgerTime.Scale, bad * LedgerTime.Scale);
            ledger.Events.Observe((minute - 1) * LedgerTime.MinuteMs, minute * LedgerTime.MinuteMs);
        }
        ledger.Close(to);
        return ledger;
    }

    private static void Commit(LedgerStore store, long generation, ObjectiveLedger ledger, long nowMs) =>
        store.Commit([new LedgerChanges(generation, ledger.Events.TakeChanges(0), [], [], ledger.PackCursors())], nowMs);

    private static StateChange BandsOf(Objective objective, ObjectiveLedger account, ExcludedTime excluded, long end)
    {
        var own = objective.Service == "checkout" ? excluded : ExcludedTime.None;
        var bands = BudgetPolicyMachine.Replay(objective, account.Book, own, end - Days * 1440L, end).Stretches;
        var facts = bands.Zip(bands.Skip(1)).Select(p => PolicyFacts.Of(
            new BandChanged(objective.Key, objective.ErrorBudgetPolicy.Name, p.First.Band, p.Second.Band, Math.Round(p.Second.RemainingShare ?? 0, 6)),
            p.Second.FromMinute * LedgerTime.MinuteMs));
        var state = new BandState(objective.Key, objective.ErrorBudgetPolicy.Name, bands[^1].Band, bands[^1].FromMinute * LedgerTime.MinuteMs);
        return new([new("budget_band", objective.Key, 0, JsonSerializer.Serialize(state, PolicyJson.Default.BandState))], [.. facts]);
    }

    private static StateChange Edit(IReadOnlyList<Objective> objectives, long nowMs)
    {
        var orders = objectives.First(o => o.Key == Orders);
        var after = string.Join("\n", orders.Indicator.Queries);
        return new([],
        [
            PolicyFacts.Of(new ObjectiveEdited(Orders, false, [new("target", "99.5 %", "99.9 %")]), nowMs - 20 * 86_400_000L),
            PolicyFacts.Of(new ObjectiveEdited(Orders, true,
                [new("indicator", after.Replace("5..", "5..|429", StringComparison.Ordinal), after)]), nowMs - 9 * 86_400_000L),
        ]);
    }

    private static StateChange Adjustments(long nowMs, long end)
    {
        var (from, second) = (end - (long)(5.4 * 1440), end - (long)(2.2 * 1440));
        var network = new AdjustmentRequested("adj_played1", null, "checkout", from, from + 40, "The uplink of the data centre was down", "network");
        var test = new AdjustmentRequested("adj_played2", Orders, null, second, second + 11, "The load test ran against production", "load-test");
        const string Aiko = "person:Aiko (played)", Sam = "person:Sam (played)";
        long At(long minute) => minute * LedgerTime.MinuteMs;
        var asked = AdjustmentMachine.Fold(null, network, Aiko, At(from + 90));
        var approved = AdjustmentMachine.Fold(asked, new AdjustmentApproved(network.Id), Sam, At(from + 200));
        var proposed = AdjustmentMachine.Fold(null, test, Sam, nowMs - 5 * 3_600_000L);
        return new([.. new[] { approved, proposed }.Select(a => new RowWrite("adjustment", a.Id, 0, JsonSerializer.Serialize(a, PolicyJson.Default.Adjustment),
                a.Objective, a.Service))],
        [
            PolicyFacts.Of(network, Aiko, At(from + 90)), PolicyFacts.Of(new AdjustmentApproved(network.Id), Sam, At(from + 200)),
            PolicyFacts.Of(test, Sam, nowMs - 5 * 3_600_000L),
        ]);
    }

    private static Task<CommitOutcome> TellAsync(IStateStore store, StateChange change, CancellationToken cancellation) =>
        store.CommitAsync(change with { Facts = [.. change.Facts.Select(f => f with { Kind = FactKind.Example })] }, cancellation);
}
