using System.Globalization;
using Nines.Core.Alerting;
using Nines.Core.Delivery;
using Nines.Server.State;

namespace Nines.Server.Delivery;

/// <summary>A message as it is recorded.</summary>
/// <param name="Notification">What it tells.</param>
/// <param name="State">Where it stands.</param>
/// <param name="Recorded">Whether the store had it before it went out.</param>
/// <param name="Detail">The last error; empty when there is none.</param>
/// <param name="Attempts">Its attempts, the first first; those older than 90 days are gone.</param>
public sealed record DeliveryEntry(GroupNotification Notification, string State, bool Recorded, string Detail, IReadOnlyList<DeliveryAttempt> Attempts)
{
    /// <summary>When the receiver had taken it, nanoseconds since the Unix epoch; null when it has not, or that is not known.</summary>
    public long? DeliveredAtNs => State == "sent" ? Attempts.LastOrDefault(a => a.Outcome == "sent")?.FinishedNs : null;

    /// <summary>Whether an attempt told again what an earlier one may have told.</summary>
    public bool IsPossibleRepeat(DeliveryAttempt attempt) =>
        Attempts.Any(a => a.Number < attempt.Number && a.Outcome is "unknown" or "indoubt");
}

/// <summary>Reads what was decided to be told, and what came of it. What the store did not take yet is not in it.</summary>
internal sealed class DeliveryLedger(IStateStore store)
{
    /// <summary>How long after its decision a message on its way is in trouble.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private const long TallyNs = 86_400L * 1_000_000_000;
    private const string Columns = "SELECT idempotency_key, state, recorded, detail, json FROM outbox";

    /// <summary>A page of messages, the latest first, and the mark of the next page; null on the last.</summary>
    public Task<(IReadOnlyList<DeliveryEntry> Items, string? Next)> PageAsync(DeliveryFilter filter, long nowNs, CancellationToken cancellation) =>
        store.ReadAsync<(IReadOnlyList<DeliveryEntry>, string?)>(reader =>
        {
            var (conditions, values) = Conditions(filter, nowNs);
            values.Add((long)filter.Limit + 1);
            var where = conditions.Count == 0 ? "" : " WHERE " + string.Join(" AND ", conditions);
            var rows = reader.Query($"{Columns}{where} ORDER BY decided_at DESC, idempotency_key DESC LIMIT @p{values.Count}", RowOf, [.. values]);
            var items = rows.Take(filter.Limit).Select(row => With(reader, row)).ToList();
            return (items, rows.Count > filter.Limit ? DeliveryFilter.MarkOf(items[^1].Notification.DecidedAtNs, items[^1].Notification.Key) : null);
        }, cancellation);

    /// <summary>One message; null when there is none with that key.</summary>
    public Task<DeliveryEntry?> FindAsync(string key, CancellationToken cancellation) => store.ReadAsync(reader =>
        reader.Query($"{Columns} WHERE idempotency_key = @p1", RowOf, key).Select(row => With(reader, row)).FirstOrDefault(), cancellation);

    /// <summary>How delivery goes by receiver: messages decided in the last 24 hours, and all that are on their way.</summary>
    public Task<IReadOnlyList<DeliveryTally>> TallyAsync(long nowNs, CancellationToken cancellation) => store.ReadAsync(reader =>
    {
        var counted = new List<CountedMessage>();
        reader.Each("""
            SELECT o.receiver, o.state, o.decided_at, a.finished_at FROM outbox o
            LEFT JOIN attempt a ON a.idempotency_key = o.idempotency_key AND a.outcome = 'sent'
            WHERE o.decided_at >= @p1 OR o.state IN ('pending', 'sending')
            """,
            row => counted.Add(new(row.GetString(0), row.GetString(1), row.GetInt64(2), row.IsDBNull(3) ? null : row.GetInt64(3))), nowNs - TallyNs);
        return DeliveryTally.Of(counted);
    }, cancellation);

    private static (List<string> Conditions, List<object?> Values) Conditions(DeliveryFilter filter, long nowNs)
    {
        var (conditions, values) = (new List<string>(), new List<object?>());
        void Where(string condition, params object?[] given)
        {
            var numbered = given.Select((_, i) => (object)string.Create(CultureInfo.InvariantCulture, $"@p{values.Count + i + 1}")).ToArray();
            values.AddRange(given);
            conditions.Add(string.Format(CultureInfo.InvariantCulture, condition, numbered));
        }
        if (filter.Receiver.Length > 0)
        {
            Where("receiver = {0}", filter.Receiver);
        }
        if (filter.State.Length > 0)
        {
            Where("state = {0}", filter.State);
        }
        if (filter.Alert.Length > 0)
        {
            // The rows come newest first and few are read before a page is full: an index of alerts would cost each page that goes out more than it saves here.
            Where("json LIKE {0}", $"%\"fingerprint\":\"{filter.Alert}\"%");
        }
        if (filter.SinceMs is { } since)
        {
            Where("decided_at >= {0}", since * 1_000_000);
        }
        if (filter.UntilMs is { } until)
        {
            Where("decided_at < {0}", until * 1_000_000);
        }
        if (filter.Trouble)
        {
            Where("(state NOT IN ('sent', 'pending', 'sending') OR attempts > 1 OR recorded = 0 OR (state <> 'sent' AND decided_at < {0}))",
                nowNs - Patience.Ticks * 100);
        }
        if (DeliveryFilter.PlaceOf(filter.After) is var (at, key))
        {
            Where("(decided_at < {0} OR (decided_at = {0} AND idempotency_key < {1}))", at, key);
        }
        return (conditions, values);
    }

    private static DeliveryEntry RowOf(System.Data.Common.DbDataReader row) =>
        new(OutboxStore.Deserialize(row.GetString(4)), row.GetString(1), row.GetInt64(2) != 0, row.GetString(3), []);

    private static DeliveryEntry With(StateReader reader, DeliveryEntry entry) =>
        entry with { Attempts = OutboxStore.Attempts(reader, entry.Notification.Key) };
}
