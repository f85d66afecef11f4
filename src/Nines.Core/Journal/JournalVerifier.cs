namespace Nines.Core.Journal;

/// <summary>Something in the journal that is not as it was written.</summary>
/// <param name="Seq">The fact's number.</param>
/// <param name="Column">The damaged column, or <c>header</c> when more than one byte of the envelope differs.</param>
/// <param name="Explanation">What was found, in a sentence.</param>
public sealed record JournalFinding(long Seq, string Column, string Explanation);

/// <summary>What came of verifying a journal.</summary>
/// <param name="Facts">How many facts were read.</param>
/// <param name="Erased">How many of them have an erased payload.</param>
/// <param name="Findings">What is wrong, at most <see cref="JournalVerifier.MaxFindings"/>; empty when the journal is whole.</param>
public sealed record JournalVerification(long Facts, long Erased, IReadOnlyList<JournalFinding> Findings)
{
    /// <summary>Whether nothing is wrong.</summary>
    public bool Whole => Findings.Count == 0;
}

/// <summary>Checks a journal fact by fact, in order of <c>seq</c>, holding one fact at a time.</summary>
public sealed class JournalVerifier
{
    /// <summary>After so many findings the rest is not listed.</summary>
    public const int MaxFindings = 100;

    private readonly List<JournalFinding> _findings = [];
    private readonly byte[] _computed = new byte[FactHash.Size];
    private readonly byte[] _payloadHash = new byte[FactHash.Size];
    private byte[] _previous = FactChain.Empty.Hash;
    private bool _previousKnown = true;
    private long _seq;
    private long _facts;
    private long _erased;
    private Suspect? _suspect;

    /// <summary>Takes the next fact.</summary>
    public void Add(StoredFact fact)
    {
        _facts++;
        if (fact.ForeignColumn is { } foreign)
        {
            Find(fact.Seq, foreign, "is stored with another storage class than it was written with");
        }
        if (fact.Seq != _seq + 1)
        {
            Settle(null);
            var text = fact.Seq > _seq + 1
                ? $"follows fact {_seq}: {fact.Seq - _seq - 1} facts are missing, or their numbers were changed"
                : $"follows fact {_seq}";
            Find(fact.Seq, "seq", text);
            _previousKnown = false;
        }
        _seq = fact.Seq;
        if (fact.PayloadHash.Length != FactHash.Size || fact.Hash.Length != FactHash.Size)
        {
            Settle(null);
            Find(fact.Seq, fact.Hash.Length != FactHash.Size ? "hash" : "payload_hash", "does not have 32 bytes");
            _previousKnown = false;
            return;
        }
        CheckPayload(fact, out var payloadIntact);
        CheckLink(fact, payloadIntact);
    }

    /// <summary>Compares the end with the head row and gives the result.</summary>
    public JournalVerification Finish(JournalHead head)
    {
        if (_suspect is not null)
        {
            Settle(suspect => head.Hash.AsSpan().SequenceEqual(suspect.Fact.Hash) ? Verdict.StoredHashRight
                : head.Hash.AsSpan().SequenceEqual(suspect.Computed) ? Verdict.StoredHashWrong : Verdict.Unknown);
        }
        else if (_facts > 0 && _previousKnown && head.Seq == _seq && !head.Hash.AsSpan().SequenceEqual(_previous))
        {
            Find(head.Seq, "journal_head.hash", "is not the hash of the last fact");
        }
        if (head.Seq != _seq)
        {
            Find(head.Seq, "journal_head.seq", $"says that the journal ends at fact {head.Seq}, but the last one is {_seq}");
        }
        return new JournalVerification(_facts, _erased, _findings);
    }

    private void CheckPayload(StoredFact fact, out bool intact)
    {
        intact = true;
        if (fact.Payload is null)
        {
            _erased++;
            fact.PayloadHash.CopyTo(_payloadHash, 0);
            if (fact.Salt is not null)
            {
                Find(fact.Seq, "payload", "is gone though its salt is there: it was not erased by Nines");
            }
            return;
        }
        if (fact.Salt is null)
        {
            Find(fact.Seq, "salt", "is gone though the payload is there");
            fact.PayloadHash.CopyTo(_payloadHash, 0);
            return;
        }
        FactHash.OfPayload(fact.Payload, fact.Salt, _payloadHash);
        intact = _payloadHash.AsSpan().SequenceEqual(fact.PayloadHash);
    }

    private void CheckLink(StoredFact fact, bool payloadIntact)
    {
        var linked = Links(_previous, fact, fact.PayloadHash);
        if (_suspect is { } before)
        {
            var stored = linked || Links(before.Fact.Hash, fact, _payloadHash);
            var computed = !stored && (Links(before.Computed, fact, fact.PayloadHash) || Links(before.Computed, fact, _payloadHash));
            Settle(_ => stored ? Verdict.StoredHashRight : computed ? Verdict.StoredHashWrong : Verdict.Unknown);
            if (computed)
            {
                _previous = before.Computed;
                linked = Links(_previous, fact, fact.PayloadHash);
            }
        }
        if (!payloadIntact)
        {
            NameInPayload(fact, linked);
        }
        if (!linked && _previousKnown && (payloadIntact || !Links(_previous, fact, _payloadHash)))
        {
            FactHash.OfFact(_previous, fact, fact.PayloadHash, _computed);
            _suspect = new Suspect(fact, _previous, _computed.ToArray());
        }
        _previous = fact.Hash;
        _previousKnown = true;
    }

    private bool Links(byte[] previous, StoredFact fact, byte[] payloadHash)
    {
        FactHash.OfFact(previous, fact, payloadHash, _computed);
        return _computed.AsSpan().SequenceEqual(fact.Hash);
    }

    private void NameInPayload(StoredFact fact, bool linked)
    {
        if (!linked && _previousKnown && Links(_previous, fact, _payloadHash))
        {
            Find(fact.Seq, "payload_hash", "is not the hash of the payload, which is intact");
            return;
        }
        var salted = OneByte.Repairs(fact.Salt!, salt =>
        {
            FactHash.OfPayload(fact.Payload, salt, _computed);
            return _computed.AsSpan().SequenceEqual(fact.PayloadHash);
        });
        Find(fact.Seq, salted ? "salt" : "payload", "does not match the hash taken when it was recorded");
    }

    private void Settle(Func<Suspect, Verdict>? judge)
    {
        if (_suspect is not { } suspect)
        {
            return;
        }
        _suspect = null;
        var verdict = judge?.Invoke(suspect) ?? Verdict.Unknown;
        if (verdict == Verdict.StoredHashWrong)
        {
            Find(suspect.Fact.Seq, "hash", "is not the hash of the fact, which the next link confirms");
            return;
        }
        var column = EnvelopeRepair.ColumnOf(suspect.Fact, suspect.Previous);
        Find(suspect.Fact.Seq, column, column == "header" ? "or its hash was changed" : "was changed");
    }

    private void Find(long seq, string column, string text)
    {
        if (_findings.Count < MaxFindings)
        {
            _findings.Add(new JournalFinding(seq, column, $"fact {seq}: {column} {text}"));
        }
    }

    private enum Verdict { Unknown, StoredHashRight, StoredHashWrong }

    private sealed record Suspect(StoredFact Fact, byte[] Previous, byte[] Computed);
}
