using System.Text.RegularExpressions;
using Microsoft.Playwright;

namespace Nines.Browser.Tests;

public sealed partial class PageTests(Chromium chromium)
{
    private const string Orders = "/objectives/checkout/orders@production";

    [Fact]
    public async Task Overview_Full_SaysWhatIsWrongWorstFirst()
    {
        await using var site = await Site.StartAsync(PlayedReports.Full());
        var page = await site.OpenAsync(chromium, "/");
        var rows = page.GetByRole(AriaRole.Table).GetByRole(AriaRole.Rowheader).GetByRole(AriaRole.Link);
        (await rows.AllTextContentsAsync()).ShouldBe(["payments", "checkout", "search", "scraper", "catalogue"]);
        var agenda = page.GetByRole(AriaRole.Region, new() { Name = "Needs you now" });
        await Assertions.Expect(agenda.GetByRole(AriaRole.Listitem).First).ToContainTextAsync("Page");
        await Assertions.Expect(page.GetByText("payments has overspent")).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "1 exhausted" }).ClickAsync();
        await Assertions.Expect(page).ToHaveURLAsync(site.Address + "/objectives?state=exhausted");
    }

    [Fact]
    public async Task Objectives_Filter_IsInTheAddressAndNarrowsTheList()
    {
        await using var site = await Site.StartAsync(PlayedReports.Full());
        var page = await site.OpenAsync(chromium, "/objectives");
        await page.GetByLabel("Name or service").FillAsync("catalogue/");
        await page.GetByRole(AriaRole.Button, new() { Name = "Filter" }).ClickAsync();
        await Assertions.Expect(page).ToHaveURLAsync(site.Address + "/objectives?q=catalogue%2F");
        await page.GetByRole(AriaRole.Navigation, new() { Name = "State" }).GetByRole(AriaRole.Link, new() { Name = "On track" }).ClickAsync();
        await Assertions.Expect(page).ToHaveURLAsync(site.Address + "/objectives?q=catalogue%2F&state=ok");
        await Assertions.Expect(page.GetByRole(AriaRole.Table)).Not.ToContainTextAsync("checkout");
        await page.GotoAsync("/objectives?q=nothing");
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "No objective fits the filter" })).ToBeVisibleAsync();
    }

    [Fact]
    public async Task Objective_Full_TellsBudgetGapsAndDerivations()
    {
        await using var site = await Site.StartAsync(PlayedReports.Full());
        var page = await site.OpenAsync(chromium, Orders);
        await page.GetByRole(AriaRole.Button, new() { NameRegex = Percent() }).First.ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Note, new() { Name = "Budget left" })).ToContainTextAsync("1 − ");
        await page.Keyboard.PressAsync("Escape");
        await Assertions.Expect(page.GetByText("Nothing was read; the counters tell the sum")).ToBeVisibleAsync();
        await Assertions.Expect(page.GetByText("up to 41 of its events were never read")).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Navigation, new() { Name = "Range" }).GetByRole(AriaRole.Link, new() { Name = "24 h" }).ClickAsync();
        await Assertions.Expect(page).ToHaveURLAsync(site.Address + Orders + "?range=24h");
        await page.GetByText("Read as a table").ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Table, new() { Name = "The course, newest first" })).ToBeVisibleAsync();
    }

    [Fact]
    public async Task Chart_Keyboard_ReadsValuesAndGaps()
    {
        await using var site = await Site.StartAsync(PlayedReports.Full());
        var page = await site.OpenAsync(chromium, Orders + "?range=7d");
        await page.Locator("figure[data-drawn]").First.WaitForAsync();
        var plot = page.GetByRole(AriaRole.Group, new() { NameRegex = BudgetChart() });
        var readout = page.Locator("figure[data-chart=budget] output");
        await plot.FocusAsync();
        await page.Keyboard.PressAsync("End");
        await Assertions.Expect(readout).ToContainTextAsync("Thu 12 Mar 03:14");
        await Assertions.Expect(readout).ToContainTextAsync("failed");
        await Assertions.Expect(readout).ToContainTextAsync("left");
        await page.Keyboard.PressAsync("Home");
        await Assertions.Expect(readout).ToContainTextAsync("Thu 5 Mar");
        for (var i = 0; i < 48; i++)
        {
            await page.Keyboard.PressAsync("ArrowRight");
        }
        await Assertions.Expect(readout).ToContainTextAsync("course unknown");
        await page.Keyboard.PressAsync("Escape");
        await Assertions.Expect(readout).ToBeEmptyAsync();
    }

    [Fact]
    public async Task Pages_WithoutScripts_ReadTheSame()
    {
        await using var site = await Site.StartAsync(PlayedReports.Full());
        var page = await site.OpenAsync(chromium, Orders, scripts: false);
        await Assertions.Expect(page.Locator("figure[data-chart=budget] svg path.line-ink")).ToHaveCountAsync(1);
        await Assertions.Expect(page.Locator("figure[data-chart=budget] svg > rect.fill-gap")).ToHaveCountAsync(2);
        await page.ScreenshotAsync(new() { Path = Path.Combine(Chromium.Root, "artifacts/screenshots/objective-no-scripts.png"), FullPage = true });
        await page.GetByRole(AriaRole.Searchbox).FillAsync("search/");
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page).ToHaveURLAsync(site.Address + "/objectives?q=search%2F");
        await Assertions.Expect(page.GetByRole(AriaRole.Table).GetByRole(AriaRole.Link, new() { Name = "Searches are answered within 300 ms" })).ToBeVisibleAsync();
    }

    [Fact]
    public async Task Theme_Toggle_StaysAndSkipLinkComesFirst()
    {
        await using var site = await Site.StartAsync();
        var page = await site.OpenAsync(chromium, "/");
        await page.Keyboard.PressAsync("Tab");
        await Assertions.Expect(page.GetByRole(AriaRole.Link, new() { Name = "Skip to content" })).ToBeFocusedAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Switch between dark and light" }).ClickAsync();
        await page.ReloadAsync();
        await Assertions.Expect(page.Locator("html")).ToHaveAttributeAsync("data-theme", "dark");
        await page.Keyboard.PressAsync("/");
        await Assertions.Expect(page.GetByRole(AriaRole.Searchbox)).ToBeFocusedAsync();
    }

    [GeneratedRegex("%$", RegexOptions.None, 1000)]
    private static partial Regex Percent();

    [GeneratedRegex("^Budget left", RegexOptions.None, 1000)]
    private static partial Regex BudgetChart();
}
