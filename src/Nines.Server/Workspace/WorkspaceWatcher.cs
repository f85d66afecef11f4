using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Nines.Core;
using Nines.Core.Workspace;

namespace Nines.Server.Workspace;

/// <summary>Which workspace runs, and what the last reading of the files said.</summary>
/// <param name="Model">The model that runs.</param>
/// <param name="ActivatedAt">When it was activated; null before the first.</param>
/// <param name="Problems">All problems of the files as they are now.</param>
/// <param name="Pending">Whether the files could not be activated, so that an older version runs.</param>
internal sealed record WorkspaceState(WorkspaceModel Model, DateTimeOffset? ActivatedAt, IReadOnlyList<Problem> Problems, bool Pending);

/// <summary>
/// Reads the workspace's files when they change, and activates what has no error. A bad edit leaves the last good version running, over restarts too:
/// it comes back from the archive.
/// </summary>
internal sealed partial class WorkspaceWatcher(
    NinesOptions options, WorkspaceDirectory directory, Func<CancellationToken, Task<IReadOnlyList<WorkspaceFile>>> lastGood, TimeProvider time,
        ILogger<WorkspaceWatcher> logger)
    : BackgroundService
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(2);

    private volatile WorkspaceState _state = new(WorkspaceModel.Empty, null, [], false);
    private (IReadOnlyList<WorkspaceFile> Files, IReadOnlyList<Problem> Unreadable)? _lastRead;

    /// <summary>What is called, in order, when a workspace becomes the active one.</summary>
    public List<Func<WorkspaceModel, IReadOnlyList<WorkspaceFile>, CancellationToken, Task>> Activated { get; } = [];

    /// <summary>The present state.</summary>
    public WorkspaceState State => _state;

    /// <summary>Counts up with each reading that changed anything.</summary>
    public long Version { get; private set; }

    /// <inheritdoc/>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await LookAsync(cancellationToken);
        if (_state.ActivatedAt is null && await lastGood(cancellationToken) is { Count: > 0 } files && WorkspaceReader.Read(files).Model is { } model)
        {
            await ActivateAsync(model, files, _state.Problems, pending: true, cancellationToken);
        }
        await base.StartAsync(cancellationToken);
    }

    /// <summary>Reads the files if they changed since the last look.</summary>
    public async Task LookAsync(CancellationToken cancellation)
    {
        var (files, unreadable) = directory.Read(options.WorkspaceDirectory);
        // Unchanged files hold the same memory: no contents are compared at each look.
        if (_lastRead is { } last && files.SequenceEqual(last.Files) && unreadable.SequenceEqual(last.Unreadable))
        {
            return;
        }
        _lastRead = (files, unreadable);
        var reading = WorkspaceReader.Read(files);
        Problem[] problems = [.. unreadable, .. reading.Problems];
        if (reading.Model is { } model && unreadable.All(p => p.Severity != ProblemSeverity.Error))
        {
            await ActivateAsync(model, files, problems, pending: false, cancellation);
        }
        else
        {
            _state = _state with { Problems = problems, Pending = true };
            LogBad(problems.Count(p => p.Severity == ProblemSeverity.Error), problems.First(p => p.Severity == ProblemSeverity.Error).ToString());
        }
        Version++;
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var turn = new PeriodicTimer(Period, time);
        while (await turn.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                if (_lastRead is null || directory.MayHaveChanged())
                {
                    await LookAsync(stoppingToken);
                }
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                // Activation is repeated until it went through: what it hands over may be handed over twice.
                _lastRead = null;
                LogFailed(e);
            }
        }
    }

    private async Task ActivateAsync(WorkspaceModel model, IReadOnlyList<WorkspaceFile> files, IReadOnlyList<Problem> problems, bool pending,
        CancellationToken cancellation)
    {
        var changed = model.Hash != _state.Model.Hash || _state.ActivatedAt is null;
        _state = new WorkspaceState(model, changed ? time.GetUtcNow() : _state.ActivatedAt, problems, pending);
        if (changed)
        {
            foreach (var activated in Activated)
            {
                await activated(model, files, cancellation);
            }
            LogActivated(model.Hash[..Math.Min(12, model.Hash.Length)], model.Objectives.Count, model.ScrapeJobs.Count);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Workspace {Hash} is active: {Objectives} objectives, {Jobs} scrape jobs.")]
    private partial void LogActivated(string hash, int objectives, int jobs);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The workspace has {Count} errors, so the last good version goes on. The first: {First}")]
    private partial void LogBad(int count, string first);

    [LoggerMessage(Level = LogLevel.Error, Message = "The workspace could not be looked at.")]
    private partial void LogFailed(Exception exception);
}
