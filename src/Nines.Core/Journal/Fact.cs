namespace Nines.Core.Journal;

/// <summary>What a fact is to be taken for when figures are computed from the journal.</summary>
public enum FactKind
{
    /// <summary>It happened in the course of work.</summary>
    Normal,
    /// <summary>Someone tried whether something works.</summary>
    Test,
    /// <summary>It belongs to an exercise.</summary>
    Drill,
    /// <summary>It is shown, and never happened.</summary>
    Example,
    /// <summary>It was entered later from another record.</summary>
    Backfilled,
}

/// <summary>Something that happened, to be appended to the journal. The store adds sequence, time of recording, salt and hash.</summary>
/// <param name="Type">An explicit type with version, such as <c>workspace.activated/1</c>; never a class name.</param>
/// <param name="Subject">What it is about, as <c>kind/id</c>; may be empty.</param>
/// <param name="OccurredAtNs">When it happened, nanoseconds since the Unix epoch.</param>
/// <param name="Actor">Who did it, from the credential (<c>person:…</c>, <c>token:…</c>, <c>system</c>).</param>
/// <param name="Payload">The details: the exact UTF-8 bytes of a JSON document.</param>
public sealed record Fact(string Type, string Subject, long OccurredAtNs, string Actor, ReadOnlyMemory<byte> Payload)
{
    /// <summary>Through which door it came (<c>server</c>, <c>cli</c>, <c>api</c>).</summary>
    public string Source { get; init; } = "server";

    /// <summary>What ties facts of one chain of events together; may be empty.</summary>
    public string Correlation { get; init; } = "";

    /// <summary>What it is to be taken for.</summary>
    public FactKind Kind { get; init; }
}

/// <summary>A fact as stored, each column as the bytes that are there, so that a damaged one can be named.</summary>
public sealed record StoredFact
{
    /// <summary>Its number in the journal, from 1, without gaps.</summary>
    public required long Seq { get; init; }

    /// <summary>When it happened, nanoseconds since the Unix epoch.</summary>
    public required long OccurredAtNs { get; init; }

    /// <summary>When it was recorded, nanoseconds since the Unix epoch.</summary>
    public required long RecordedAtNs { get; init; }

    /// <summary>The type, UTF-8.</summary>
    public required byte[] Type { get; init; }

    /// <summary>What it is about, UTF-8.</summary>
    public required byte[] Subject { get; init; }

    /// <summary>Who did it, UTF-8.</summary>
    public required byte[] Actor { get; init; }

    /// <summary>Through which door, UTF-8.</summary>
    public required byte[] Source { get; init; }

    /// <summary>The chain of events, UTF-8.</summary>
    public required byte[] Correlation { get; init; }

    /// <summary>The kind's word in lower case, UTF-8.</summary>
    public required byte[] Kind { get; init; }

    /// <summary>The payload's bytes; null when erased.</summary>
    public byte[]? Payload { get; init; }

    /// <summary>The random bytes hashed with the payload (<see cref="FactHash.SaltSize"/>); null when the payload is erased.</summary>
    public byte[]? Salt { get; init; }

    /// <summary>SHA-256 of payload and salt; stays when they are erased.</summary>
    public required byte[] PayloadHash { get; init; }

    /// <summary>The link of the chain.</summary>
    public required byte[] Hash { get; init; }

    /// <summary>The first column whose storage class is not the one it was written with; null when all are right.</summary>
    public string? ForeignColumn { get; init; }
}

/// <summary>Where the journal ends.</summary>
/// <param name="Seq">Number of the last fact; 0 when there is none.</param>
/// <param name="Hash">Its hash; <see cref="FactHash.Size"/> zero bytes when there is none.</param>
public sealed record JournalHead(long Seq, byte[] Hash);
