using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Nines.Core.Alerting;
using Nines.Core.Probes;
using Nines.Metrics;

namespace Nines.Server.Probes;

/// <summary>Puts probes into a server.</summary>
internal static class ProbesRoom
{
    /// <summary>Registers <see cref="ProbeWorker"/> as <see cref="IProbeReports"/> and hosted service.</summary>
    public static IServiceCollection AddProbes(this IServiceCollection services, NinesOptions options)
    {
        services.AddSingleton<ProbeHistory>();
        services.AddSingleton(s => new ProbeWorker(
            new ProbeRunner(s.GetRequiredService<TimeProvider>(), options.WorkspaceDirectory, s.GetService<ResolveHost>()),
            s.GetRequiredService<ISampleSink>(), s.GetRequiredService<ISeriesSource>(), s.GetRequiredService<IAlertDoor>(),
            s.GetRequiredService<IAlertReports>(),
            options.PublicUrl ?? new Uri(options.Listen), s.GetRequiredService<TimeProvider>(), s.GetRequiredService<ILogger<ProbeWorker>>()));
        services.AddSingleton<IProbeReports>(s => s.GetRequiredService<ProbeWorker>());
        services.AddSingleton<IHostedService>(s => s.GetRequiredService<ProbeWorker>());
        return services;
    }
}
