using Microsoft.Playwright;
using Nines.Browser.Tests;

[assembly: AssemblyFixture(typeof(Chromium))]

namespace Nines.Browser.Tests;

/// <summary>One driver and one browser for all tests; a context for each.</summary>
public sealed class Chromium : IAsyncLifetime
{
    private static readonly string? Executable = Environment.GetEnvironmentVariable("PATH")!.Split(Path.PathSeparator)
        .Select(d => Path.Combine(d, "chromium")).FirstOrDefault(File.Exists);

    private IPlaywright? _driver;
    private IBrowser? _browser;

    /// <summary>The repository's root.</summary>
    public static string Root { get; } = FindRoot();

    public async ValueTask InitializeAsync()
    {
        if (Executable is null)
        {
            return;
        }
        _driver = await Playwright.CreateAsync();
        _browser = await _driver.Chromium.LaunchAsync(new() { ExecutablePath = Executable, Args = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"] });
    }

    /// <summary>A fresh context; skips the test by name where there is no chromium, except on CI, where it fails.</summary>
    public async Task<IBrowserContext> ContextAsync(BrowserNewContextOptions options)
    {
        if (_browser is null)
        {
            (Environment.GetEnvironmentVariable("CI") == "true").ShouldBeFalse("chromium is not on the PATH: apt-get install --no-install-recommends chromium");
            Assert.Skip("chromium is not on the PATH");
        }
        var context = await _browser.NewContextAsync(options);
        context.SetDefaultTimeout(5000);
        return context;
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null)
        {
            await _browser.CloseAsync();
        }
        _driver?.Dispose();
    }

    private static string FindRoot()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(directory.FullName, "Nines.slnx")))
        {
            directory = directory.Parent!;
        }
        return directory.FullName;
    }
}
