using System.Text.Json;
using System.Text.Json.Serialization;
using Nines.Core.Alerting;
using Nines.Core.Alerting.Routing;
using Nines.Metrics;
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

    public static void Put(StateTransaction transaction, Silence silence) => transaction.Execute("""
        INSERT INTO silence (id, ends_at, json) VALUES (@p1, @p2, @p3) ON CONFLICT (id) DO UPDATE SET ends_at = excluded.ends_at, json = excluded.json
        """, silence.Id, silence.EndsAtNs, JsonSerializer.Serialize(silence, AlertJson.Default.Silence));

    public static void Put(StateTransaction transaction, GroupNotice notice) => transaction.Execute("""
        INSERT INTO group_notice (receiver, kind, number, group_key, at, json) VALUES (@p1, @p2, @p3, @p4, @p5, @p6)
        ON CONFLICT (group_key, receiver, kind, number) DO UPDATE SET at = excluded.at, json = excluded.json
        """, notice.Receiver, notice.Kind, (long)notice.Index, notice.GroupKey, notice.AtNs, JsonSerializer.Serialize(notice, AlertJson.Default.GroupNotice));

    /// <summary>Records what the board decided.</summary>
    public static void Put(StateTransaction transaction, BoardChanges changes)
    {
        changes.Alerts.ForEach(a => Put(transaction, a.State, a.Explanation));
        changes.Transitions.ForEach(t => Append(transaction, t));
        changes.Handled.ForEach(h => AlertFacts.Append(transaction, AlertFacts.Of(h)));
        changes.Silences.ForEach(s => Put(transaction, s));
        if (changes.SilencedBy is { } by)
        {
            changes.Silences.ForEach(s => AlertFacts.Append(transaction, AlertFacts.Of(s, by)));
        }
        changes.Notices.ForEach(n => Put(transaction, n));
        changes.Notifications.ForEach(n => OutboxStore.Insert(transaction, n, true));
    }

    public static void Append(StateTransaction transaction, AlertTransition transition) => transaction.Execute("""
        INSERT INTO alert_transition (fingerprint, episode, resolved, at, explanation) VALUES (@p1, @p2, @p3, @p4, @p5)
        ON CONFLICT (fingerprint, episode, resolved) DO NOTHING
        """,
        transition.Fingerprint, transition.EpisodeNs, transition.Resolved ? 1L : 0L, transition.AtNs, transition.Explanation);

    /// <summary>Firing alerts, and those heard of since an instant.</summary>
    public static List<StoredAlert> Load(StateReader reader, long sinceNs) => reader.Query(
        "SELECT json FROM alert WHERE firing = 1 OR updated_at >= @p1 ORDER BY updated_at",
        row => JsonSerializer.Deserialize(row.GetString(0), AlertJson.Default.StoredAlert)!, sinceNs);

    /// <summary>An alert as it was last recorded; null when it is not.</summary>
    public static StoredAlert? Find(StateReader reader, string fingerprint) => reader.Query(
        "SELECT json FROM alert WHERE fingerprint = @p1",
        row => JsonSerializer.Deserialize(row.GetString(0), AlertJson.Default.StoredAlert)!, fingerprint).FirstOrDefault();

    /// <summary>The begins and ends of an alert, the latest first.</summary>
    public static List<AlertTransition> Transitions(StateReader reader, string fingerprint, int most) => reader.Query(
        "SELECT episode, resolved, at, explanation FROM alert_transition WHERE fingerprint = @p1 ORDER BY at DESC, resolved DESC LIMIT @p2",
        row => new AlertTransition(fingerprint, row.GetInt64(0), row.GetInt64(1) != 0, row.GetInt64(2), row.GetString(3)), fingerprint, (long)most);

    /// <summary>The begins of alerts since an instant, the latest first.</summary>
    public static List<PastFiring> Begins(StateReader reader, long sinceNs, int most)
    {
        var alerts = new Dictionary<string, Labels>(StringComparer.Ordinal);
        foreach (var stored in Load(reader, sinceNs))
        {
            alerts[stored.State.Fingerprint] = stored.State.Labels;
        }
        return [.. reader.Query("SELECT fingerprint, at FROM alert_transition WHERE resolved = 0 AND at >= @p1 ORDER BY at DESC LIMIT @p2",
                row => (Fingerprint: row.GetString(0), AtNs: row.GetInt64(1)), sinceNs, (long)most)
            .Where(t => alerts.ContainsKey(t.Fingerprint)).Select(t => new PastFiring(alerts[t.Fingerprint], t.AtNs))];
    }

    /// <summary>The silences that are not over since an instant.</summary>
    public static List<Silence> LoadSilences(StateReader reader, long sinceNs) => reader.Query(
        "SELECT json FROM silence WHERE ends_at >= @p1", row => JsonSerializer.Deserialize(row.GetString(0), AlertJson.Default.Silence)!, sinceNs);

    /// <summary>What integrations were told.</summary>
    public static List<GroupNotice> LoadNotices(StateReader reader) => reader.Query(
        "SELECT json FROM group_notice", row => JsonSerializer.Deserialize(row.GetString(0), AlertJson.Default.GroupNotice)!);

    /// <summary>Drops what is older than its retention: transitions 35 days, attempts and messages 90 days.</summary>
    /// <param name="nowNs">The moment.</param>
    /// <param name="othersKeptNs">How long silences that are over, and what was told, are kept.</param>
    public static void Prune(StateTransaction transaction, long nowNs, long othersKeptNs)
    {
        transaction.Execute("DELETE FROM silence WHERE ends_at < @p1", nowNs - othersKeptNs);
        transaction.Execute("DELETE FROM group_notice WHERE at < @p1 AND json LIKE '%\"open\":[]%'", nowNs - othersKeptNs);
        transaction.Execute("DELETE FROM alert_transition WHERE at < @p1", nowNs - TransitionsKeptNs);
        transaction.Execute("DELETE FROM alert WHERE firing = 0 AND updated_at < @p1", nowNs - TransitionsKeptNs);
        transaction.Execute("DELETE FROM attempt WHERE started_at < @p1", nowNs - AttemptsKeptNs);
        transaction.Execute("DELETE FROM outbox WHERE decided_at < @p1 AND state NOT IN ('pending', 'sending')", nowNs - AttemptsKeptNs);
    }
}

/// <summary>Fingerprints as an array of numbers.</summary>
internal sealed class FingerprintsJson : JsonConverter<IReadOnlySet<ulong>>
{
    public override IReadOnlySet<ulong> Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        var all = new HashSet<ulong>();
        while (reader.Read() && reader.TokenType == JsonTokenType.Number)
        {
            all.Add(reader.GetUInt64());
        }
        return all;
    }

    public override void Write(Utf8JsonWriter writer, IReadOnlySet<ulong> value, JsonSerializerOptions options)
    {
        writer.WriteStartArray();
        foreach (var one in value)
        {
            writer.WriteNumberValue(one);
        }
        writer.WriteEndArray();
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, Converters = [typeof(LabelsJson), typeof(FingerprintsJson)],
    IgnoreReadOnlyProperties = true)]
[JsonSerializable(typeof(StoredAlert))]
[JsonSerializable(typeof(AlertHandledPayload))]
[JsonSerializable(typeof(SilencePayload))]
[JsonSerializable(typeof(Silence))]
[JsonSerializable(typeof(GroupNotice))]
internal sealed partial class AlertJson : JsonSerializerContext;
