using System.Security.Cryptography;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Nines.Core.Delivery;
using Nines.Server.Delivery.Buttons;
using Nines.Server.Delivery.Integrations;
using Nines.Server.State;

namespace Nines.Server.Delivery;

/// <summary>Puts delivery into a server.</summary>
internal static class DeliveryRoom
{
    /// <summary>Registers what hears of the buttons of messages. <see cref="TelegramPresses"/> listens by the configuration that it is given.</summary>
    public static IServiceCollection AddMessageButtons(this IServiceCollection services)
    {
        services.AddSingleton<PressedButtons>();
        services.AddSingleton<SlackPresses>();
        services.AddSingleton(provider => new TelegramPresses(
            provider.GetRequiredService<PressedButtons>(), provider.GetRequiredService<IntegrationClient>(), provider.GetRequiredService<TimeProvider>(),
            Jitter, provider.GetRequiredService<ILogger<TelegramPresses>>()));
        services.AddHostedService(provider => provider.GetRequiredService<TelegramPresses>());
        return services;
    }

    /// <summary>Registers <see cref="OutboxWorker"/>; the alert door starts and stops it.</summary>
    /// <param name="services">The server's services.</param>
    /// <param name="options">How it is started.</param>
    /// <param name="hasPages">Whether the server has pages about alerts to which messages can lead.</param>
    public static IServiceCollection AddDelivery(this IServiceCollection services, NinesOptions options, bool hasPages)
    {
        services.AddSingleton(provider => new IntegrationClient(
            options, provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<IoTime>(), new MessageMemory()) { LinksToPages = hasPages });
        services.AddSingleton<IMessagePreviews, MessagePreviews>();
        services.AddSingleton<DeliveryLedger>();
        services.AddSingleton<IDeliveryRecord>(provider =>
            new DeliveryRecord(provider.GetRequiredService<IStateStore>(), provider.GetRequiredService<OutboxWorker>()));
        services.AddSingleton(provider => Spool.Open(provider.GetRequiredService<DataDirectory>().SpoolDirectory));
        services.AddSingleton(provider => new OutboxWorker(
            provider.GetRequiredService<DurableRecorder>(),
            provider.GetRequiredService<IntegrationClient>(),
            provider.GetRequiredService<Spool>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<IoTime>(),
            Jitter,
            DeliveryFault.FromEnvironment(),
            provider.GetRequiredService<ILogger<OutboxWorker>>(),
            provider.GetService<LeaderLease>()));
        return services;
    }

    private static double Jitter() => RandomNumberGenerator.GetInt32(1 << 20) / (double)(1 << 20);
}
