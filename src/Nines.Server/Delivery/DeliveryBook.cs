using System.Collections.Concurrent;
using Nines.Core.Alerting;
using Nines.Core.Delivery;

namespace Nines.Server.Delivery;

/// <summary>Where the last messages of each alert stand. In memory, for reports.</summary>
internal sealed class DeliveryBook
{
    private const int PerAlert = 20;
    private readonly ConcurrentDictionary<string, DeliveryReport[]> _byAlert = new(StringComparer.Ordinal);
    private long _version;

    /// <summary>Counts up with each change.</summary>
    public long Version => Interlocked.Read(ref _version);

    public void Set(OutboxEntry entry)
    {
        var notification = entry.Notification;
        var report = new DeliveryReport(notification.Key, notification.Receiver, notification.Resolved, entry.State, entry.Attempts, notification.DecidedAtNs,
            entry.Detail, entry.Recorded);
        foreach (var alert in notification.Alerts)
        {
            var one = report with { Resolved = alert.EndsAtNs != 0 };
            _byAlert.AddOrUpdate(alert.Fingerprint, [one], (_, before) =>
                [.. before.Where(r => r.Key != one.Key).Append(one).OrderByDescending(r => r.AtNs).ThenByDescending(r => r.Resolved)
                    .ThenBy(r => r.Receiver, StringComparer.Ordinal).Take(PerAlert)]);
        }
        Interlocked.Increment(ref _version);
    }

    /// <summary>The messages of an alert, the latest first.</summary>
    public IReadOnlyList<DeliveryReport> Of(string fingerprint) => _byAlert.TryGetValue(fingerprint, out var reports) ? reports : [];

    public void Forget(string fingerprint) => _byAlert.TryRemove(fingerprint, out _);
}
