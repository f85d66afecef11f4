using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using Nines.Core.Alerting;
using Nines.Core.Alerting.Routing;
using Nines.Core.Objectives;
using Nines.Core.Probes;
using Nines.Metrics;
using Nines.Server;
using Nines.Server.Objectives;

namespace Nines.Browser.Tests;

/// <summary>A server in this process, and the pages a test opens of it.</summary>
internal sealed class Site : IAsyncDisposable
{
    private static readonly string Axe = File.ReadAllText(Path.Combine(Chromium.Root, "artifacts/web/node_modules/axe-core/axe.min.js"));

    private readonly DirectoryInfo _home = Directory.CreateTempSubdirectory("nines-browser-");
    private readonly List<IBrowserContext> _contexts = [];
    private readonly List<string> _complaints = [];
    private WebApplication _app = null!;

    public string Address { get; private set; } = "";

    /// <summary>Starts one. Demo visitors are viewers; otherwise people sign in.</summary>
    public static async Task<Site> StartAsync(IObjectiveReports? reports = null, bool demo = true, params (string Name, string Text)[] files)
    {
        var site = new Site();
        var workspace = Directory.CreateDirectory(Path.Combine(site._home.FullName, "workspace")).FullName;
        foreach (var (name, text) in files)
        {
            await File.WriteAllTextAsync(Path.Combine(workspace, name), text);
        }
        await site.ListenAsync("http://127.0.0.1:0", demo, reports);
        return site;
    }

    /// <summary>Stops the server for a while and starts it again on the same port.</summary>
    public async Task RestartAsync(IObjectiveReports reports)
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
        await ListenAsync(Address, true, reports);
    }

    public void Write(string file, string text) => File.WriteAllText(Path.Combine(_home.FullName, "workspace", file), text);

    /// <summary>Writes samples into the server's store.</summary>
    public void Store(Action<IAppend> samples)
    {
        using var append = _app.Services.GetRequiredService<ISampleSink>().Begin();
        samples(append);
        append.Commit();
    }

    /// <summary>Raises alerts.</summary>
    public Task PostAsync(params PostedAlert[] alerts) => _app.Services.GetRequiredService<IAlertDoor>().PostAsync(alerts, TestContext.Current.CancellationToken);

    /// <summary>Sets a silence that ends, and begins, in so many minutes; one that is over is set and ended.</summary>
    public async Task SilenceAsync(string matchers, string by, string comment, int endsIn, int beginsIn = 0)
    {
        var routing = _app.Services.GetRequiredService<IAlertRouting>();
        var now = ShiftedTime.Start.ToUnixTimeMilliseconds() * 1_000_000;
        var change = await routing.SetSilenceAsync("", new()
        {
            Id = "",
            Matchers = MatcherText.Read(matchers).Matchers!,
            StartsAtNs = now + beginsIn * 60_000_000_000,
            EndsAtNs = now + Math.Abs(endsIn) * 60_000_000_000,
            UpdatedAtNs = now,
            CreatedBy = by,
            Comment = comment,
        }, new("person:usr_1", by, "page"), TestContext.Current.CancellationToken);
        if (endsIn < 0)
        {
            await routing.ExpireSilenceAsync(change!.Value.Stored[^1].Id, new("person:usr_1", by, "page"), TestContext.Current.CancellationToken);
        }
    }

    /// <summary>The silence with a comment.</summary>
    public string SilenceOf(string comment) => _app.Services.GetRequiredService<IAlertRouting>().Silences().First(s => s.Comment == comment).Id;

    /// <summary>Waits in real time until the alerts are as they should be; fails after 10 s.</summary>
    public async Task UntilAsync(Func<IReadOnlyList<AlertReport>, bool> reached)
    {
        var reports = _app.Services.GetRequiredService<IAlertReports>();
        for (var i = 0; !reached(reports.All()); i++)
        {
            i.ShouldBeLessThan(1000, "it was not reached within 10 s");
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Waits in real time until so many probes have run; fails after 30 s.</summary>
    public async Task UntilRanAsync(int probes)
    {
        for (var i = 0; _app.Services.GetRequiredService<IProbeReports>().All().Count(r => r.Last is not null) < probes; i++)
        {
            i.ShouldBeLessThan(3000, "they did not run within 30 s");
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System, TestContext.Current.CancellationToken);
        }
    }

    public Task<string?> SetupLinkAsync() => _app.Services.GetRequiredService<FirstAdmin>().LinkAsync(Address, TestContext.Current.CancellationToken);

    /// <summary>Opens a page. What the console, the scripts and the content policy complain of fails the test in the end.</summary>
    public async Task<IPage> OpenAsync(Chromium chromium, string path, int width = 1440, bool dark = false, bool scripts = true, params string[] expected)
    {
        var context = await chromium.ContextAsync(new()
        {
            ViewportSize = new() { Width = width, Height = 900 },
            ColorScheme = dark ? ColorScheme.Dark : ColorScheme.Light,
            JavaScriptEnabled = scripts,
            BaseURL = Address,
        });
        _contexts.Add(context);
        var page = await context.NewPageAsync();
        page.Console += (_, message) =>
        {
            if (message.Type is "error" or "warning" && !expected.Any(message.Text.Contains))
            {
                _complaints.Add($"{path}: {message.Text}");
            }
        };
        page.PageError += (_, error) => _complaints.Add($"{path}: {error}");
        await page.GotoAsync(path);
        return page;
    }

    /// <summary>Holds the page against axe: WCAG 2.2 AA and its best practices.</summary>
    public static async Task<IReadOnlyList<string>> ComplaintsOfAxeAsync(IPage page)
    {
        await page.EvaluateAsync(Axe + ";0");
        var json = await page.EvaluateAsync<string>(
            """
            async () => JSON.stringify((await axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }))
              .violations.map(v => v.id + ': ' + v.nodes.map(n => n.html.slice(0, 160) + ' ' + n.any.map(a => a.message).join('; ')).slice(0, 3).join(' | ')))
            """);
        return JsonSerializer.Deserialize<string[]>(json)!;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var context in _contexts)
        {
            await context.CloseAsync();
        }
        await _app.StopAsync();
        await _app.DisposeAsync();
        _home.Delete(true);
        _complaints.ShouldBeEmpty();
    }

    private async Task ListenAsync(string address, bool demo, IObjectiveReports? reports)
    {
        var options = new NinesOptions
        {
            WorkspaceDirectory = Path.Combine(_home.FullName, "workspace"), DataDirectory = Path.Combine(_home.FullName, "data"), Listen = address, Demo = demo,
        };
        _app = NinesApp.Create(options, builder =>
        {
            builder.Services.AddSingleton<TimeProvider>(new ShiftedTime());
            if (reports is not null)
            {
                builder.Services.AddSingleton(reports);
            }
            if (reports is PlayedReports played)
            {
                builder.Services.AddSingleton<IObjectiveHistory>(played).AddSingleton<IBudgetBands>(played);
            }
        });
        await _app.StartAsync();
        Address = _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
    }
}
