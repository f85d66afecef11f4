using System.Text;
using Nines.Core.Alerting.Routing;
using Nines.Core.Workspace;

namespace Nines.Simulation;

/// <summary>What happens in a world, by its own decision or the outside's.</summary>
public enum Happening
{
    /// <summary>An alert begins.</summary>
    Fire,
    /// <summary>An alert ends.</summary>
    Resolve,
    /// <summary>Somebody silences an alert.</summary>
    Silence,
    /// <summary>Somebody ends the latest silence.</summary>
    Expire,
    /// <summary>A receiver behaves otherwise.</summary>
    Receiver,
    /// <summary>The store behaves otherwise.</summary>
    Store,
    /// <summary>The spool's disk breaks, or works again.</summary>
    Spool,
    /// <summary>The wall's clock is set.</summary>
    Clock,
    /// <summary>The machine sleeps for eight hours.</summary>
    Suspend,
    /// <summary>The process dies at one of its next steps.</summary>
    Crash,
    /// <summary>The leader stands still, amid what it does; another server takes over when its lease is over.</summary>
    Freeze,
}

/// <summary>How a receiver answers.</summary>
public enum Behaviour
{
    /// <summary>It takes what comes.</summary>
    Takes,
    /// <summary>429 with Retry-After.</summary>
    TooMany,
    /// <summary>500.</summary>
    Breaks,
    /// <summary>No answer; what it got it may have taken.</summary>
    Hangs,
    /// <summary>The connection ends amid the answer, or before it.</summary>
    Resets,
    /// <summary>200 with <c>{"ok":false}</c>.</summary>
    SaysNo,
    /// <summary>400.</summary>
    Refuses,
}

/// <summary>How the store behaves.</summary>
public enum StoreMode
{
    /// <summary>It writes.</summary>
    Works,
    /// <summary>It refuses writes and can be read.</summary>
    Full,
    /// <summary>It can be neither written nor read.</summary>
    Away,
    /// <summary>Nobody learns whether it wrote.</summary>
    Hangs,
}

/// <summary>Something planned.</summary>
/// <param name="AtNs">When, since the world began.</param>
/// <param name="What">What.</param>
/// <param name="Which">The alert or the receiver.</param>
/// <param name="How">How: a behaviour, a mode, seconds, steps.</param>
public sealed record Planned(long AtNs, Happening What, int Which, int How)
{
    /// <inheritdoc/>
    public override string ToString() => $"{AtNs / 1_000_000_000.0,8:0.0} s  {What} {What switch
    {
        Happening.Receiver => $"{Plan.Receivers[Which]} {(Behaviour)How}",
        Happening.Store => ((StoreMode)How).ToString(),
        Happening.Fire or Happening.Resolve => $"A{Which}",
        Happening.Silence => $"A{Which} for {How} s",
        Happening.Clock => $"{How:+0;-0} s",
        Happening.Freeze => $"for {How} s",
        Happening.Crash => $"at step {How}, for {Which} s",
        _ => How.ToString(System.Globalization.CultureInfo.InvariantCulture),
    }}";
}

/// <summary>What is planned for a world, from its seed.</summary>
public static class Plan
{
    /// <summary>How many alerts there are. Even ones are posted anew while they fire; odd ones are posted once.</summary>
    public const int Alerts = 6;

    /// <summary>Nanoseconds of a second.</summary>
    public const long Second = 1_000_000_000;

    /// <summary>For so long things happen.</summary>
    public const long ActiveNs = 40 * 60 * Second;

    /// <summary>Then all is well, and for so long the server has time to catch up: longer than a receiver that refused for good is left alone.</summary>
    public const long DrainNs = 80 * 60 * Second;

    /// <summary>The receivers.</summary>
    public static readonly IReadOnlyList<string> Receivers = ["phone", "desk", "chat"];

    /// <summary>Who is told: two receivers told at once, and one behind a routing tree with two integrations. One stands in for the others.</summary>
    public static readonly RoutingPlan WithStandIn = Read("""
        apiVersion: nines/v1
        kind: Delivery
        metadata: {name: d}
        spec:
          receivers:
            - {name: phone, severities: [page], webhook: {url: 'http://phone/'}}
            - {name: desk, webhook: {url: 'http://desk/'}}
          failover:
            - {receiver: phone, to: desk, after: 2m}
            - {receiver: chat, to: desk, after: 3m}
        """, """
        route: {receiver: chat, group_by: [team], group_wait: 10s, group_interval: 30s}
        receivers: [{name: chat, webhook_configs: [{url: 'http://chat/'}, {url: 'http://chat/', send_resolved: false}]}]
        """);

    /// <summary>The same, and nobody stands in for anybody.</summary>
    public static readonly RoutingPlan Alone =
        WithStandIn with { Failover = System.Collections.Frozen.FrozenDictionary<string, Failover>.Empty };

    /// <summary>What is planned for a seed, in order.</summary>
    public static List<Planned> Of(int seed)
    {
        var random = new Random(seed);
        var plan = new List<Planned>();
        for (var alert = 0; alert < Alerts; alert++)
        {
            Episodes(plan, random, alert);
        }
        for (var i = random.Next(4); i > 0; i--)
        {
            plan.Add(new(At(random), Happening.Silence, random.Next(Alerts), random.Next(60, 900)));
            if (random.Next(2) == 0)
            {
                plan.Add(new(At(random), Happening.Expire, 0, 0));
            }
        }
        for (var i = random.Next(1, 6); i > 0; i--)
        {
            var (which, at) = (random.Next(Receivers.Count), At(random));
            plan.Add(new(at, Happening.Receiver, which, random.Next(1, 7)));
            plan.Add(new(at + random.Next(5, 600) * Second, Happening.Receiver, which, 0));
        }
        for (var i = random.Next(3); i > 0; i--)
        {
            var at = At(random);
            plan.Add(new(at, Happening.Store, 0, random.Next(1, 4)));
            plan.Add(new(at + random.Next(5, 300) * Second, Happening.Store, 0, 0));
        }
        for (var i = random.Next(5); i > 0; i--)
        {
            plan.Add(new(At(random), Happening.Crash, random.Next(1, 90), random.Next(1, 16)));
        }
        if (random.Next(3) == 0)
        {
            plan.Add(new(At(random), Happening.Clock, 0, random.Next(2) == 0 ? 3600 : -3600));
        }
        if (random.Next(6) == 0)
        {
            plan.Add(new(At(random), Happening.Suspend, 0, random.Next(2)));
        }
        if (random.Next(8) == 0)
        {
            plan.Add(new(At(random), Happening.Spool, 0, 1));
            plan.Add(new(At(random), Happening.Spool, 0, 0));
        }
        for (var i = random.Next(3); i > 0; i--)
        {
            plan.Add(new(At(random), Happening.Freeze, 0, random.Next(1, 120)));
        }
        return [.. plan.Where(p => p.AtNs < ActiveNs).OrderBy(p => p.AtNs)];
    }

    private static void Episodes(List<Planned> plan, Random random, int alert)
    {
        var at = random.Next(1200) * Second;
        while (at < ActiveNs)
        {
            plan.Add(new(at, Happening.Fire, alert, 0));
            at += (random.Next(4) == 0 ? random.Next(1, 20) : random.Next(20, 1500)) * Second;
            plan.Add(new(at, Happening.Resolve, alert, 0));
            at += random.Next(1, 900) * Second;
        }
    }

    private static long At(Random random) => random.NextInt64(ActiveNs / Second * 1000) * (Second / 1000);

    private static RoutingPlan Read(string delivery, string tree)
    {
        var reading = WorkspaceReader.Read([new("d.yml", Encoding.UTF8.GetBytes(delivery)), new("alertmanager.yml", Encoding.UTF8.GetBytes(tree))]);
        return reading.Model?.Routing ?? throw new InvalidOperationException(string.Join('\n', reading.Problems));
    }
}
