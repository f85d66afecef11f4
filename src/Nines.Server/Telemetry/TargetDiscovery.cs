using System.IO.Enumeration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Nines.Core;
using Nines.Core.Telemetry;

namespace Nines.Server.Telemetry;

/// <summary>A file of targets that cannot be used; what it last said goes on.</summary>
/// <param name="File">Its path.</param>
/// <param name="Message">The first thing that is wrong with it.</param>
internal sealed record DiscoveryProblem(string File, string Message);

/// <summary>
/// Reads the files of <c>file_sd_configs</c> when they change, and at the refresh interval whether or not they seem to. A bad file keeps the targets it last
/// named.
/// </summary>
internal sealed partial class TargetDiscovery(ScrapeLoop loop, ReadTargetFile read, string directory, TimeProvider time, ILogger<TargetDiscovery> log)
    : BackgroundService
{
    private const int MostTargets = 100_000;
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(5);
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Known> _files = new(StringComparer.Ordinal);
    private IReadOnlyList<ScrapeJob> _jobs = [];

    /// <summary>What is wrong with files of targets now.</summary>
    public IReadOnlyList<DiscoveryProblem> Problems
    {
        get
        {
            lock (_gate)
            {
                return [.. _files.Where(f => f.Value.Problem is not null).OrderBy(f => f.Key, StringComparer.Ordinal)
                    .Select(f => new DiscoveryProblem(f.Key, f.Value.Problem!))];
            }
        }
    }

    /// <summary>Takes the jobs of a workspace; their targets are scraped from now on.</summary>
    public void Apply(IReadOnlyList<ScrapeJob> jobs)
    {
        lock (_gate)
        {
            _jobs = jobs;
            Look();
            loop.Apply([.. jobs.Select(Resolved)]);
        }
    }

    /// <summary>Looks at all files, and has the targets scraped that they name.</summary>
    public void LookAgain()
    {
        lock (_gate)
        {
            if (_jobs.Any(j => j.Files.Count > 0) && Look())
            {
                loop.Apply([.. _jobs.Select(Resolved)]);
            }
        }
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var turn = new PeriodicTimer(Period, time);
        while (await turn.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                LookAgain();
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                LogFailed(e);
            }
        }
    }

    // Whether anything may be other than before.
    private bool Look()
    {
        var wanted = new HashSet<string>(StringComparer.Ordinal);
        var changed = false;
        foreach (var discovery in _jobs.SelectMany(j => j.Files))
        {
            foreach (var file in Matching(discovery))
            {
                if (wanted.Add(file))
                {
                    changed |= Look(file, discovery.RefreshInterval);
                }
            }
        }
        foreach (var gone in _files.Keys.Where(f => !wanted.Contains(f)).ToArray())
        {
            changed |= _files.Remove(gone);
        }
        return changed;
    }

    private bool Look(string file, TimeSpan refresh)
    {
        var info = new FileInfo(file);
        var stamp = info.Exists ? (info.LastWriteTimeUtc, info.Length) : default;
        if (!_files.TryGetValue(file, out var known))
        {
            _files[file] = known = new Known();
        }
        else if (known.Stamp == stamp && time.GetElapsedTime(known.ReadAt) < refresh)
        {
            return false;
        }
        (known.Stamp, known.ReadAt) = (stamp, time.GetTimestamp());
        var (groups, problem) = Content(file);
        if (problem is not null && problem != known.Problem)
        {
            LogBad(file, problem);
        }
        known.Problem = problem;
        known.Groups = problem is null ? groups : known.Groups;
        return problem is null;
    }

    private (IReadOnlyList<TargetGroup> Groups, string? Problem) Content(string file)
    {
        try
        {
            var content = read(Path.GetRelativePath(directory, file), File.ReadAllBytes(file));
            return content.Problems.FirstOrDefault(p => p.Severity == ProblemSeverity.Error) is { } first ? ([], first.ToString()) : (content.Groups, null);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return ([], $"it cannot be read: {e.Message}");
        }
    }

    private ScrapeJob Resolved(ScrapeJob job)
    {
        var (targets, dropped) = (job.Targets.ToList(), job.Dropped.ToList());
        foreach (var file in job.Files.SelectMany(Matching).Distinct(StringComparer.Ordinal))
        {
            foreach (var group in _files.TryGetValue(file, out var known) ? known.Groups : [])
            {
                foreach (var address in group.Addresses)
                {
                    var resolved = TargetResolver.Resolve(job, address, group.Labels.With("__meta_filepath", file));
                    if (resolved.Target is { } target)
                    {
                        targets.Add(target);
                    }
                    else if (resolved.Problem.Length == 0)
                    {
                        dropped.Add(resolved.Discovered);
                    }
                    else
                    {
                        known!.Problem = resolved.Problem;
                    }
                }
            }
        }
        var most = job.TargetLimit > 0 ? job.TargetLimit : MostTargets;
        if (targets.Count > most)
        {
            LogTooMany(job.Name, targets.Count, most);
            targets.Clear();
        }
        return job with { Targets = targets, Dropped = dropped };
    }

    private List<string> Matching(FileDiscovery discovery)
    {
        var home = Path.GetDirectoryName(Path.Combine(directory, discovery.Position.File)) ?? directory;
        var all = new List<string>();
        foreach (var pattern in discovery.Patterns)
        {
            var path = Path.GetFullPath(Path.Combine(home, pattern));
            var (folder, name) = (Path.GetDirectoryName(path)!, Path.GetFileName(path));
            if (!name.Contains('*', StringComparison.Ordinal))
            {
                all.Add(path);
            }
            else if (Directory.Exists(folder))
            {
                all.AddRange(Directory.EnumerateFiles(folder).Where(f => FileSystemName.MatchesSimpleExpression(name, Path.GetFileName(f), ignoreCase: false))
                    .Order(StringComparer.Ordinal));
            }
        }
        return all;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The targets of {File} stay as they were: {Problem}")]
    private partial void LogBad(string file, string problem);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Job {Job} has {Count} targets, the limit is {Limit}: none is scraped.")]
    private partial void LogTooMany(string job, int count, int limit);

    [LoggerMessage(Level = LogLevel.Error, Message = "Files of targets could not be looked at.")]
    private partial void LogFailed(Exception exception);

    private sealed class Known
    {
        public (DateTime, long) Stamp;
        public long ReadAt;
        public IReadOnlyList<TargetGroup> Groups = [];
        public string? Problem;
    }
}
