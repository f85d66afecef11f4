using Microsoft.Win32.SafeHandles;

namespace Nines.Tsdb.Log;

/// <summary>The few things the log asks of a file system; tests put failing ones in its place.</summary>
internal interface ILogFiles
{
    /// <summary>Names of all segments, oldest first.</summary>
    IReadOnlyList<string> List();

    /// <summary>All bytes of a segment.</summary>
    byte[] ReadAll(string name);

    /// <summary>Makes a new segment.</summary>
    ILogFile Create(string name);

    /// <summary>Cuts a segment.</summary>
    void Truncate(string name, long length);

    /// <summary>Removes a segment.</summary>
    void Delete(string name);
}

/// <summary>A segment being written.</summary>
internal interface ILogFile : IDisposable
{
    /// <summary>Writes behind what is there. After an exception the end of the file is uncertain.</summary>
    void Append(ReadOnlySpan<byte> bytes);

    /// <summary>Forces what was written to disk.</summary>
    void Sync();
}

/// <summary>Segments in a real directory.</summary>
internal sealed class DirectoryLogFiles(string directory) : ILogFiles
{
    private string Path(string name) => System.IO.Path.Combine(directory, name);

    public IReadOnlyList<string> List()
    {
        Directory.CreateDirectory(directory);
        return [.. Directory.EnumerateFiles(directory, "*.log").Select(p => System.IO.Path.GetFileName(p)).Order(StringComparer.Ordinal)];
    }

    public byte[] ReadAll(string name) => File.ReadAllBytes(Path(name));

    public ILogFile Create(string name) =>
        new HandleLogFile(File.OpenHandle(Path(name), FileMode.CreateNew, FileAccess.Write, FileShare.Read));

    public void Truncate(string name, long length)
    {
        using var file = File.OpenHandle(Path(name), FileMode.Open, FileAccess.Write);
        RandomAccess.SetLength(file, length);
    }

    public void Delete(string name) => File.Delete(Path(name));

    private sealed class HandleLogFile(SafeFileHandle handle) : ILogFile
    {
        private long _length;

        public void Append(ReadOnlySpan<byte> bytes)
        {
            RandomAccess.Write(handle, bytes, _length);
            _length += bytes.Length;
        }

        public void Sync() => RandomAccess.FlushToDisk(handle);

        public void Dispose() => handle.Dispose();
    }
}
