using Microsoft.Playwright;

namespace Nines.Browser.Tests;

/// <summary>The routing simulator, the delivery ledger and the page of rules, as people use them.</summary>
public sealed class RespondTests(Chromium chromium)
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Simulator_ShowsTheWayOfAnAlert_WithAndWithoutScripts(bool scripts)
    {
        await using var site = await Site.StartAsync(files: RespondSite.Files);
        var page = await site.OpenAsync(chromium, "/", scripts: scripts);
        await page.GetByRole(AriaRole.Navigation, new() { Name = "Main" }).GetByRole(AriaRole.Link, new() { Name = "Routing" }).ClickAsync();
        await Assertions.Expect(page.GetByText("Takes it")).ToHaveCountAsync(0);
        await page.GetByLabel("Alert", new() { Exact = true }).FillAsync("severity=~critical");
        await page.GetByRole(AriaRole.Button, new() { Name = "Try it" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("an alert has labels, not matchers");
        await Assertions.Expect(page.GetByLabel("Alert", new() { Exact = true })).ToHaveValueAsync("severity=~critical");

        await page.GetByLabel("Alert", new() { Exact = true }).FillAsync("severity=critical service=mysql alertname=Slow");
        await page.GetByLabel("Begins, UTC").FillAsync("2026-11-21 10:00");
        await page.GetByRole(AriaRole.Button, new() { Name = "Try it" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Told: pager and database" })).ToBeVisibleAsync();
        var pager = page.GetByRole(AriaRole.Article, new() { Name = "pager" });
        await Assertions.Expect(pager).ToContainTextAsync("At once, at Sat 21 Nov 10:00:00");
        await Assertions.Expect(pager).ToContainTextAsync("[FIRING:1]");
        var database = page.GetByRole(AriaRole.Article, new() { Name = "database" });
        await Assertions.Expect(database).ToContainTextAsync("Muted in weekend");
        await Assertions.Expect(database).ToContainTextAsync("Mon 23 Nov 00:00:");
        await Assertions.Expect(page.Locator(".tree > li > ol > li[data-fate='shadowed']")).ToContainTextAsync("took it before and does not say continue");
        (await page.ContentAsync()).ShouldNotContain(RespondSite.Token);

        // The address holds all of it.
        var again = await site.OpenAsync(chromium, new Uri(page.Url).PathAndQuery, scripts: scripts);
        await Assertions.Expect(again.GetByRole(AriaRole.Article)).ToHaveCountAsync(2);
    }

    [Fact]
    public async Task Simulator_TriesWhatFires_AndTheLedgerShowsWhatWasTold()
    {
        await using var respond = await RespondSite.StartAsync();
        var site = respond.Site;
        var page = await site.OpenAsync(chromium, "/routing");
        await page.GetByRole(AriaRole.Link, new() { Name = "Slow critical" }).First.ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Article, new() { Name = "pager" })).ToBeVisibleAsync();

        await page.GetByRole(AriaRole.Navigation, new() { Name = "Main" }).GetByRole(AriaRole.Link, new() { Name = "Deliveries" }).ClickAsync();
        var summary = page.GetByRole(AriaRole.Region, new() { Name = "By receiver" });
        await Assertions.Expect(summary.GetByRole(AriaRole.Rowheader)).ToHaveTextAsync(["pager", "database", "direct"]);
        var messages = page.GetByRole(AriaRole.Region, new() { Name = "Messages" });
        await page.GetByLabel("Receiver", new() { Exact = true }).SelectOptionAsync("pager");
        await page.GetByLabel("Until, UTC").FillAsync("tomorrow");
        await page.GetByRole(AriaRole.Button, new() { Name = "Filter" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("“tomorrow” is no time");
        await page.GetByRole(AriaRole.Link, new() { Name = "Only trouble" }).ClickAsync();
        await Assertions.Expect(page.GetByLabel("Receiver", new() { Exact = true })).ToHaveValueAsync("pager");
        await Assertions.Expect(messages.GetByRole(AriaRole.Rowheader)).Not.ToHaveCountAsync(0);
        await Assertions.Expect(messages.Locator("tbody td:nth-child(3)").First).ToContainTextAsync("pager");

        await messages.GetByRole(AriaRole.Rowheader).First.GetByRole(AriaRole.Link).ClickAsync();
        var proof = page.GetByRole(AriaRole.Region, new() { Name = "Proof" });
        await Assertions.Expect(proof).ToContainTextAsync("Written to the store before it went out.");
        await Assertions.Expect(proof).ToContainTextAsync("Attempt 1: refused. HTTP 400");
        await page.GetByRole(AriaRole.Region, new() { Name = "Alerts it tells of" }).GetByRole(AriaRole.Rowheader).GetByText("Slow").First.WaitForAsync();
        var key = new Uri(page.Url).Segments[^1];
        key.Length.ShouldBe(32);

        await page.GotoAsync("/deliveries?limit=1");
        var first = await messages.Locator("tbody .mono").InnerTextAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "Older" }).ClickAsync();
        await Assertions.Expect(messages.Locator("tbody .mono")).Not.ToHaveTextAsync(first);
        await page.GetByRole(AriaRole.Link, new() { Name = "Latest" }).ClickAsync();
        await page.GotoAsync("/deliveries?alert=0123456789abcdef");
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "No message fits the filter" })).ToBeVisibleAsync();
    }

    [Fact]
    public async Task Rules_SayWhatToMend_AndLeadToTheirQuery()
    {
        await using var site = await Site.StartAsync(files: RespondSite.Files);
        var page = await site.OpenAsync(chromium, "/rules");
        await page.GetByRole(AriaRole.Navigation, new() { Name = "Show" }).GetByRole(AriaRole.Link, new() { Name = "To mend" }).ClickAsync();
        var row = page.GetByRole(AriaRole.Row, new() { Name = "NoRequests" });
        await Assertions.Expect(row).ToContainTextAsync("It wakes people and does not say what to do.");
        await page.GetByLabel("Name, group or file").FillAsync("nothing");
        await page.GetByRole(AriaRole.Button, new() { Name = "Filter" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "No rule fits the filter" })).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "All rules" }).ClickAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "NoRequests" }).ClickAsync();
        (await page.GetByLabel("Query", new() { Exact = true }).InputValueAsync()).ShouldStartWith("sum by (");
    }
}
