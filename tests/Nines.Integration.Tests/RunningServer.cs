using System.Net;
using System.Net.Http.Headers;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Nines.Core.Access;
using Nines.Server;
using Nines.Server.Access;

namespace Nines.Integration.Tests;

/// <summary>A server in this process on a free port, with directories of its own that go when it goes.</summary>
internal sealed class RunningServer : IAsyncDisposable
{
    private readonly string _root;

    private RunningServer(WebApplication app, string root)
    {
        App = app;
        _root = root;
        Address = new Uri(app.Urls.First());
    }

    public WebApplication App { get; }

    public Uri Address { get; }

    public string Workspace => Path.Combine(_root, "workspace");

    public string Data => Path.Combine(_root, "data");

    public static async Task<RunningServer> StartAsync(IReadOnlyDictionary<string, string>? files = null, bool demo = false, string? root = null, ILoggerProvider? logs = null, string? postgres = null, Func<WebApplication, Task>? prepare = null)
    {
        root ??= Directory.CreateTempSubdirectory("nines-test-").FullName;
        Directory.CreateDirectory(Path.Combine(root, "workspace"));
        foreach (var (name, text) in files ?? new Dictionary<string, string>())
        {
            await File.WriteAllTextAsync(Path.Combine(root, "workspace", name), text);
        }
        var app = NinesApp.Create(
            new NinesOptions { WorkspaceDirectory = Path.Combine(root, "workspace"), DataDirectory = Path.Combine(root, "data"), Listen = "http://127.0.0.1:0", Demo = demo, Postgres = postgres },
            builder =>
            {
                builder.Logging.ClearProviders();
                if (logs is not null)
                {
                    builder.Logging.AddProvider(logs).SetMinimumLevel(LogLevel.Trace);
                }
            });
        if (prepare is not null)
        {
            await prepare(app);
        }
        await app.StartAsync(TestContext.Current.CancellationToken);
        return new RunningServer(app, root);
    }

    /// <summary>A client that carries a token of the role, or nothing.</summary>
    public async Task<HttpClient> ClientAsync(Role role = Role.Anyone)
    {
        var client = new HttpClient(new HttpClientHandler { AllowAutoRedirect = false, CookieContainer = new CookieContainer() }) { BaseAddress = Address };
        if (role != Role.Anyone)
        {
            var secret = await App.Services.GetRequiredService<Accounts>().AddTokenAsync(role.ToString(), role, "system", TestContext.Current.CancellationToken);
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", secret);
        }
        return client;
    }

    /// <summary>Stops the server and keeps its directories, for another on the same root.</summary>
    public async Task<string> StopAsync()
    {
        await App.StopAsync(TestContext.Current.CancellationToken);
        await App.DisposeAsync();
        return _root;
    }

    public async ValueTask DisposeAsync()
    {
        await App.DisposeAsync();
        Directory.Delete(_root, recursive: true);
    }
}
