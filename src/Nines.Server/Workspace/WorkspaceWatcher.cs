using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Nines.Core;
using Nines.Core.Workspace;

namespace Nines.Server.Workspace;

/// <summary>
/// Keeps the running model in step with the files: looks every two seconds, sooner when the file system gives a hint. A bad edit leaves the last good model running.
/// </summary>
public sealed partial class WorkspaceWatcher(NinesOptions options, TimeProvider time, LastGoodFiles lastGood, IEnumerable<WorkspaceActivated> activated, ILogger<WorkspaceWatcher> log) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);
    private readonly SemaphoreSlim _one = new(1);
    private readonly SemaphoreSlim _hint = new(0, 1);
    private string? _seen;
    private volatile WorkspaceState _state = new(WorkspaceModel.Empty, null, [], false);

    /// <summary>What runs now.</summary>
    public WorkspaceState State => _state;

    /// <summary>The first load, before serving: the directory, or when it is bad the last good files, or an empty workspace with the problems shown.</summary>
    public async Task LoadAsync(CancellationToken cancellation)
    {
        await ScanAsync(cancellation);
        if (_state.ActivatedAt is null && await lastGood(cancellation) is { } files && WorkspaceReader.Read(files) is { Model: { } model })
        {
            await ActivateAsync(model, files, _state.Problems, pending: true, cancellation);
        }
    }

    /// <summary>Looks at the files once and activates them when they changed and are good.</summary>
    public async Task ScanAsync(CancellationToken cancellation)
    {
        await _one.WaitAsync(cancellation);
        try
        {
            var (files, unreadable) = await WorkspaceFiles.ReadAsync(options.WorkspaceDirectory, cancellation);
            var reading = WorkspaceReader.Read(files);
            IReadOnlyList<Problem> problems = [.. unreadable, .. reading.Problems];
            var seen = reading.Model?.Hash + string.Join('\n', problems);
            if (seen == _seen)
            {
                return;
            }
            if (reading.Model is { } model && unreadable.Count == 0)
            {
                await ActivateAsync(model, files, problems, pending: false, cancellation);
            }
            else
            {
                _state = _state with { Problems = problems, Pending = true };
                Refused(problems.Count, problems[0].ToString());
            }
            // Noted last: when a callback fails, the next scan tries again.
            _seen = seen;
        }
        finally
        {
            _one.Release();
        }
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var hints = Hints();
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                using var either = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
                await Task.WhenAny(_hint.WaitAsync(either.Token), Task.Delay(Interval, time, either.Token));
                await either.CancelAsync();
                await ScanAsync(stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            // Whatever a callback throws, the last good model runs on and the next scan tries again.
#pragma warning disable CA1031
            catch (Exception e)
#pragma warning restore CA1031
            {
                Failed(e);
            }
        }
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        base.Dispose();
        _one.Dispose();
        _hint.Dispose();
    }

    private async Task ActivateAsync(WorkspaceModel model, IReadOnlyList<WorkspaceFile> files, IReadOnlyList<Problem> problems, bool pending, CancellationToken cancellation)
    {
        if (model.Hash != _state.Model.Hash)
        {
            foreach (var callback in activated)
            {
                await callback(model, files, cancellation);
            }
            Activated(model.Hash, model.Objectives.Count);
            _state = new(model, time.GetUtcNow(), problems, pending);
            return;
        }
        _state = _state with { Problems = problems, Pending = pending };
    }

    private FileSystemWatcher? Hints()
    {
        try
        {
            var watcher = new FileSystemWatcher(options.WorkspaceDirectory) { IncludeSubdirectories = true };
            void Hint(object sender, FileSystemEventArgs e)
            {
                if (_hint.CurrentCount == 0)
                {
                    try
                    {
                        _hint.Release();
                    }
                    catch (Exception raced) when (raced is SemaphoreFullException or ObjectDisposedException)
                    {
                        Hinted(raced.Message);
                    }
                }
            }
            watcher.Changed += Hint;
            watcher.Created += Hint;
            watcher.Deleted += Hint;
            watcher.Renamed += Hint;
            watcher.EnableRaisingEvents = true;
            return watcher;
        }
        catch (Exception e) when (e is IOException or ArgumentException)
        {
            Hinted(e.Message);
            return null;
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "workspace {Hash} active with {Objectives} objectives")]
    private partial void Activated(string hash, int objectives);

    [LoggerMessage(Level = LogLevel.Warning, Message = "workspace not activated, {Count} problems; the first: {First}")]
    private partial void Refused(int count, string first);

    [LoggerMessage(Level = LogLevel.Error, Message = "workspace could not be activated")]
    private partial void Failed(Exception e);

    [LoggerMessage(Level = LogLevel.Debug, Message = "no hint from the file system: {Reason}")]
    private partial void Hinted(string reason);
}
