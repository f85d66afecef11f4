using System.IO.Enumeration;
using Microsoft.Extensions.Logging;
using Nines.Core;
using Nines.Core.Alerting.Routing;
using Nines.Core.Delivery.Integrations;
using Nines.Core.Workspace;
using Nines.Core.Workspace.Alertmanager;
using Nines.Metrics.Templates;

namespace Nines.Server;

/// <summary>Puts a routing plan into force.</summary>
public delegate void ApplyRouting(RoutingPlan plan);

/// <summary>Reads an <c>alertmanager.yml</c> and the templates it names, and puts them into force when they are right; else what runs goes on.</summary>
public sealed partial class AlertmanagerConfigFile(AlertmanagerOptions options, ApplyRouting apply, ILogger<AlertmanagerConfigFile> logger)
{
    private const int MaxTemplateFiles = 1_000;
    private readonly Lock _one = new();

    /// <summary>Reads the files and applies them.</summary>
    /// <returns>Null when they are in force now; else what is wrong, a problem a line.</returns>
    public string? Load()
    {
        lock (_one)
        {
            LogLoading(options.ConfigFile);
            var problems = new List<Problem>();
            if (Read(problems) is { } plan)
            {
                apply(plan);
                LogLoaded(options.ConfigFile);
                foreach (var problem in problems)
                {
                    LogWarning(problem.ToString());
                }
                return null;
            }
            var reason = string.Join('\n', problems.Where(p => p.Severity == ProblemSeverity.Error));
            LogRefused(options.ConfigFile, reason);
            return reason;
        }
    }

    private RoutingPlan? Read(List<Problem> problems)
    {
        if (ReadFile(options.ConfigFile, problems) is not { } file)
        {
            return null;
        }
        var reading = AlertmanagerReader.Read(file, options.Matchers);
        problems.AddRange(reading.Problems);
        if (reading.Config is not { } config)
        {
            return null;
        }
        var templates = new List<(string File, string Text)>();
        foreach (var path in config.Templates.SelectMany(Matching).Take(MaxTemplateFiles))
        {
            if (ReadFile(path, problems) is { } template)
            {
                templates.Add((path, System.Text.Encoding.UTF8.GetString(template.Content.Span)));
            }
        }
        problems.AddRange(NotificationTemplates.Read(templates).Errors
            .Select(e => new Problem(new SourcePosition(e.File, 1, 1), ProblemSeverity.Error, "template", e.Error)));
        return problems.Exists(p => p.Severity == ProblemSeverity.Error) ? null : RoutingPlan.Of(config, reading.Text) with { Templates = templates };
    }

    // Relative to the configuration file; wildcards in the last part. One that nothing matches is none, as in Alertmanager.
    private IEnumerable<string> Matching(string pattern)
    {
        var full = Path.GetFullPath(pattern, Path.GetDirectoryName(Path.GetFullPath(options.ConfigFile))!);
        var directory = Path.GetDirectoryName(full)!;
        return Directory.Exists(directory)
            ? Directory.EnumerateFiles(directory)
                .Where(p => FileSystemName.MatchesSimpleExpression(Path.GetFileName(full), Path.GetFileName(p), ignoreCase: false))
                .Order(StringComparer.Ordinal)
            : [];
    }

    private static WorkspaceFile? ReadFile(string path, List<Problem> problems)
    {
        try
        {
            var info = new FileInfo(path);
            if (info.Exists && info.Length > TemplateSet.MaxTextLength)
            {
                problems.Add(new Problem(new SourcePosition(path, 1, 1), ProblemSeverity.Error, "file-too-large",
                    $"the file has {info.Length} bytes; at most {TemplateSet.MaxTextLength} are read"));
                return null;
            }
            return new WorkspaceFile(path, File.ReadAllBytes(path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            problems.Add(new Problem(new SourcePosition(path, 1, 1), ProblemSeverity.Error, "unreadable", $"the file cannot be read: {e.Message}"));
            return null;
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Loading configuration file {File}")]
    private partial void LogLoading(string file);

    [LoggerMessage(Level = LogLevel.Information, Message = "Completed loading of configuration file {File}")]
    private partial void LogLoaded(string file);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Problem}")]
    private partial void LogWarning(string problem);

    [LoggerMessage(Level = LogLevel.Error, Message = "Loading configuration file {File} failed: {Reason}")]
    private partial void LogRefused(string file, string reason);
}
