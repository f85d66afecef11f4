using System.Text.Json;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Nines.Server.Tests.Delivery;

/// <summary>A request that reached a sink.</summary>
internal sealed record Arrived(string Path, IReadOnlyDictionary<string, string> Headers, string Body)
{
    public string Key => Headers["Idempotency-Key"];

    public string Status => Json.GetProperty("status").GetString()!;

    public string AlertName => Json.GetProperty("commonLabels").GetProperty("alertname").GetString()!;

    /// <summary>What the message says about its own delivery.</summary>
    public string Marks => Json.GetProperty("commonAnnotations").TryGetProperty("nines_delivery", out var marks) ? marks.GetString()! : "";

    public JsonElement Json => JsonDocument.Parse(Body).RootElement;
}

/// <summary>A real HTTP endpoint on loopback that keeps what arrives and answers as told.</summary>
internal sealed class Sink : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly Channel<Arrived> _arrived = Channel.CreateUnbounded<Arrived>();

    private Sink(WebApplication app) => _app = app;

    /// <summary>Answers a request; 200 when null.</summary>
    public Func<HttpContext, Task>? Answer { get; set; }

    public Uri Url => new(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());

    public static async Task<Sink> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        var sink = new Sink(app);
        app.Run(async context =>
        {
            using var reader = new StreamReader(context.Request.Body);
            var body = await reader.ReadToEndAsync(context.RequestAborted);
            await sink._arrived.Writer.WriteAsync(new Arrived(context.Request.Path,
                context.Request.Headers.ToDictionary(h => h.Key, h => h.Value.ToString(), StringComparer.OrdinalIgnoreCase), body), context.RequestAborted);
            await (sink.Answer?.Invoke(context) ?? Task.CompletedTask);
        });
        await app.StartAsync();
        return sink;
    }

    /// <summary>The next request; fails after 10 real seconds.</summary>
    public async Task<Arrived> NextAsync()
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(TimeSpan.FromSeconds(10));
        return await _arrived.Reader.ReadAsync(patience.Token);
    }

    /// <summary>Whether nothing more has arrived.</summary>
    public bool Empty => !_arrived.Reader.TryPeek(out _);

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
    }
}
