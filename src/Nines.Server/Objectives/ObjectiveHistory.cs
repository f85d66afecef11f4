using System.Collections.Concurrent;
using System.Text.Json;
using Nines.Core.Objectives;
using Nines.Server.State;

namespace Nines.Server.Objectives;

/// <summary>Reads what an objective was like before: from the stored ledger and from the journal.</summary>
public interface IObjectiveHistory
{
    /// <summary>The bands an objective would have been in by its policy over the last minutes.</summary>
    /// <exception cref="StoreRefusedException">The ledger cannot be read now.</exception>
    PolicyReplay Replay(Objective objective, int minutes);

    /// <summary>The changes of band that were recorded, the latest first; at most 500.</summary>
    /// <exception cref="StoreRefusedException">The journal cannot be read now.</exception>
    Task<IReadOnlyList<RecordedBand>> BandChangesAsync(string key, CancellationToken cancellation);

    /// <summary>The edits of its promise that were recorded, the latest first; at most 100.</summary>
    /// <exception cref="StoreRefusedException">The journal cannot be read now.</exception>
    Task<IReadOnlyList<RecordedEdit>> EditsAsync(string key, CancellationToken cancellation);

    /// <summary>The generations of its account, the present one first, then the latest; at most 20.</summary>
    /// <exception cref="StoreRefusedException">The ledger cannot be read now.</exception>
    IReadOnlyList<LedgerGeneration> Generations(ObjectiveReport report);

    /// <summary>One generation with its account; null when there is none of this number, or its objective is gone.</summary>
    /// <exception cref="StoreRefusedException">The ledger cannot be read now.</exception>
    GenerationAccount? Generation(long id);
}

/// <summary>A change of band as the journal has it.</summary>
/// <param name="AtMs">When, ms since the Unix epoch.</param>
/// <param name="Change">The change.</param>
public sealed record RecordedBand(long AtMs, BandChanged Change);

/// <summary>An edit as the journal has it.</summary>
/// <param name="AtMs">When it was activated, ms since the Unix epoch.</param>
/// <param name="Edit">The edit.</param>
public sealed record RecordedEdit(long AtMs, ObjectiveEdited Edit);

/// <summary>A generation of an objective's account.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Indicator">What it counts, canonical.</param>
/// <param name="StartedMs">Since when it is the objective's, ms since the Unix epoch.</param>
/// <param name="IsPresent">Whether the figures come from it now.</param>
/// <param name="FirstMinute">Its first entry, Unix minutes; null without any.</param>
/// <param name="LastMinute">The end of its last hour; null without any.</param>
/// <param name="Carried">What it counted of the present window up to the present generation's own first entry: the figures hold it.</param>
public sealed record LedgerGeneration(
    long Id, string Indicator, long StartedMs, bool IsPresent, long? FirstMinute, long? LastMinute, WindowAccount Carried);

/// <summary>The account of one generation.</summary>
/// <param name="Objective">The objective as it is now.</param>
/// <param name="Generation">The generation.</param>
/// <param name="ToMinute">Up to when the window goes: now, or its last entry.</param>
/// <param name="Window">The account of one length of the objective's window up to then.</param>
/// <param name="Course">Its course over that time.</param>
/// <param name="StepMinutes">The length of one point.</param>
public sealed record GenerationAccount(
    Objective Objective, LedgerGeneration Generation, long ToMinute, WindowReport Window, IReadOnlyList<CoursePoint> Course, int StepMinutes);

/// <summary>Reads the ledger's file beside the thread that writes it, and the journal.</summary>
internal sealed class ObjectiveHistory(LedgerEngine engine, LedgerStore ledger, AdjustmentBook adjustments, IStateStore store, TimeProvider time)
    : IObjectiveHistory
{
    private const int MostReplays = 500;
    private const int MostGenerations = 20;
    private static readonly TimeSpan ReplayIsFresh = TimeSpan.FromMinutes(5);

    private readonly ConcurrentDictionary<(string Key, int Minutes), Replayed> _replays = new();

    private sealed record Replayed(ErrorBudgetPolicy Policy, ExcludedTime Excluded, DateTimeOffset At, PolicyReplay Replay);

    private long NowMinute => LedgerTime.LastEnded(engine.SteppedMs > 0 ? engine.SteppedMs : time.GetUtcNow().ToUnixTimeMilliseconds());

    /// <inheritdoc/>
    public PolicyReplay Replay(Objective objective, int minutes)
    {
        var excluded = ExcludedTime.Of(objective, adjustments.All());
        var now = time.GetUtcNow();
        // An open page asks again every 15 s; thousands of windows are not worth reading again for that.
        if (_replays.TryGetValue((objective.Key, minutes), out var known) && known.Policy == objective.ErrorBudgetPolicy
            && known.Excluded.Ranges.SequenceEqual(excluded.Ranges) && now - known.At is { Ticks: >= 0 } age && age < ReplayIsFresh)
        {
            return known.Replay;
        }
        using var reader = ledger.Reopen();
        var generation = reader.Generations(objective.Key).FirstOrDefault(g => g.Indicator == objective.Indicator.Canonical);
        var (to, from) = (NowMinute, NowMinute - minutes);
        var account = generation is null ? null : Load(reader, objective, generation, from - objective.HistoryMinutes);
        var replay = account is null ? new([], []) : BudgetPolicyMachine.Replay(objective, account.Book, excluded, from, to, asOfMs: LastKnownMs(account));
        if (_replays.Count >= MostReplays)
        {
            _replays.Clear();
        }
        _replays[(objective.Key, minutes)] = new(objective.ErrorBudgetPolicy, excluded, now, replay);
        return replay;
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<RecordedBand>> BandChangesAsync(string key, CancellationToken cancellation) =>
        [.. (await store.FactsAsync($"objective/{key}", BudgetPolicyMachine.Changed, 500, cancellation))
            .Select(f => new RecordedBand(f.AtNs / 1_000_000, JsonSerializer.Deserialize(f.Payload, PolicyJson.Default.BandChanged)!))];

    /// <inheritdoc/>
    public async Task<IReadOnlyList<RecordedEdit>> EditsAsync(string key, CancellationToken cancellation) =>
        [.. (await store.FactsAsync($"objective/{key}", ObjectiveDefinition.Edited, 100, cancellation))
            .Select(f => new RecordedEdit(f.AtNs / 1_000_000, JsonSerializer.Deserialize(f.Payload, PolicyJson.Default.ObjectiveEdited)!))];

    /// <inheritdoc/>
    public IReadOnlyList<LedgerGeneration> Generations(ObjectiveReport report)
    {
        using var reader = ledger.Reopen();
        var stored = reader.Generations(report.Objective.Key).Take(MostGenerations).ToList();
        // One generation is the rule, and needs nothing read.
        return [.. stored.Select(g => Of(reader, report, g, stored.Count > 1)).OrderByDescending(g => g.IsPresent).ThenByDescending(g => g.StartedMs)];
    }

    /// <inheritdoc/>
    public GenerationAccount? Generation(long id)
    {
        using var reader = ledger.Reopen();
        if (reader.Find(id) is not { } stored || engine.Find(stored.Objective) is not { } report)
        {
            return null;
        }
        var objective = report.Objective;
        var isPresent = stored.Indicator == objective.Indicator.Canonical;
        var to = isPresent ? NowMinute : Math.Min(NowMinute, LastMinuteOf(stored) ?? NowMinute);
        var account = Load(reader, objective, stored, to - objective.HistoryMinutes);
        // Of an account that ended nothing is missing after its end; of the present one that lost its signal, what is since then.
        var asOfMs = isPresent && report.LostSinceMinute is not null ? long.MaxValue : LastKnownMs(account);
        var (from, _) = objective.Windows[0].At(to);
        var step = (int)Math.Max(1, (to - from) / 672);
        return new(objective, Of(reader, report, stored, true), to, BudgetCalculator.Over(objective, account.Book, objective.Windows[0], to, asOfMs),
            BudgetCalculator.Course(objective, account.Book, from, to, step, to, asOfMs: asOfMs), step);
    }

    private static LedgerGeneration Of(LedgerStore reader, ObjectiveReport report, StoredGeneration stored, bool count)
    {
        var isPresent = stored.Indicator == report.Objective.Indicator.Canonical;
        var (from, to) = (report.Windows[0].FromMinute, report.CarriedToMinute ?? 0);
        return new(stored.Id, stored.Indicator, stored.StartedMs, isPresent, stored.FirstHour * 60, LastMinuteOf(stored),
            count && !isPresent && to > from && LastMinuteOf(stored) > from ? Load(reader, report.Objective, stored, from).Book.Sum(from, to) : default);
    }

    private static long? LastMinuteOf(StoredGeneration stored) => stored.LastHour is { } hour ? hour * 60 + 60 : null;

    // An account that no reading wrote ends with what is observed in it.
    private static long LastKnownMs(ObjectiveLedger account) =>
        account.LastSignalMs > 0 ? account.LastSignalMs : account.Book.LastSeenMs ?? long.MaxValue;

    private static ObjectiveLedger Load(LedgerStore reader, Objective objective, StoredGeneration generation, long fromMinute)
    {
        var account = new ObjectiveLedger(new PastIndicator(generation.Indicator), objective.Slices);
        reader.Load(generation.Id, fromMinute / 60 - 1, account);
        account.Close(LastMinuteOf(generation) ?? 0);
        return account;
    }
}
