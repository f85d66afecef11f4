using System.Text.Json;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Nines.Core.Alerting;
using Nines.Core.Objectives;
using Nines.Server.State;

namespace Nines.Server.Objectives;

/// <summary>Reads in which band of its policy an objective's budget is.</summary>
public interface IBudgetBands
{
    /// <summary>The band of an objective; null before it was judged.</summary>
    BandState? Of(string key);
}

/// <summary>
/// Once a minute, judges every objective's budget by its policy. A change of band is a row and a fact in one transaction, and an alert at ticket level
/// that holds until the budget is back in the best band. A change that the store refuses is made at the next turn.
/// </summary>
internal sealed partial class BudgetBands(
    LedgerEngine engine, IStateStore store, IAlertDoor door, Uri publicUrl, TimeProvider time, ILogger<BudgetBands> logger) : BackgroundService, IBudgetBands
{
    private const string Kind = "budget_band";
    private readonly Dictionary<string, (BandState? State, long Version)> _bands = new(StringComparer.Ordinal);
    private readonly Lock _gate = new();
    private bool _loaded;

    /// <inheritdoc/>
    public BandState? Of(string key)
    {
        lock (_gate)
        {
            return _bands.TryGetValue(key, out var band) ? band.State : null;
        }
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            // What was judged before a restart is shown before it is judged again.
            await LoadAsync(stoppingToken);
        }
#pragma warning disable CA1031 // The first turn reads it again.
        catch (Exception e) when (e is not OperationCanceledException)
#pragma warning restore CA1031
        {
            LogFailed(e);
        }
        using var turn = new PeriodicTimer(TimeSpan.FromMinutes(1), time);
        while (await turn.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await JudgeAsync(stoppingToken);
            }
#pragma warning disable CA1031 // The next turn tries again; the loop must live.
            catch (Exception e) when (e is not OperationCanceledException)
#pragma warning restore CA1031
            {
                LogFailed(e);
            }
        }
    }

    /// <summary>Judges all objectives once.</summary>
    internal async Task JudgeAsync(CancellationToken cancellation)
    {
        await LoadAsync(cancellation);
        var nowMs = time.GetUtcNow().ToUnixTimeMilliseconds();
        var alerts = new List<PostedAlert>();
        foreach (var (objective, share) in engine.Standings())
        {
            var (before, version) = _bands.GetValueOrDefault(objective.Key);
            var (after, change) = BudgetPolicyMachine.Decide(before, objective, share, nowMs);
            if (after is not null && after != before && !await StoreAsync(after, version, change, nowMs, cancellation))
            {
                after = before;
            }
            alerts.AddRange(BandAlerts.Of(objective, before, after, share, nowMs, publicUrl));
        }
        if (alerts.Count > 0)
        {
            await door.PostAsync(alerts, cancellation);
        }
    }

    private async Task LoadAsync(CancellationToken cancellation)
    {
        for (var after = ""; !_loaded;)
        {
            var rows = await store.ListAsync(Kind, cancellation, after: after);
            lock (_gate)
            {
                foreach (var row in rows)
                {
                    _bands[row.Id] = (Read(row.Id, row.Json), row.Version);
                }
            }
            (_loaded, after) = (rows.Count < 1000, rows.Count > 0 ? rows[^1].Id : "");
        }
    }

    private BandState? Read(string key, string json)
    {
        try
        {
            return JsonSerializer.Deserialize(json, PolicyJson.Default.BandState);
        }
        catch (JsonException e)
        {
            // It is judged anew, and written over with the next band.
            LogDamaged(key, e.Message);
            return null;
        }
    }

    private async Task<bool> StoreAsync(BandState state, long version, BandChanged? change, long nowMs, CancellationToken cancellation)
    {
        var outcome = await store.PutAsync(
            new RowWrite(Kind, state.Objective, version, JsonSerializer.Serialize(state, PolicyJson.Default.BandState)), cancellation,
            change is null ? [] : [PolicyFacts.Of(change, nowMs)]);
        if (outcome is not CommitOutcome.Committed)
        {
            LogNotStored(state.Objective, outcome.ToString());
            // Another process was first, or the store is away: what is there is read again before the next turn.
            _loaded = outcome is CommitOutcome.Refused;
            return false;
        }
        lock (_gate)
        {
            _bands[state.Objective] = (state, version + 1);
        }
        return true;
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The budgets were not judged by their policies. It is tried again in a minute.")]
    private partial void LogFailed(Exception exception);

    [LoggerMessage(Level = LogLevel.Error, Message = "The stored band of {Objective} is damaged: {Reason}. It is judged anew.")]
    private partial void LogDamaged(string objective, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The band of {Objective} could not be stored: {Outcome}. It is tried again in a minute.")]
    private partial void LogNotStored(string objective, string? outcome);
}
