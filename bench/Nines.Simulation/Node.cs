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
    private readonly AlertBoard _board = new();
    private readonly Outbox _outbox = new();
    private readonly List<Action<Rows>> _kept = [];
    private bool _refusing;
    private bool _wasRefusing;
    private int _ticks;

    public Node(World world)
    {
        _world = world;
        var rows = world.Store.Rows;
        var silences = rows.Silences.Values.OrderBy(s => s.Id, StringComparer.Ordinal).ToList();
        _board.Load(rows.Alerts.Values.OrderBy(a => a.State.UpdatedAtNs),
            world.Mutant == Mutant.ForgottenSilence ? silences.Skip(1) : silences, world.Spool.Content.After(rows.Notices.Values), Now);
        var entries = rows.Entries;
        if (world.Mutant == Mutant.LostOutboxRow)
        {
            entries.Remove(entries.Find(e => e.State is DeliveryState.Pending or DeliveryState.Sending)!);
        }
        var changes = new OutboxChanges();
        _outbox.TakeUp(entries, world.Spool.Content, Now, changes);
        if (Record(changes))
        {
            world.Spool.Clear();
        }
        _outbox.Apply(world.Routing);
        Go();
        _board.Apply(world.Routing, Now);
        Settle(new BoardChanges());
    }

    /// <summary>When something is to be done next, since the world began.</summary>
    public long NextNs => Math.Min(_board.NextNs, _outbox.NextNs) is var next && next == long.MaxValue ? long.MaxValue
        : _world.NowNs + Math.Max(0, next - Now.SteadyNs);

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
        if (_refusing && _ticks++ % 5 == 0 && _world.Store.Write(rows => _kept.ForEach(work => work(rows))))
        {
            _kept.Clear();
            _refusing = false;
        }
        if (_wasRefusing && !_refusing)
        {
            Step();
            _world.Spool.Clear();
        }
        _wasRefusing = _refusing;
    }

    /// <summary>What is due.</summary>
    public void Wake()
    {
        Settle(new BoardChanges());
        Go();
    }

    /// <summary>What came of an attempt.</summary>
    public void Finish(OutboxAttempt attempt, SendOutcome outcome)
    {
        var changes = new OutboxChanges();
        _outbox.End(attempt, outcome, Now, _world.Random.NextDouble(), changes);
        Step();
        if (!Record(changes))
        {
            Step();
            changes.Settled.ForEach(_world.Spool.AppendSent);
        }
        _world.Over(attempt);
        _outbox.Free(attempt, Now);
        Go();
    }

    private void Go()
    {
        while (true)
        {
            var changes = new OutboxChanges();
            var attempt = _outbox.Next(Now, changes);
            var noted = Record(changes);
            if (attempt is null)
            {
                return;
            }
            Step();
            if (attempt.IsToBeSpooled(noted))
            {
                _world.Spool.Append(attempt.Notification);
            }
            Step();
            _world.Send(attempt, attempt.Marks(noted));
            if (_world.Mutant == Mutant.DoubleTimer)
            {
                _world.Send(attempt, attempt.Marks(noted));
            }
            Step();
        }
    }

    private bool Settle(BoardChanges changes, List<OutboxRecord>? more = null)
    {
        _board.Pass(Now, changes);
        if (changes.Empty && more is null)
        {
            return !_refusing;
        }
        Step();
        var durable = Keep(rows =>
        {
            more?.ForEach(rows.Put);
            rows.Put(changes);
        });
        Step();
        changes.Notifications.ForEach(n => Enqueue(n, durable));
        return durable;
    }

    private void Enqueue(GroupNotification notification, bool recorded)
    {
        if (!recorded)
        {
            _world.Spool.Append(notification);
        }
        Step();
        var changes = new OutboxChanges();
        _outbox.Add(notification, recorded, Now, changes);
        Record(changes);
        Go();
    }

    private bool Record(OutboxChanges changes)
    {
        _world.Heard(changes);
        bool durable;
        if (changes.Refused.Count > 0)
        {
            var board = new BoardChanges();
            changes.Refused.ForEach(n => _board.Undo(n, Now, board));
            durable = Settle(board, changes.Records);
        }
        else
        {
            durable = changes.Records.Count == 0 || Keep(rows => changes.Records.ForEach(rows.Put));
        }
        changes.StandIns.ForEach(n => Enqueue(n, durable));
        return durable;
    }

    private bool Keep(Action<Rows> work)
    {
        if (!_refusing && _world.Store.Write(work))
        {
            return true;
        }
        _refusing = true;
        _kept.Add(work);
        return false;
    }

    private void Step() => _world.Step();
}
