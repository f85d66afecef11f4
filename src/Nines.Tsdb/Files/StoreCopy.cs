using Nines.Tsdb.Blocks;
using Nines.Tsdb.Log;

namespace Nines.Tsdb.Files;

/// <summary>
/// Copies a store that may be in use. First the log, as far as it goes, then the blocks: samples leave the log only when a block has them,
/// so nothing falls between.
/// </summary>
internal static class StoreCopy
{
    /// <summary>Copies; blocks are linked where the file system can.</summary>
    public static void Make(string from, string to)
    {
        foreach (var folder in (string[])[LogWriter.Folder, BlockSet.Folder])
        {
            Directory.CreateDirectory(Path.Combine(to, folder));
        }
        foreach (var path in List(from, LogWriter.Folder, ".log"))
        {
            CopyGrowing(path, Path.Combine(to, LogWriter.Folder, Path.GetFileName(path)));
        }
        // A block that is gone since it was listed was merged into one that is there now.
        for (var again = true; again;)
        {
            again = false;
            foreach (var path in List(from, BlockSet.Folder, ".block"))
            {
                var copy = Path.Combine(to, BlockSet.Folder, Path.GetFileName(path));
                if (File.Exists(copy))
                {
                    continue;
                }
                again = true;
                try
                {
                    DirectoryFiles.LinkOrCopy(path, copy);
                }
                catch (FileNotFoundException)
                {
                    File.Delete(copy);
                }
            }
        }
    }

    private static string[] List(string store, string folder, string extension) =>
        Directory.Exists(Path.Combine(store, folder))
            ? [.. Directory.EnumerateFiles(Path.Combine(store, folder), "*" + extension).Order(StringComparer.Ordinal)] : [];

    // Records carry checksums, so what is there now is a consistent copy.
    private static void CopyGrowing(string path, string copy)
    {
        try
        {
            using var source = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using var target = new FileStream(copy, FileMode.CreateNew);
            var left = source.Length;
            var buffer = new byte[1 << 16];
            while (left > 0 && source.Read(buffer, 0, (int)Math.Min(left, buffer.Length)) is > 0 and var read)
            {
                target.Write(buffer, 0, read);
                left -= read;
            }
        }
        catch (FileNotFoundException)
        {
            // All its samples are in blocks.
        }
    }
}
