using Microsoft.Playwright;
using Nines.Core.Alerting;

namespace Nines.Browser.Tests;

/// <summary>Every page in every look: axe finds nothing, nothing scrolls sideways, and a screenshot is left for people.</summary>
public sealed class LookTests(Chromium chromium)
{
    private static readonly string Screens = Directory.CreateDirectory(Path.Combine(Chromium.Root, "artifacts/screenshots")).FullName;

    private const string Broken = "apiVersion: openslo/v1\nkind: SLO\nmetadata:\n  name: orders\nspec:\n  service: nobody\n  budgetingMethod: Sometimes\n";

    public static readonly TheoryData<int, bool> Looks = new() { { 1440, false }, { 1440, true }, { 375, false }, { 375, true } };

    [Theory]
    [MemberData(nameof(Looks))]
    public async Task Pages_Full_AreAccessible(int width, bool dark)
    {
        await using var scene = await AlertScene.StartAsync();
        await using var site = await Site.StartAsync(PlayedReports.Full(), true, scene.Files);
        await AlertScene.PlayAsync(site);
        var page = await site.OpenAsync(chromium, "/", width, dark);
        foreach (var (name, path) in ((string, string)[])
            [("overview", "/"), ("objectives", "/objectives"), ("objective", "/objectives/checkout/orders@production"), ("attribution", "/attribution/checkout/orders@production"),
             ("objective-lost", "/objectives/scraper/prices@production"), ("objective-overspent", "/objectives/payments/cards@production?range=1h"),
             ("generation", "/generations/3"), ("attribution-causes", "/attribution/payments/cards@production"), ("adjustments-none", "/adjustments?objective=checkout%2Forders%40production"),
             ("services", "/services"), ("service", "/services/checkout"), ("sources", "/sources"),
             ("alerts", "/alerts"), ("alerts-quiet", "/alerts?state=quiet&by=receiver"), ("alerts-resolved", "/alerts?state=resolved"), ("alerts-none", "/alerts?q=nobody"),
             ("alert", "/alerts/" + AlertMachine.FingerprintOf(AlertScene.Outbox)), ("alert-quiet", "/alerts/" + AlertMachine.FingerprintOf(AlertScene.Lag)),
             ("alert-over", "/alerts/" + AlertMachine.FingerprintOf(AlertScene.Certificate)), ("silences", "/silences"), ("silence", "/silences/" + site.SilenceOf("replica rebuild")),
             ("silence-new", "/silences/new?match=" + Uri.EscapeDataString("service=~\"checkout|search\"")),
             ("workspace", "/workspace"), ("account", "/account"), ("setup", "/setup")])
        {
            await LookAsync(page, name, path, width, dark);
        }
    }

    [Theory]
    [MemberData(nameof(Looks))]
    public async Task Pages_OfHeartbeats_AreAccessible(int width, bool dark)
    {
        await using var site = await Site.StartAsync(PlayedReports.Full(), true, ("heartbeats.yaml", """
            apiVersion: nines/v1
            kind: Heartbeat
            metadata: {name: weekly-scrape, displayName: The weekly scrape of all shops}
            spec: {cron: "0 3 * * 0", timezone: Europe/Berlin, grace: 2h, maxRuntime: 4h, evidence: {rows: {min: 1}}, runbook: 'https://wiki.test/scraper'}
            ---
            apiVersion: nines/v1
            kind: Heartbeat
            metadata: {name: backup}
            spec: {every: 1h}
            ---
            apiVersion: nines/v1
            kind: Heartbeat
            metadata: {name: prometheus}
            spec: {watchdog: {alertname: Watchdog, matchers: ['cluster="eu"']}}
            """));
        var page = await site.OpenAsync(chromium, "/", width, dark);
        await LookAsync(page, "heartbeats", "/heartbeats", width, dark);
        await LookAsync(page, "heartbeat", "/heartbeats/weekly-scrape", width, dark);
    }

    /// <summary>What whoever is on call sees: response times, and what they can do.</summary>
    [Theory]
    [MemberData(nameof(Looks))]
    public async Task Pages_OfAlertsSignedIn_AreAccessible(int width, bool dark)
    {
        await using var scene = await AlertScene.StartAsync();
        await using var site = await Site.StartAsync(PlayedReports.Full(), false, [.. scene.Files, ("ladder.yaml", """
            apiVersion: nines/v1
            kind: SeverityLadder
            metadata: {name: alerts}
            spec:
              levels:
              - {name: P1, rank: 90, aliases: [page, critical], pages: true, respondWithin: 2h}
              - {name: P3, rank: 20, aliases: [ticket, warning], respondWithin: 3d}
            """)]);
        await AlertScene.PlayAsync(site);
        var page = await site.OpenAsync(chromium, (await site.SetupLinkAsync())!, width, dark);
        await page.GetByLabel("Name").FillAsync("Aiko");
        await page.GetByLabel("Password").FillAsync("correct horse battery");
        await page.GetByRole(AriaRole.Button, new() { Name = "Make admin and sign in" }).ClickAsync();
        await Assertions.Expect(page).ToHaveURLAsync(site.Address + "/");
        await LookAsync(page, "alerts-signed-in", "/alerts", width, dark);
        var alert = "/alerts/" + AlertMachine.FingerprintOf(AlertScene.Outbox);
        await LookAsync(page, "alert-signed-in", alert, width, dark);
        await page.GetByRole(AriaRole.Button, new() { Name = "Acknowledge" }).First.ClickAsync();
        await Assertions.Expect(page.GetByText("Acknowledged by Aiko").First).ToBeVisibleAsync();
        await LookAsync(page, "alert-acknowledged", alert, width, dark);
        await LookAsync(page, "alerts-acknowledged", "/alerts", width, dark);
    }

    [Theory]
    [MemberData(nameof(Looks))]
    public async Task Pages_OfRoutesMessagesAndRules_AreAccessible(int width, bool dark)
    {
        await using var respond = await RespondSite.StartAsync();
        var page = await respond.Site.OpenAsync(chromium, "/", width, dark);
        foreach (var (name, path) in ((string, string)[])
            [("routing", "/routing"), ("routing-told", "/routing?alert=severity%3Dcritical%20service%3Dmysql%20alertname%3DSlow&at=2026-11-21%2010%3A00"),
             ("routing-quiet", "/routing?alert=severity%3Dwarning%20cluster%3Deu"), ("routing-wrong", "/routing?alert=severity%3D~critical&at=soon"),
             ("deliveries", "/deliveries"), ("deliveries-none", "/deliveries?receiver=team-chat&since=soon"), ("rules", "/rules")])
        {
            await LookAsync(page, name, path, width, dark);
        }
        await page.GotoAsync("/deliveries?state=failed");
        var key = (await page.Locator("section[aria-labelledby=h-all] tbody th a").First.GetAttributeAsync("href"))!;
        await LookAsync(page, "delivery", key, width, dark);
    }

    [Theory]
    [MemberData(nameof(Looks))]
    public async Task Pages_OfCollectors_AreAccessible(int width, bool dark)
    {
        await using var site = await Site.StartAsync(PlayedReports.Full(), true, ("collectors.yaml", """
            apiVersion: nines/v1
            kind: Collector
            metadata: {name: host, displayName: This host}
            spec: {type: host, interval: 1s}
            ---
            apiVersion: nines/v1
            kind: Collector
            metadata: {name: backups, displayName: Backups of the deals}
            spec: {type: file, interval: 1s, path: /nowhere/in/a/directory/with-a-rather-long-name-that-wraps/*.dump}
            ---
            apiVersion: nines/v1
            kind: Collector
            metadata: {name: later}
            spec: {type: file, interval: 1h, path: /etc/host*}
            """));
        var page = await site.OpenAsync(chromium, "/", width, dark);
        // The first runs are within five seconds.
        for (var attempt = 0; await page.GetByText("node_load1").CountAsync() == 0 || await page.GetByText("1 of 3 collectors fails").CountAsync() == 0; attempt++)
        {
            attempt.ShouldBeLessThan(100);
            await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System, TestContext.Current.CancellationToken);
            await page.GotoAsync("/collectors");
        }
        foreach (var (name, path) in ((string, string)[])[("collectors", "/collectors"), ("collector", "/collectors/host"), ("collector-failing", "/collectors/backups"), ("overview-host", "/")])
        {
            await LookAsync(page, name, path, width, dark);
        }
    }

    [Theory]
    [InlineData(1440, false)]
    [InlineData(375, true)]
    public async Task Pages_EmptyFreshAndBroken_AreAccessible(int width, bool dark)
    {
        await using (var empty = await Site.StartAsync())
        {
            var page = await empty.OpenAsync(chromium, "/", width, dark, true, "404");
            await LookAsync(page, "empty-overview", "/", width, dark);
            await LookAsync(page, "empty-objectives", "/objectives", width, dark);
            await LookAsync(page, "empty-workspace", "/workspace", width, dark);
            await LookAsync(page, "empty-services", "/services", width, dark);
            await LookAsync(page, "empty-adjustments", "/adjustments", width, dark);
            await LookAsync(page, "empty-alerts", "/alerts", width, dark);
            await LookAsync(page, "empty-silences", "/silences", width, dark);
            await LookAsync(page, "empty-silence-new", "/silences/new", width, dark);
            await LookAsync(page, "empty-sources", "/sources", width, dark);
            await LookAsync(page, "empty-routing", "/routing", width, dark);
            await LookAsync(page, "empty-deliveries", "/deliveries", width, dark);
            await LookAsync(page, "empty-rules", "/rules", width, dark);
            await LookAsync(page, "empty-collectors", "/collectors", width, dark);
            await LookAsync(page, "empty-heartbeats", "/heartbeats", width, dark);
            await LookAsync(page, "empty-probes", "/probes", width, dark);
            await LookAsync(page, "not-found", "/nothing/here", width, dark);
        }
        await using var broken = await Site.StartAsync(PlayedReports.Fresh(), true, ("shop.yaml", Broken));
        var other = await broken.OpenAsync(chromium, "/", width, dark);
        await LookAsync(other, "broken-workspace", "/workspace", width, dark);
        await LookAsync(other, "fresh-overview", "/", width, dark);
        await LookAsync(other, "fresh-objective", "/objectives/checkout/carts@production", width, dark);
        await LookAsync(other, "fresh-objective-no-events", "/objectives/checkout/refunds@production", width, dark);
    }

    [Theory]
    [MemberData(nameof(Looks))]
    public async Task Pages_OfProbes_AreAccessible(int width, bool dark)
    {
        await using var scene = await ProbeScene.StartAsync();
        var page = await scene.Site.OpenAsync(chromium, "/", width, dark);
        foreach (var (name, path) in ((string, string)[])
            [("probes", "/probes"), ("probe", "/probes/backend"), ("probe-down", "/probes/scraper"), ("probe-parts", "/probes/cache?range=1h")])
        {
            await LookAsync(page, name, path, width, dark);
        }
    }

    [Fact]
    public async Task Pages_FourteenObjectives_AreLight()
    {
        await using var site = await Site.StartAsync(PlayedReports.Full());
        using var http = new HttpClient { BaseAddress = new Uri(site.Address) };
        foreach (var path in (string[])["/", "/objectives", "/objectives/checkout/orders@production?range=24h"])
        {
            var html = await http.GetByteArrayAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken);
            (path, html.Length).ShouldSatisfyAllConditions(p => p.Length.ShouldBeLessThan(p.path.Contains('@') ? 80_000 : 60_000, p.path));
        }
    }

    private static async Task LookAsync(IPage page, string name, string path, int width, bool dark)
    {
        await page.GotoAsync(path);
        if (name.Contains("objective", StringComparison.Ordinal) && await page.Locator("figure[data-chart]").CountAsync() > 0)
        {
            await page.Locator("figure[data-drawn] canvas").First.WaitForAsync();
        }
        await page.EvaluateAsync("document.fonts.ready.then(() => 0)");
        await page.ScreenshotAsync(new() { Path = Path.Combine(Screens, $"{name}-{(dark ? "dark" : "light")}-{width}.png"), FullPage = true });
        (await Site.ComplaintsOfAxeAsync(page)).ShouldBeEmpty($"{path} at {width}, {(dark ? "dark" : "light")}");
        (await page.Locator("h1").CountAsync()).ShouldBe(1, path);
        (await page.EvaluateAsync<int>("document.documentElement.scrollWidth - innerWidth")).ShouldBeLessThanOrEqualTo(0, $"{path} scrolls sideways at {width}");
        if (width < 768)
        {
            (await SmallTargetsAsync(page)).ShouldBeEmpty($"{path}: targets under 44 px");
        }
    }

    // Buttons, fields and what one navigates with; links within text and figures that explain themselves may be smaller.
    private static async Task<string[]> SmallTargetsAsync(IPage page) => await page.EvaluateAsync<string[]>(
        """
        () => [...document.querySelectorAll('.btn, input:not([type=hidden]), select, .tabs a, .rail li a, .seg a, .me')]
          .filter(e => e.checkVisibility()).filter(e => e.getBoundingClientRect().height < 43.5).map(e => e.outerHTML.slice(0, 100))
        """);
}
