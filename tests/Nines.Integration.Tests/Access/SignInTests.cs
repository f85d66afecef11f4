using System.Net;
using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using Nines.Core.Access;
using Nines.Server.Access;

namespace Nines.Integration.Tests.Access;

public sealed partial class SignInTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Setup_WithTheTokenOfTheConsole_MakesAnAdminOnce()
    {
        await using var server = await RunningServer.StartAsync();
        var accounts = server.App.Services.GetRequiredService<Accounts>();
        var token = (await accounts.SetupTokenAsync(Stop)).ShouldNotBeNull();
        using var client = await server.ClientAsync();

        (await PostAsync(client, "/setup", ("token", "guess"), ("name", "aiko"), ("password", "long enough"))).StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await PostAsync(client, "/setup", ("token", token), ("name", "aiko"), ("password", "short"))).StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await PostAsync(client, "/setup", ("token", token), ("name", "Aiko"), ("password", "long enough"))).StatusCode.ShouldBe(HttpStatusCode.Redirect);
        (await client.GetAsync("/", Stop)).StatusCode.ShouldBe(HttpStatusCode.OK);

        (await accounts.SetupTokenAsync(Stop)).ShouldBeNull();
        (await accounts.SetUpAsync(token, "eve", "long enough", Stop)).ShouldNotBeNull();
    }

    [Fact]
    public async Task Login_RightAndWrongPassword_SignsInOrSaysSo()
    {
        await using var server = await RunningServer.StartAsync();
        await server.App.Services.GetRequiredService<Accounts>().AddUserAsync("Aiko", "long enough", Role.Viewer, "system", Stop);
        using var client = await server.ClientAsync();
        var wrong = await PostAsync(client, "/login", ("name", "aiko"), ("password", "not it at all"));
        wrong.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        (await wrong.Content.ReadAsStringAsync(Stop)).ShouldContain("Name or password is not right.");
        var right = await PostAsync(client, "/login", ("name", "aiko"), ("password", "long enough"), ("next", "//evil.example/"));
        right.Headers.Location!.ToString().ShouldBe("/");
        (await client.GetAsync("/objectives", Stop)).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Login_WithoutTheFormsToken_IsRefused()
    {
        await using var server = await RunningServer.StartAsync();
        using var client = await server.ClientAsync();
        using var form = new FormUrlEncodedContent([new("name", "a"), new("password", "b")]);
        (await client.PostAsync("/login", form, Stop)).StatusCode.ShouldBe(HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task Login_TooManyTries_AreSlowedDown()
    {
        await using var server = await RunningServer.StartAsync();
        using var client = await server.ClientAsync();
        await server.App.Services.GetRequiredService<Accounts>().AddUserAsync("Aiko", "long enough", Role.Viewer, "system", Stop);
        var answers = new List<HttpStatusCode>();
        for (var i = 0; i < 11; i++)
        {
            answers.Add((await PostAsync(client, "/login", ("name", "aiko"), ("password", "a guess at it"))).StatusCode);
        }
        answers[..10].ShouldAllBe(a => a == HttpStatusCode.Unauthorized);
        answers[10].ShouldBe(HttpStatusCode.TooManyRequests);
    }

    [Fact]
    public async Task Token_TakenBack_NoLongerWorks()
    {
        await using var server = await RunningServer.StartAsync();
        using var client = await server.ClientAsync(Role.Viewer);
        (await client.GetAsync("/nines/v1/objectives", Stop)).StatusCode.ShouldBe(HttpStatusCode.OK);
        var accounts = server.App.Services.GetRequiredService<Accounts>();
        await accounts.DeleteTokenAsync((await accounts.TokensAsync(Stop))[0].Id, "system", Stop);
        (await client.GetAsync("/nines/v1/objectives", Stop)).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task Visitor_OfADemoFromLoopback_IsAViewerUnlessAProxyStandsBetween()
    {
        await using var server = await RunningServer.StartAsync(demo: true);
        using var client = await server.ClientAsync();
        (await client.GetAsync("/nines/v1/objectives", Stop)).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await client.PostAsync("/api/v2/alerts", null, Stop)).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        client.DefaultRequestHeaders.Add("X-Forwarded-For", "203.0.113.9");
        (await client.GetAsync("/nines/v1/objectives", Stop)).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task Page_NobodySignedIn_LeadsToTheSetupThenToTheLogin()
    {
        await using var server = await RunningServer.StartAsync();
        using var client = await server.ClientAsync();
        client.DefaultRequestHeaders.Accept.ParseAdd("text/html");
        (await client.GetAsync("/objectives?q=x", Stop)).Headers.Location!.ToString().ShouldBe("/setup?next=%2Fobjectives%3Fq%3Dx");
        await server.App.Services.GetRequiredService<Accounts>().AddUserAsync("Aiko", "long enough", Role.Admin, "system", Stop);
        (await client.GetAsync("/objectives?q=x", Stop)).Headers.Location!.ToString().ShouldBe("/login?next=%2Fobjectives%3Fq%3Dx");
    }

    private static async Task<HttpResponseMessage> PostAsync(HttpClient client, string path, params (string Name, string Value)[] fields)
    {
        var page = await client.GetStringAsync(path, Stop);
        using var form = new FormUrlEncodedContent(fields.Select(f => KeyValuePair.Create(f.Name, f.Value))
            .Append(KeyValuePair.Create("__RequestVerificationToken", FormToken().Match(page).Groups["token"].Value)));
        return await client.PostAsync(path, form, Stop);
    }

    [GeneratedRegex("name=\"__RequestVerificationToken\" value=\"(?<token>[^\"]+)\"", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex FormToken();
}
