using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Nines.Tsdb.Files;

/// <summary>The bytes of a real file, where the system keeps them.</summary>
internal sealed unsafe partial class FileMap : MappedBytes
{
    // The system maps about so much at a time anyway.
    private const int RegionBits = 16;
    private const int DontNeed = 4, PopulateRead = 22;
    private const int BadAddress = 14, Poisoned = 133;

    // Given back when it is collected, with this object.
    private readonly SafeMemoryMappedViewHandle _view;
    private readonly byte* _first;
    private readonly ulong[] _present;

    public FileMap(string path)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        Length = stream.Length;
        if (Length == 0)
        {
            throw new InvalidDataException("the file is empty");
        }
        using var mapping = MemoryMappedFile.CreateFromFile(stream, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
        var accessor = mapping.CreateViewAccessor(0, Length, MemoryMappedFileAccess.Read);
        _view = accessor.SafeMemoryMappedViewHandle;
        _first = (byte*)_view.DangerousGetHandle() + accessor.PointerOffset;
        _present = new ulong[(Length >> (RegionBits + 6)) + 1];
    }

    /// <inheritdoc/>
    public override long Length { get; }

    /// <inheritdoc/>
    public override ReadOnlySpan<byte> Slice(long offset, int length)
    {
        Check(offset, length);
        return new ReadOnlySpan<byte>(_first + offset, length);
    }

    /// <inheritdoc/>
    public override bool CanRead(long offset, long length)
    {
        if (!base.CanRead(offset, length))
        {
            return false;
        }
        for (var region = offset >> RegionBits; region << RegionBits < offset + length; region++)
        {
            ref var word = ref _present[region >> 6];
            var bit = 1UL << (int)region;
            if ((Volatile.Read(ref word) & bit) != 0)
            {
                continue;
            }
            if (!IsGiven(region << RegionBits))
            {
                return false;
            }
            Interlocked.Or(ref word, bit);
        }
        return true;
    }

    /// <inheritdoc/>
    public override void Rest()
    {
        if (OperatingSystem.IsLinux())
        {
            // Only advice: when it is refused, the pages stay until the system needs them.
            _ = Madvise(_first, (nuint)Length, DontNeed);
            GC.KeepAlive(_view);
            _present.AsSpan().Clear();
        }
    }

    // Reads a region in, in place of the faults that reading it would cause. A system that cannot tell says nothing against it.
    private bool IsGiven(long from)
    {
        if (!OperatingSystem.IsLinux() || Madvise(_first + from, (nuint)Math.Min(1 << RegionBits, Length - from), PopulateRead) == 0)
        {
            return true;
        }
        var error = Marshal.GetLastPInvokeError();
        GC.KeepAlive(_view);
        return error is not (BadAddress or Poisoned);
    }

    [LibraryImport("libc", EntryPoint = "madvise", SetLastError = true)]
    private static partial int Madvise(byte* first, nuint length, int advice);
}
