using Nines.Tsdb.Files;

namespace Nines.Tsdb.Tests.Files;

/// <summary>
/// A disk in memory. It can refuse any operation, leaving half of what was to be written behind, and it can be copied as after the process was killed, or as after a power cut.
/// </summary>
internal sealed class MemoryFiles : IStoreFiles
{
    private Dictionary<string, Content> _durable = [];

    public SortedDictionary<string, Content> Files { get; } = new(StringComparer.Ordinal);
    public int Operations { get; private set; }
    public Func<int, bool> Fails { get; set; } = _ => false;

    /// <summary>Bytes of mapped files that the disk does not give.</summary>
    public Func<long, bool> Bad { get; set; } = _ => false;

    /// <summary>Everything that was written.</summary>
    public MemoryFiles Copy()
    {
        var copy = new MemoryFiles();
        foreach (var (name, content) in Files)
        {
            copy.Files[name] = new Content(content.Bytes, content.Bytes.Count);
        }
        copy._durable = new(copy.Files);
        return copy;
    }

    /// <summary>What was forced to disk, under the names that were.</summary>
    public MemoryFiles CopyAfterPowerCut()
    {
        var copy = new MemoryFiles();
        foreach (var (name, content) in _durable)
        {
            copy.Files[name] = new Content(content.Bytes.Take(content.Synced), content.Synced);
        }
        copy._durable = new(copy.Files);
        return copy;
    }

    public IReadOnlyList<string> List(string folder) => [.. Files.Keys.Where(k => k.StartsWith(folder + "/", StringComparison.Ordinal))];

    public byte[] ReadAll(string path) => [.. Files[path].Bytes];

    public MappedBytes Map(string path)
    {
        Operate();
        return new MemoryMap(this, [.. Files[path].Bytes]);
    }

    public IStoreFile Create(string path)
    {
        Operate();
        Files[path] = new Content([], 0);
        return new MemoryFile(this, Files[path]);
    }

    public void Truncate(string path, long length)
    {
        var content = Files[path];
        content.Bytes.RemoveRange((int)length, content.Bytes.Count - (int)length);
        content.Synced = Math.Min(content.Synced, (int)length);
    }

    public void Rename(string from, string to)
    {
        Operate();
        Files.Remove(from, out var content);
        Files[to] = content!;
    }

    public void Delete(string path)
    {
        Operate();
        Files.Remove(path);
    }

    public void SyncFolder(string folder)
    {
        Operate();
        foreach (var name in _durable.Keys.Where(k => k.StartsWith(folder + "/", StringComparison.Ordinal)).ToList())
        {
            _durable.Remove(name);
        }
        foreach (var name in List(folder))
        {
            _durable[name] = Files[name];
        }
    }

    private void Operate()
    {
        if (Fails(++Operations))
        {
            throw new IOException("No space left on device");
        }
    }

    internal sealed class Content(IEnumerable<byte> bytes, int synced)
    {
        public List<byte> Bytes { get; } = [.. bytes];

        /// <summary>How many of them survive a power cut.</summary>
        public int Synced { get; set; } = synced;
    }

    private sealed class MemoryMap(MemoryFiles disk, byte[] bytes) : MappedBytes
    {
        public override long Length => bytes.Length;

        public override bool CanRead(long offset, long length)
        {
            for (var at = offset; at < offset + length; at++)
            {
                if (disk.Bad(at))
                {
                    return false;
                }
            }
            return base.CanRead(offset, length);
        }

        public override ReadOnlySpan<byte> Slice(long offset, int length)
        {
            Check(offset, length);
            return bytes.AsSpan((int)offset, length);
        }
    }

    private sealed class MemoryFile(MemoryFiles disk, Content content) : IStoreFile
    {
        public void Append(ReadOnlySpan<byte> written)
        {
            try
            {
                disk.Operate();
            }
            catch (IOException)
            {
                content.Bytes.AddRange(written[..(written.Length / 2)]);
                throw;
            }
            content.Bytes.AddRange(written);
        }

        public void Overwrite(long offset, ReadOnlySpan<byte> bytes)
        {
            disk.Operate();
            for (var i = 0; i < bytes.Length; i++)
            {
                content.Bytes[(int)offset + i] = bytes[i];
            }
            content.Synced = Math.Min(content.Synced, (int)offset);
        }

        public void Sync()
        {
            disk.Operate();
            content.Synced = content.Bytes.Count;
        }

        public void Dispose()
        {
        }
    }
}
