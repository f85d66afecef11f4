using Nines.Core.Delivery;
using Nines.Core.Delivery.Integrations;

namespace Nines.Simulation;

/// <summary>A receiver of a world.</summary>
internal sealed class SimulatedReceiver
{
    private static readonly AnswerRule Telegram = new() { OkField = "ok" };

    public Behaviour Behaviour { get; private set; }

    /// <summary>Since when it takes what comes.</summary>
    public long HealthySinceNs { get; private set; }

    /// <summary>Since when it does not.</summary>
    public long FailsSinceNs { get; private set; }

    /// <summary>When it last refused something for good; far before the world began when it never did.</summary>
    public long RefusedNs { get; set; } = long.MinValue / 2;

    public void Become(Behaviour behaviour, long nowNs)
    {
        if (behaviour == Behaviour.Takes)
        {
            HealthySinceNs = Behaviour == Behaviour.Takes ? HealthySinceNs : nowNs;
        }
        else
        {
            FailsSinceNs = Behaviour == Behaviour.Takes ? nowNs : FailsSinceNs;
            HealthySinceNs = long.MaxValue / 2;
        }
        Behaviour = behaviour;
    }

    /// <summary>What comes of an attempt: whether the message arrives, what the server learns of it, and after how many seconds.</summary>
    public (bool Arrives, SendOutcome Outcome, double Seconds) Answer(Random random)
    {
        var quick = 0.05 + random.NextDouble() / 2;
        return Behaviour switch
        {
            Behaviour.TooMany => (false, AnswerRule.ByStatus.Judge(429, "", TimeSpan.FromSeconds(random.Next(1, 60))), quick),
            Behaviour.Breaks => (false, AnswerRule.ByStatus.Judge(500, "", null), quick),
            Behaviour.Hangs => (random.Next(2) == 0, new(SendVerdict.InDoubt, "no answer"), 10),
            Behaviour.Resets when random.Next(2) == 0 => (false, new(SendVerdict.Retry, "connection reset"), quick),
            Behaviour.Resets => (random.Next(2) == 0, new(SendVerdict.InDoubt, "connection reset"), quick),
            Behaviour.SaysNo => (false, Telegram.Judge(200, """{"ok":false}""", null), quick),
            Behaviour.Refuses => (false, AnswerRule.ByStatus.Judge(400, "", null), quick),
            _ => (true, new(SendVerdict.Sent, ""), quick),
        };
    }
}
