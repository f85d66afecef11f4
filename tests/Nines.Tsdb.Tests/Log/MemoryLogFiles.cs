using Nines.Tsdb.Log;

namespace Nines.Tsdb.Tests.Log;

/// <summary>A disk in memory. It can refuse one operation, leaving half of the bytes behind, and it can be copied as after a crash.</summary>
internal sealed class MemoryLogFiles : ILogFiles
{
    public SortedDictionary<string, List<byte>> Files { get; } = new(StringComparer.Ordinal);
    public int Operations { get; private set; }
    public Func<int, bool> Fails { get; set; } = _ => false;

    public MemoryLogFiles Copy()
    {
        var copy = new MemoryLogFiles();
        foreach (var (name, bytes) in Files)
        {
            copy.Files[name] = [.. bytes];
        }
        return copy;
    }

    public IReadOnlyList<string> List() => [.. Files.Keys];

    public byte[] ReadAll(string name) => [.. Files[name]];

    public ILogFile Create(string name)
    {
        Operate();
        Files.Add(name, []);
        return new MemoryFile(this, Files[name]);
    }

    public void Truncate(string name, long length) => Files[name].RemoveRange((int)length, Files[name].Count - (int)length);

    public void Delete(string name)
    {
        Operate();
        Files.Remove(name);
    }

    private void Operate()
    {
        if (Fails(++Operations))
        {
            throw new IOException("No space left on device");
        }
    }

    private sealed class MemoryFile(MemoryLogFiles disk, List<byte> bytes) : ILogFile
    {
        public void Append(ReadOnlySpan<byte> written)
        {
            try
            {
                disk.Operate();
            }
            catch (IOException)
            {
                bytes.AddRange(written[..(written.Length / 2)]);
                throw;
            }
            bytes.AddRange(written);
        }

        public void Sync() => disk.Operate();

        public void Dispose()
        {
        }
    }
}
