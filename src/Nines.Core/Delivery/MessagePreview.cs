using Nines.Core.Alerting.Routing;

namespace Nines.Core.Delivery;

/// <summary>A message as an integration would get it, secrets hidden.</summary>
/// <param name="Title">What it is headed by; empty where it has no title.</param>
/// <param name="Text">What people read; empty where programs read it.</param>
/// <param name="Body">What goes over the wire.</param>
/// <param name="Problem">Why it cannot be made; empty when it can.</param>
public sealed record MessagePreview(string Title, string Text, string Body, string Problem);

/// <summary>Makes messages without sending them. Opens no secret.</summary>
public interface IMessagePreviews
{
    /// <summary>What an integration would get, with the settings and templates in force.</summary>
    MessagePreview Of(Integration integration, GroupNotification notification);
}
