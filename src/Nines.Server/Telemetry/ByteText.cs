using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Nines.Server.Telemetry;

/// <summary>Compares bytes by content, and finds arrays by spans.</summary>
internal sealed class ByteText : IEqualityComparer<byte[]>, IAlternateEqualityComparer<ReadOnlySpan<byte>, byte[]>
{
    public static readonly ByteText Comparer = new();

    // Another one in each process: whoever sends series cannot choose them to fall into one bucket.
    private static readonly ulong Seed = MemoryMarshal.Read<ulong>(RandomNumberGenerator.GetBytes(sizeof(ulong)));

    public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

    public int GetHashCode([DisallowNull] byte[] obj) => GetHashCode(obj.AsSpan());

    public bool Equals(ReadOnlySpan<byte> alternate, byte[] other) => alternate.SequenceEqual(other);

    // Sixteen bytes a multiplication, both halves of the product folded: a third of what HashCode takes for the labels of a series.
    public int GetHashCode(ReadOnlySpan<byte> alternate)
    {
        var hash = Seed ^ (ulong)alternate.Length;
        var rest = alternate;
        for (; rest.Length >= 16; rest = rest[16..])
        {
            hash = Fold(MemoryMarshal.Read<ulong>(rest) ^ 0xa0761d6478bd642fUL, MemoryMarshal.Read<ulong>(rest[8..]) ^ hash);
        }
        Span<byte> last = stackalloc byte[16];
        last.Clear();
        rest.CopyTo(last);
        hash = Fold(MemoryMarshal.Read<ulong>(last) ^ 0xe7037ed1a0b428dbUL, MemoryMarshal.Read<ulong>(last[8..]) ^ hash);
        return (int)(hash ^ (hash >> 32));
    }

    public byte[] Create(ReadOnlySpan<byte> alternate) => alternate.ToArray();

    private static ulong Fold(ulong a, ulong b)
    {
        var high = Math.BigMul(a, b, out var low);
        return high ^ low;
    }
}
