using System.Net;
using System.Net.Http.Headers;
using Microsoft.Playwright;

namespace Nines.Browser.Tests;

public sealed class AccessTests(Chromium chromium)
{
    [Fact]
    public async Task FirstRun_LinkOfTheConsole_MakesAdminWhoSignsInAgainAndMakesAToken()
    {
        await using var site = await Site.StartAsync(demo: false);
        var page = await site.OpenAsync(chromium, (await site.SetupLinkAsync())!);
        await page.GetByLabel("Name").FillAsync("Aiko");
        await page.GetByLabel("Password").FillAsync("twelve small birds");
        await page.GetByRole(AriaRole.Button, new() { Name = "Make admin and sign in" }).ClickAsync();
        await Assertions.Expect(page).ToHaveURLAsync(site.Address + "/");
        await page.GetByRole(AriaRole.Link, new() { Name = "Aiko, your account" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign out" }).ClickAsync();

        await page.GotoAsync("/workspace");
        await page.GetByLabel("Name").FillAsync("aiko");
        await page.GetByLabel("Password").FillAsync("twelve small birds");
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await Assertions.Expect(page).ToHaveURLAsync(site.Address + "/workspace");

        await page.GotoAsync("/account");
        (await Site.ComplaintsOfAxeAsync(page)).ShouldBeEmpty();
        await page.GetByRole(AriaRole.Region, new() { Name = "API tokens" }).GetByLabel("Name").FillAsync("deploys");
        await page.GetByRole(AriaRole.Button, new() { Name = "Make token" }).ClickAsync();
        var secret = await page.GetByRole(AriaRole.Status).Locator("code").TextContentAsync();
        (await AskAsync(site, secret!)).ShouldBe(HttpStatusCode.OK);

        await page.GetByRole(AriaRole.Button, new() { Name = "Take back deploys" }).ClickAsync();
        await Assertions.Expect(page.GetByText("There is none.")).ToBeVisibleAsync();
        (await AskAsync(site, secret!)).ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task SignIn_WrongPassword_SaysSoAtTheFieldAndKeepsTheName()
    {
        await using var site = await Site.StartAsync(demo: false);
        var page = await site.OpenAsync(chromium, (await site.SetupLinkAsync())!, expected: "401");
        await page.GetByLabel("Name").FillAsync("Aiko");
        await page.GetByLabel("Password").FillAsync("twelve small birds");
        await page.GetByRole(AriaRole.Button).ClickAsync();
        await page.Context.ClearCookiesAsync();
        await page.GotoAsync("/objectives");
        await page.GetByLabel("Name").FillAsync("Aiko");
        await page.GetByLabel("Password").FillAsync("thirteen birds");
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Alert)).ToHaveTextAsync("Name or password is not right.");
        await Assertions.Expect(page.GetByLabel("Name")).ToHaveValueAsync("Aiko");
        await Assertions.Expect(page.GetByLabel("Password")).ToHaveAttributeAsync("aria-invalid", "true");
        (await Site.ComplaintsOfAxeAsync(page)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Problem_ForABrowser_IsAPageAndForAProgramAProblem()
    {
        await using var site = await Site.StartAsync();
        var page = await site.OpenAsync(chromium, "/objectives/nobody/nothing@production", expected: "404");
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToHaveTextAsync("Not found");
        await page.GetByRole(AriaRole.Link, new() { Name = "Go to the overview" }).ClickAsync();
        await Assertions.Expect(page).ToHaveURLAsync(site.Address + "/");

        using var http = new HttpClient { BaseAddress = new Uri(site.Address) };
        using var forbidden = new HttpRequestMessage(HttpMethod.Post, "/account/users");
        forbidden.Headers.Accept.ParseAdd("text/html");
        using var asPage = await http.SendAsync(forbidden, TestContext.Current.CancellationToken);
        asPage.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        (await asPage.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).ShouldContain("<h1>Not allowed</h1>");
        using var asProblem = await http.GetAsync(new Uri("/nines/v1/objectives/nobody", UriKind.Relative), TestContext.Current.CancellationToken);
        asProblem.Content.Headers.ContentType!.MediaType.ShouldBe("application/problem+json");
    }

    private static async Task<HttpStatusCode> AskAsync(Site site, string token)
    {
        using var http = new HttpClient { BaseAddress = new Uri(site.Address) };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        using var answer = await http.GetAsync(new Uri("/nines/v1/objectives", UriKind.Relative), TestContext.Current.CancellationToken);
        return answer.StatusCode;
    }
}
