using Nines.Core.Alerting;
using Nines.Metrics;

namespace Nines.Simulation;

/// <summary>Who posts an alert: what is true of it, and what the server took.</summary>
internal sealed class Source(int index)
{
    private const long YearsAheadNs = 30 * 3600 * Plan.Second;

    public string Name { get; } = $"A{index}";

    public Labels Labels { get; } = Labels.Of(
        ("alertname", $"A{index}"), ("severity", index % 3 == 2 ? "ticket" : "page"), ("team", index % 2 == 0 ? "red" : "blue"));

    public bool Firing { get; private set; }

    /// <summary>Since when the server has taken how it stands; <see cref="long.MaxValue"/> when it has not.</summary>
    public long AckedNs { get; private set; } = long.MaxValue;

    /// <summary>Whether that is durable.</summary>
    public bool Durable { get; private set; } = true;

    /// <summary>When it is posted next.</summary>
    public long NextNs { get; private set; } = long.MaxValue;

    /// <summary>When a silence last kept it quiet.</summary>
    public long MutedNs { get; set; } = long.MinValue / 2;

    /// <summary>The stretches of firing.</summary>
    public List<Episode> Episodes { get; } = [];

    private long _startsAtNs;

    // Like Prometheus; the others post once, like a script, and mean it.
    private bool Reposts => index % 2 == 0;

    public bool IsTakenBy(string receiver) => receiver != "phone" || Labels["severity"] == "page";

    public void Turn(bool firing, long nowNs, long wallNs)
    {
        if (firing == Firing)
        {
            return;
        }
        if (firing)
        {
            // If nobody heard of the end before, this is no news.
            Episodes.Add(new Episode(nowNs) { Excused = Episodes.Count > 0 && !(AckedNs != long.MaxValue && Durable) });
            _startsAtNs = wallNs;
        }
        (Firing, AckedNs, Durable, NextNs) = (firing, long.MaxValue, false, nowNs);
    }

    public PostedAlert Posting(long wallNs) =>
        new(Labels, Labels.Empty, _startsAtNs, !Firing ? wallNs : Reposts ? 0 : wallNs + YearsAheadNs, "");

    public void Posted(bool taken, bool durable, long nowNs)
    {
        if (taken && AckedNs == long.MaxValue)
        {
            AckedNs = nowNs;
        }
        if (taken && durable && !Durable)
        {
            Durable = true;
            if (Firing)
            {
                Episodes[^1].Taken = true;
            }
        }
        NextNs = !taken ? nowNs + 10 * Plan.Second : Reposts && Firing ? nowNs + 45 * Plan.Second : Durable ? long.MaxValue : nowNs + 20 * Plan.Second;
    }

    /// <summary>What was in memory only is gone.</summary>
    public void Crash()
    {
        if (!Durable)
        {
            AckedNs = long.MaxValue;
        }
    }
}

/// <summary>A stretch of firing.</summary>
internal sealed class Episode(long beganNs)
{
    public long BeganNs { get; } = beganNs;

    /// <summary>The receivers that have heard of it.</summary>
    public HashSet<string> Told { get; } = new(StringComparer.Ordinal);

    /// <summary>Whether the server took it for good.</summary>
    public bool Taken { get; set; }

    /// <summary>Whether it need not be told: silenced, or no news.</summary>
    public bool Excused { get; set; }
}
