using Nines.Core.Alerting.Routing;
using Nines.Core.Delivery;
using Nines.Core.Delivery.Integrations;

namespace Nines.Server.Delivery.Integrations;

/// <summary>Previews with the templates in force.</summary>
internal sealed class MessagePreviews(IntegrationClient client) : IMessagePreviews
{
    public MessagePreview Of(Integration integration, GroupNotification notification) =>
        IntegrationMessage.Preview(integration, notification, client.Templates, client.ExternalUrl, client.Ladders);
}
