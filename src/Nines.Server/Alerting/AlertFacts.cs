using System.Text.Json;
using Nines.Core.Alerting;
using Nines.Core.Alerting.Routing;
using Nines.Core.Journal;
using Nines.Metrics;
using Nines.Server.State;

namespace Nines.Server.Alerting;

/// <summary>What the journal keeps of people who took alerts in hand, or silenced them. The payloads' bytes are for ever.</summary>
internal static class AlertFacts
{
    public const string Acknowledged = "alert.acknowledged/1";
    public const string Resolved = "alert.resolved/1";
    public const string SilenceSet = "silence.set/1";
    public const string SilenceEnded = "silence.ended/1";

    /// <summary>Appends the fact, unless it is there: what was refused is written again later.</summary>
    public static void Append(StateTransaction transaction, Fact fact)
    {
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

    /// <summary>That a silence was set or changed, or ended before its time.</summary>
    internal static Fact Of(Silence silence, Responder by) => new(
        silence.EndsAtNs <= silence.UpdatedAtNs ? SilenceEnded : SilenceSet, $"silence/{silence.Id}", silence.UpdatedAtNs, by.Actor,
        JsonSerializer.SerializeToUtf8Bytes(new SilencePayload([.. silence.Matchers.Select(m => m.ToString())], Clock.ToRfc3339(silence.StartsAtNs),
            Clock.ToRfc3339(silence.EndsAtNs), silence.CreatedBy, silence.Comment, by.Name), AlertJson.Default.SilencePayload))
    {
        Source = by.Through,
    };
}

/// <summary>Payload of <c>silence.set/1</c> and <c>silence.ended/1</c>.</summary>
/// <param name="Matchers">Conditions on an alert's labels.</param>
/// <param name="From">When it begins.</param>
/// <param name="To">When it ends.</param>
/// <param name="CreatedBy">Who made it, in their own words.</param>
/// <param name="Comment">Why.</param>
/// <param name="Name">What people call whoever set or ended it.</param>
internal sealed record SilencePayload(IReadOnlyList<string> Matchers, string From, string To, string CreatedBy, string Comment, string Name);

/// <summary>Payload of <c>alert.acknowledged/1</c> and <c>alert.resolved/1</c>.</summary>
/// <param name="Labels">The alert.</param>
/// <param name="EpisodeNs">The stretch of firing.</param>
/// <param name="Name">What people call whoever did it.</param>
internal sealed record AlertHandledPayload(Labels Labels, long EpisodeNs, string Name);
