using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Nines.Core.Alerting;

namespace Nines.Server;

/// <summary>
/// Plays one alert from its post to its webhook through a server of its own in a scratch directory, so that the first real one after a start does not wait
/// for the compiler: half a second on two busy cores.
/// </summary>
public static class AlertmanagerRehearsal
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    /// <summary>Plays it. A failure is no matter: it only takes its use away.</summary>
    /// <param name="stop">Ends it.</param>
    public static async Task RunAsync(CancellationToken stop)
    {
        DirectoryInfo? scratch = null;
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(stop);
        patience.CancelAfter(Patience);
        try
        {
            scratch = Directory.CreateTempSubdirectory("nines-rehearsal-");
            await PlayAsync(scratch.FullName, patience.Token);
        }
        catch (Exception e) when (e is not OutOfMemoryException && !stop.IsCancellationRequested)
        {
            return;
        }
        finally
        {
            Delete(scratch);
        }
    }

    private static async Task PlayAsync(string directory, CancellationToken patience)
    {
        var options = new AlertmanagerOptions
        {
            ConfigFile = Path.Combine(directory, "alertmanager.yml"),
            StoragePath = Path.Combine(directory, "data"),
            Listen = ["127.0.0.1:0"],
        };
        await File.WriteAllTextAsync(options.ConfigFile, Config("http://127.0.0.1:1/"), patience);
        await using var app = AlertmanagerApp.Create(options, builder => builder.Logging.ClearProviders());
        await app.StartAsync(patience);
        // It hears its own webhook: of all that it answers, a reload is what takes a POST with any body.
        await File.WriteAllTextAsync(options.ConfigFile, Config(new Uri(new Uri(app.Urls.First()), "/-/reload").AbsoluteUri), patience);
        app.Services.GetRequiredService<AlertmanagerConfigFile>().Load();
        using var client = new HttpClient { BaseAddress = new Uri(app.Urls.First()) };
        using var body = new StringContent("""[{"labels":{"alertname":"Rehearsal"},"startsAt":"2026-01-01T00:00:00Z"}]""", Encoding.UTF8, "application/json");
        using var posted = await client.PostAsync(new Uri("/api/v2/alerts", UriKind.Relative), body, patience);
        var reports = app.Services.GetRequiredService<IAlertReports>();
        while (!reports.All().SelectMany(a => a.Deliveries).Any(d => d.State == DeliveryState.Sent))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, patience);
        }
        await app.StopAsync(patience);
    }

    private static string Config(string url) => $$"""
        route: {receiver: self, group_wait: 0s, group_interval: 1s}
        receivers: [{name: self, webhook_configs: [{url: '{{url}}'}]}]
        """;

    private static void Delete(DirectoryInfo? scratch)
    {
        try
        {
            scratch?.Delete(recursive: true);
        }
        catch (IOException)
        {
            // The system's own cleaning takes it.
        }
    }
}
