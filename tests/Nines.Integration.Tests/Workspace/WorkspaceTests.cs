using System.Net.Http.Json;
using Microsoft.Extensions.DependencyInjection;
using Nines.Core.Access;
using Nines.Server.Workspace;

namespace Nines.Integration.Tests.Workspace;

public sealed class WorkspaceTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Edit_ThatIsBad_LeavesTheLastGoodRunningOverARestartToo()
    {
        var server = await RunningServer.StartAsync(ShopWorkspace.Files(9901));
        var good = await StatusAsync(server);
        (good.Objectives, good.Pending, good.Problems.Count).ShouldBe((4, false, 0));

        await File.AppendAllTextAsync(Path.Combine(server.Workspace, "shop.yaml"), "---\napiVersion: openslo/v1\nkind: SLO\nmetadata: {name: broken}\n", Stop);
        await server.App.Services.GetRequiredService<WorkspaceWatcher>().LookAsync(Stop);
        var bad = await StatusAsync(server);
        (bad.Hash, bad.Objectives, bad.Pending).ShouldBe((good.Hash, 4, true));
        bad.Problems.ShouldContain(p => p.File == "shop.yaml" && p.Severity == "error");

        await using var restarted = await RunningServer.StartAsync(root: await server.StopAsync());
        var after = await StatusAsync(restarted);
        (after.Hash, after.Objectives, after.Pending).ShouldBe((good.Hash, 4, true));
    }

    [Fact]
    public async Task Edit_ThatIsGood_IsActivatedAndAFact()
    {
        await using var server = await RunningServer.StartAsync(ShopWorkspace.Files(9901));
        var before = await StatusAsync(server);
        var file = Path.Combine(server.Workspace, "shop.yaml");
        await File.WriteAllTextAsync(file, (await File.ReadAllTextAsync(file, Stop)).Replace("target: 0.995", "target: 0.99"), Stop);
        await server.App.Services.GetRequiredService<WorkspaceWatcher>().LookAsync(Stop);
        var after = await StatusAsync(server);
        after.Hash.ShouldNotBe(before.Hash);
        after.Pending.ShouldBeFalse();
    }

    private static async Task<WorkspaceStatus> StatusAsync(RunningServer server)
    {
        using var client = await server.ClientAsync(Role.Viewer);
        return (await client.GetFromJsonAsync<WorkspaceStatus>("/nines/v1/workspace", Stop))!;
    }
}
