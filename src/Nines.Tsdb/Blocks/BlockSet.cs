using System.Globalization;
using Nines.Tsdb.Files;
using Nines.Tsdb.Head;

namespace Nines.Tsdb.Blocks;

/// <summary>
/// The blocks of a store: opened, made, merged and dropped. Readers take <see cref="View"/>; the rest is for one thread at a time.
/// </summary>
internal sealed class BlockSet(IStoreFiles files, TsdbFault fault)
{
    public const string Folder = "blocks";
    public const string Unfinished = ".tmp";
    public const string SetAside = ".broken";

    /// <summary>The head is cut at multiples of this.</summary>
    public const long CutMs = 2 * 3_600_000L;

    private const string Extension = ".block";
    private const int MostDamages = 100;
    private static readonly long[] Windows = [8 * 3_600_000L, 24 * 3_600_000L];

    private readonly BlockMaker _maker = new(files, fault);
    private readonly List<BlockDamage> _past = [];
    private readonly HashSet<string> _leftOver = [];
    private volatile BlockView _view = BlockView.Empty;
    private long _next = 1;

    /// <summary>The present blocks.</summary>
    public BlockView View => _view;

    /// <summary>Size of all blocks.</summary>
    public long Bytes => View.Blocks.Sum(b => b.Bytes);

    /// <summary>What could not be read; the first hundred.</summary>
    public IReadOnlyList<BlockDamage> Damages
    {
        get
        {
            lock (_past)
            {
                return [.. _past.Concat(View.Blocks.SelectMany(b => b.Damages)).Take(MostDamages)];
            }
        }
    }

    /// <summary>Whether a file is named as blocks are.</summary>
    public static bool IsBlock(string path) => path.EndsWith(Extension, StringComparison.Ordinal) && NumberOf(path) > 0;

    /// <summary>The end of the window that a time lies in.</summary>
    public static long EndOf(long ms, long window)
    {
        var (quotient, rest) = Math.DivRem(ms, window);
        return (rest < 0 ? quotient : quotient + 1) * window;
    }

    /// <summary>Opens the blocks that are there, and removes what an earlier process left unfinished or superseded.</summary>
    /// <exception cref="InvalidDataException">A newer version wrote one.</exception>
    /// <exception cref="IOException">One cannot be read now.</exception>
    public void Open()
    {
        var (opened, broken) = (new List<Block>(), new List<string>());
        _past.Clear();
        foreach (var path in files.List(Folder))
        {
            if (path.EndsWith(Unfinished, StringComparison.Ordinal))
            {
                Delete(path);
            }
            else if (path.EndsWith(SetAside, StringComparison.Ordinal))
            {
                _next = Math.Max(_next, NumberOf(path[..^SetAside.Length]) + 1);
                Keep(new BlockDamage(path, "", 0, 0, 0, "was set aside, damaged beyond use"));
            }
            else if (IsBlock(path))
            {
                _next = Math.Max(_next, NumberOf(path) + 1);
                try
                {
                    opened.Add(Block.Open(files, path, fault));
                }
                catch (NewerBlockException e)
                {
                    throw new InvalidDataException($"{path} was written by a newer version of Nines ({e.Message})", e);
                }
                catch (InvalidDataException e)
                {
                    broken.Add(path);
                    Keep(new BlockDamage(path, "", 0, 0, 0, e.Message));
                }
                catch (FileNotFoundException) when (!files.List(Folder).Contains(path, StringComparer.Ordinal))
                {
                    // The process whose store this is has merged it since it was listed. What it became is there now.
                    Open();
                    return;
                }
                catch (Exception e) when (e is IOException or UnauthorizedAccessException)
                {
                    // It may be whole. Without it the log's rest would become a block again, and what both hold would be there twice.
                    throw new IOException($"{path} of the metrics store cannot be read: {e.Message}. The store is not opened without it. Let the server read "
                        + "it (rights, disk, open files) and start again, or move it elsewhere to go on without its samples", e);
                }
            }
        }
        var superseded = fault == TsdbFault.SupersededKept ? [] : Superseded(opened);
        foreach (var path in opened.Select(b => b.Path).Concat(broken).Where(p => superseded.Contains(NumberOf(p))))
        {
            Delete(path);
            _past.RemoveAll(d => d.Block == path);
        }
        opened.RemoveAll(b => superseded.Contains(b.Toc.Number));
        foreach (var path in broken.Where(p => !superseded.Contains(NumberOf(p))))
        {
            // For good: the log's rest takes its place, so it must not be found whole again beside it.
            files.Rename(path, path + SetAside);
        }
        _view = new BlockView([.. opened.OrderBy(b => b.Toc.MinMs)], opened.Count == 0 ? long.MinValue : opened.Max(b => b.Toc.EndMs));
    }

    /// <summary>Makes a block of what series hold before a time, and shows it. The series keep their samples.</summary>
    public void Cut(IReadOnlyList<MemSeries> series, long endMs)
    {
        // A number is used again when something failed: what was left under it is written over.
        var toc = _maker.OfHead(_next, series, endMs);
        _view = new BlockView(toc is null ? _view.Blocks : [.. _view.Blocks, Block.Open(files, BlockToc.PathOf(toc.Number), fault)], endMs);
        _next++;
    }

    /// <summary>Merges the blocks of one window that has passed, if there is one.</summary>
    public bool Compact()
    {
        var view = _view;
        foreach (var window in Windows)
        {
            foreach (var group in view.Blocks.GroupBy(b => EndOf(b.Toc.MinMs, window)))
            {
                var sources = group.Where(b => b.Toc.MaxMs < group.Key).Take(BlockToc.MostSources).ToArray();
                if (sources.Length < 2 || group.Key > view.HeadStartMs)
                {
                    continue;
                }
                var toc = _maker.OfBlocks(_next, sources);
                Block[] merged = toc is null ? [] : [Block.Open(files, BlockToc.PathOf(toc.Number), fault)];
                _next++;
                Replace(view, sources, merged);
                return true;
            }
        }
        return false;
    }

    /// <summary>Drops the oldest block.</summary>
    public void DropOldest()
    {
        var view = _view;
        Replace(view, view.Blocks[..1], []);
    }

    /// <summary>Tries again to delete what could not be, and gives back memory that only speeds reading up.</summary>
    public void Rest()
    {
        foreach (var path in _leftOver.ToArray())
        {
            Delete(path);
        }
        foreach (var block in _view.Blocks)
        {
            block.Rest();
        }
    }

    private static long NumberOf(string path) =>
        long.TryParse(Path.GetFileNameWithoutExtension(path), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;

    private void Replace(BlockView view, Block[] gone, Block[] come)
    {
        _view = new BlockView([.. view.Blocks.Except(gone).Concat(come).OrderBy(b => b.Toc.MinMs)], view.HeadStartMs);
        foreach (var block in gone)
        {
            foreach (var damage in block.Damages)
            {
                Keep(damage);
            }
            block.Rest();
            Delete(block.Path);
        }
    }

    // Blocks do not overlap but where one was made of others. A source's own source, which could not be deleted then, lies within too.
    private static HashSet<long> Superseded(List<Block> blocks)
    {
        var superseded = blocks.SelectMany(b => b.Toc.Sources).ToHashSet();
        superseded.UnionWith(from b in blocks
                             where blocks.Exists(n => n.Toc.Number > b.Toc.Number && n.Toc.MinMs <= b.Toc.MinMs && n.Toc.MaxMs >= b.Toc.MaxMs)
                             select b.Toc.Number);
        return superseded;
    }

    // What cannot be deleted now is tried again, and found superseded at the next start.
    private void Delete(string path)
    {
        try
        {
            files.Delete(path);
            _leftOver.Remove(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            if (_leftOver.Add(path))
            {
                Keep(new BlockDamage(path, "", 0, 0, 0, $"cannot be deleted: {e.Message}"));
            }
        }
    }

    private void Keep(BlockDamage damage)
    {
        lock (_past)
        {
            if (_past.Count < MostDamages)
            {
                _past.Add(damage);
            }
        }
    }
}
