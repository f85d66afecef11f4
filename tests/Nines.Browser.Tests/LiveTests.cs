using Microsoft.Playwright;

namespace Nines.Browser.Tests;

public sealed class LiveTests(Chromium chromium)
{
    private const string Orders = "/objectives/checkout/orders@production";

    [Fact]
    public async Task Ledger_Changes_PageFollowsAndKeepsFocusPopoverDetailsAndChart()
    {
        var reports = PlayedReports.Full();
        await using var site = await Site.StartAsync(reports);
        var page = await site.OpenAsync(chromium, Orders);
        var figure = page.Locator(".figure");
        await ConnectedAsync(page);
        await page.Locator("figure[data-drawn] canvas").First.WaitForAsync();
        await page.GetByText("Read as a table").ClickAsync();
        await figure.GetByRole(AriaRole.Button).ClickAsync();
        await page.EvaluateAsync("document.querySelector('.plot canvas').dataset.mine = 'yes'; scrollTo(0, 200)");
        var before = await figure.GetByRole(AriaRole.Button).TextContentAsync();

        reports.Fail("checkout/orders@production", 2500);

        await Assertions.Expect(figure.GetByRole(AriaRole.Button)).Not.ToHaveTextAsync(before!);
        await Assertions.Expect(figure.GetByRole(AriaRole.Button)).ToBeFocusedAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Note, new() { Name = "Budget left" })).ToBeVisibleAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Table, new() { Name = "The course, newest first" })).ToBeVisibleAsync();
        await Assertions.Expect(page.Locator(".plot canvas").First).ToHaveAttributeAsync("data-mine", "yes");
        (await page.EvaluateAsync<int>("scrollY")).ShouldBe(200);
    }

    [Fact]
    public async Task Server_Restarts_PageSaysSoThenGoesOn()
    {
        var reports = PlayedReports.Full();
        await using var site = await Site.StartAsync(reports);
        // While the server is away, the browser and the stream's script both say that nobody answers.
        var page = await site.OpenAsync(chromium, "/", expected: ["net::ERR", "htmx:sse:error: Failed to fetch"]);
        await ConnectedAsync(page);
        var left = page.GetByRole(AriaRole.Row, new() { Name = "checkout" }).GetByRole(AriaRole.Cell).Nth(1);
        var before = await left.TextContentAsync();
        reports.Fail("checkout/orders@production", 2500);
        await site.RestartAsync(reports);
        await Assertions.Expect(left).Not.ToHaveTextAsync(before!, new() { Timeout = 15_000 });
        await Assertions.Expect(page.Locator("#offline")).ToBeEmptyAsync();
    }

    [Fact]
    public async Task Workspace_BadEdit_ShowsPlaceAndHintThenGoes()
    {
        await using var site = await Site.StartAsync();
        var page = await site.OpenAsync(chromium, "/workspace");
        await ConnectedAsync(page);
        site.Write("shop.yaml", "apiVersion: openslo/v1\nkind: Surprise\n");
        await Assertions.Expect(page.GetByRole(AriaRole.Rowgroup).GetByText("shop.yaml")).ToBeVisibleAsync(new() { Timeout = 10_000 });
        site.Write("shop.yaml", "");
        await Assertions.Expect(page.GetByText("Every file was understood.")).ToBeVisibleAsync(new() { Timeout = 10_000 });
    }

    private static Task ConnectedAsync(IPage page) => page.Locator("#stream[data-live]").WaitForAsync(new() { State = WaitForSelectorState.Attached, Timeout = 15_000 });
}
