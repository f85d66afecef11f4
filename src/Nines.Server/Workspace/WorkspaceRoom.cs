using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Nines.Core;
using Nines.Server.State;
using Nines.Server.Web;
using Nines.Server.Workspace.Pages;

namespace Nines.Server.Workspace;

/// <summary>The running workspace and what is wrong with its files.</summary>
/// <param name="Hash">Hash of the files that run.</param>
/// <param name="ActivatedAt">Since when.</param>
/// <param name="Pending">Whether the files could not be activated, so that an older version runs.</param>
/// <param name="Objectives">How many objectives run.</param>
/// <param name="Problems">All problems of the files as they are now.</param>
public sealed record WorkspaceStatus(string Hash, DateTimeOffset? ActivatedAt, bool Pending, int Objectives, IReadOnlyList<ProblemItem> Problems);

/// <summary>A problem of a workspace file.</summary>
public sealed record ProblemItem(string File, int Line, int Column, string Severity, string Code, string Message, string Hint)
{
    /// <summary>The item of a problem.</summary>
    public static ProblemItem Of(Problem p) => new(
        p.Position.File, p.Position.Line, p.Position.Column, p.Severity == ProblemSeverity.Error ? "error" : "warning", p.Code, p.Message, p.Hint);
}

/// <summary>The room of the workspace: watcher, API, page.</summary>
internal static class WorkspaceRoom
{
    public static IServiceCollection AddWorkspace(this IServiceCollection services, NinesOptions options)
    {
        services.AddSingleton(s => new WorkspaceWatcher(
            options, new WorkspaceDirectory(),
            async stop =>
            {
                var archive = s.GetRequiredService<WorkspaceArchive>();
                return await archive.ActiveHashAsync(stop) is { } hash ? await archive.FilesAsync(hash, stop) : [];
            },
            s.GetRequiredService<TimeProvider>(), s.GetRequiredService<ILogger<WorkspaceWatcher>>()));
        services.AddHostedService(s => s.GetRequiredService<WorkspaceWatcher>());
        return services;
    }

    public static void MapWorkspace(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/nines/v1/workspace", Ok<WorkspaceStatus> (WorkspaceWatcher watcher) =>
        {
            var state = watcher.State;
            return TypedResults.Ok(new WorkspaceStatus(state.Model.Hash, state.ActivatedAt, state.Pending, state.Model.Objectives.Count,
                [.. state.Problems.Select(ProblemItem.Of)]));
        }).WithName("GetWorkspace").WithSummary("The running workspace, and the problems of its files.").WithTags("Workspace");

    public static void MapWorkspacePages(this IEndpointRouteBuilder pages) =>
        pages.MapGet("/workspace", (WorkspaceWatcher watcher, NinesOptions options, ShellSource shell, HttpContext context) =>
        {
            var state = watcher.State;
            return new RazorComponentResult<WorkspacePage>(new
            {
                Shell = shell.For(context),
                Directory = options.WorkspaceDirectory,
                state.Model,
                state.ActivatedAt,
                state.Pending,
                state.Problems,
            });
        });
}
