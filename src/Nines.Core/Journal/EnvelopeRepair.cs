using System.Buffers.Binary;

namespace Nines.Core.Journal;

/// <summary>Names the damaged column of an envelope: the one in which putting back a single byte makes the hash right again.</summary>
internal static class EnvelopeRepair
{
    public static string ColumnOf(StoredFact fact, byte[] previous)
    {
        var hash = new byte[FactHash.Size];
        bool Right(StoredFact candidate)
        {
            FactHash.OfFact(previous, candidate, candidate.PayloadHash, hash);
            return hash.AsSpan().SequenceEqual(fact.Hash);
        }

        if (OneByte.Repairs(fact.OccurredAtNs, v => Right(fact with { OccurredAtNs = v })))
        {
            return "occurred_at";
        }
        if (OneByte.Repairs(fact.RecordedAtNs, v => Right(fact with { RecordedAtNs = v })))
        {
            return "recorded_at";
        }
        (string Column, byte[] Value, Func<byte[], StoredFact> With)[] texts =
        [
            ("type", fact.Type, v => fact with { Type = v }),
            ("kind", fact.Kind, v => fact with { Kind = v }),
            ("actor", fact.Actor, v => fact with { Actor = v }),
            ("source", fact.Source, v => fact with { Source = v }),
            ("subject", fact.Subject, v => fact with { Subject = v }),
            ("correlation", fact.Correlation, v => fact with { Correlation = v }),
        ];
        foreach (var (column, value, with) in texts)
        {
            if (OneByte.Repairs(value, v => Right(with(v))))
            {
                return column;
            }
        }
        return OneByte.Repairs(fact.Hash, v => v.AsSpan().SequenceEqual(Computed(fact, previous))) ? "hash" : "header";
    }

    private static byte[] Computed(StoredFact fact, byte[] previous)
    {
        var hash = new byte[FactHash.Size];
        FactHash.OfFact(previous, fact, fact.PayloadHash, hash);
        return hash;
    }
}

/// <summary>Tries every change of one byte.</summary>
internal static class OneByte
{
    /// <summary>Longer values are not searched: the search costs 255 hashes per byte.</summary>
    private const int MaxLength = 512;

    public static bool Repairs(byte[] value, Func<byte[], bool> right)
    {
        if (value.Length > MaxLength)
        {
            return false;
        }
        var candidate = value.ToArray();
        for (var i = 0; i < candidate.Length; i++)
        {
            for (var other = 1; other < 256; other++)
            {
                candidate[i] = (byte)(value[i] ^ other);
                if (right(candidate))
                {
                    return true;
                }
            }
            candidate[i] = value[i];
        }
        return false;
    }

    public static bool Repairs(long value, Func<long, bool> right)
    {
        var bytes = new byte[8];
        BinaryPrimitives.WriteInt64BigEndian(bytes, value);
        return Repairs(bytes, candidate => right(BinaryPrimitives.ReadInt64BigEndian(candidate)));
    }
}
