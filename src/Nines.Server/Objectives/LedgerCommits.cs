using Microsoft.Extensions.Logging;
using Nines.Core.Objectives;
using Nines.Server.State;

namespace Nines.Server.Objectives;

/// <summary>
/// What the ledger's thread hands to the store: changes wait here until they are stored, and hours are found here until they can be found there.
/// Only the ledger's thread adds and commits; others read hours, under the engine's gate.
/// <para>
/// Each objective has its turn every few minutes: what a crash takes is counted again from the samples after the stored cursor.
/// </para>
/// </summary>
internal sealed partial class LedgerCommits(LedgerStore store, ILogger logger) : IDisposable
{
    // A step that reads much history stores it in pieces of about so many hours.
    private const int Many = 20_000;

    // Minutes between the turns of an objective. Storing is a third of what an objective costs when it is done every minute.
    private const int Turns = 5;

    private readonly Dictionary<long, LedgerChanges> _waiting = [];
    private LedgerStore? _reading;
    private int _hours;
    private bool _isNew;
    private long _triedMinute;

    /// <summary>Attempts to store that failed.</summary>
    public long Failed { get; private set; }

    /// <summary>Why the store refused the last time it was asked; null when it did not.</summary>
    public string? Failure { get; set; }

    /// <summary>Adds changes. Under the gate.</summary>
    public void Add(LedgerChanges changes)
    {
        _waiting[changes.Generation] = _waiting.TryGetValue(changes.Generation, out var before) ? before.FollowedBy(changes) : changes;
        _hours += changes.Hours.Count;
        _isNew = true;
    }

    /// <summary>Adds the changes of an objective that closed a minute, if it is its turn. Under the gate.</summary>
    public void AddDue(TrackedObjective tracked, long nowMs)
    {
        var minute = LedgerTime.LastEnded(nowMs);
        if (tracked.TakenMs == 0 || (minute + tracked.Generation) % Turns == 0 || minute - LedgerTime.LastEnded(tracked.TakenMs) >= Turns)
        {
            Add(tracked.TakeChanges(nowMs));
        }
    }

    /// <summary>An hour of a generation as it was last added, stored or still waiting; null when it cannot be read now. Under the gate.</summary>
    public byte[]? Hour(long generation, long hour)
    {
        foreach (var (at, packed) in _waiting.GetValueOrDefault(generation)?.Hours ?? [])
        {
            if (at == hour)
            {
                return packed;
            }
        }
        try
        {
            // A connection of its own: while others read, the ledger's thread may be storing.
            return (_reading ??= store.Reopen()).Hour(generation, hour);
        }
        catch (StoreRefusedException e)
        {
            Failure = e.Message;
            return null;
        }
    }

    /// <summary>Sees to it that nothing waits of a generation that is about to be loaded.</summary>
    /// <exception cref="StoreRefusedException">It could not be stored.</exception>
    public void Require(long generation, Lock gate, long nowMs)
    {
        _isNew |= _waiting.ContainsKey(generation);
        if (_waiting.ContainsKey(generation) && !Commit(gate, nowMs))
        {
            throw new StoreRefusedException(Failure ?? "", null);
        }
    }

    /// <summary>Stores what waits when it is too much to wait for the end of the step.</summary>
    public void CommitMany(Lock gate, long nowMs)
    {
        if (_hours > Many && Failure is null)
        {
            Commit(gate, nowMs);
        }
    }

    /// <summary>Stores what waits, if anything was added or a minute went by since it was tried last; what is refused waits on.</summary>
    /// <returns>Whether all that waited was stored.</returns>
    public bool Commit(Lock gate, long nowMs)
    {
        var minute = LedgerTime.LastEnded(nowMs);
        if (_waiting.Count == 0 || !_isNew && minute == _triedMinute)
        {
            return false;
        }
        (_isNew, _triedMinute) = (false, minute);
        try
        {
            store.Commit(_waiting.Values, nowMs);
        }
        catch (StoreRefusedException e)
        {
            Failure = e.Message;
            Failed++;
            LogFailed(_waiting.Count, e.Message);
            return false;
        }
        Failure = null;
        lock (gate)
        {
            _waiting.Clear();
            _hours = 0;
        }
        return true;
    }

    public void Dispose() => _reading?.Dispose();

    [LoggerMessage(Level = LogLevel.Error,
        Message = "The ledger could not be stored ({Count} objectives): {Reason}. Counting goes on; it is stored when the disk allows.")]
    private partial void LogFailed(int count, string reason);
}
