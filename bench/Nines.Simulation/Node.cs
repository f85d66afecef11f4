using Nines.Core.Alerting;
using Nines.Core.Alerting.Routing;
using Nines.Core.Delivery;

namespace Nines.Simulation;

/// <summary>The process died.</summary>
public sealed class CrashException : Exception
{
}

/// <summary>
/// A server: the real board and the real outbox, and around them what <c>AlertDoor</c>, <c>OutboxWorker</c> and <c>DurableRecorder</c> do: record, then spool
/// what could not be recorded, then send. Between any two of these steps it can die.
/// </summary>
internal sealed class Node
{
    private readonly World _world;
    private readonly SimulatedSpool _spool;
    private readonly AlertBoard _board = new();
    private readonly Outbox _outbox = new();
    private readonly List<Action<Rows>> _kept = [];
    private bool _refusing;
    private bool _wasRefusing;
    private int _ticks;

    public Node(World world)
    {
        _world = world;
        Epoch = world.Store.Take();
        _spool = world.Spool;
        var rows = world.Store.Rows;
        var silences = rows.Silences.Values.OrderBy(s => s.Id, StringComparer.Ordinal).ToList();
        var told = _spool.Content.After(rows.Notices.Values).ToList();
        _board.Load(rows.Alerts.Values.OrderBy(a => a.State.UpdatedAtNs),
            world.Mutant == Mutant.ForgottenSilence ? silences.Skip(1) : silences, told, Now);
        var entries = rows.Entries;
        if (world.Mutant == Mutant.LostOutboxRow)
        {
            entries.Remove(entries.Find(e => e.State is DeliveryState.Pending or DeliveryState.Sending)!);
        }
        var changes = new OutboxChanges();
        _outbox.TakeUp(entries, _spool.Content, Now, changes);
        var known = Keep(rows => told.ForEach(rows.Put));
        if (Record(changes) && known)
        {
            _spool.Clear();
        }
        _outbox.Apply(world.Routing);
        Record(new OutboxChanges());
        _board.Apply(world.Routing, Now);
        Settle(new BoardChanges());
    }

    /// <summary>When something is to be done next, since the world began.</summary>
    public long NextNs => Math.Min(_board.NextNs, _outbox.NextNs) is var next && next == long.MaxValue ? long.MaxValue
        : _world.NowNs + Math.Max(0, next - Now.SteadyNs);

    /// <summary>As which leader it began.</summary>
    public int Epoch { get; }

    /// <summary>Whether decisions wait in memory for a store that refuses.</summary>
    public bool KeepsRecords => _kept.Count > 0;

    public IReadOnlyList<Silence> Silences => _board.Silences();

    private Moment Now => _world.Mutant == Mutant.BackwardClock ? new(_world.WallNs, _world.WallNs) : new(_world.WallNs, _world.SteadyNs);

    /// <summary>Takes an alert in; says whether that is durable.</summary>
    public bool Post(PostedAlert alert)
    {
        var changes = new BoardChanges();
        _board.Receive([alert], Now, 1000, changes);
        return Settle(changes);
    }

    public (Silence Silence, bool Durable) SetSilence(Silence asked, string newId)
    {
        var changes = new BoardChanges();
        var change = _board.SetSilence("", asked, newId, Now, changes)!.Value;
        return (change.Stored[^1], Settle(changes));
    }

    public bool ExpireSilence(string id)
    {
        var changes = new BoardChanges();
        _board.ExpireSilence(id, Now, changes);
        return Settle(changes);
    }

    public void Tick()
    {
        var outbox = new OutboxChanges();
        var own = _outbox.Pass(Now, outbox);
        Record(outbox);
        var board = new BoardChanges();
        _board.Receive(own, Now, int.MaxValue, board);
        Settle(board);
        if (_refusing && _ticks++ % 5 == 0 && _world.Store.Write(Epoch, rows => _kept.ForEach(work => work(rows))))
        {
            _kept.Clear();
            _refusing = false;
        }
        if (_wasRefusing && !_refusing)
        {
            Step();
            _spool.Clear();
        }
        _wasRefusing = _refusing;
    }

    /// <summary>What is due.</summary>
    public void Wake()
    {
        Settle(new BoardChanges());
        Record(new OutboxChanges());
    }

    /// <summary>What came of an attempt.</summary>
    public void Finish(OutboxAttempt attempt, SendOutcome outcome)
    {
        var changes = new OutboxChanges();
        _outbox.End(attempt, outcome, Now, _world.Random.NextDouble(), changes);
        Step();
        Record(changes);
        _world.Over(attempt);
        _outbox.Free(attempt, Now);
        Record(new OutboxChanges());
    }

    private bool Settle(BoardChanges changes, OutboxChanges? refusing = null)
    {
        _board.Pass(Now, changes);
        if (changes.Empty && refusing is null)
        {
            return !_refusing;
        }
        var begun = new OutboxChanges();
        changes.Notifications.ForEach(n => _outbox.Add(n, Now, begun));
        _outbox.Begin(Now, begun);
        begun.Refused.ForEach(r => _board.Undo(r, Now, changes));
        _world.Heard(begun);
        Step();
        var durable = Keep(rows =>
        {
            refusing?.Records.ForEach(rows.Put);
            rows.Put(changes);
            begun.Records.ForEach(rows.Put);
        });
        GoOn(begun, durable);
        return durable;
    }

    private bool Record(OutboxChanges changes)
    {
        _outbox.Begin(Now, changes);
        _world.Heard(changes);
        bool durable;
        if (changes.Refused.Count > 0)
        {
            var board = new BoardChanges();
            changes.Refused.ForEach(r => _board.Undo(r, Now, board));
            durable = Settle(board, changes);
        }
        else
        {
            durable = changes.Records.Count == 0 || Keep(rows => changes.Records.ForEach(rows.Put));
        }
        GoOn(changes, durable);
        return durable;
    }

    private void GoOn(OutboxChanges changes, bool durable)
    {
        Step();
        if (!durable)
        {
            _world.Store.Ask(Epoch);
            Spool(changes);
        }
        foreach (var attempt in changes.Attempts)
        {
            if (attempt.IsToBeSpooled(durable))
            {
                _spool.Append(attempt.Notification);
            }
            Step();
            _world.Send(attempt, attempt.Marks(durable));
            if (_world.Mutant == Mutant.DoubleTimer)
            {
                _world.Send(attempt, attempt.Marks(durable));
            }
            Step();
        }
    }

    private void Spool(OutboxChanges changes)
    {
        foreach (var notification in changes.Taken)
        {
            _spool.Append(notification);
            Step();
        }
        foreach (var key in changes.Settled)
        {
            _spool.AppendSent(key);
            Step();
        }
        if (changes.Taken.Count > 0)
        {
            var unrecorded = new OutboxChanges();
            changes.Taken.ForEach(n => _outbox.Unrecorded(n, unrecorded));
            Record(unrecorded);
        }
    }

    private bool Keep(Action<Rows> work)
    {
        if (!_refusing && _world.Store.Write(Epoch, work))
        {
            return true;
        }
        _refusing = true;
        _kept.Add(work);
        return false;
    }

    private void Step() => _world.Step();
}
