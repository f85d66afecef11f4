using Microsoft.Extensions.DependencyInjection;
using Nines.Core.Alerting;
using Nines.Core.Alerting.Routing;
using Nines.Core.Objectives;
using Nines.Core.Telemetry;
using Nines.Server.Objectives;
using Nines.Server.State;
using Nines.Server.Telemetry;
using Nines.Server.Web;
using Nines.Server.Workspace;
using Nines.Tsdb;

namespace Nines.Server;

/// <summary>What shell and health show of all rooms together.</summary>
internal static class ServerOverview
{
    public static void AddOverviews(this IServiceCollection services)
    {
        services.AddSingleton(s => new Calling(
            s.GetRequiredService<IAlertReports>(), s.GetRequiredService<IAlertRouting>(), s.GetRequiredService<TimeProvider>()));
        services.AddSingleton(s => new ShellSource(() => Shell(s)));
        services.AddSingleton(s => new HealthSource(() => Checks(s)));
    }

    private static ShellModel Shell(IServiceProvider services)
    {
        var workspace = services.GetRequiredService<WorkspaceWatcher>().State;
        var ledger = services.GetRequiredService<LedgerEngine>();
        var recorder = services.GetRequiredService<DurableRecorder>();
        var (firing, paging) = services.GetRequiredService<Calling>().Count();
        return new ShellModel(
            workspace.Model.Objectives.Count, firing, paging, workspace.Problems.Count, workspace.Pending,
            ledger.ClosedMinute is > 0 and var minute ? minute * LedgerTime.MinuteMs : null, null,
            recorder.Refusing ? recorder.Reason : ledger.StoreFailure);
    }

    private static List<HealthCheck> Checks(IServiceProvider services)
    {
        var workspace = services.GetRequiredService<WorkspaceWatcher>().State;
        var recorder = services.GetRequiredService<DurableRecorder>();
        var ledger = services.GetRequiredService<LedgerEngine>();
        var metrics = services.GetRequiredService<TsdbStore>().Health;
        var targets = services.GetRequiredService<ScrapeLoop>().Targets;
        var nowMs = services.GetRequiredService<TimeProvider>().GetUtcNow().ToUnixTimeMilliseconds();
        var stepAge = ledger.SteppedMs > 0 ? (nowMs - ledger.SteppedMs) / 1000.0 : 0;
        var shared = services.GetRequiredService<NinesOptions>().Postgres is not null;
        return
        [
            Check("state", "writable", "datastore", !recorder.Refusing, shared ? HealthClass.Shared : HealthClass.Soft, recorder.Refusing ? "no" : "yes", "",
                $"The store refuses writes: {recorder.Reason}. Messages go out from memory. Free the disk, or bring the database back.",
                    ["/setup", "/account"]),
            Check("ledger", "stored", "datastore", ledger.StoreFailure is null, HealthClass.Soft, ledger.StoreFailure is null ? "yes" : "no", "",
                $"The ledger counts in memory only: {ledger.StoreFailure}", []),
            Check("ledger", "stepAge", "component", stepAge < 60, HealthClass.HardLocal, stepAge, "s",
                "The ledger's thread has not stepped for a minute, so no burn is judged. Restart the server and report this.", ["/nines/v1/objectives"]),
            Check("metrics", "logWritable", "datastore", metrics.LogWritable, HealthClass.Soft, metrics.LogWritable ? "yes" : "no", "",
                $"Samples are kept in memory only: {metrics.LastError}", []),
            Check("metrics", "readable", "datastore", metrics.Damages.Count + metrics.BlockDamages.Count == 0, HealthClass.Soft,
                metrics.Damages.Count + metrics.BlockDamages.Count, "parts",
                $"Samples cannot be read: {string.Join("; ", metrics.Damages.Select(d => d.ToString()).Concat(metrics.BlockDamages.Select(d => d.ToString()))
                    .Take(3))}. Verify with nines tsdb verify, and restore from a backup.", ["/nines/v1/objectives"]),
            Check("metrics", "heldForLedger", "datastore", metrics.HeldBlocks == 0 && metrics.BytesOverLimit == 0, HealthClass.Soft,
                (double)metrics.HeldBlocks, "blocks",
                $"The ledger is behind, so that samples are kept for it: {metrics.HeldBlocks} blocks past the retention, {metrics.BytesOverLimit} bytes beyond "
                + "metrics-max-bytes.",
                ["/nines/v1/objectives"]),
            Check("targets", "up", "component", targets.All(t => t.Health != TargetHealth.Down), HealthClass.Soft,
                (double)targets.Count(t => t.Health == TargetHealth.Up), "targets",
                $"Down: {string.Join(", ", targets.Where(t => t.Health == TargetHealth.Down).Take(5).Select(t => t.Url))}", []),
            Check("workspace", "activated", "component", !workspace.Pending, HealthClass.Soft, workspace.Model.Hash, "",
                "The files have errors, so the last good version runs. See /workspace.", []),
        ];
    }

    private static HealthCheck Check(
        string component, string measurement, string type, bool good, HealthClass @class, object value, string unit, string output,
            IReadOnlyList<string> affected) =>
        new(component, measurement, type, good ? HealthStatus.Pass : @class == HealthClass.Soft ? HealthStatus.Warn : HealthStatus.Fail, @class,
            value, unit, good ? "" : output, good ? [] : affected);

    /// <summary>How many alerts call for somebody: what is kept quiet does not. Every page asks, and asking holds up the door, so it is worked out again only
    /// when something changed or a second is over.</summary>
    private sealed class Calling(IAlertReports reports, IAlertRouting routing, TimeProvider time)
    {
        private volatile Tuple<long, long, int, bool> _last = Tuple.Create(-1L, -1L, 0, false);

        public (int Firing, bool Paging) Count()
        {
            var (version, second) = (reports.Version, time.GetUtcNow().ToUnixTimeSeconds());
            var last = _last;
            if (last.Item1 != version || last.Item2 != second)
            {
                var firing = routing.Alerts().Where(a => a.Standing != AlertStanding.Suppressed).ToList();
                _last = last = Tuple.Create(version, second, firing.Count, firing.Any(a => routing.Plan.Ladders.IsPage(a.State.Labels)));
            }
            return (last.Item3, last.Item4);
        }
    }
}
