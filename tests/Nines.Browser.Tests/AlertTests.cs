using Microsoft.Playwright;
using Nines.Core.Alerting;

namespace Nines.Browser.Tests;

public sealed class AlertTests(Chromium chromium)
{
    private const string Password = "twelve small birds";

    // Without the one about this server's own messages.
    private static readonly string OfServices = "/alerts?q=" + Uri.EscapeDataString("service=~\".+\"");

    private static readonly string Outbox = "/alerts/" + AlertMachine.FingerprintOf(AlertScene.Outbox);

    [Fact]
    public async Task Alert_IsFoundExplainedSilencedWithAPreviewAndHeardAgain()
    {
        await using var scene = await AlertScene.StartAsync();
        await using var site = await Site.StartAsync(PlayedReports.Full(), false, scene.Files);
        await AlertScene.PlayAsync(site);
        var page = await SignedInAsync(site);

        await page.GotoAsync("/alerts");
        await Assertions.Expect(page.GetByText("6 alerts fire, 5 of them pages. 4 more are kept quiet.")).ToBeVisibleAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Region, new() { Name = "Quiet" })).ToContainTextAsync("Silence by Lucie Martin: replica rebuild");
        await Assertions.Expect(page.GetByRole(AriaRole.Region, new() { Name = "Quiet" })).ToContainTextAsync("Inhibited by PaymentDown");
        await page.GetByLabel("Labels or words").FillAsync("instance=\"outbox-0\"");
        await page.GetByRole(AriaRole.Button, new() { Name = "Filter" }).ClickAsync();
        await page.WaitForURLAsync(url => url.Contains("/alerts?q=instance%3D%22outbox-0%22"));
        await Assertions.Expect(page.Locator(".alerts > li")).ToHaveCountAsync(1);
        await page.Keyboard.PressAsync("j");
        await page.Keyboard.PressAsync("a");
        await Assertions.Expect(page.Locator(".alerts > li")).ToContainTextAsync("Acknowledged by Aiko");
        await Assertions.Expect(page.GetByRole(AriaRole.Button, new() { Name = "Acknowledge" })).ToHaveCountAsync(0);
        await page.GetByRole(AriaRole.Link, new() { Name = "Order outbox is not draining", Exact = true }).First.ClickAsync();
        await Assertions.Expect(page).ToHaveURLAsync(site.Address + Outbox);
        var why = page.GetByRole(AriaRole.Region, new() { Name = "Why was I told, or not?" });
        await Assertions.Expect(why).ToContainTextAsync("Told: phone at 03:14:");
        await Assertions.Expect(why).ToContainTextAsync("It matches severity=\"page\". The routes after this one are tried too.");
        await Assertions.Expect(page.GetByRole(AriaRole.Region, new() { Name = "Messages" })).ToContainTextAsync("HTTP 200");

        await page.GetByRole(AriaRole.Link, new() { Name = "Silence this" }).ClickAsync();
        await Assertions.Expect(page.GetByText("It silences a page that fires now.")).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Silence 1 alert" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("Say why.");
        (await Site.ComplaintsOfAxeAsync(page)).ShouldBeEmpty();
        await page.GetByLabel("Reason").FillAsync("draining by hand");
        await page.GetByLabel("Matches").FillAsync("alertname=\"OrderOutboxNotDraining\"");
        await page.GetByRole(AriaRole.Button, new() { Name = "Silence 1 alert" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("changed since you last saw its effect");
        await page.GetByRole(AriaRole.Button, new() { Name = "Silence 3 alerts" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "draining by hand" })).ToBeVisibleAsync();
        await Assertions.Expect(page.GetByText("By Aiko, from")).ToBeVisibleAsync();

        await page.GetByRole(AriaRole.Button, new() { Name = "4 h longer" }).ClickAsync();
        await Assertions.Expect(page.Locator(".lede")).ToContainTextAsync("08:1");
        await page.GotoAsync(Outbox);
        await Assertions.Expect(why).ToContainTextAsync("by Aiko, “draining by hand”, until 08:1");
        await page.GetByRole(AriaRole.Link, new() { Name = "See the silence" }).First.ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "End it now" }).ClickAsync();
        await Assertions.Expect(page).ToHaveURLAsync(site.Address + "/silences");
        await Assertions.Expect(page.GetByRole(AriaRole.Region, new() { Name = "Over" })).ToContainTextAsync("draining by hand");
        await page.GotoAsync(Outbox);
        await Assertions.Expect(why).ToContainTextAsync("Not silenced");
    }

    [Fact]
    public async Task Alerts_ByKeyboard_AreMovedThroughOpenedExplainedAndSilenced()
    {
        await using var scene = await AlertScene.StartAsync();
        await using var site = await Site.StartAsync(PlayedReports.Full(), true, scene.Files);
        await AlertScene.PlayAsync(site);
        var page = await site.OpenAsync(chromium, OfServices);
        var links = page.Locator(".alerts h3 a");
        await page.Keyboard.PressAsync("j");
        await Assertions.Expect(links.Nth(0)).ToBeFocusedAsync();
        await page.Keyboard.PressAsync("j");
        await Assertions.Expect(links.Nth(1)).ToBeFocusedAsync();
        await page.Keyboard.PressAsync("k");
        await page.Keyboard.PressAsync("o");
        await Assertions.Expect(page.Locator(".alerts details").First).Not.ToHaveAttributeAsync("open", "");
        await page.Keyboard.PressAsync("?");
        await Assertions.Expect(page.GetByRole(AriaRole.Note, new() { Name = "Keys" })).ToBeVisibleAsync();
        await page.Keyboard.PressAsync("Escape");
        await page.Keyboard.PressAsync("j");
        await page.Keyboard.PressAsync("j");
        var second = await links.Nth(1).GetAttributeAsync("href");
        await links.Nth(1).FocusAsync();
        await page.Keyboard.PressAsync("e");
        await page.WaitForURLAsync(url => url.Contains("why=" + second!.Split('/')[^1]));
        await Assertions.Expect(page.GetByRole(AriaRole.Complementary, new() { Name = "Why people were told" })).ToContainTextAsync("The acquirer answers nobody");
        await page.GotoAsync("/alerts");
        await page.Keyboard.PressAsync("/");
        await Assertions.Expect(page.GetByLabel("Labels or words")).ToBeFocusedAsync();
        await page.Keyboard.TypeAsync("jack");
        await Assertions.Expect(page.GetByLabel("Labels or words")).ToHaveValueAsync("jack");
        await page.GotoAsync(OfServices);
        await page.Keyboard.PressAsync("j");
        await page.Keyboard.PressAsync("s");
        await page.WaitForURLAsync(url => url.Contains("/silences/new?match="));
        await Assertions.Expect(page.GetByLabel("Matches")).ToHaveValueAsync("alertname=\"OrderOutboxNotDraining\", service=\"checkout\", severity=\"page\"");
        await Assertions.Expect(page.GetByText("Only an admin can silence.")).ToBeVisibleAsync();
        await page.GotoAsync(OfServices);
        await page.Keyboard.PressAsync("j");
        await page.Keyboard.PressAsync("Enter");
        await page.WaitForURLAsync(url => url.EndsWith(Outbox, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Alerts_WithoutScripts_AreReadFilteredAndExplained()
    {
        await using var scene = await AlertScene.StartAsync();
        await using var site = await Site.StartAsync(PlayedReports.Full(), true, scene.Files);
        await AlertScene.PlayAsync(site);
        var page = await site.OpenAsync(chromium, "/alerts", scripts: false, expected: "400");
        await page.GetByLabel("Severity").SelectOptionAsync("ticket");
        await page.GetByRole(AriaRole.Button, new() { Name = "Filter" }).ClickAsync();
        await Assertions.Expect(page.Locator(".alerts > li")).ToHaveCountAsync(1);
        await Assertions.Expect(page.Locator(".alerts .error")).ToContainTextAsync("the receiver refused the message for good");
        await page.GetByRole(AriaRole.Link, new() { Name = "Resolved 1" }).ClickAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "The certificate ends in 13 days", Exact = true }).First.ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Region, new() { Name = "Begins and ends" })).ToContainTextAsync("Its source says that it ended at");
        await page.GotoAsync("/alerts?q=" + Uri.EscapeDataString("service=~\"(\""));
        await Assertions.Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("Write conditions such as");
    }

    [Fact]
    public async Task Alerts_Change_TheOpenPageShowsItByItself()
    {
        await using var scene = await AlertScene.StartAsync();
        await using var site = await Site.StartAsync(PlayedReports.Full(), true, scene.Files);
        var page = await site.OpenAsync(chromium, "/alerts");
        await Assertions.Expect(page.GetByText("Nothing fires.", new() { Exact = true })).ToBeVisibleAsync();
        await Assertions.Expect(page.Locator("#stream[data-live]")).ToHaveCountAsync(1);
        await AlertScene.PlayAsync(site);
        await Assertions.Expect(page.Locator(".alerts > li")).ToHaveCountAsync(4, new() { Timeout = 10_000 });
    }

    private async Task<IPage> SignedInAsync(Site site)
    {
        var page = await site.OpenAsync(chromium, (await site.SetupLinkAsync())!, expected: "422");
        await page.GetByLabel("Name").FillAsync("Aiko");
        await page.GetByLabel("Password").FillAsync(Password);
        await page.GetByRole(AriaRole.Button, new() { Name = "Make admin and sign in" }).ClickAsync();
        return page;
    }
}
