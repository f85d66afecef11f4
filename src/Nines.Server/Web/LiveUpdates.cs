using Microsoft.Extensions.Hosting;
using Nines.Core.Alerting;
using Nines.Core.Objectives;
using Nines.Server.Workspace;

namespace Nines.Server.Web;

/// <summary>Tells browsers what changed: <c>ledger</c> (objectives or alerts) and <c>workspace</c>.</summary>
internal sealed class LiveUpdates(IObjectiveReports objectives, IAlertReports alerts, WorkspaceWatcher workspace, EventStream stream, TimeProvider time) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var seen = (objectives.Version, alerts.Version, workspace.Version);
        using var turn = new PeriodicTimer(TimeSpan.FromSeconds(1), time);
        while (await turn.WaitForNextTickAsync(stoppingToken))
        {
            var now = (objectives.Version, alerts.Version, workspace.Version);
            if ((now.Item1, now.Item2) != (seen.Item1, seen.Item2))
            {
                stream.Publish("ledger");
            }
            if (now.Item3 != seen.Item3)
            {
                stream.Publish("workspace");
            }
            seen = now;
        }
    }
}
