using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Nines.Integration.Tests;

/// <summary>A webhook endpoint that keeps what it is told, and a target that exposes what it is given.</summary>
internal sealed class Sink : IAsyncDisposable
{
    private readonly BlockingCollection<string> _bodies = [];
    private readonly WebApplication _app;

    private Sink()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        _app = builder.Build();
        _app.MapPost("/hook", async (HttpRequest request) =>
        {
            using var reader = new StreamReader(request.Body);
            _bodies.Add(await reader.ReadToEndAsync(request.HttpContext.RequestAborted));
            return Results.Ok();
        });
        _app.MapGet("/metrics", () => Results.Text(Metrics, "text/plain"));
    }

    /// <summary>What <c>/metrics</c> answers.</summary>
    public string Metrics { get; set; } = "";

    public Uri Address => new(_app.Urls.First());

    public static async Task<Sink> StartAsync()
    {
        var sink = new Sink();
        await sink._app.StartAsync(TestContext.Current.CancellationToken);
        return sink;
    }

    public Task<string> NextAsync(CancellationToken cancellation) => Task.Run(() => _bodies.Take(cancellation), cancellation);

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _bodies.Dispose();
    }
}
