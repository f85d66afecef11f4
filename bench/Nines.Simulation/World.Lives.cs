using Nines.Core.Delivery;

namespace Nines.Simulation;

/// <summary>How servers begin, stand still and die.</summary>
public sealed partial class World
{
    private void Start()
    {
        // Who does not lead yet has to write that it does.
        if (Store.Mode == StoreMode.Away || (_frozen is not null && Store.Mode != StoreMode.Works))
        {
            _startNs = NowNs + TickNs;
            return;
        }
        Log("starts");
        UpSinceNs = NowNs;
        try
        {
            _node = new Node(this);
        }
        catch (CrashException)
        {
            Crash(Store.Mode != StoreMode.Works);
        }
    }

    private void Freeze(Node node, int seconds)
    {
        _frozen = new(node, [.. _inFlight], NowNs + seconds * Plan.Second, _machine);
        _machine = 1 - _machine;
        Lose(node.KeepsRecords);
        // What it keeps is in its own spool, which another machine cannot read.
        _checker.LostSpool |= node.KeepsRecords;
        _startNs = NowNs + LeaseNs;
    }

    private void Thaw(Frozen frozen)
    {
        _frozen = null;
        if (Store.Epoch == frozen.Node.Epoch)
        {
            Log("goes on");
            (_node, _machine) = (frozen.Node, frozen.Machine);
            (UpSinceNs, SleptNs) = (NowNs, NowNs);
            _inFlight.AddRange(frozen.InFlight);
            return;
        }
        Log("goes on, and does not lead");
        // While the store is away nothing says that another leads: what it decides goes out without it.
        var cannotKnow = Store.Mode is StoreMode.Away or StoreMode.Hangs;
        _checker.LostRecords |= cannotKnow;
        _checker.LostSpool |= cannotKnow;
        var (steps, open, inFlight) = (_stepsToDeath, _open.ToList(), _inFlight.ToList());
        _stepsToDeath = 0;
        _open.Clear();
        try
        {
            frozen.Node.Wake();
            foreach (var (_, attempt, outcome) in frozen.InFlight)
            {
                frozen.Node.Finish(attempt, outcome);
            }
            // Within five seconds it asks the store.
            for (var tick = 0; tick < 5; tick++)
            {
                frozen.Node.Tick();
            }
        }
        catch (LeaseLostException)
        {
            Log("ends, since another server leads");
        }
        _stepsToDeath = steps;
        _open.ForEach(a => _checker.Doubt(a.Notification.Key));
        _open.Clear();
        _open.AddRange(open);
        _inFlight.Clear();
        _inFlight.AddRange(inFlight);
    }

    private void Crash(bool losesRecords)
    {
        Log("dies");
        Lose(losesRecords);
        Store.Crash();
        _startNs = NowNs + _downSeconds * Plan.Second;
        _steadyShiftNs = Random.Next(1, 1000) * Plan.Second - NowNs;
    }

    /// <summary>What a server had in memory is gone.</summary>
    private void Lose(bool records)
    {
        _checker.LostRecords |= records;
        _open.ForEach(a => _checker.Doubt(a.Notification.Key));
        _open.Clear();
        _inFlight.Clear();
        _sources.ForEach(s => s.Crash());
        _node = null;
    }
}

/// <summary>A server that stands still.</summary>
internal sealed record Frozen(Node Node, IReadOnlyList<(long AtNs, OutboxAttempt Attempt, SendOutcome Outcome)> InFlight, long ThawsNs, int Machine);
