using System.Data.Common;
using System.Text.Json;
using System.Text.Json.Serialization;
using Nines.Core.Alerting;
using Nines.Core.Delivery;
using Nines.Metrics;
using Nines.Server.State;

namespace Nines.Server.Delivery;

/// <summary>The outbox's SQL. Every write can run twice: what was refused is written again later.</summary>
internal static class OutboxStore
{
    private static readonly OutboxJson Json = OutboxJson.Default;

    /// <summary>Puts a message in, unless it is there.</summary>
    public static void Insert(StateTransaction transaction, GroupNotification notification, bool recorded) =>
        transaction.Execute("""
            INSERT INTO outbox (idempotency_key, receiver, kind, number, group_key, decided_at, state, attempts, recorded, detail, json)
            VALUES (@p1, @p2, @p3, @p4, @p5, @p6, 'pending', 0, @p7, '', @p8) ON CONFLICT (idempotency_key) DO NOTHING
            """,
            notification.Key, notification.Receiver, notification.Kind, (long)notification.Index, notification.GroupKey, notification.DecidedAtNs,
            recorded ? 1L : 0L, Serialize(notification));

    /// <summary>Notes what the outbox decided.</summary>
    public static void Put(StateTransaction transaction, OutboxRecord record)
    {
        switch (record)
        {
            case MessageAdded added:
                Insert(transaction, added.Notification, added.Recorded);
                break;
            case MessageRewritten rewritten:
                transaction.Execute("UPDATE outbox SET json = @p2 WHERE idempotency_key = @p1", record.Key, Serialize(rewritten.Notification));
                break;
            case MessageMoved moved:
                transaction.Execute("UPDATE outbox SET state = @p2, detail = @p3 WHERE idempotency_key = @p1", record.Key, WordOf(moved.State), moved.Detail);
                break;
            case MessageUnrecorded:
                transaction.Execute("UPDATE outbox SET recorded = 0 WHERE idempotency_key = @p1", record.Key);
                break;
            case AttemptBegun begun:
                transaction.Execute("UPDATE outbox SET state = 'sending', attempts = @p2 WHERE idempotency_key = @p1", record.Key, (long)begun.Number);
                transaction.Execute("""
                    INSERT INTO attempt (idempotency_key, number, started_at, outcome, detail) VALUES (@p1, @p2, @p3, 'unknown', '')
                    ON CONFLICT (idempotency_key, number) DO NOTHING
                    """, record.Key, (long)begun.Number, begun.AtNs);
                break;
            case AttemptEnded ended:
                transaction.Execute("UPDATE attempt SET finished_at = @p3, outcome = @p4, detail = @p5 WHERE idempotency_key = @p1 AND number = @p2",
                    record.Key, (long)ended.Number, ended.AtNs, ended.Outcome.Verdict.ToString().ToLowerInvariant(), ended.Outcome.Detail);
                break;
            default:
                throw new InvalidOperationException($"nobody knows how to record {record.GetType().Name}");
        }
    }

    /// <summary>Messages that are not done, and those decided since an instant, in order of decision.</summary>
    public static List<OutboxEntry> Load(StateReader reader, long sinceNs) => reader.Query(
        """
        SELECT json, state, attempts, detail, recorded,
            (SELECT count(*) FROM attempt WHERE attempt.idempotency_key = outbox.idempotency_key AND outcome IN ('unknown', 'indoubt'))
        FROM outbox
        WHERE state IN ('pending', 'sending') OR decided_at >= @p1 ORDER BY decided_at, idempotency_key
        """,
        row => Entry(row) with { InDoubt = row.GetInt64(5) != 0 }, sinceNs);

    /// <summary>A message; none when it is not there.</summary>
    public static List<OutboxEntry> Find(StateReader reader, string key) =>
        reader.Query("SELECT json, state, attempts, detail, recorded FROM outbox WHERE idempotency_key = @p1", Entry, key);

    /// <summary>The messages of a time that tell of an alert, the latest first.</summary>
    public static List<OutboxEntry> Telling(StateReader reader, string fingerprint, long fromNs, long toNs, int most) => reader.Query(
        """
        SELECT json, state, attempts, detail, recorded FROM outbox
        WHERE decided_at >= @p1 AND decided_at <= @p2 AND json LIKE @p3 ORDER BY decided_at DESC LIMIT @p4
        """,
        Entry, fromNs, toNs, $"%\"fingerprint\":\"{fingerprint}\"%", (long)most);

    /// <summary>What was tried to deliver a message, in order.</summary>
    public static List<DeliveryAttempt> Attempts(StateReader reader, string key) => reader.Query(
        "SELECT number, started_at, finished_at, outcome, detail FROM attempt WHERE idempotency_key = @p1 ORDER BY number",
        row => new DeliveryAttempt((int)row.GetInt64(0), row.GetInt64(1), row.IsDBNull(2) ? null : row.GetInt64(2), row.GetString(3), row.GetString(4)), key);

    public static string Serialize(GroupNotification notification) => JsonSerializer.Serialize(notification, Json.GroupNotification);

    public static GroupNotification Deserialize(string json) => JsonSerializer.Deserialize(json, Json.GroupNotification)!;

    private static OutboxEntry Entry(DbDataReader row) =>
        new(Deserialize(row.GetString(0)), StateOf(row.GetString(1)), (int)row.GetInt64(2), row.GetString(3), row.GetInt64(4) != 0);

    private static string WordOf(DeliveryState state) => state.ToString().ToLowerInvariant();

    private static DeliveryState StateOf(string word) => word switch
    {
        "pending" => DeliveryState.Pending,
        "sending" => DeliveryState.Sending,
        "sent" => DeliveryState.Sent,
        "failed" => DeliveryState.Failed,
        "failedover" => DeliveryState.FailedOver,
        "collapsed" => DeliveryState.Collapsed,
        _ => throw new InvalidDataException($"the outbox holds a message in the unknown state {word}"),
    };
}

/// <summary>Labels as a JSON object.</summary>
internal sealed class LabelsJson : JsonConverter<Labels>
{
    public override Labels Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        var pairs = new List<(string, string)>();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString()!;
            reader.Read();
            pairs.Add((name, reader.GetString() ?? ""));
        }
        return Labels.Of(pairs);
    }

    public override void Write(Utf8JsonWriter writer, Labels value, JsonSerializerOptions options)
    {
        writer.WriteStartObject();
        foreach (var (name, text) in value.Pairs)
        {
            writer.WriteString(name, text);
        }
        writer.WriteEndObject();
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, Converters = [typeof(LabelsJson)], IgnoreReadOnlyProperties = true)]
[JsonSerializable(typeof(GroupNotification))]
internal sealed partial class OutboxJson : JsonSerializerContext;
