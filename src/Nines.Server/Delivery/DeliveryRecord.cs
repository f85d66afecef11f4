using Nines.Core.Alerting;
using Nines.Core.Delivery;
using Nines.Server.State;

namespace Nines.Server.Delivery;

/// <inheritdoc/>
internal sealed class DeliveryRecord(IStateStore store, OutboxWorker outbox) : IDeliveryRecord
{
    private const int Most = 20;

    public Task<IReadOnlyList<DeliveryMessage>> OfAsync(string fingerprint, long fromNs, long toNs, CancellationToken cancellation)
    {
        var keys = outbox.Book.Of(fingerprint).Select(r => r.Key).ToList();
        return store.ReadAsync<IReadOnlyList<DeliveryMessage>>(reader =>
        {
            var entries = keys.Count > 0 ? keys.SelectMany(key => OutboxStore.Find(reader, key))
                : OutboxStore.Telling(reader, fingerprint, fromNs, toNs, Most);
            return [.. entries.Select(e => MessageOf(reader, e, fingerprint))
                .OrderByDescending(m => m.DecidedNs).ThenBy(m => m.Receiver, StringComparer.Ordinal)];
        }, cancellation);
    }

    private static DeliveryMessage MessageOf(StateReader reader, OutboxEntry entry, string fingerprint)
    {
        var notification = entry.Notification;
        return new(notification.Key, notification.Receiver, notification.Kind, notification.Reason, notification.Alerts.Count,
            notification.Alerts.Any(a => a.Fingerprint == fingerprint && a.EndsAtNs != 0), entry.State, notification.DecidedAtNs, entry.Detail, entry.Recorded,
            OutboxStore.Attempts(reader, notification.Key));
    }
}
