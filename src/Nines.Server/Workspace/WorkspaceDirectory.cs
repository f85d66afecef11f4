using System.IO.Enumeration;
using Nines.Core;
using Nines.Core.Workspace;

namespace Nines.Server.Workspace;

/// <summary>Reads the files of a workspace: <c>*.yaml</c>, <c>*.yml</c> and <c>*.tmpl</c> in a directory and below, names that start with a dot left out.
/// </summary>
public sealed class WorkspaceDirectory
{
    /// <summary>Most files of a workspace.</summary>
    public const int MaxFiles = 2_000;

    /// <summary>Largest file in bytes.</summary>
    public const int MaxFileBytes = 1 << 20;

    /// <summary>Most bytes of all files together.</summary>
    public const long MaxBytes = 32L << 20;

    // Of a large workspace all files are looked at more rarely: a turn for each so many, and at most so many turns.
    private const int FilesOfTurn = 20;
    private const int MaxTurns = 15;

    private readonly Dictionary<string, (long Length, DateTimeOffset Written, WorkspaceFile File)> _read = new(StringComparer.Ordinal);
    private readonly List<(string Path, DateTime Written)> _directories = [];
    private int _turnsToLook;

    private readonly record struct Entry(string Path, bool IsDirectory, long Length, DateTimeOffset Written);

    /// <summary>
    /// Whether <see cref="Read"/> may give anything else than it last gave; asked once a turn. The directories tell of files that are new, gone or were put
    /// in another's place. What was written into a file that stays, only the file tells: that is found in the same turn in a workspace of less than 20 files,
    /// and in one of 100 after at most six.
    /// </summary>
    public bool MayHaveChanged() => --_turnsToLook <= 0 || _directories.Exists(d => Directory.GetLastWriteTimeUtc(d.Path) != d.Written);

    /// <summary>The files in order of path, and a problem for each that cannot be read. Files whose size and time are unchanged are not read again.</summary>
    public (IReadOnlyList<WorkspaceFile> Files, IReadOnlyList<Problem> Problems) Read(string root)
    {
        var files = new List<WorkspaceFile>();
        var problems = new List<Problem>();
        var bytes = 0L;
        _turnsToLook = 1;
        _directories.Clear();
        if (!Directory.Exists(root))
        {
            return (files, [new Problem(new SourcePosition(root, 1, 1), ProblemSeverity.Error, "no-directory", "the workspace directory does not exist",
                "create it, or name another with --workspace")]);
        }
        Entry[] entries;
        try
        {
            // The times of directories are those before they were listed.
            _directories.Add((root, Directory.GetLastWriteTimeUtc(root)));
            entries = [.. Entries(root).Take(MaxFiles + 1)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A directory that cannot be listed is not an empty one: what it holds must not vanish from what runs.
            return (files, [new Problem(new SourcePosition(root, 1, 1), ProblemSeverity.Error, "unreadable", $"the directory cannot be listed: {e.Message}",
                "mend its permissions")]);
        }
        _turnsToLook = Math.Min(1 + entries.Length / FilesOfTurn, MaxTurns);
        foreach (var entry in entries)
        {
            var name = NameOf(root, entry);
            if (files.Count == MaxFiles)
            {
                problems.Add(new Problem(new SourcePosition(name, 1, 1), ProblemSeverity.Error, "too-many-files", $"a workspace has at most {MaxFiles} files",
                    "split it over several servers"));
                break;
            }
            try
            {
                var file = ReadFile(entry, name, problems);
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

    private WorkspaceFile ReadFile(Entry entry, string name, List<Problem> problems)
    {
        if (entry.Length > MaxFileBytes)
        {
            problems.Add(new Problem(new SourcePosition(name, 1, 1), ProblemSeverity.Error, "file-too-large",
                $"the file has {entry.Length} bytes; at most {MaxFileBytes} are read", "split it"));
            return new WorkspaceFile(name, default);
        }
        if (_read.TryGetValue(name, out var known) && known.Length == entry.Length && known.Written == entry.Written)
        {
            return known.File;
        }
        var file = new WorkspaceFile(name, File.ReadAllBytes(entry.Path));
        _read[name] = (entry.Length, entry.Written, file);
        return file;
    }

    private IEnumerable<Entry> Entries(string root)
    {
        var all = new FileSystemEnumerable<Entry>(root,
            (ref FileSystemEntry e) => new(e.ToFullPath(), e.IsDirectory, e.IsDirectory ? 0 : e.Length, e.LastWriteTimeUtc),
            new EnumerationOptions
            {
                RecurseSubdirectories = true,
                AttributesToSkip = FileAttributes.ReparsePoint,
                IgnoreInaccessible = false,
                MaxRecursionDepth = 64,
            })
        {
            ShouldIncludePredicate = (ref FileSystemEntry e) =>
                !e.FileName.StartsWith('.') && (e.IsDirectory || Path.GetExtension(e.FileName) is ".yaml" or ".yml" or ".tmpl"),
            ShouldRecursePredicate = (ref FileSystemEntry e) => !e.FileName.StartsWith('.'),
        }.ToList();
        _directories.AddRange(all.Where(e => e.IsDirectory).Select(e => (e.Path, e.Written.UtcDateTime)));
        return all.Where(e => !e.IsDirectory).OrderBy(e => e.Path, StringComparer.Ordinal);
    }

    private static string NameOf(string root, Entry entry) => Path.GetRelativePath(root, entry.Path).Replace('\\', '/');
}
