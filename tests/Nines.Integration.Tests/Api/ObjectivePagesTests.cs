using System.Net;
using System.Net.Http.Json;
using Nines.Core.Access;
using Nines.Server;
using Nines.Server.Objectives;

namespace Nines.Integration.Tests.Api;

/// <summary>The pages and API around objectives, on the history that the demo plays.</summary>
public sealed class ObjectivePagesTests
{
    private const string Orders = "checkout/orders@production";

    [Fact]
    public async Task Demo_History_IsOnEveryPageAndInTheApi()
    {
        var stop = TestContext.Current.CancellationToken;
        var root = Directory.CreateTempSubdirectory("nines-test-").FullName;
        await using var server = await RunningServer.StartAsync(ShopWorkspace.Files(1), root: root, prepare: app => DemoHistory.PlayAsync(app.Services, stop));
        using var client = await server.ClientAsync(Role.Viewer);
        await ShopWorkspace.StepAsync(server);

        var policy = (await client.GetFromJsonAsync<BudgetPolicyItem>($"/nines/v1/budget-policy/{Orders}", stop))!;
        policy.Changes.Count.ShouldBeGreaterThan(1);
        policy.History.Select(h => h.Band).ShouldContain("exhausted");
        policy.Changes.Select(c => c.To).ShouldContain("exhausted");

        var list = (await client.GetFromJsonAsync<AdjustmentList>("/nines/v1/adjustments?objective=" + Uri.EscapeDataString(Orders), stop))!;
        list.Items.Select(i => i.Status).ShouldBe(["requested", "approved"]);
        foreach (var item in list.Items)
        {
            item.Effect!.BadEvents.ShouldBeGreaterThan(100);
            item.Effect.RemainingShareWith!.Value.ShouldBeGreaterThan(item.Effect.RemainingShareWithout!.Value);
        }
        var objective = (await client.GetFromJsonAsync<ObjectiveItem>($"/nines/v1/objectives/{Orders}", stop))!;
        objective.RemainingShare!.Value.ShouldBe(list.Items[1].Effect!.RemainingShareWith!.Value, 1e-9);

        var generations = (await client.GetFromJsonAsync<GenerationList>($"/nines/v1/generations/{Orders}", stop))!;
        generations.Items.Select(g => g.Present).ShouldBe([true, false]);
        generations.Edits.Select(e => e.NewAccount).ShouldBe([true, false]);

        var service = (await client.GetFromJsonAsync<ServiceItem>("/nines/v1/services/checkout", stop))!;
        (service.Owner, service.Objectives.Count, service.DependsOn.Count).ShouldBe(("Team Till", 2, 2));

        foreach (var path in (string[])[$"/objectives/{Orders}", $"/objectives/{Orders}?range=28d", $"/attribution/{Orders}", "/adjustments", "/adjustments?status=approved",
            $"/adjustments?objective={Uri.EscapeDataString(Orders)}", "/services", "/services/checkout", "/sources", $"/generations/{generations.Items[1].Id}"])
        {
            using var page = await client.GetAsync(new Uri(path, UriKind.Relative), stop);
            (path, page.StatusCode).ShouldBe((path, HttpStatusCode.OK));
            (await page.Content.ReadAsStringAsync(stop)).ShouldEndWith("</html>");
        }
        foreach (var path in (string[])["/services/nobody", "/nines/v1/services/nobody", "/generations/999", "/nines/v1/generations/nobody", "/adjustments?objective=nobody",
            "/nines/v1/adjustments?objective=nobody"])
        {
            using var none = await client.GetAsync(new Uri(path, UriKind.Relative), stop);
            (path, none.StatusCode).ShouldBe((path, HttpStatusCode.NotFound));
        }
        var verdict = await Nines.Server.Journal.JournalCommands.VerifyAsync(server.Data, null, TimeProvider.System, stop);
        verdict.Findings.ShouldBeEmpty();
    }
}
