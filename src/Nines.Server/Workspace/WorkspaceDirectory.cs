using Nines.Core;
using Nines.Core.Workspace;

namespace Nines.Server.Workspace;

/// <summary>Reads the files of a workspace: <c>*.yaml</c> and <c>*.yml</c> in a directory and below, names that start with a dot left out.</summary>
public sealed class WorkspaceDirectory
{
    /// <summary>Most files of a workspace.</summary>
    public const int MaxFiles = 2_000;

    /// <summary>Largest file in bytes.</summary>
    public const int MaxFileBytes = 1 << 20;

    /// <summary>Most bytes of all files together.</summary>
    public const long MaxBytes = 32L << 20;

    private readonly Dictionary<string, (long Length, DateTime Written, WorkspaceFile File)> _read = new(StringComparer.Ordinal);

    /// <summary>The files in order of path, and a problem for each that cannot be read. Files whose size and time are unchanged are not read again.</summary>
    public (IReadOnlyList<WorkspaceFile> Files, IReadOnlyList<Problem> Problems) Read(string root)
    {
        var files = new List<WorkspaceFile>();
        var problems = new List<Problem>();
        var bytes = 0L;
        if (!Directory.Exists(root))
        {
            return (files, [new Problem(new SourcePosition(root, 1, 1), ProblemSeverity.Error, "no-directory", "the workspace directory does not exist",
                "create it, or name another with --workspace")]);
        }
        string[] paths;
        try
        {
            paths = [.. Paths(root).Take(MaxFiles + 1)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A directory that cannot be listed is not an empty one: what it holds must not vanish from what runs.
            return (files, [new Problem(new SourcePosition(root, 1, 1), ProblemSeverity.Error, "unreadable", $"the directory cannot be listed: {e.Message}",
                "mend its permissions")]);
        }
        foreach (var path in paths)
        {
            var name = Path.GetRelativePath(root, path).Replace('\\', '/');
            if (files.Count == MaxFiles)
            {
                problems.Add(new Problem(new SourcePosition(name, 1, 1), ProblemSeverity.Error, "too-many-files", $"a workspace has at most {MaxFiles} files",
                    "split it over several servers"));
                break;
            }
            try
            {
                var file = ReadFile(path, name, problems);
                if ((bytes += file.Content.Length) > MaxBytes)
                {
                    problems.Add(new Problem(new SourcePosition(name, 1, 1), ProblemSeverity.Error, "too-large", $"a workspace has at most {MaxBytes} bytes",
                        "split it over several servers"));
                    break;
                }
                files.Add(file);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                problems.Add(new Problem(new SourcePosition(name, 1, 1), ProblemSeverity.Error, "unreadable", $"the file cannot be read: {e.Message}",
                    "mend its permissions"));
            }
        }
        return (files, problems);
    }

    private WorkspaceFile ReadFile(string path, string name, List<Problem> problems)
    {
        var info = new FileInfo(path);
        if (info.Length > MaxFileBytes)
        {
            problems.Add(new Problem(new SourcePosition(name, 1, 1), ProblemSeverity.Error, "file-too-large",
                $"the file has {info.Length} bytes; at most {MaxFileBytes} are read", "split it"));
            return new WorkspaceFile(name, default);
        }
        if (_read.TryGetValue(name, out var known) && known.Length == info.Length && known.Written == info.LastWriteTimeUtc)
        {
            return known.File;
        }
        var file = new WorkspaceFile(name, File.ReadAllBytes(path));
        _read[name] = (info.Length, info.LastWriteTimeUtc, file);
        return file;
    }

    private static IEnumerable<string> Paths(string root) =>
        Directory.EnumerateFiles(root, "*",
            new EnumerationOptions
            {
                RecurseSubdirectories = true,
                AttributesToSkip = FileAttributes.ReparsePoint,
                IgnoreInaccessible = false,
                MaxRecursionDepth = 64,
            })
            .Where(p => Path.GetExtension(p) is ".yaml" or ".yml")
            .Where(p => !Path.GetRelativePath(root, p).Split('/', '\\').Any(part => part.StartsWith('.')))
            .Order(StringComparer.Ordinal);
}
