using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Nines.Server.Alerting;
using Nines.Server.Alerting.Api;
using Nines.Server.Delivery;
using Nines.Server.State;
using Nines.Server.Telemetry;

namespace Nines.Server;

/// <summary>A server of alerts alone, in Alertmanager's place: its API, its configuration file, and nobody has to sign in.</summary>
public static class AlertmanagerApp
{
    private const long MaxBodyBytes = 64 << 20;

    /// <summary>Makes a server with its configuration in force; <c>StartAsync</c> starts it.</summary>
    /// <param name="options">How it is started.</param>
    /// <param name="adjust">Changes what a test wants otherwise, such as the clock.</param>
    /// <exception cref="DataDirectoryException">The data directory is held by another server, of a newer version, or cannot be written.</exception>
    /// <exception cref="InvalidDataException">The configuration has errors; the message names them.</exception>
    public static WebApplication Create(AlertmanagerOptions options, Action<WebApplicationBuilder>? adjust = null)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ApplicationName = "nines", ContentRootPath = AppContext.BaseDirectory });
        string[] urls = [.. options.Listen.Select(UrlOf)];
        builder.WebHost.UseUrls(urls);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = MaxBodyBytes;
        });
        builder.Logging.AddFilter("Microsoft", LogLevel.Warning);
        AddRooms(builder.Services, options, new NinesOptions
        {
            WorkspaceDirectory = Path.GetDirectoryName(Path.GetFullPath(options.ConfigFile))!,
            DataDirectory = options.StoragePath,
            Listen = urls[0],
            PublicUrl = options.ExternalUrl,
        });
        adjust?.Invoke(builder);
        var app = builder.Build();
        if (app.Services.GetRequiredService<AlertmanagerConfigFile>().Load() is { } wrong)
        {
            ((IDisposable)app).Dispose();
            throw new InvalidDataException(wrong);
        }
        app.Services.GetRequiredService<SelfTelemetry>().Listen();
        if (options.RoutePrefix.Length > 0)
        {
            app.Use((context, next) => UnderPrefix(context, options.RoutePrefix, next));
        }
        app.UseMiddleware<AlertmanagerManners>();
        app.UseRouting();
        MapRoutes(app);
        return app;
    }

    /// <summary>An address to listen on as Go writes it, as a URL.</summary>
    internal static string UrlOf(string address)
    {
        var colon = address.LastIndexOf(':');
        var (host, port) = colon < 0 ? (address, "9093") : (address[..colon], address[(colon + 1)..]);
        return $"http://{(host.Length == 0 ? "[::]" : host == "localhost" ? IPAddress.Loopback.ToString() : host)}:{port}";
    }

    private static void AddRooms(IServiceCollection services, AlertmanagerOptions options, NinesOptions server)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(options);
        services.AddSingleton(server);
        services.AddState(server);
        services.AddDelivery(server, hasPages: false);
        services.AddAlertDoor();
        services.AddAlertmanagerApi(options.Matchers, options.ClusterAddress);
        services.AddSingleton<SelfTelemetry>();
        services.AddSingleton<AlertmanagerConfigFile>();
        services.TryAddSingleton<ApplyRouting>(provider => provider.GetRequiredService<AlertDoor>().Apply);
    }

    private static void MapRoutes(WebApplication app)
    {
        app.MapAlertmanagerApi();
        foreach (var path in (string[])["/-/healthy", "/-/ready"])
        {
            app.MapGet(path, () => TypedResults.Text("OK"));
            app.MapMethods(path, ["HEAD"], () => TypedResults.Ok());
        }
        app.MapPost("/-/reload", (AlertmanagerConfigFile file) => file.Load() is { } wrong
            ? (IResult)TypedResults.Text($"failed to reload config: {wrong}\n", statusCode: StatusCodes.Status500InternalServerError) : TypedResults.Ok());
        app.MapMetrics();
        foreach (var (method, path) in ((string, string)[])
            [("GET", "status"), ("GET", "receivers"), ("GET", "alerts"), ("POST", "alerts"), ("GET", "silences"), ("POST", "silences"), ("GET", "silence/{id}"),
            ("DELETE", "silence/{id}")])
        {
            app.MapMethods($"/api/v1/{path}", [method], AlertmanagerApi.Removed);
        }
        app.MapGet("/", () => TypedResults.Text("""
            <!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Nines</title></head><body>
            <h1>Nines in Alertmanager's place</h1>
            <ul><li><a href="api/v2/alerts/groups">Alerts</a></li><li><a href="api/v2/silences">Silences</a></li><li><a href="api/v2/status">Status</a></li>
            <li><a href="metrics">Metrics</a></li></ul></body></html>
            """, "text/html; charset=utf-8"));
    }

    private static Task UnderPrefix(HttpContext context, string prefix, RequestDelegate next)
    {
        if (context.Request.Path.StartsWithSegments(prefix, StringComparison.Ordinal, out var rest))
        {
            (context.Request.PathBase, context.Request.Path) = (prefix, rest.HasValue ? rest : "/");
            return next(context);
        }
        if (context.Request.Path == "/")
        {
            context.Response.Redirect(prefix);
            return Task.CompletedTask;
        }
        return AlertmanagerManners.NotFound(context.Response);
    }
}
