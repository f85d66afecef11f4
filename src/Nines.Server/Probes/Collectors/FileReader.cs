using System.IO.Enumeration;
using Nines.Core.Probes.Collectors;

namespace Nines.Server.Probes.Collectors;

/// <summary>Looks for files by pattern and tells of the newest.</summary>
internal sealed class FileReader(FileWork work, TimeProvider time) : ICollectorReader
{
    public Task ReadAsync(CollectedSet set, CancellationToken stop) => Task.Factory.StartNew(() =>
    {
        foreach (var pattern in work.Paths)
        {
            var files = Find(pattern, stop).Select(path => new FileInfo(path))
                .Select(f => f.LinkTarget is null ? f : f.ResolveLinkTarget(true) as FileInfo ?? f)
                .Where(f => f.Exists).Select(f => new FoundFile(new DateTimeOffset(f.LastWriteTimeUtc).ToUnixTimeMilliseconds(), f.Length));
            FileFigures.Files(pattern, files, time.GetUtcNow().ToUnixTimeMilliseconds(), set);
        }
    }, stop, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    /// <summary>The files of a pattern. A directory that is named without a pattern must be there, and every directory looked into must be readable:
    /// what cannot be looked at is not nothing.</summary>
    /// <exception cref="CollectException">There is too much to look at.</exception>
    public static IEnumerable<string> Find(string pattern, CancellationToken stop)
    {
        const int most = 100_000;
        var looked = 0;
        var parts = pattern.Split('/', StringSplitOptions.RemoveEmptyEntries);
        return Below("/", 0);

        IEnumerable<string> Below(string directory, int at)
        {
            if (at == parts.Length)
            {
                yield break;
            }
            var (part, last) = (parts[at], at == parts.Length - 1);
            if (part.AsSpan().IndexOfAny("*?") < 0)
            {
                var path = Path.Combine(directory, part);
                foreach (var found in !last ? Below(path, at + 1) : File.Exists(path) ? [path] : [])
                {
                    yield return found;
                }
                yield break;
            }
            if (!Directory.Exists(directory))
            {
                throw new CollectException($"there is no directory {directory}, or it may not be looked into");
            }
            foreach (var entry in new DirectoryInfo(directory).EnumerateFileSystemInfos("*", new EnumerationOptions { AttributesToSkip = FileAttributes.None }))
            {
                stop.ThrowIfCancellationRequested();
                if (++looked > most)
                {
                    throw new CollectException($"the pattern {pattern} looks at more than {most} files and directories");
                }
                var isDirectory = entry is DirectoryInfo;
                var deeper = part == "**" && isDirectory && entry.LinkTarget is null ? Below(entry.FullName, at) : [];
                var fits = part != "**" && FileSystemName.MatchesSimpleExpression(part, entry.Name, ignoreCase: false);
                foreach (var found in fits && last && !isDirectory ? [entry.FullName] : fits && !last && isDirectory ? Below(entry.FullName, at + 1) : deeper)
                {
                    yield return found;
                }
            }
            // Two stars stand for no directory as well.
            foreach (var found in part == "**" ? Below(directory, at + 1) : [])
            {
                yield return found;
            }
        }
    }
}
