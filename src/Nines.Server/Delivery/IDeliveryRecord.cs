using Nines.Core.Alerting;

namespace Nines.Server.Delivery;

/// <summary>Reads what was sent from the store's tables.</summary>
public interface IDeliveryRecord
{
    /// <summary>The latest messages that told of an alert, at most 20, the latest first.</summary>
    /// <param name="fingerprint">The alert.</param>
    /// <param name="fromNs">Decided at this time or later, nanoseconds since the Unix epoch; looked at only when the alert is no longer in memory.</param>
    /// <param name="toNs">Decided at this time or before.</param>
    /// <param name="cancellation">Ends the read.</param>
    /// <exception cref="State.StoreRefusedException">The store cannot be read.</exception>
    Task<IReadOnlyList<DeliveryMessage>> OfAsync(string fingerprint, long fromNs, long toNs, CancellationToken cancellation);
}
