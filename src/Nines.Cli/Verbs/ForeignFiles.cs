using System.CommandLine;
using Nines.Core;
using Nines.Core.Objectives.Generate;
using Nines.Core.Workspace;
using Nines.Core.Workspace.Import;
using Nines.PromQL;

namespace Nines.Cli.Verbs;

/// <summary>Reads the documents of other tools, and the options those tools have for them.</summary>
internal static class ForeignFiles
{
    public static Option<string> Period() => new("--default-slo-period")
    {
        Description = "Period of Sloth's objectives, which name none: 30d, 28d, or one of --slo-period-windows-path.",
        DefaultValueFactory = _ => "30d",
    };

    public static Option<string?> Windows() => new("--slo-period-windows-path") { Description = "Directory of Sloth's AlertWindows documents, instead of the workbook's windows for 28 and 30 days." };

    /// <summary>The files; of a directory, all that hold YAML or JSON. What cannot be read becomes a problem.</summary>
    public static List<WorkspaceFile> Read(IEnumerable<string> paths, List<Problem> problems)
    {
        var files = new List<WorkspaceFile>();
        foreach (var path in paths.SelectMany(Expanded))
        {
            if (files.Count == Importer.MaxFiles)
            {
                problems.Add(new(new(path, 1, 1), ProblemSeverity.Error, "too-many-files", $"at most {Importer.MaxFiles} files at once"));
                break;
            }
            try
            {
                files.Add(new(path, File.ReadAllBytes(path)));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                problems.Add(new(new(path, 1, 1), ProblemSeverity.Error, "unreadable", "the file cannot be read", "look at its name and permissions"));
            }
        }
        return files;
    }

    /// <summary>The options; what is wrong with them becomes a problem.</summary>
    public static ImportOptions Options(string period, string? windowsPath, List<Problem> problems)
    {
        var windows = SlothWindows.Google;
        if (windowsPath is not null)
        {
            var found = new List<SlothWindows>();
            foreach (var file in Read([windowsPath], problems))
            {
                var (read, wrong) = SlothWindowsReader.Read(file);
                found.AddRange(read);
                problems.AddRange(wrong);
            }
            windows = found;
        }
        if (!Durations.TryParseMs(period, out var ms) || !windows.Any(w => w.PeriodMs == ms))
        {
            throw new SettingsException($"--default-slo-period {period}: there are no windows for it; there are some for {string.Join(", ", windows.Select(w => $"{w.PeriodMs / 86_400_000}d"))}");
        }
        return new(ms, windows);
    }

    private static IEnumerable<string> Expanded(string path) => !Directory.Exists(path) ? [path]
        : Directory.EnumerateFiles(path, "*", SearchOption.AllDirectories)
            .Where(f => Path.GetExtension(f).ToLowerInvariant() is ".yaml" or ".yml" or ".json").Order(StringComparer.Ordinal);
}
