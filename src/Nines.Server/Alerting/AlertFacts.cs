using System.Text.Json;
using Nines.Core.Alerting;
using Nines.Core.Journal;
using Nines.Metrics;
using Nines.Server.State;

namespace Nines.Server.Alerting;

/// <summary>What the journal keeps of people who took alerts in hand. The payloads' bytes are for ever.</summary>
internal static class AlertFacts
{
    public const string Acknowledged = "alert.acknowledged/1";
    public const string Resolved = "alert.resolved/1";

    /// <summary>Appends the fact, unless it is there: what was refused is written again later.</summary>
    public static void Append(StateTransaction transaction, AlertHandled handled)
    {
        var fact = Of(handled);
        if (transaction.Query("SELECT seq FROM fact WHERE subject = @p1 AND type = @p2 AND occurred_at = @p3", row => row.GetInt64(0),
            fact.Subject, fact.Type, fact.OccurredAtNs).Count == 0)
        {
            transaction.Append(fact);
        }
    }

    // The name is in the payload, which can be erased; the actor is a reference.
    internal static Fact Of(AlertHandled handled) => new(
        handled.What == Handling.Acknowledge ? Acknowledged : Resolved, $"alert/{handled.State.Fingerprint}", handled.AtNs, handled.By.Actor,
        JsonSerializer.SerializeToUtf8Bytes(
            new AlertHandledPayload(handled.State.Labels, handled.State.EpisodeNs, handled.By.Name), AlertJson.Default.AlertHandledPayload))
    {
        Source = handled.By.Through,
    };
}

/// <summary>Payload of <c>alert.acknowledged/1</c> and <c>alert.resolved/1</c>.</summary>
/// <param name="Labels">The alert.</param>
/// <param name="EpisodeNs">The stretch of firing.</param>
/// <param name="Name">What people call whoever did it.</param>
internal sealed record AlertHandledPayload(Labels Labels, long EpisodeNs, string Name);
