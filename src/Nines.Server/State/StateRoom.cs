using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Nines.Server.State;

/// <summary>Puts the state into a server.</summary>
internal static class StateRoom
{
    /// <summary>Registers <see cref="DataDirectory"/> (opened on first use, so locked for the server's life), <see cref="IStateStore"/>,
    /// <see cref="DurableRecorder"/> and <see cref="WorkspaceArchive"/>.</summary>
    public static IServiceCollection AddState(this IServiceCollection services, NinesOptions options)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(_ => DataDirectory.Open(options.DataDirectory));
        services.AddSingleton<IStateStore>(provider =>
        {
            // PostgreSQL holds only the state: the directory and its lock are needed all the same.
            var directory = provider.GetRequiredService<DataDirectory>();
            var time = provider.GetRequiredService<TimeProvider>();
            return options.Postgres is { } connection
                ? PostgresStateStore.Open(connection, time, provider.GetService<LeaderLease>())
                : SqliteStateStore.Open(directory.StateFile, time);
        });
        services.TryAddSingleton(new IoTime(TimeProvider.System));
        services.AddSingleton<DurableRecorder>();
        services.AddSingleton<WorkspaceArchive>();
        return services;
    }
}
