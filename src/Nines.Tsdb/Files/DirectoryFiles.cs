using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Nines.Tsdb.Files;

/// <summary>Files in a real directory.</summary>
internal sealed partial class DirectoryFiles(string directory) : IStoreFiles
{
    private string Full(string path) => Path.Combine(directory, path);

    public IReadOnlyList<string> List(string folder)
    {
        Directory.CreateDirectory(Full(folder));
        return [.. Directory.EnumerateFiles(Full(folder)).Select(p => $"{folder}/{Path.GetFileName(p)}").Order(StringComparer.Ordinal)];
    }

    public byte[] ReadAll(string path) => File.ReadAllBytes(Full(path));

    public MappedBytes Map(string path) => new FileMap(Full(path));

    public IStoreFile Create(string path) =>
        new HandleFile(File.OpenHandle(Full(path), FileMode.Create, FileAccess.Write, FileShare.Read | FileShare.Delete));

    public void Truncate(string path, long length)
    {
        using var file = File.OpenHandle(Full(path), FileMode.Open, FileAccess.Write);
        RandomAccess.SetLength(file, length);
    }

    public void Rename(string from, string to) => File.Move(Full(from), Full(to), overwrite: true);

    public void Delete(string path) => File.Delete(Full(path));

    public void SyncFolder(string folder)
    {
        // Elsewhere there is no way to say it, and the file system keeps names by itself.
        if (!OperatingSystem.IsLinux())
        {
            return;
        }
        var handle = Native.Open(Full(folder), Native.ReadOnlyDirectory);
        if (handle < 0)
        {
            throw new IOException($"{folder}: {Marshal.GetLastPInvokeErrorMessage()}");
        }
        var failed = Native.Fsync(handle) != 0 ? Marshal.GetLastPInvokeErrorMessage() : null;
        _ = Native.Close(handle);
        if (failed is not null)
        {
            throw new IOException($"{folder}: {failed}");
        }
    }

    /// <summary>Gives a file a second name, or copies it where that cannot be.</summary>
    public static void LinkOrCopy(string from, string to)
    {
        if (!OperatingSystem.IsLinux() || Native.Link(from, to) != 0)
        {
            File.Copy(from, to);
        }
    }

    private sealed class HandleFile(SafeFileHandle handle) : IStoreFile
    {
        private long _length;

        public void Append(ReadOnlySpan<byte> bytes)
        {
            RandomAccess.Write(handle, bytes, _length);
            _length += bytes.Length;
        }

        public void Overwrite(long offset, ReadOnlySpan<byte> bytes) => RandomAccess.Write(handle, bytes, offset);

        public void Sync() => RandomAccess.FlushToDisk(handle);

        public void Dispose() => handle.Dispose();
    }

    private static partial class Native
    {
        public const int ReadOnlyDirectory = 0x10000;

        [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
        public static partial int Open(string path, int flags);

        [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
        public static partial int Fsync(int handle);

        [LibraryImport("libc", EntryPoint = "close")]
        public static partial int Close(int handle);

        [LibraryImport("libc", EntryPoint = "link", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
        public static partial int Link(string from, string to);
    }
}
