using Nines.Core.Alerting;

namespace Nines.Server.Alerting;

/// <summary>Hears alerts that come from outside before they enter.</summary>
public interface IInboundAlerts
{
    /// <summary>Takes those that are meant as something else, such as the always firing alert by which another monitoring system says that it lives.</summary>
    /// <returns>The alerts that remain.</returns>
    Task<IReadOnlyList<PostedAlert>> HearAsync(IReadOnlyList<PostedAlert> alerts);
}

/// <summary>Whether alerts would reach people now.</summary>
public interface IAlertLife
{
    /// <summary>When door and outbox last went through all there is to do, by the steady clock; null before the first time.</summary>
    TimeSpan? SinceLook { get; }
}
