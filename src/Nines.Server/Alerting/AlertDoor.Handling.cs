using Nines.Core.Alerting;
using Nines.Core.Alerting.Routing;

namespace Nines.Server.Alerting;

internal sealed partial class AlertDoor
{
    /// <inheritdoc/>
    public TimeSpan? SinceLook => Volatile.Read(ref _lookedAt) is var at and not 0 ? _time.GetElapsedTime(at) : null;

    /// <inheritdoc/>
    public async Task<IReadOnlyList<HandledAlert>> HandleAsync(
        Handling what, IReadOnlyList<AlertStretch> which, Responder by, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        IReadOnlyList<HandledAlert> handled;
        Task settled;
        lock (_outbox.Gate)
        {
            var changes = new BoardChanges();
            handled = what == Handling.Acknowledge ? _board.Acknowledge(which, by, Now(), changes) : _board.Resolve(which, by, Now(), changes);
            settled = Settle(changes);
        }
        await settled;
        return handled;
    }
}
