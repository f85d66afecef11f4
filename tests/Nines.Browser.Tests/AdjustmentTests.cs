using Microsoft.Playwright;

namespace Nines.Browser.Tests;

public sealed class AdjustmentTests(Chromium chromium)
{
    private const string Password = "twelve small birds";
    private const string Page = "/adjustments?objective=payments%2Fcards%40production";

    [Fact]
    public async Task Adjustment_IsProposedApprovedBySomeoneElseAndTakenBack()
    {
        await using var site = await Site.StartAsync(PlayedReports.Full(), demo: false);
        var aiko = await AdminAsync(site);
        await AddAsync(aiko, "Sam", "admin");
        await AddAsync(aiko, "Vera", "viewer");

        await aiko.GotoAsync("/objectives/payments/cards@production");
        await aiko.GetByRole(AriaRole.Link, new() { Name = "Adjustments", Exact = true }).Last.ClickAsync();
        await Assertions.Expect(aiko.GetByRole(AriaRole.Heading, new() { Name = "Nothing was ever taken out" })).ToBeVisibleAsync();
        await aiko.GetByLabel("From, UTC").FillAsync("2026-03-12T02:30");
        await aiko.GetByLabel("To, UTC").FillAsync("2026-03-12T02:50");
        await aiko.GetByLabel("Cause, one word").FillAsync("Not A Word");
        await aiko.GetByLabel("Reason").FillAsync("The uplink of the acquirer was down");
        await aiko.GetByRole(AriaRole.Button, new() { Name = "Propose", Exact = true }).ClickAsync();
        await Assertions.Expect(aiko.GetByRole(AriaRole.Alert)).ToContainTextAsync("Give a cause in lower-case letters");
        await Assertions.Expect(aiko.GetByLabel("Cause, one word")).ToHaveAttributeAsync("aria-invalid", "true");
        await Assertions.Expect(aiko.GetByLabel("Reason")).ToHaveValueAsync("The uplink of the acquirer was down");
        await Assertions.Expect(aiko.GetByLabel("From, UTC")).ToHaveValueAsync("2026-03-12T02:30");
        (await Site.ComplaintsOfAxeAsync(aiko)).ShouldBeEmpty();
        await aiko.GetByLabel("Cause, one word").FillAsync("network");
        await aiko.GetByRole(AriaRole.Button, new() { Name = "Propose", Exact = true }).ClickAsync();

        var row = aiko.Locator("li", new() { Has = aiko.GetByRole(AriaRole.Heading, new() { Name = "The uplink of the acquirer was down" }) });
        await Assertions.Expect(row).ToContainTextAsync("Proposed");
        await Assertions.Expect(row).ToContainTextAsync("whoever asked cannot approve");
        await Assertions.Expect(row).ToContainTextAsync("left with it");
        await Assertions.Expect(aiko.GetByRole(AriaRole.Button, new() { Name = "Approve:" })).ToHaveCountAsync(0);

        var vera = await SignInAsync(site, "Vera");
        await vera.GotoAsync(Page);
        await Assertions.Expect(vera.GetByText("You are signed in as Vera, who reads.")).ToBeVisibleAsync();
        await Assertions.Expect(vera.Locator("main .btn")).ToHaveCountAsync(0);

        var sam = await SignInAsync(site, "Sam");
        await sam.GotoAsync("/adjustments");
        await sam.GetByRole(AriaRole.Button, new() { Name = "Approve: The uplink of the acquirer was down" }).ClickAsync();
        await Assertions.Expect(sam.GetByRole(AriaRole.Listitem).Filter(new() { HasText = "Approved by Sam" })).ToBeVisibleAsync();
        await ShootAsync(site, "adjustments");
        await sam.GetByText("Take it back").ClickAsync();
        await sam.GetByLabel("Why").FillAsync("It was our own firewall");
        await sam.GetByRole(AriaRole.Button, new() { Name = "Take back this adjustment" }).ClickAsync();
        await Assertions.Expect(sam.GetByText("Taken back by Sam")).ToContainTextAsync("It was our own firewall");
        await sam.GetByRole(AriaRole.Navigation, new() { Name = "State" }).GetByRole(AriaRole.Link, new() { Name = "Proposed" }).ClickAsync();
        await Assertions.Expect(sam.GetByRole(AriaRole.Heading, new() { Name = "None is in this state" })).ToBeVisibleAsync();
    }

    private async Task ShootAsync(Site site, string name)
    {
        foreach (var (width, dark) in ((int, bool)[])[(1440, false), (375, true)])
        {
            var page = await SignInAsync(site, "Sam", width, dark);
            await page.GotoAsync(Page);
            await page.ScreenshotAsync(new() { Path = Path.Combine(Chromium.Root, $"artifacts/screenshots/{name}-{(dark ? "dark" : "light")}-{width}.png"), FullPage = true });
            (await Site.ComplaintsOfAxeAsync(page)).ShouldBeEmpty();
            (await page.EvaluateAsync<int>("document.documentElement.scrollWidth - innerWidth")).ShouldBeLessThanOrEqualTo(0);
        }
    }

    private async Task<IPage> AdminAsync(Site site)
    {
        var page = await site.OpenAsync(chromium, (await site.SetupLinkAsync())!, expected: "422");
        await page.GetByLabel("Name").FillAsync("Aiko");
        await page.GetByLabel("Password").FillAsync(Password);
        await page.GetByRole(AriaRole.Button, new() { Name = "Make admin and sign in" }).ClickAsync();
        return page;
    }

    private static async Task AddAsync(IPage page, string name, string role)
    {
        await page.GotoAsync("/account");
        var users = page.GetByRole(AriaRole.Region, new() { Name = "Users" });
        await users.GetByLabel("Name").FillAsync(name);
        await users.GetByLabel("Password").FillAsync(Password);
        await users.GetByLabel("Role").SelectOptionAsync(role);
        await users.GetByRole(AriaRole.Button, new() { Name = "Add user" }).ClickAsync();
        await Assertions.Expect(users.GetByRole(AriaRole.Rowheader, new() { Name = name })).ToBeVisibleAsync();
    }

    private async Task<IPage> SignInAsync(Site site, string name, int width = 1440, bool dark = false)
    {
        var page = await site.OpenAsync(chromium, "/login", width, dark);
        await page.GetByLabel("Name").FillAsync(name);
        await page.GetByLabel("Password").FillAsync(Password);
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await Assertions.Expect(page).ToHaveURLAsync(site.Address + "/");
        return page;
    }
}
