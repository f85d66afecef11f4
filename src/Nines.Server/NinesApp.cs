using System.IO.Compression;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.ResponseCompression;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.StaticAssets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Nines.Core.Telemetry;
using Nines.Core.Workspace;
using Nines.Server.Access;
using Nines.Server.Alerting;
using Nines.Server.Delivery;
using Nines.Server.Delivery.Buttons;
using Nines.Server.Objectives;
using Nines.Server.Objectives.Sources;
using Nines.Server.Probes;
using Nines.Server.Probes.Collectors;
using Nines.Server.Probes.Push;
using Nines.Server.State;
using Nines.Server.Telemetry;
using Nines.Server.Telemetry.Pages;
using Nines.Server.Web;
using Nines.Server.Workspace;
using Nines.Tsdb;

namespace Nines.Server;

/// <summary>The embeddable server: made, started and stopped by whoever holds it.</summary>
public static class NinesApp
{
    private const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' data:; connect-src 'self'; "
        + "base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

    /// <summary>Makes a server; <c>StartAsync</c> starts it.</summary>
    /// <param name="options">How it is started.</param>
    /// <param name="adjust">Changes what a test wants otherwise, such as the clock.</param>
    /// <param name="lease">Of a server that shares its database; when it is lost, the server stops. See <see cref="StandBy"/>.</param>
    /// <exception cref="DataDirectoryException">The data directory is held by another server, of a newer version, or cannot be written.</exception>
    public static WebApplication Create(NinesOptions options, Action<WebApplicationBuilder>? adjust = null, LeaderLease? lease = null)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ApplicationName = "nines", ContentRootPath = AppContext.BaseDirectory });
        builder.WebHost.UseStaticWebAssets();
        builder.WebHost.UseUrls(options.Listen);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = 8 << 20;
        });
        builder.Logging.AddFilter("Microsoft", LogLevel.Warning);
        AddRooms(builder.Services, options);
        if (lease is not null)
        {
            builder.Services.AddSingleton(lease);
        }
        adjust?.Invoke(builder);
        var app = builder.Build();
        _ = lease?.Lost.ContinueWith(_ => app.Lifetime.StopApplication(), TaskScheduler.Default);
        Compose(app);
        UsePipeline(app);
        MapRoutes(app);
        return app;
    }

    private static void AddRooms(IServiceCollection services, NinesOptions options)
    {
        var publicUrl = options.PublicUrl ?? new Uri(options.Listen);
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(options);
        services.AddSingleton<EventStream>();
        services.AddState(options);
        services.AddSingleton<ReadTargetFile>(TargetFileReader.Read);
        services.AddSingleton<ReadBudgetPolicy>(document =>
        {
            var reading = WorkspaceReader.Read([new WorkspaceFile("policy.yaml", document)]);
            return reading.Model is { ErrorBudgetPolicies: [var policy, ..] } ? (policy, "")
                : (null, reading.Problems.Count > 0 ? reading.Problems[0].ToString() : "the body must be a nines/v1 document of kind ErrorBudgetPolicy");
        });
        services.AddSingleton<KnownServices>(s => () => s.GetRequiredService<WorkspaceWatcher>().State.Model.Services);
        services.AddSingleton<KnownActors>(s => cancellation => s.GetRequiredService<Accounts>().NamesAsync(cancellation));
        services.AddTelemetry(options);
        services.AddDelivery(options, hasPages: true);
        services.AddMessageButtons();
        services.AddAlerting(publicUrl);
        services.AddCollectors(publicUrl, options.WorkspaceDirectory);
        services.AddObjectives(publicUrl, options.WorkspaceDirectory, LedgerFaults.FromEnvironment());
        services.AddPush(publicUrl, options.WorkspaceDirectory);
        services.AddProbes(options);
        services.AddWorkspace(options);
        services.AddAccess();
        services.AddOverviews();
        services.AddRazorComponents();
        services.AddSingleton<IProblemDetailsWriter, ErrorPages>();
        services.AddProblemDetails();
        services.AddOpenApi("v1", api => api.AddDocumentTransformer((document, _, _) =>
        {
            document.Info.Title = "Nines";
            document.Info.Version = "v1";
            document.Servers = [];
            return Task.CompletedTask;
        }));
        services.AddResponseCompression(c =>
        {
            c.EnableForHttps = true;
            c.Providers.Add<BrotliCompressionProvider>();
            c.Providers.Add<GzipCompressionProvider>();
        });
        services.Configure<BrotliCompressionProviderOptions>(b => b.Level = CompressionLevel.Fastest);
        services.AddHostedService<LiveUpdates>();
    }

    private static void UsePipeline(WebApplication app)
    {
        app.UseExceptionHandler();
        app.UseStatusCodePages();
        app.Use(async (context, next) =>
        {
            context.Response.OnStarting(() =>
            {
                var headers = context.Response.Headers;
                headers.ContentSecurityPolicy = Policy;
                headers.XContentTypeOptions = "nosniff";
                headers["Referrer-Policy"] = "same-origin";
                if (headers.CacheControl.Count == 0)
                {
                    headers.CacheControl = "private, no-store";
                }
                return Task.CompletedTask;
            });
            await next(context);
        });
        app.UseResponseCompression();
        app.UseRouting();
        app.UseMiddleware<AccessGate>();
        app.UseAntiforgery();
    }

    private static void MapRoutes(WebApplication app)
    {
        app.MapStaticAssets();
        var assets = ((IEndpointRouteBuilder)app).DataSources.SelectMany(d => d.Endpoints)
            .Select(e => e.Metadata.GetMetadata<StaticAssetDescriptor>()).OfType<StaticAssetDescriptor>()
            .Where(d => d.Selectors.Count == 0)
            .Select(d => new ResourceAsset(d.Route, [.. d.Properties.Select(p => new ResourceAssetProperty(p.Name, p.Value))])).ToList();
        var pages = app.MapGroup("").WithMetadata(new ResourceAssetCollection(assets)).ExcludeFromDescription();
        pages.MapObjectivePages();
        pages.MapExplorePages();
        pages.MapCollectorPages();
        pages.MapAlertingPages();
        pages.MapDeliveryPages();
        pages.MapPushPages();
        pages.MapProbePages();
        pages.MapWorkspacePages();
        pages.MapAccess();
        pages.MapGet("/stream", (EventStream stream, IHostApplicationLifetime lifetime, HttpContext context) =>
        {
            // Without the link to the end of the server an open stream would hold its stop for half a minute.
            var ends = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
            context.Response.RegisterForDispose(ends);
            return TypedResults.ServerSentEvents(stream.Listen(context.Request.Headers["Last-Event-ID"], ends.Token));
        });
        app.MapObjectives();
        app.MapSources();
        app.MapCollectors();
        app.MapWorkspace();
        app.MapAlerting();
        app.MapDeliveries();
        app.MapPush();
        app.MapTelemetry();
        app.MapProbes();
        app.MapHealth(app.Services.GetRequiredService<TimeProvider>().GetUtcNow());
        app.MapOpenApi();
    }

    /// <summary>Hands an activated workspace to the rooms.</summary>
    private static void Compose(WebApplication app)
    {
        var services = app.Services;
        var archive = services.GetRequiredService<WorkspaceArchive>();
        var recorder = services.GetRequiredService<DurableRecorder>();
        var discovery = services.GetRequiredService<TargetDiscovery>();
        var ledger = services.GetRequiredService<LedgerEngine>();
        var sources = services.GetRequiredService<SourceReaders>();
        sources.StepSoon = services.GetRequiredService<LedgerWorker>().Hurry;
        var door = services.GetRequiredService<AlertDoor>();
        var presses = services.GetRequiredService<TelegramPresses>();
        var rules = services.GetRequiredService<RuleWorker>();
        var collectors = services.GetRequiredService<CollectorLoop>();
        var heartbeats = services.GetRequiredService<HeartbeatWorker>();
        var beats = services.GetRequiredService<BeatSender>();
        var probes = services.GetRequiredService<ProbeWorker>();
        var definitions = services.GetRequiredService<ObjectiveDefinitions>();
        services.GetRequiredService<TsdbStore>().NeededSinceMs = () => ledger.NeedsSamplesSinceMs;
        services.GetRequiredService<WorkspaceWatcher>().Activated.Add(async (model, files, stop) =>
        {
            discovery.Apply(model.ScrapeJobs);
            sources.Apply(model.Sources);
            // Before objectives are read: what was not probed while the server was stopped has to be known as such.
            probes.Apply(model.Probes);
            ledger.Apply(model.Objectives);
            door.Apply(model.Routing);
            presses.Apply(model.Routing);
            collectors.Apply(model.Collectors);
            rules.Apply(model.RuleGroups, model.ExternalLabels);
            await heartbeats.ApplyAsync(model.Heartbeats);
            beats.Apply(model.OutboundBeats);
            // A store that refuses must not keep a new workspace from running; it is on record when the store takes writes again.
            await recorder.RecordAsync(archive.Activation(model.Hash, files, "system"));
            await definitions.ApplyAsync(model.Objectives, stop);
        });
    }
}
