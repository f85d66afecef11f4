using System.Text.Json;
using System.Text.Json.Serialization;
using Nines.Core.Alerting;
using Nines.Server.Delivery;
using Nines.Server.State;

namespace Nines.Server.Alerting;

/// <summary>An alert with the reason for its state.</summary>
internal sealed record StoredAlert(AlertState State, string Explanation);

/// <summary>The alerts' SQL. Every write can run twice.</summary>
internal static class AlertStore
{
    private const long TransitionsKeptNs = 35L * 86_400 * 1_000_000_000;
    private const long AttemptsKeptNs = 90L * 86_400 * 1_000_000_000;

    public static void Put(StateTransaction transaction, AlertState state, string explanation) => transaction.Execute("""
        INSERT INTO alert (fingerprint, firing, updated_at, json) VALUES (@p1, @p2, @p3, @p4)
        ON CONFLICT (fingerprint) DO UPDATE SET firing = excluded.firing, updated_at = excluded.updated_at, json = excluded.json
        """,
        state.Fingerprint, state.Firing ? 1L
            : 0L, state.UpdatedAtNs, JsonSerializer.Serialize(new StoredAlert(state, explanation), AlertJson.Default.StoredAlert));

    public static void Append(StateTransaction transaction, AlertTransition transition) => transaction.Execute("""
        INSERT INTO alert_transition (fingerprint, episode, resolved, at, explanation) VALUES (@p1, @p2, @p3, @p4, @p5)
        ON CONFLICT (fingerprint, episode, resolved) DO NOTHING
        """,
        transition.Fingerprint, transition.EpisodeNs, transition.Resolved ? 1L : 0L, transition.AtNs, transition.Explanation);

    /// <summary>Firing alerts, and those heard of since an instant.</summary>
    public static List<StoredAlert> Load(StateReader reader, long sinceNs) => reader.Query(
        "SELECT json FROM alert WHERE firing = 1 OR updated_at >= @p1 ORDER BY updated_at",
        row => JsonSerializer.Deserialize(row.GetString(0), AlertJson.Default.StoredAlert)!, sinceNs);

    /// <summary>Drops what is older than its retention: transitions 35 days, attempts and messages 90 days.</summary>
    public static void Prune(StateTransaction transaction, long nowNs)
    {
        transaction.Execute("DELETE FROM alert_transition WHERE at < @p1", nowNs - TransitionsKeptNs);
        transaction.Execute("DELETE FROM alert WHERE firing = 0 AND updated_at < @p1", nowNs - TransitionsKeptNs);
        transaction.Execute("DELETE FROM attempt WHERE started_at < @p1", nowNs - AttemptsKeptNs);
        transaction.Execute("DELETE FROM outbox WHERE decided_at < @p1 AND state NOT IN ('pending', 'sending')", nowNs - AttemptsKeptNs);
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, Converters = [typeof(LabelsJson)], IgnoreReadOnlyProperties = true)]
[JsonSerializable(typeof(StoredAlert))]
internal sealed partial class AlertJson : JsonSerializerContext;
