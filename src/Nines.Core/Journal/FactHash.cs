using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Nines.Core.Journal;

/// <summary>The journal's hash chain. The bytes are specified in docs/formats/journal.md and cannot change.</summary>
public static class FactHash
{
    /// <summary>Bytes of a hash (SHA-256).</summary>
    public const int Size = 32;

    /// <summary>Bytes of a salt.</summary>
    public const int SaltSize = 16;

    private const byte HeaderVersion = 1;

    /// <summary>SHA-256(payload ‖ salt). The salt's fixed length keeps the border between the two unambiguous.</summary>
    public static void OfPayload(ReadOnlySpan<byte> payload, ReadOnlySpan<byte> salt, Span<byte> hash)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(payload.Length + salt.Length);
        payload.CopyTo(buffer);
        salt.CopyTo(buffer.AsSpan(payload.Length));
        SHA256.HashData(buffer.AsSpan(0, payload.Length + salt.Length), hash);
        ArrayPool<byte>.Shared.Return(buffer);
    }

    /// <summary>SHA-256(previous ‖ header ‖ payload hash), the header of the fact's own columns.</summary>
    public static void OfFact(ReadOnlySpan<byte> previous, StoredFact fact, ReadOnlySpan<byte> payloadHash, Span<byte> hash)
    {
        var size = HeaderSize(fact);
        var buffer = ArrayPool<byte>.Shared.Rent(Size + size + Size);
        previous.CopyTo(buffer);
        WriteHeader(fact, buffer.AsSpan(Size, size));
        payloadHash.CopyTo(buffer.AsSpan(Size + size));
        SHA256.HashData(buffer.AsSpan(0, Size + size + payloadHash.Length), hash);
        ArrayPool<byte>.Shared.Return(buffer);
    }

    /// <summary>The header's bytes: what of the envelope is hashed beside the payload.</summary>
    public static byte[] Header(StoredFact fact)
    {
        var header = new byte[HeaderSize(fact)];
        WriteHeader(fact, header);
        return header;
    }

    private static int HeaderSize(StoredFact fact) =>
        1 + 3 * 8 + 6 * 4 + fact.Type.Length + fact.Subject.Length + fact.Actor.Length
        + fact.Source.Length + fact.Correlation.Length + fact.Kind.Length;

    private static void WriteHeader(StoredFact fact, Span<byte> to)
    {
        to[0] = HeaderVersion;
        BinaryPrimitives.WriteInt64BigEndian(to[1..], fact.Seq);
        BinaryPrimitives.WriteInt64BigEndian(to[9..], fact.OccurredAtNs);
        BinaryPrimitives.WriteInt64BigEndian(to[17..], fact.RecordedAtNs);
        var rest = to[25..];
        rest = Write(rest, fact.Type);
        rest = Write(rest, fact.Subject);
        rest = Write(rest, fact.Actor);
        rest = Write(rest, fact.Source);
        rest = Write(rest, fact.Correlation);
        Write(rest, fact.Kind);
    }

    private static Span<byte> Write(Span<byte> to, byte[] field)
    {
        BinaryPrimitives.WriteInt32BigEndian(to, field.Length);
        field.CopyTo(to[4..]);
        return to[(4 + field.Length)..];
    }
}
