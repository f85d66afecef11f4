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
    public async Task Objective_Policy_TellsBandBoundsRecordAndReplay()
    {
        await using var site = await Site.StartAsync(PlayedReports.Full());
        var page = await site.OpenAsync(chromium, Orders);
        var policy = page.GetByRole(AriaRole.Region, new() { Name = "Policy" });
        await Assertions.Expect(policy.Locator("li[aria-current=true]")).ToContainTextAsync("Freeze");
        await policy.GetByRole(AriaRole.Button, new() { Name = "over 30.0" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Note, new() { Name = "Back to the better band" })).ToContainTextAsync("25.0\u202f% + 5 points");
        await page.Keyboard.PressAsync("Escape");
        var bands = page.GetByRole(AriaRole.Region, new() { Name = "Bands" });
        await bands.GetByText("changes were recorded").ClickAsync();
        await Assertions.Expect(bands.GetByRole(AriaRole.Listitem).First).ToContainTextAsync("left, policy default");
        var plot = page.GetByRole(AriaRole.Group, new() { Name = "The last 90 days: budget left" });
        await plot.FocusAsync();
        await page.Keyboard.PressAsync("End");
        await Assertions.Expect(page.Locator("figure[data-chart=policy] output")).ToContainTextAsync("left");
    }

    [Fact]
    public async Task Objective_Edited_ShowsSeamsAndOpensTheEarlierAccount()
    {
        await using var site = await Site.StartAsync(PlayedReports.Full());
        var page = await site.OpenAsync(chromium, Orders + "?range=28d", scripts: false);
        await Assertions.Expect(page.Locator("figure[data-chart=budget] svg > line.line-ink.dash")).ToHaveCountAsync(2);
        var edits = page.GetByRole(AriaRole.Region, new() { Name = "Edits" });
        await Assertions.Expect(edits).ToContainTextAsync("99.5 % → 99.9 %");
        await edits.GetByRole(AriaRole.Link, new() { Name = "Number 3" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToHaveTextAsync("An earlier account");
        await page.GetByRole(AriaRole.Link, new() { Name = "All accounts and edits" }).ClickAsync();
        await Assertions.Expect(page).ToHaveURLAsync(site.Address + Orders + "#h-edits");
    }

    [Fact]
    public async Task Service_LeadsToItsObjectivesAndBack()
    {
        await using var site = await Site.StartAsync(PlayedReports.Full(), true,
            ("services.yaml", "apiVersion: openslo/v1\nkind: Service\nmetadata:\n  name: checkout\n  displayName: Checkout\n  annotations:\n    nines.dev/owner: Team Till\n    nines.dev/runbook: https://wiki.example/till\n    nines.dev/depends-on: payments, ledger\nspec:\n  description: Takes orders.\n"));
        var page = await site.OpenAsync(chromium, "/services");
        (await page.GetByRole(AriaRole.Table).GetByRole(AriaRole.Rowheader).GetByRole(AriaRole.Link).AllTextContentsAsync()).ShouldBe(["payments", "Checkout", "search", "scraper", "catalogue"]);
        await page.GetByRole(AriaRole.Link, new() { Name = "Checkout" }).ClickAsync();
        var about = page.GetByRole(AriaRole.Region, new() { Name = "What the workspace says" });
        await Assertions.Expect(about).ToContainTextAsync("Team Till");
        await Assertions.Expect(about.GetByRole(AriaRole.Link, new() { Name = "wiki.example/till" })).ToHaveAttributeAsync("href", "https://wiki.example/till");
        await Assertions.Expect(about.GetByRole(AriaRole.Link, new() { Name = "payments (exhausted)" })).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "Orders are accepted" }).ClickAsync();
        await page.GetByRole(AriaRole.Navigation, new() { Name = "You are here" }).GetByRole(AriaRole.Link, new() { Name = "checkout" }).ClickAsync();
        await Assertions.Expect(page).ToHaveURLAsync(site.Address + "/services/checkout");
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
