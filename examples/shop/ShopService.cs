using System.Diagnostics;

namespace Nines.Shop;

/// <summary>What is wrong with the shop on purpose.</summary>
/// <param name="Errors">Share of requests answered with 500, 0 to 1.</param>
/// <param name="LatencyMs">Added to each answer.</param>
/// <param name="DependencyDown">Whether the payment provider is away, so that checkout answers 503 after its timeout.</param>
/// <param name="ScrapeDelayMs">Added to each answer of <c>/metrics</c>, after the counters were read.</param>
/// <param name="Route">The route that has the errors and the latency; null for all.</param>
public sealed record Faults(double Errors = 0, int LatencyMs = 0, bool DependencyDown = false, int ScrapeDelayMs = 0, string? Route = null);

/// <summary>A small honest shop: catalogue, cart, checkout, search. It counts what it answers and nothing else.</summary>
public static class ShopService
{
    private static readonly string[] Products = ["anchor", "bell", "compass", "lantern", "rope", "sail", "sextant", "spyglass", "tar", "wheel"];

    /// <summary>The service on a loopback port; 0 takes any.</summary>
    public static WebApplication Create(int port, TimeProvider time, Random random)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls($"http://127.0.0.1:{port}");
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        var app = builder.Build();
        var metrics = new ShopMetrics(time);
        var faults = new Faults();

        void Route(string method, string route, int usualMs, Func<HttpContext, object> answer) =>
            app.MapMethods(route, [method], async context =>
            {
                var started = Stopwatch.GetTimestamp();
                var now = faults;
                var hit = now.Route is null || now.Route == route;
                double luck, speed;
                lock (random)
                {
                    (luck, speed) = (random.NextDouble(), -Math.Log(1 - random.NextDouble()));
                }
                var down = now.DependencyDown && route == "/checkout";
                var ms = usualMs * (0.4 + 0.6 * speed) + (hit ? now.LatencyMs : 0) + (down ? 250 : 0);
                await Task.Delay(TimeSpan.FromMilliseconds(ms), time, context.RequestAborted);
                context.Response.StatusCode = down ? 503 : hit && luck < now.Errors ? 500 : 200;
                metrics.Observe(method, route, context.Response.StatusCode, Stopwatch.GetElapsedTime(started).TotalSeconds);
                await context.Response.WriteAsJsonAsync(context.Response.StatusCode == 200
                    ? answer(context) : new { error = down ? "the payment provider does not answer" : "out of order" });
            });

        Route("GET", "/catalogue", 4, _ => Products);
        Route("GET", "/search", 25, c => Products.Where(p => p.Contains(c.Request.Query["q"].ToString(), StringComparison.Ordinal)).ToArray());
        Route("POST", "/cart", 6, _ => new { items = 1 });
        Route("POST", "/checkout", 18, _ => new { accepted = true });

        app.MapGet("/metrics", async context =>
        {
            var openMetrics = context.Request.Headers.Accept.ToString().Contains("openmetrics", StringComparison.Ordinal);
            context.Response.ContentType = openMetrics ? "application/openmetrics-text; version=1.0.0; charset=utf-8" : "text/plain; version=0.0.4; charset=utf-8";
            var text = metrics.Write(openMetrics);
            await Task.Delay(TimeSpan.FromMilliseconds(faults.ScrapeDelayMs), time, context.RequestAborted);
            await context.Response.WriteAsync(text);
        });
        app.MapGet("/faults", () => faults);
        app.MapPost("/faults", (double? errors, int? latencyMs, bool? dependencyDown, int? scrapeDelayMs, string? route) =>
            faults = new Faults(errors ?? 0, latencyMs ?? 0, dependencyDown ?? false, scrapeDelayMs ?? 0, route));
        return app;
    }
}
