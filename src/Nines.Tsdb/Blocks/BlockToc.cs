using System.Buffers.Binary;
using System.Globalization;
using Nines.Tsdb.Bytes;

namespace Nines.Tsdb.Blocks;

/// <summary>A block's table of contents; see docs/formats/tsdb-block.md.</summary>
internal sealed record BlockToc
{
    public const int Size = 256;
    public const int Version = 1;
    public const int MostSources = 16;

    private static ReadOnlySpan<byte> Magic => "NINESBLK"u8;

    /// <summary>Number of the block.</summary>
    public required long Number { get; init; }

    /// <summary>Time of the oldest sample.</summary>
    public required long MinMs { get; init; }

    /// <summary>Time of the newest sample.</summary>
    public required long MaxMs { get; init; }

    /// <summary>What the store took before this time is in this block or in older ones.</summary>
    public required long EndMs { get; init; }

    /// <summary>How many samples there are.</summary>
    public required long Samples { get; init; }

    /// <summary>How many series.</summary>
    public required int Series { get; init; }

    /// <summary>How many chunks.</summary>
    public required int Chunks { get; init; }

    /// <summary>Where the first copy of the index begins.</summary>
    public required long IndexAt { get; init; }

    /// <summary>Bytes of one copy.</summary>
    public required long IndexLength { get; init; }

    /// <summary>Numbers of the blocks it was made of.</summary>
    public IReadOnlyList<long> Sources { get; init; } = [];

    /// <summary>The path of a block.</summary>
    public static string PathOf(long number) => string.Create(CultureInfo.InvariantCulture, $"{BlockSet.Folder}/{number:D8}.block");

    public byte[] ToBytes()
    {
        var bytes = new byte[Size];
        Magic.CopyTo(bytes);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(8), Version);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(12), Sources.Count);
        long[] numbers = [Number, MinMs, MaxMs, EndMs, Samples, (uint)Series | (long)Chunks << 32, IndexAt, IndexLength, .. Sources];
        for (var i = 0; i < numbers.Length; i++)
        {
            BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(16 + i * 8), numbers[i]);
        }
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(Size - 4), Crc32C.Of(bytes.AsSpan(0, Size - 4)));
        return bytes;
    }

    /// <summary>Reads a table of contents; null when it is damaged.</summary>
    /// <exception cref="NewerBlockException">A newer version wrote it.</exception>
    public static BlockToc? Read(ReadOnlySpan<byte> bytes)
    {
        if (!bytes.StartsWith(Magic) || Crc32C.Of(bytes[..(Size - 4)]) != BinaryPrimitives.ReadUInt32LittleEndian(bytes[(Size - 4)..]))
        {
            return null;
        }
        var version = BinaryPrimitives.ReadInt32LittleEndian(bytes[8..]);
        if (version > Version)
        {
            throw new NewerBlockException($"block version {version}; this one knows {Version}");
        }
        var sources = new long[Math.Clamp(BinaryPrimitives.ReadInt32LittleEndian(bytes[12..]), 0, MostSources)];
        for (var i = 0; i < sources.Length; i++)
        {
            sources[i] = At(bytes, 8 + i);
        }
        var counts = At(bytes, 5);
        return new BlockToc
        {
            Number = At(bytes, 0),
            MinMs = At(bytes, 1),
            MaxMs = At(bytes, 2),
            EndMs = At(bytes, 3),
            Samples = At(bytes, 4),
            Series = (int)counts,
            Chunks = (int)(counts >> 32),
            IndexAt = At(bytes, 6),
            IndexLength = At(bytes, 7),
            Sources = sources,
        };

        static long At(ReadOnlySpan<byte> bytes, int i) => BinaryPrimitives.ReadInt64LittleEndian(bytes[(16 + i * 8)..]);
    }
}

/// <summary>A newer version of Nines wrote a block.</summary>
internal sealed class NewerBlockException(string message) : Exception(message);
