using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.Extensions.Hosting;
using Nines.Core.Objectives;
using Nines.Server.State;

namespace Nines.Server.Objectives;

/// <summary>What came of a command about an adjustment.</summary>
/// <param name="Adjustment">The adjustment from now on; null when the command was refused.</param>
/// <param name="Status">The HTTP status that fits.</param>
/// <param name="Field">The field that is wrong; may be empty.</param>
/// <param name="Wrong">What is wrong; empty when nothing is.</param>
internal readonly record struct AdjustmentOutcome(Adjustment? Adjustment, int Status, string Field, string Wrong);

/// <summary>The adjustments: rows and facts in one transaction, and told to the ledger at once. The ledger itself is never changed by them.</summary>
internal sealed class AdjustmentBook(LedgerEngine engine, IObjectiveReports reports, IStateStore store, TimeProvider time) : IHostedService
{
    /// <summary>Most adjustments that are kept.</summary>
    public const int Max = 10_000;

    private const string Kind = "adjustment";
    private readonly Lock _gate = new();
    private readonly SortedDictionary<string, (Adjustment Adjustment, long Version)> _all = new(StringComparer.Ordinal);

    /// <summary>All of them, the latest request first.</summary>
    public IReadOnlyList<Adjustment> All()
    {
        lock (_gate)
        {
            return [.. _all.Values.Select(a => a.Adjustment).OrderByDescending(a => a.RequestedAtMs).ThenBy(a => a.Id, StringComparer.Ordinal)];
        }
    }

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        for (var after = "";;)
        {
            var rows = await store.ListAsync(Kind, cancellationToken, after: after);
            foreach (var row in rows)
            {
                _all[row.Id] = (JsonSerializer.Deserialize(row.Json, PolicyJson.Default.Adjustment)!, row.Version);
            }
            if (rows.Count < 1000)
            {
                break;
            }
            after = rows[^1].Id;
        }
        engine.Adjust(All());
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Asks for an adjustment.</summary>
    public async Task<AdjustmentOutcome> RequestAsync(
        string? objective, string? service, long fromMinute, long toMinute, string reason, string cause, string actor, CancellationToken cancellation)
    {
        var nowMs = time.GetUtcNow().ToUnixTimeMilliseconds();
        List<Objective> found = objective is not null ? reports.Find(objective) is { } report ? [report.Objective] : []
            : [.. reports.All().Select(r => r.Objective).Where(o => o.Service == service)];
        if (found.Count == 0 && (objective is null) != (service is null))
        {
            return new(null, 422, objective is null ? "service" : "objective",
                objective is null ? $"no objective is of a service {service}" : $"there is no objective {objective}");
        }
        if (_all.Count >= Max)
        {
            return new(null, 422, "", $"there are {Max} adjustments, which is the most");
        }
        // Ids sort by time.
        var id = $"adj_{nowMs:x12}{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(5))}";
        var asked = new AdjustmentRequested(id, objective, service, fromMinute, toMinute, reason.Trim(), cause.Trim());
        var policy = found.Select(o => o.ErrorBudgetPolicy).FirstOrDefault(p => !p.LetsGo(asked.Cause));
        return await SettleAsync(AdjustmentMachine.Request(asked, policy, actor, nowMs), 0, PolicyFacts.Of(asked, actor, nowMs), cancellation);
    }

    /// <summary>Approves one.</summary>
    public Task<AdjustmentOutcome> ApproveAsync(string id, string actor, CancellationToken cancellation)
    {
        var nowMs = time.GetUtcNow().ToUnixTimeMilliseconds();
        return Known(id) is var (adjustment, version) && adjustment is not null
            ? SettleAsync(AdjustmentMachine.Approve(adjustment, actor, nowMs), version, PolicyFacts.Of(new AdjustmentApproved(id), actor, nowMs), cancellation)
            : Task.FromResult(new AdjustmentOutcome(null, 404, "id", $"there is no adjustment {id}"));
    }

    /// <summary>Takes one back.</summary>
    public Task<AdjustmentOutcome> UndoAsync(string id, string reason, string actor, CancellationToken cancellation)
    {
        var nowMs = time.GetUtcNow().ToUnixTimeMilliseconds();
        return Known(id) is var (adjustment, version) && adjustment is not null
            ? SettleAsync(AdjustmentMachine.Undo(adjustment, reason, actor, nowMs), version,
                PolicyFacts.Of(new AdjustmentUndone(id, reason.Trim()), actor, nowMs), cancellation)
            : Task.FromResult(new AdjustmentOutcome(null, 404, "id", $"there is no adjustment {id}"));
    }

    /// <summary>Those about an objective, the latest request first.</summary>
    public IReadOnlyList<Adjustment> About(Objective objective) => [.. All().Where(a => a.IsAbout(objective))];

    private (Adjustment? Adjustment, long Version) Known(string id)
    {
        lock (_gate)
        {
            return _all.TryGetValue(id, out var found) ? found : (null, 0);
        }
    }

    private async Task<AdjustmentOutcome> SettleAsync(AdjustmentDecision decision, long version, Core.Journal.Fact fact, CancellationToken cancellation)
    {
        if (decision.State is not { } state)
        {
            return new(null, decision.Field == "id" ? 409 : 422, decision.Field, decision.Wrong);
        }
        var outcome = await store.PutAsync(
            new RowWrite(Kind, state.Id, version, JsonSerializer.Serialize(state, PolicyJson.Default.Adjustment), state.Objective, state.Service),
            cancellation, fact);
        if (outcome is not CommitOutcome.Committed)
        {
            return outcome is CommitOutcome.Refused refused ? new(null, 503, "", $"the store refuses writes: {refused.Reason}")
                : new(null, 409, "id", "someone else changed it at the same time; look again");
        }
        lock (_gate)
        {
            _all[state.Id] = (state, version + 1);
        }
        engine.Adjust(All());
        return new(state, 200, "", "");
    }
}
