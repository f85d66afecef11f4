using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Nines.Core.Alerting;
using Nines.Metrics;
using Nines.Server.Alerting;
using Nines.Server.State;
using Nines.Server.Telemetry;

namespace Nines.Server.Probes.Push;

/// <summary>What others push: events and heartbeats.</summary>
internal static class PushRoom
{
    public static IServiceCollection AddPush(this IServiceCollection services, Uri publicUrl, string workspaceDirectory)
    {
        services.AddSingleton<PushMeter>();
        services.AddSingleton<EventBook>();
        services.AddHostedService(s => s.GetRequiredService<EventBook>());
        services.AddSingleton(s => new HeartbeatWorker(
            s.GetRequiredService<IStateStore>(), s.GetRequiredService<ISampleSink>(), s.GetRequiredService<IAlertDoor>(), publicUrl,
            s.GetRequiredService<TimeProvider>(), s.GetRequiredService<PushMeter>(), s.GetRequiredService<ILogger<HeartbeatWorker>>()));
        services.AddHostedService(s => s.GetRequiredService<HeartbeatWorker>());
        services.AddSingleton<IInboundAlerts>(s => s.GetRequiredService<HeartbeatWorker>());
        services.AddSingleton(s => new BeatSender(s.GetRequiredService<IAlertLife>(), s.GetRequiredService<HealthSource>(), s.GetRequiredService<PushMeter>(),
            workspaceDirectory, s.GetRequiredService<TimeProvider>(), s.GetRequiredService<ILogger<BeatSender>>()));
        services.AddHostedService(s => s.GetRequiredService<BeatSender>());
        return services;
    }

    public static void MapPush(this IEndpointRouteBuilder routes)
    {
        routes.MapEvents();
        routes.MapHeartbeats();
    }
}
