using Microsoft.Playwright;

namespace Nines.Browser.Tests;

public sealed class ExploreTests(Chromium chromium)
{
    private const string Rates = "/explore?expr=sum%20by%20(route%2C%20code)%20(rate(shop_requests_total%5B5m%5D))";
    private static readonly string Screens = Directory.CreateDirectory(Path.Combine(Chromium.Root, "artifacts/screenshots")).FullName;

    public static readonly TheoryData<int, bool> Looks = new() { { 1440, false }, { 1440, true }, { 375, false }, { 375, true } };

    [Theory]
    [MemberData(nameof(Looks))]
    public async Task Page_InEveryState_IsAccessible(int width, bool dark)
    {
        await using var site = await Site.StartAsync();
        site.Store(ShopSamples.Write);
        var page = await site.OpenAsync(chromium, "/", width, dark);
        foreach (var (name, path) in ((string, string)[])
            [("begin", "/explore"), ("many", Rates), ("one", "/explore?expr=shop_stock_items"), ("few", "/explore?expr=sum%20by%20(code)%20(rate(shop_requests_total%5B5m%5D))"),
             ("error", "/explore?expr=sum%20by%20(route)%0A%20%20(rate(shop_requests_total%7Bcode%3D%225..%22%5D))&range=soon"),
             ("table", Rates + "&tab=table"), ("wide-table", "/explore?expr=shop_requests_total%7Bcode%3D~%225..%22%7D&tab=1"), ("none", "/explore?expr=shop_reqests_total"),
             ("scalar", "/explore?expr=scalar(up%7Bjob%3D%22db%22%7D)&tab=1"), ("samples", "/explore?expr=up%5B1m%5D&tab=1"), ("hostile", "/explore?expr=shop_queue_length")])
        {
            await page.GotoAsync(path);
            if (await page.Locator("figure[data-explore]").CountAsync() > 0)
            {
                await page.Locator("figure[data-drawn] canvas").WaitForAsync();
            }
            await page.EvaluateAsync("document.fonts.ready.then(() => 0)");
            await page.ScreenshotAsync(new() { Path = Path.Combine(Screens, $"explore-{name}-{(dark ? "dark" : "light")}-{width}.png"), FullPage = true });
            (await Site.ComplaintsOfAxeAsync(page)).ShouldBeEmpty($"{path} at {width}, {(dark ? "dark" : "light")}");
            (await page.Locator("h1").CountAsync()).ShouldBe(1, path);
            (await page.EvaluateAsync<int>("document.documentElement.scrollWidth - innerWidth")).ShouldBeLessThanOrEqualTo(0, $"{path} scrolls sideways at {width}");
        }
    }

    [Fact]
    public async Task Completion_Keyboard_FindsMetricLabelAndValueThenRuns()
    {
        await using var site = await Site.StartAsync();
        site.Store(ShopSamples.Write);
        var page = await site.OpenAsync(chromium, "/explore");
        var field = page.GetByRole(AriaRole.Textbox, new() { Name = "Query" });
        var list = page.GetByRole(AriaRole.Listbox, new() { Name = "Completions" });
        await field.FocusAsync();
        await page.Keyboard.TypeAsync("rat");
        await Assertions.Expect(list.GetByRole(AriaRole.Option).First).ToHaveTextAsync("rate(range)");
        await Assertions.Expect(field).ToHaveAttributeAsync("aria-activedescendant", "choice-0");
        await page.Keyboard.PressAsync("Enter");
        await page.Keyboard.TypeAsync("shop_");
        await page.Keyboard.PressAsync("ArrowDown");
        await Assertions.Expect(list.GetByRole(AriaRole.Option, new() { Selected = true })).ToHaveTextAsync("shop_requests_totalmetric");
        await page.ScreenshotAsync(new() { Path = Path.Combine(Screens, "explore-completion.png") });
        (await Site.ComplaintsOfAxeAsync(page)).ShouldBeEmpty();
        await page.Keyboard.PressAsync("Tab");
        await page.Keyboard.TypeAsync("{ro");
        await Assertions.Expect(list.GetByRole(AriaRole.Option)).ToHaveTextAsync(["routelabel"]);
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(list.GetByRole(AriaRole.Option)).ToHaveCountAsync(10);
        await page.Keyboard.TypeAsync("/se");
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(field).ToHaveValueAsync("rate(shop_requests_total{route=\"/search\"");
        await page.Keyboard.TypeAsync("}[5m]) > b");
        await page.Keyboard.PressAsync("Escape");
        await Assertions.Expect(list).ToBeHiddenAsync();
        await page.Keyboard.PressAsync("Backspace");
        await page.Keyboard.PressAsync("Backspace");
        await page.Keyboard.PressAsync("Backspace");
        await page.Keyboard.PressAsync("Control+Enter");
        await Assertions.Expect(page.GetByRole(AriaRole.Status).Filter(new() { HasText = "6 series" })).ToBeVisibleAsync();
        await Assertions.Expect(field).ToHaveValueAsync("rate(shop_requests_total{route=\"/search\"}[5m])");
    }

    [Fact]
    public async Task Graph_KeyboardLegendAndDrag_ReadChooseAndZoomIntoTheAddress()
    {
        await using var site = await Site.StartAsync();
        site.Store(ShopSamples.Write);
        var page = await site.OpenAsync(chromium, Rates + "&end=2026-03-12%2003%3A14&range=1h");
        await Assertions.Expect(page.GetByText("50 of 60 drawn")).ToBeVisibleAsync();
        await Assertions.Expect(page.Locator("figure[data-drawn='50'] canvas")).ToBeVisibleAsync();
        var rows = page.GetByRole(AriaRole.Table, new() { Name = "The series drawn" }).GetByRole(AriaRole.Row);
        await Assertions.Expect(rows).ToHaveCountAsync(51);
        var plot = page.GetByRole(AriaRole.Group, new() { Name = "50 series, Thu 12 Mar 02:14 to Thu 12 Mar 03:14 UTC. Left and right" });
        var readout = page.Locator("figure output");
        await plot.FocusAsync();
        await page.Keyboard.PressAsync("ArrowDown");
        await page.Keyboard.PressAsync("End");
        await Assertions.Expect(readout).ToContainTextAsync("Thu 12 Mar 03:14:00 · ");
        await Assertions.Expect(readout).ToContainTextAsync("{code=\"200\", route=\"/\"}");
        await page.Keyboard.PressAsync("Escape");
        var button = page.GetByRole(AriaRole.Button, new() { Name = "{code=\"304\", route=\"/\"}" });
        await button.FocusAsync();
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(button).ToHaveAttributeAsync("aria-pressed", "true");
        await Assertions.Expect(readout).ToContainTextAsync("{code=\"304\", route=\"/\"}");
        await page.ScreenshotAsync(new() { Path = Path.Combine(Screens, "explore-chosen.png") });

        var box = (await page.Locator(".u-over").BoundingBoxAsync())!;
        await page.Mouse.MoveAsync(box.X + box.Width / 2, box.Y + 40);
        await page.Mouse.DownAsync();
        await page.Mouse.MoveAsync(box.X + box.Width * 3 / 4, box.Y + 40, new() { Steps = 4 });
        await page.Mouse.UpAsync();
        await page.WaitForURLAsync("**/explore?*range=900s*");
        await Assertions.Expect(page.GetByLabel("End, UTC")).ToHaveValueAsync("2026-03-12 02:59:00");
        var shared = page.Url;
        await page.GotoAsync("/");
        await page.GotoAsync(shared);
        await Assertions.Expect(page.GetByLabel("End, UTC")).ToHaveValueAsync("2026-03-12 02:59:00");
        await page.GetByRole(AriaRole.Link, new() { Name = "Table", Exact = true }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Table, new() { Name = "The series, in the order of the query" }).GetByRole(AriaRole.Row)).ToHaveCountAsync(61);
    }

    [Fact]
    public async Task Page_WithoutScripts_AsksAndDraws()
    {
        await using var site = await Site.StartAsync();
        site.Store(ShopSamples.Write);
        var page = await site.OpenAsync(chromium, "/", scripts: false);
        await page.GetByRole(AriaRole.Navigation, new() { Name = "Main" }).GetByRole(AriaRole.Link, new() { Name = "Explore" }).ClickAsync();
        await page.GetByRole(AriaRole.Textbox, new() { Name = "Query" }).FillAsync("shop_queue_length");
        await page.GetByRole(AriaRole.Button, new() { Name = "Run" }).ClickAsync();
        await Assertions.Expect(page.Locator("figure svg path.line-1")).ToHaveCountAsync(1);
        await Assertions.Expect(page.GetByRole(AriaRole.Rowheader)).ToHaveTextAsync("shop_queue_length{queue=\"<script>alert(1)</script>\\\"&\"}");
        await page.ScreenshotAsync(new() { Path = Path.Combine(Screens, "explore-no-scripts.png"), FullPage = true });
        await page.GetByRole(AriaRole.Link, new() { Name = "6 h" }).ClickAsync();
        await Assertions.Expect(page).ToHaveURLAsync(site.Address + "/explore?expr=shop_queue_length&range=6h");
    }

    [Fact]
    public async Task Link_ToAnotherView_TakesAlongWhatWasTyped()
    {
        await using var site = await Site.StartAsync();
        site.Store(ShopSamples.Write);
        var page = await site.OpenAsync(chromium, "/explore?expr=up");
        await page.GetByRole(AriaRole.Textbox, new() { Name = "Query" }).FillAsync("sum(up)");
        await page.GetByRole(AriaRole.Link, new() { Name = "Table", Exact = true }).ClickAsync();
        await Assertions.Expect(page).ToHaveURLAsync(site.Address + "/explore?expr=sum%28up%29&range=1h&tab=table");
        await Assertions.Expect(page.GetByRole(AriaRole.Cell)).ToHaveTextAsync(["{}", "2"]);
    }
}
