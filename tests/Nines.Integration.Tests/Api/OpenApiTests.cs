using System.Text.Json;
using System.Text.Json.Nodes;
using Nines.Core.Access;

namespace Nines.Integration.Tests.Api;

public sealed class OpenApiTests
{
    [Fact]
    public async Task Document_IsAsCommitted()
    {
        await using var server = await RunningServer.StartAsync();
        using var client = await server.ClientAsync(Role.Viewer);
        var document = JsonNode.Parse(await client.GetStringAsync("/openapi/v1.json", TestContext.Current.CancellationToken))!;
        var text = document.ToJsonString(new JsonSerializerOptions { WriteIndented = true }) + "\n";
        var committed = Path.Combine(Repository.Root, "docs", "reference", "openapi.json");
        if (Environment.GetEnvironmentVariable("NINES_UPDATE_SNAPSHOTS") == "1")
        {
            await File.WriteAllTextAsync(committed, text, TestContext.Current.CancellationToken);
        }
        // A changed snapshot is a changed contract: look at the difference, then run with NINES_UPDATE_SNAPSHOTS=1.
        text.ShouldBe(await File.ReadAllTextAsync(committed, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Objectives_OnlyOneFieldOfAnItem_IsNamedTotal()
    {
        await using var server = await RunningServer.StartAsync(ShopWorkspace.Files(9901));
        using var client = await server.ClientAsync(Role.Viewer);
        await ShopWorkspace.StepAsync(server);
        var body = JsonNode.Parse(await client.GetStringAsync("/nines/v1/objectives", TestContext.Current.CancellationToken))!;
        var item = body["items"]!.AsArray()[0]!;
        ((string?)item["key"]).ShouldBe("catalogue/pages@production");
        item.ToJsonString().Split("\"total\"").Length.ShouldBe(2);
    }
}
