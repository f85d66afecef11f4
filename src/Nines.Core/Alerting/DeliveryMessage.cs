using Nines.Core.Alerting.Routing;

namespace Nines.Core.Alerting;

/// <summary>A message that told of an alert, with everything that was tried.</summary>
/// <param name="Key">Its idempotency key.</param>
/// <param name="Receiver">Name of the receiver.</param>
/// <param name="Kind">Kind of the integration.</param>
/// <param name="Reason">Why it was decided.</param>
/// <param name="Alerts">How many alerts it tells of.</param>
/// <param name="Resolved">Whether it tells that the alert is over.</param>
/// <param name="State">How far it is.</param>
/// <param name="DecidedNs">When it was decided, nanoseconds since the Unix epoch.</param>
/// <param name="Detail">What the receiver last said, without secrets.</param>
/// <param name="Recorded">Whether the store had it before it was sent.</param>
/// <param name="Attempts">What was tried, in order.</param>
public sealed record DeliveryMessage(
    string Key, string Receiver, string Kind, NoticeReason Reason, int Alerts, bool Resolved, DeliveryState State, long DecidedNs, string Detail, bool Recorded,
    IReadOnlyList<DeliveryAttempt> Attempts);

/// <summary>One attempt to deliver a message.</summary>
/// <param name="Number">From 1.</param>
/// <param name="StartedNs">When it began, nanoseconds since the Unix epoch.</param>
/// <param name="FinishedNs">When its outcome was known; null when it is not.</param>
/// <param name="Outcome"><c>sent</c>, <c>retry</c>, <c>indoubt</c>, <c>failed</c>, or <c>unknown</c> while it runs or when the process ended in it.</param>
/// <param name="Detail">What the receiver said: its code, its own name for the message, or its error.</param>
public sealed record DeliveryAttempt(int Number, long StartedNs, long? FinishedNs, string Outcome, string Detail);
