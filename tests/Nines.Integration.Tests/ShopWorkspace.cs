using Microsoft.Extensions.DependencyInjection;
using Nines.Server.Objectives;

namespace Nines.Integration.Tests;

/// <summary>The example's own workspace, as the demo uses it.</summary>
internal static class ShopWorkspace
{
    public static Dictionary<string, string> Files(int shopPort) =>
        Directory.EnumerateFiles(Path.Combine(Repository.Root, "examples", "shop", "workspace"), "*.yaml")
            .ToDictionary(p => Path.GetFileName(p)!, p => File.ReadAllText(p).Replace("127.0.0.1:9901", $"127.0.0.1:{shopPort}").Replace("scrape_interval: 5s", "scrape_interval: 1s"));

    /// <summary>Steps the ledger now, without waiting for its turn, and returns when it has.</summary>
    public static async Task StepAsync(RunningServer server)
    {
        var engine = server.App.Services.GetRequiredService<LedgerEngine>();
        var before = engine.Version;
        server.App.Services.GetRequiredService<LedgerWorker>().Hurry();
        while (engine.Version == before)
        {
            TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }
}
