namespace Nines.Core.Alerting.Routing;

/// <summary>Who stands in for a receiver that cannot be reached.</summary>
/// <param name="To">Name of the receiver that is told instead.</param>
/// <param name="AfterMs">How long a message may stay undelivered before that, in ms. One that is refused for good goes there at once.</param>
public sealed record Failover(string To, long AfterMs);
