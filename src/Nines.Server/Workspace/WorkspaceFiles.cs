using Nines.Core;
using Nines.Core.Workspace;

namespace Nines.Server.Workspace;

/// <summary>Reads a workspace's files from disk, within limits. Links are not followed.</summary>
public static class WorkspaceFiles
{
    /// <summary>Most files that are read.</summary>
    public const int MaxFiles = 2000;

    /// <summary>Most bytes of all files together.</summary>
    public const long MaxBytes = 32L << 20;

    /// <summary>The YAML files below a directory, in order of path, and what could not be read.</summary>
    public static async Task<(IReadOnlyList<WorkspaceFile> Files, IReadOnlyList<Problem> Problems)> ReadAsync(string directory, CancellationToken cancellation)
    {
        var files = new List<WorkspaceFile>();
        var problems = new List<Problem>();
        long bytes = 0;
        void Refuse(string path, string message) => problems.Add(new(new(path, 1, 1), ProblemSeverity.Error, "unreadable", message));
        try
        {
            var options = new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = false, AttributesToSkip = FileAttributes.ReparsePoint, MaxRecursionDepth = 20 };
            foreach (var path in Directory.EnumerateFiles(directory, "*.y*ml", options).Where(IsYaml).Take(MaxFiles + 1).Order(StringComparer.Ordinal))
            {
                var name = Path.GetRelativePath(directory, path).Replace('\\', '/');
                var info = new FileInfo(path);
                bytes += info.Length;
                if (files.Count == MaxFiles || bytes > MaxBytes)
                {
                    Refuse(name, $"the workspace has more than {MaxFiles} files or {MaxBytes >> 20} MiB");
                    break;
                }
                // One byte more than the reader takes is enough for it to say that the file is too large.
                files.Add(info.Length > 1 << 20 ? new(name, new byte[(1 << 20) + 1]) : new(name, await File.ReadAllBytesAsync(path, cancellation)));
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Refuse(".", $"the workspace cannot be read: {e.Message}");
        }
        return (files, problems);
    }

    private static bool IsYaml(string path) => Path.GetExtension(path).ToLowerInvariant() is ".yaml" or ".yml";
}
