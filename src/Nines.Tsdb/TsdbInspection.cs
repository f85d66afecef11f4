using Nines.Tsdb.Blocks;
using Nines.Tsdb.Chunks;
using Nines.Tsdb.Files;
using Nines.Tsdb.Head;
using Nines.Tsdb.Log;

namespace Nines.Tsdb;

/// <summary>What came of reading a whole store.</summary>
/// <param name="Blocks">Blocks read.</param>
/// <param name="Chunks">Chunks in them that are as they were written.</param>
/// <param name="BlockSamples">Samples in those chunks.</param>
/// <param name="Segments">Segments of the log read.</param>
/// <param name="LogSamples">Samples in the log, those that are in blocks too included.</param>
/// <param name="Problems">What is not as it was written, each with its place, and where it holds samples with series and times.</param>
public sealed record TsdbVerification(int Blocks, long Chunks, long BlockSamples, int Segments, long LogSamples, IReadOnlyList<string> Problems);

/// <summary>One block.</summary>
/// <param name="Path">Where it is in the store's directory.</param>
/// <param name="MinMs">Time of its oldest sample, ms since the Unix epoch.</param>
/// <param name="MaxMs">Time of its newest.</param>
/// <param name="Series">How many series it has.</param>
/// <param name="Chunks">How many chunks.</param>
/// <param name="Samples">How many samples.</param>
/// <param name="Bytes">Size of the file.</param>
/// <param name="IndexBytes">Of them both copies of the index.</param>
public sealed record TsdbBlockInfo(string Path, long MinMs, long MaxMs, int Series, int Chunks, long Samples, long Bytes, long IndexBytes);

/// <summary>What a store holds.</summary>
/// <param name="Blocks">Each block, in order of time.</param>
/// <param name="LogSegments">Segments of the log.</param>
/// <param name="LogBytes">Their size.</param>
/// <param name="Head">What the log holds that is in no block.</param>
public sealed record TsdbInventory(IReadOnlyList<TsdbBlockInfo> Blocks, int LogSegments, long LogBytes, TsdbStats Head);

/// <summary>Looks at a store's files without changing them; a server may be running on them.</summary>
public static class TsdbInspection
{
    /// <summary>Reads every byte of a store.</summary>
    /// <exception cref="IOException">It is not there, or cannot be read.</exception>
    /// <exception cref="InvalidDataException">A newer version wrote it.</exception>
    public static TsdbVerification Verify(string directory)
    {
        var files = Files(directory);
        var problems = new List<string>();
        problems.AddRange(files.List(BlockSet.Folder).Where(p => p.EndsWith(BlockSet.SetAside, StringComparison.Ordinal)).Select(p => $"{p}: set aside"));
        var (blocks, chunks, samples) = (0, 0L, 0L);
        foreach (var path in files.List(BlockSet.Folder).Where(BlockSet.IsBlock))
        {
            try
            {
                var block = Block.Open(files, path);
                blocks++;
                problems.AddRange(block.DamagedCopies().Select(d => $"{path}: {d}"));
                for (var series = 0; series < block.Index.Series; series++)
                {
                    ReadSeries(block, series, problems, ref chunks, ref samples);
                }
                problems.AddRange(block.Damages.OrderBy(d => d.Series, StringComparer.Ordinal).ThenBy(d => d.FromMs).Select(d => d.ToString()));
                block.Rest();
            }
            catch (NewerBlockException e)
            {
                throw new InvalidDataException($"{path} was written by a newer version of Nines ({e.Message})", e);
            }
            catch (InvalidDataException e)
            {
                problems.Add($"{path}: {e.Message}");
            }
            catch (FileNotFoundException)
            {
                // Merged into another since it was listed.
            }
        }
        var log = new LogReader(new SeriesRegistry(int.MaxValue, new BlockSet(files, TsdbFault.None)), long.MinValue);
        var segments = files.List(LogWriter.Folder).Where(LogWriter.IsSegment).ToList();
        foreach (var path in segments)
        {
            log.Read(path, files.ReadAll(path));
        }
        log.Finish();
        problems.AddRange(log.Damages.Select(d => d.ToString()));
        return new TsdbVerification(blocks, chunks, samples, segments.Count, log.Samples, problems);
    }

    /// <summary>Lists what a store holds.</summary>
    /// <param name="limit">How many names each list of <see cref="TsdbInventory.Head"/> has at most.</param>
    /// <inheritdoc cref="Verify"/>
    public static TsdbInventory Inventory(string directory, int limit)
    {
        var files = Files(directory);
        using var store = TsdbStore.OpenReadOnly(directory);
        var blocks = new BlockSet(files, TsdbFault.None);
        blocks.Open();
        return new TsdbInventory(
            [.. blocks.View.Blocks.Select(b =>
                new TsdbBlockInfo(b.Path, b.Toc.MinMs, b.Toc.MaxMs, b.Toc.Series, b.Toc.Chunks, b.Toc.Samples, b.Bytes, 2 * b.Toc.IndexLength))],
            store.Health.LogSegments, store.Health.LogBytes, store.Stats(limit));
    }

    private static ReadOnlyFiles Files(string directory) => Directory.Exists(directory) ? new ReadOnlyFiles(new DirectoryFiles(directory))
        : throw new DirectoryNotFoundException($"{directory} is no metrics store: there is no such directory");

    private static void ReadSeries(Block block, int series, List<string> problems, ref long chunks, ref long samples)
    {
        try
        {
            var lastMs = long.MinValue;
            for (var entry = block.Index.Entry(series); entry.NextChunk();)
            {
                var scratch = ChunkScratch.OfThread;
                var times = scratch.Times(entry.Count);
                if (!block.TryDecode(series, entry, times, scratch.Values(entry.Count), scratch.Starts(entry.Count)))
                {
                    continue;
                }
                if (times[0] != entry.MinMs || times[^1] != entry.MaxMs || times[0] <= lastMs)
                {
                    var labels = block.Index.LabelsOf(series);
                    problems.Add($"{block.Path}: the times of {labels} from {entry.MinMs} to {entry.MaxMs} ms are not those of its index");
                }
                lastMs = times[^1];
                chunks++;
                samples += entry.Count;
            }
        }
        catch (InvalidDataException e)
        {
            problems.Add($"{block.Path}: series {series} of the index makes no sense: {e.Message}");
        }
    }
}
