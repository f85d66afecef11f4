using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Nines.Server.Tests.Telemetry;

/// <summary>A real server on loopback whose answer the test chooses.</summary>
internal sealed class TargetServer : IAsyncDisposable
{
    public const string OpenMetrics = "application/openmetrics-text; version=1.0.0; charset=utf-8";

    private readonly WebApplication _app;

    private TargetServer(WebApplication app) => _app = app;

    public Func<HttpContext, Task> Answer { get; set; } = _ => Task.CompletedTask;

    public Uri Url { get; private set; } = null!;

    public static async Task<TargetServer> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(k =>
        {
            k.Listen(IPAddress.Loopback, 0);
            k.Limits.MinResponseDataRate = null;
        });
        var app = builder.Build();
        var server = new TargetServer(app);
        app.Run(context => server.Answer(context));
        await app.StartAsync(TestContext.Current.CancellationToken);
        server.Url = new Uri(app.Urls.Single() + "/metrics");
        return server;
    }

    public void Says(string body, string type = "text/plain; version=0.0.4") => Answer = context =>
    {
        context.Response.ContentType = type;
        return context.Response.WriteAsync(body);
    };

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();
}
