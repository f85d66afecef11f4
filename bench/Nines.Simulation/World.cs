using Nines.Core.Alerting.Routing;
using Nines.Core.Delivery;
using Nines.Metrics;

namespace Nines.Simulation;

/// <summary>One world: what is planned for it happens, on a time of its own, while checkers watch.</summary>
public sealed partial class World
{
    private const long TickNs = 5 * Plan.Second;
    private const long LeaseNs = 15 * Plan.Second;
    private const long EpochNs = 1_800_000_000 * Plan.Second;

    private readonly IReadOnlyList<Planned> _plan;
    private readonly List<string>? _log;
    private readonly Checker _checker;
    private readonly List<Source> _sources = [.. Enumerable.Range(0, Plan.Alerts).Select(i => new Source(i))];
    private readonly Dictionary<string, SimulatedReceiver> _receivers =
        Plan.Receivers.ToDictionary(n => n, _ => new SimulatedReceiver(), StringComparer.Ordinal);
    private readonly List<(long AtNs, OutboxAttempt Attempt, SendOutcome Outcome)> _inFlight = [];
    private readonly List<OutboxAttempt> _open = [];
    private readonly SimulatedSpool[] _spools = [new(), new()];
    private Node? _node;
    private Frozen? _frozen;
    private int _machine;
    private long _startNs;
    private long _wallShiftNs = EpochNs;
    private long _steadyShiftNs = 77 * Plan.Second;
    private int _stepsToDeath;
    private int _downSeconds;
    private string? _silence;
    private int _silences;

    private World(int seed, WorldKind kind, IReadOnlyList<Planned> plan, List<string>? log)
    {
        (Mutant, _plan, _log) = (kind.Mutant, plan, log);
        Routing = kind.StandIn ? Plan.WithStandIn : Plan.Alone;
        Random = new Random(seed ^ 0x5eed);
        Store = new SimulatedStore(Mutant, Random);
        _checker = new Checker(this);
    }

    internal Mutant Mutant { get; }

    internal RoutingPlan Routing { get; }

    internal Random Random { get; }

    internal SimulatedStore Store { get; }

    /// <summary>That of the machine whose server leads.</summary>
    internal SimulatedSpool Spool => _spools[_machine];

    /// <summary>Since the world began; sleep does not count.</summary>
    internal long NowNs { get; private set; }

    internal long WallNs => NowNs + _wallShiftNs;

    internal long SteadyNs => NowNs + _steadyShiftNs;

    /// <summary>Whether the wall's clock was set.</summary>
    internal bool ClockWasSet { get; private set; }

    /// <summary>Since when the server runs.</summary>
    internal long UpSinceNs { get; private set; }

    /// <summary>When the machine last slept.</summary>
    internal long SleptNs { get; private set; } = long.MinValue / 2;

    /// <summary>Runs the world of a seed; null when nothing was found.</summary>
    public static Finding? Run(int seed, WorldKind kind)
    {
        var plan = Plan.Of(seed);
        return Run(seed, kind, plan, null) is { } found ? new(seed, found, plan) : null;
    }

    /// <summary>The fewest things that have to happen for the same seed to be found, and what happened then.</summary>
    public static Finding Minimise(Finding finding, WorldKind kind)
    {
        var plan = finding.Plan.ToList();
        for (var again = true; again;)
        {
            again = false;
            for (var i = plan.Count - 1; i >= 0; i--)
            {
                List<Planned> fewer = [.. plan[..i], .. plan[(i + 1)..]];
                if (Run(finding.Seed, kind, fewer, null) is not null)
                {
                    (plan, again) = (fewer, true);
                }
            }
        }
        var log = new List<string>();
        return new(finding.Seed, Run(finding.Seed, kind, plan, log)!, plan) { Log = log };
    }

    internal SimulatedReceiver ReceiverOf(string name) => _receivers[name];

    internal void Heard(OutboxChanges changes) => _checker.Heard(changes);

    /// <summary>A step of the server: it may be its last.</summary>
    internal void Step()
    {
        if (_stepsToDeath > 0 && --_stepsToDeath == 0)
        {
            throw new CrashException();
        }
    }

    /// <summary>An attempt goes out.</summary>
    internal void Send(OutboxAttempt attempt, DeliveryMarks marks)
    {
        var message = attempt.Notification;
        if (_open.Exists(a => a.Notification.Receiver == message.Receiver && a.Notification.Kind == message.Kind && a.Notification.Index == message.Index
            && a.Notification.GroupKey == message.GroupKey && a.Notification.InPlaceOf == message.InPlaceOf))
        {
            throw new ViolationException($"two attempts to tell {message.Receiver} of {message.GroupKey} are in flight at once");
        }
        var receiver = _receivers[message.Receiver];
        var (arrives, outcome, seconds) = receiver.Answer(Random);
        if (outcome.Verdict == SendVerdict.Failed)
        {
            receiver.RefusedNs = NowNs;
        }
        if (Mutant == Mutant.Dropped429 && receiver.Behaviour == Behaviour.TooMany)
        {
            outcome = new(SendVerdict.Sent, "");
        }
        _open.Add(attempt);
        _inFlight.Add((NowNs + (long)(seconds * Plan.Second), attempt, outcome));
        var alerts = string.Join(' ', message.Alerts.Select(a => a.Labels["alertname"] + (a.EndsAtNs == 0 ? "+" : "-")));
        Log($"{message.Receiver}/{message.Index}{(message.InPlaceOf is null ? "" : $" for {message.InPlaceOf}")} {message.Key[..6]} {message.Sequence} "
            + $"attempt {attempt.Number} {alerts}: {outcome.Verdict}{(arrives ? ", arrives" : "")}");
        if (arrives)
        {
            _checker.Arrived(message, marks, _sources);
        }
        if (outcome.Verdict == SendVerdict.InDoubt)
        {
            _checker.Doubt(message.Key);
        }
    }

    /// <summary>What came of an attempt is on record.</summary>
    internal void Over(OutboxAttempt attempt) => _open.Remove(attempt);

    private static string? Run(int seed, WorldKind kind, IReadOnlyList<Planned> plan, List<string>? log)
    {
        try
        {
            new World(seed, kind, plan, log).Run();
            return null;
        }
        catch (ViolationException violation)
        {
            log?.Add($"FOUND {violation.Message}");
            return violation.Message;
        }
    }

    private void Run()
    {
        var next = 0;
        var tickNs = 0L;
        var healed = false;
        while (NowNs < Plan.ActiveNs + Plan.DrainNs)
        {
            var until = Math.Min(next < _plan.Count ? _plan[next].AtNs : healed ? long.MaxValue : Plan.ActiveNs, tickNs);
            until = Math.Min(until, Math.Min(_node?.NextNs ?? _startNs, _frozen?.ThawsNs ?? long.MaxValue));
            _inFlight.ForEach(f => until = Math.Min(until, f.AtNs));
            _sources.ForEach(s => until = Math.Min(until, s.NextNs));
            NowNs = Math.Max(NowNs, until);
            if (next < _plan.Count && _plan[next].AtNs <= NowNs)
            {
                Do(_plan[next++]);
            }
            else if (!healed && NowNs >= Plan.ActiveNs)
            {
                healed = true;
                Heal();
            }
            if (_frozen?.ThawsNs <= NowNs)
            {
                Thaw(_frozen);
            }
            if (_node is null && NowNs >= _startNs)
            {
                Start();
            }
            Alive(node => node.Wake());
            foreach (var done in _inFlight.Where(f => f.AtNs <= NowNs).ToList())
            {
                if (_inFlight.Remove(done))
                {
                    Alive(node => node.Finish(done.Attempt, done.Outcome));
                }
            }
            _sources.Where(s => s.NextNs <= NowNs).ToList().ForEach(Post);
            if (NowNs >= tickNs)
            {
                tickNs = NowNs + (healed ? 3 * TickNs : TickNs);
                Alive(node => node.Tick());
                if (NowNs / TickNs % 3 == 0)
                {
                    Alive(node => _checker.Check(node, _sources));
                }
            }
        }
        _checker.CheckEnd(_sources, Store.Rows);
    }

    private void Do(Planned planned)
    {
        Log(planned.ToString()[12..]);
        switch (planned.What)
        {
            case Happening.Fire or Happening.Resolve:
                _sources[planned.Which].Turn(planned.What == Happening.Fire, NowNs, WallNs);
                break;
            case Happening.Silence:
                Alive(node => Silence(node, planned));
                break;
            case Happening.Expire when _silence is { } id:
                Alive(node => Expire(node, id));
                break;
            case Happening.Receiver:
                _receivers[Plan.Receivers[planned.Which]].Become((Behaviour)planned.How, NowNs);
                break;
            case Happening.Store:
                Store.Mode = (StoreMode)planned.How;
                break;
            case Happening.Spool:
                _spools[0].Broken = _spools[1].Broken = planned.How != 0;
                break;
            case Happening.Clock:
                _wallShiftNs += planned.How * Plan.Second;
                ClockWasSet = true;
                break;
            case Happening.Suspend:
                _wallShiftNs += 8 * 3600 * Plan.Second;
                // On some systems the steady clock goes on meanwhile.
                _steadyShiftNs += planned.How * 8 * 3600 * Plan.Second;
                SleptNs = NowNs;
                break;
            case Happening.Freeze when _node is { } node && _frozen is null:
                Freeze(node, planned.How);
                break;
            case Happening.Crash:
                (_stepsToDeath, _downSeconds) = (planned.How, planned.Which);
                break;
        }
    }

    private void Heal()
    {
        Log("all is well");
        _stepsToDeath = 0;
        (Store.Mode, _spools[0].Broken, _spools[1].Broken) = (StoreMode.Works, false, false);
        foreach (var receiver in _receivers.Values)
        {
            receiver.Become(Behaviour.Takes, NowNs);
        }
        Alive(node =>
        {
            foreach (var silence in node.Silences)
            {
                Expire(node, silence.Id);
            }
        });
    }

    private void Silence(Node node, Planned planned)
    {
        var (silence, durable) = node.SetSilence(new()
        {
            Id = "",
            Matchers = [new Matcher("alertname", MatchOp.Equal, $"A{planned.Which}")],
            StartsAtNs = WallNs,
            EndsAtNs = WallNs + planned.How * Plan.Second,
            UpdatedAtNs = 0,
            CreatedBy = "aiko",
            Comment = "",
        }, $"s{++_silences}");
        if (durable)
        {
            _silence = silence.Id;
            _checker.Silenced(silence);
        }
    }

    private void Expire(Node node, string id)
    {
        _checker.NoteSilenced(node, _sources);
        _checker.Unsilenced(id);
        if (node.ExpireSilence(id))
        {
            _checker.Silenced(node.Silences.First(s => s.Id == id));
        }
    }

    private void Post(Source source)
    {
        var (taken, durable) = (false, false);
        Alive(node =>
        {
            durable = node.Post(source.Posting(WallNs));
            taken = true;
            _checker.NoteSilenced(node, _sources);
        });
        source.Posted(taken, durable, NowNs);
    }

    private void Alive(Action<Node> act)
    {
        if (_node is not { } node)
        {
            return;
        }
        try
        {
            act(node);
        }
        catch (CrashException)
        {
            Crash(node.KeepsRecords);
        }
    }

    private void Log(string line) => _log?.Add($"{NowNs / (double)Plan.Second,8:0.0} s  {line}");
}

/// <summary>What was found in a world.</summary>
/// <param name="Seed">Its seed.</param>
/// <param name="Violation">What must not be, and was.</param>
/// <param name="Plan">What was planned.</param>
public sealed record Finding(int Seed, string Violation, IReadOnlyList<Planned> Plan)
{
    /// <summary>What happened, step by step; empty when it was not asked for.</summary>
    public IReadOnlyList<string> Log { get; init; } = [];

    /// <inheritdoc/>
    public override string ToString() => string.Join('\n', [$"seed {Seed}: {Violation}", .. Log]);
}

/// <summary>What kind of world it is.</summary>
/// <param name="Mutant">The fault planted in it.</param>
/// <param name="StandIn">Whether a receiver stands in for the others.</param>
public readonly record struct WorldKind(Mutant Mutant, bool StandIn = false);
