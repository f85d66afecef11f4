using System.Text;

namespace Nines.Core.Journal;

/// <summary>Links facts to the end of a journal: the only place where hashes are made.</summary>
public static class FactChain
{
    /// <summary>The end of an empty journal.</summary>
    public static readonly JournalHead Empty = new(0, new byte[FactHash.Size]);

    /// <summary>The fact as it is to be stored after <paramref name="head"/>.</summary>
    /// <param name="salt"><see cref="FactHash.SaltSize"/> random bytes, used for no other fact.</param>
    public static StoredFact Link(JournalHead head, Fact fact, long recordedAtNs, byte[] salt)
    {
        var payload = fact.Payload.ToArray();
        var payloadHash = new byte[FactHash.Size];
        FactHash.OfPayload(payload, salt, payloadHash);
        var hash = new byte[FactHash.Size];
        var stored = new StoredFact
        {
            Seq = head.Seq + 1,
            OccurredAtNs = fact.OccurredAtNs,
            RecordedAtNs = recordedAtNs,
            Type = Encoding.UTF8.GetBytes(fact.Type),
            Subject = Encoding.UTF8.GetBytes(fact.Subject),
            Actor = Encoding.UTF8.GetBytes(fact.Actor),
            Source = Encoding.UTF8.GetBytes(fact.Source),
            Correlation = Encoding.UTF8.GetBytes(fact.Correlation),
            Kind = Encoding.UTF8.GetBytes(WordOf(fact.Kind)),
            Payload = payload,
            Salt = salt,
            PayloadHash = payloadHash,
            Hash = hash,
        };
        FactHash.OfFact(head.Hash, stored, payloadHash, hash);
        return stored;
    }

    /// <summary>The word a kind is stored as.</summary>
    public static string WordOf(FactKind kind) => kind switch
    {
        FactKind.Normal => "normal",
        FactKind.Test => "test",
        FactKind.Drill => "drill",
        FactKind.Example => "example",
        FactKind.Backfilled => "backfilled",
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };
}
