using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Nines.Metrics;
using Nines.Server.State;

namespace Nines.Server.Probes.Push;

/// <summary>What was counted under a set of labels.</summary>
/// <param name="Labels">The labels, without a metric's name.</param>
/// <param name="Events">How many events.</param>
/// <param name="Values">How many of them had a value.</param>
/// <param name="Sum">The sum of the values.</param>
/// <param name="SinceMs">When all of it was zero, ms since the Unix epoch.</param>
internal sealed record EventTotal(Labels Labels, long Events, long Values, double Sum, long SinceMs);

/// <summary>Totals and keys in the store.</summary>
internal static class EventStore
{
    /// <summary>At most so many keys are deleted in one transaction, so that others do not wait for it.</summary>
    private const long MostPruned = 50_000;

    public static List<EventTotal> Load(StateReader reader) => reader.Query("SELECT labels, events, value_count, value_sum, since FROM event_total", row =>
        new EventTotal(LabelsOf(row.GetString(0)), row.GetInt64(1), row.GetInt64(2), row.GetDouble(3), row.GetInt64(4)));

    public static long CountKeys(StateReader reader) => reader.Query("SELECT COUNT(*) FROM event_key", row => row.GetInt64(0)).Single();

    /// <summary>What the store knows an event by: its name and key.</summary>
    public static string KeyOf(string name, string key) => Hash($"{name}\n{key}");

    /// <summary>Notes keys, and gives those that were not known.</summary>
    public static HashSet<string> Claim(StateTransaction transaction, IReadOnlyCollection<string> keys, long nowMs) => keys.Count == 0 ? [] :
        [.. transaction.Query("INSERT INTO event_key (key, at) SELECT value, @p2 FROM " + transaction.Dialect.JsonTexts
            + " WHERE true ON CONFLICT (key) DO NOTHING RETURNING key",
            row => row.GetString(0), JsonSerializer.Serialize(keys.ToArray(), PushJson.Default.StringArray), nowMs)];

    /// <summary>Adds to a total, and gives it as it is then.</summary>
    public static EventTotal Add(StateTransaction transaction, EventTotal more)
    {
        var labels = TextOf(more.Labels);
        return transaction.Query("""
            INSERT INTO event_total (id, labels, events, value_count, value_sum, since) VALUES (@p1, @p2, @p3, @p4, @p5, @p6)
            ON CONFLICT (id) DO UPDATE SET events = event_total.events + excluded.events, value_count = event_total.value_count + excluded.value_count,
              value_sum = event_total.value_sum + excluded.value_sum
            RETURNING events, value_count, value_sum, since
            """,
            row => new EventTotal(more.Labels, row.GetInt64(0), row.GetInt64(1), row.GetDouble(2), row.GetInt64(3)),
            Hash(labels), labels, more.Events, more.Values, more.Sum, more.SinceMs).Single();
    }

    /// <summary>Deletes keys that came before a time, and the oldest of what is too much.</summary>
    /// <returns>How many were deleted.</returns>
    public static int Prune(StateTransaction transaction, long beforeMs, long tooMany) => transaction.Execute(
        "DELETE FROM event_key WHERE key IN (SELECT key FROM event_key WHERE at < @p1 ORDER BY at LIMIT @p2)", beforeMs, MostPruned)
        + (tooMany <= 0 ? 0 : transaction.Execute(
            "DELETE FROM event_key WHERE key IN (SELECT key FROM event_key ORDER BY at LIMIT @p1)", Math.Min(tooMany, MostPruned)));

    private static string TextOf(Labels labels)
    {
        var texts = new List<string>();
        foreach (var (name, value) in labels.Pairs)
        {
            texts.Add(name);
            texts.Add(value);
        }
        return JsonSerializer.Serialize(texts.ToArray(), PushJson.Default.StringArray);
    }

    private static Labels LabelsOf(string text) =>
        Labels.Of(JsonSerializer.Deserialize(text, PushJson.Default.StringArray)!.Chunk(2).Select(p => (p[0], p[1])));

    private static string Hash(string text) => Base64Url.EncodeToString(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 16));
}
