using Nines.Core.Alerting;
using Nines.Core.Alerting.Routing;
using Nines.Core.Delivery;
using Nines.Server.State;

namespace Nines.Server.Delivery.Buttons;

/// <summary>Does what people ask for by the buttons of a message.</summary>
internal sealed class PressedButtons(IAlertHandling alerts, IAlertRouting routing, IStateStore store, TimeProvider time)
{
    /// <summary>The integrations of a kind that are set up to hear of buttons.</summary>
    public IReadOnlyList<Integration> Of(string kind) => Of(routing.Plan, kind);

    /// <summary>The same of a configuration.</summary>
    public static IReadOnlyList<Integration> Of(RoutingPlan plan, string kind) =>
        [.. plan.Receivers.Values.SelectMany(r => r.Integrations).Where(i => i.Kind == kind && MessageButtons.AreOn(i))];

    /// <summary>Acts on the alerts that a message told of as firing.</summary>
    /// <param name="press">The button.</param>
    /// <param name="kind">The kind of integration that tells of the press.</param>
    /// <param name="mayAnswer">Whether the press came by the way of the integration that sent the message. Nobody else may answer it.</param>
    /// <param name="by">Who pressed it.</param>
    /// <param name="cancellation">Ends the wait.</param>
    public async Task<ButtonAnswer> ActAsync(
        ButtonPress press, string kind, Func<Integration, bool> mayAnswer, Responder by, CancellationToken cancellation)
    {
        GroupNotification? message;
        try
        {
            message = await store.ReadAsync(reader => OutboxStore.Find(reader, press.Key).FirstOrDefault()?.Notification, cancellation);
        }
        catch (StoreRefusedException)
        {
            return new("Nothing was done: the record of this message cannot be read now. The alert's page works", null);
        }
        if (message is null)
        {
            return new("Nothing was done: there is no record of this message", null);
        }
        var sender = message.Kind != kind ? null
            : routing.Plan.Receivers.GetValueOrDefault(message.Receiver)?.Integrations.FirstOrDefault(i => i.Kind == kind && i.Index == message.Index);
        if (sender is null || !MessageButtons.AreOn(sender) || !mayAnswer(sender))
        {
            return new("Nothing was done: this is not where that message is answered", null);
        }
        var meant = MessageButtons.Meant(message);
        return meant.Count == 0 ? new("It is over", [])
            : ButtonAnswer.Of(press.What, by, await alerts.HandleAsync(press.What, meant, by, cancellation), time.Now().WallNs);
    }
}
