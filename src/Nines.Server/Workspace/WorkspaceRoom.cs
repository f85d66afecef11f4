using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Nines.Core;

namespace Nines.Server.Workspace;

/// <summary>The workspace's place in the server.</summary>
public static class WorkspaceRoom
{
    /// <summary>
    /// Adds the watcher. The composition root registers a <see cref="WorkspaceActivated"/> for each room that takes the model, in order, and
    /// <see cref="LastGoodFiles"/>; and awaits <see cref="WorkspaceWatcher.LoadAsync"/> before it serves.
    /// </summary>
    public static IServiceCollection AddWorkspace(this IServiceCollection services, NinesOptions options)
    {
        services.TryAddSingleton(options);
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<LastGoodFiles>(_ => _ => Task.FromResult<IReadOnlyList<Core.Workspace.WorkspaceFile>?>(null));
        services.AddSingleton<WorkspaceWatcher>();
        services.AddHostedService(s => s.GetRequiredService<WorkspaceWatcher>());
        return services;
    }

    /// <summary>Maps <c>GET /nines/v1/workspace</c>.</summary>
    public static IEndpointConventionBuilder MapWorkspace(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/nines/v1/workspace", (WorkspaceWatcher watcher) => TypedResults.Json(WorkspaceAnswer.Of(watcher.State), WorkspaceJson.Default.WorkspaceAnswer))
            .WithName("GetWorkspace").WithSummary("What workspace runs, and the problems of its files");
}

/// <summary>The answer of <c>GET /nines/v1/workspace</c>.</summary>
public sealed record WorkspaceAnswer(string Hash, DateTimeOffset? ActivatedAt, bool Pending, IReadOnlyList<ProblemAnswer> Problems)
{
    /// <summary>The answer for a state.</summary>
    public static WorkspaceAnswer Of(WorkspaceState state) => new(state.Model.Hash, state.ActivatedAt, state.Pending, [.. state.Problems.Select(ProblemAnswer.Of)]);
}

/// <summary>A problem as it is told over the API and by <c>nines check --format json</c>.</summary>
public sealed record ProblemAnswer(string File, int Line, int Column, string Severity, string Code, string Message, string Hint)
{
    /// <summary>The answer for a problem.</summary>
    public static ProblemAnswer Of(Problem p) =>
        new(p.Position.File, p.Position.Line, p.Position.Column, p.Severity == ProblemSeverity.Error ? "error" : "warning", p.Code, p.Message, p.Hint);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(WorkspaceAnswer))]
internal sealed partial class WorkspaceJson : JsonSerializerContext;
