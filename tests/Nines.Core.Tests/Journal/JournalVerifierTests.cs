using System.Text;
using Nines.Core.Journal;

namespace Nines.Core.Tests.Journal;

public sealed class JournalVerifierTests
{
    [Fact]
    public void Whole_journal_has_no_findings()
    {
        var (facts, head) = Journal(50);
        Verify(facts, head).ShouldBeEmpty();
    }

    [Fact]
    public void Empty_journal_is_whole() => Verify([], FactChain.Empty).ShouldBeEmpty();

    [Fact]
    public void Erased_payload_leaves_the_chain_whole()
    {
        var (facts, head) = Journal(5);
        facts[2] = facts[2] with { Payload = null, Salt = null };
        var verifier = new JournalVerifier();
        facts.ForEach(verifier.Add);
        var result = verifier.Finish(head);
        result.Whole.ShouldBeTrue();
        result.Erased.ShouldBe(1);
    }

    public static TheoryData<string, int> Columns()
    {
        var data = new TheoryData<string, int>();
        foreach (var column in (string[])["occurred_at", "recorded_at", "type", "subject", "actor", "source", "correlation", "kind", "payload", "salt", "payload_hash", "hash"])
        {
            data.Add(column, 1);
            data.Add(column, 3);
            data.Add(column, 5);
        }
        return data;
    }

    [Theory]
    [MemberData(nameof(Columns))]
    public void Flipped_byte_anywhere_is_named_by_seq_and_column(string column, int seq)
    {
        var (facts, head) = Journal(5);
        var original = facts[seq - 1];
        for (var at = 0; at < Size(original, column); at++)
        {
            foreach (var mask in (byte[])[0x01, 0x20, 0x80])
            {
                facts[seq - 1] = Flip(original, column, at, mask);
                var finding = Verify(facts, head).ShouldHaveSingleItem();
                (finding.Seq, finding.Column).ShouldBe((seq, column), $"byte {at}, mask {mask}");
            }
        }
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(2, 3)]
    public void Missing_fact_is_found(int removed, long missingSeq)
    {
        var (facts, head) = Journal(5);
        facts.RemoveAt(removed);
        Verify(facts, head).ShouldHaveSingleItem().Column.ShouldBe("seq");
        missingSeq.ShouldBe(removed + 1);
    }

    [Fact]
    public void Missing_last_fact_is_found_by_the_head()
    {
        var (facts, head) = Journal(5);
        facts.RemoveAt(4);
        Verify(facts, head).ShouldHaveSingleItem().Column.ShouldBe("journal_head.seq");
    }

    [Fact]
    public void Changed_number_is_found()
    {
        var (facts, head) = Journal(5);
        facts[2] = facts[2] with { Seq = 700 };
        Verify([.. facts.OrderBy(f => f.Seq)], head).ShouldContain(f => f.Column == "seq");
    }

    [Fact]
    public void Changed_head_hash_is_found()
    {
        var (facts, head) = Journal(5);
        var hash = head.Hash.ToArray();
        hash[7] ^= 1;
        Verify(facts, head with { Hash = hash }).ShouldHaveSingleItem().Column.ShouldBe("journal_head.hash");
    }

    [Fact]
    public void Rewritten_fact_with_matching_hashes_is_found_by_its_successor()
    {
        var (facts, head) = Journal(5);
        var forged = FactChain.Link(new JournalHead(2, facts[1].Hash), Sample(3) with { Actor = "person:mallory" }, 1, new byte[FactHash.SaltSize]);
        facts[2] = forged;
        Verify(facts, head).ShouldHaveSingleItem().Seq.ShouldBe(4);
    }

    [Fact]
    public void Two_damaged_facts_are_both_named()
    {
        var (facts, head) = Journal(6);
        facts[1] = Flip(facts[1], "actor", 0, 1);
        facts[4] = Flip(facts[4], "payload", 3, 1);
        Verify(facts, head).Select(f => (f.Seq, f.Column)).ShouldBe([(2, "actor"), (5, "payload")]);
    }

    /// <summary>The bytes are for ever: this hash was computed once, by hand from docs/formats/journal.md (see the plain reference below).</summary>
    [Fact]
    public void Hash_equals_the_plain_reading_of_the_format()
    {
        var salt = Enumerable.Range(0, FactHash.SaltSize).Select(i => (byte)i).ToArray();
        var fact = FactChain.Link(FactChain.Empty, Sample(1), 2_000, salt);
        var header = new List<byte> { 1 };
        header.AddRange(Big(1));
        header.AddRange(Big(1_001));
        header.AddRange(Big(2_000));
        foreach (var text in (string[])["test.sample/1", "sample/1", "person:ann", "server", "c1", "normal"])
        {
            header.AddRange(Big(text.Length)[4..]);
            header.AddRange(Encoding.UTF8.GetBytes(text));
        }
        var payloadHash = System.Security.Cryptography.SHA256.HashData([.. """{"n":1}"""u8, .. salt]);
        fact.PayloadHash.ShouldBe(payloadHash);
        fact.Hash.ShouldBe(System.Security.Cryptography.SHA256.HashData([.. new byte[32], .. header, .. payloadHash]));
        Convert.ToHexStringLower(fact.Hash).ShouldBe(Golden);
    }

    private const string Golden = "6bdcb879d786fe222fc5bd1bbe0db5443d00554609eb33fc533da56ac7ebb3f1";

    private static byte[] Big(long value)
    {
        var bytes = BitConverter.GetBytes(value);
        Array.Reverse(bytes);
        return bytes;
    }

    private static IReadOnlyList<JournalFinding> Verify(List<StoredFact> facts, JournalHead head)
    {
        var verifier = new JournalVerifier();
        facts.ForEach(verifier.Add);
        return verifier.Finish(head).Findings;
    }

    private static Core.Journal.Fact Sample(int n) =>
        new("test.sample/1", $"sample/{n}", 1_000 + n, "person:ann", Encoding.UTF8.GetBytes($$"""{"n":{{n}}}""")) { Correlation = "c1" };

    private static (List<StoredFact> Facts, JournalHead Head) Journal(int count)
    {
        var random = new Random(7);
        var head = FactChain.Empty;
        var facts = new List<StoredFact>();
        for (var n = 1; n <= count; n++)
        {
            var salt = new byte[FactHash.SaltSize];
            random.NextBytes(salt);
            var fact = FactChain.Link(head, Sample(n), 2_000 + n, salt);
            facts.Add(fact);
            head = new JournalHead(fact.Seq, fact.Hash);
        }
        return (facts, head);
    }

    private static int Size(StoredFact fact, string column) => column.EndsWith("_at", StringComparison.Ordinal) ? 8 : Bytes(fact, column).Length;

    private static byte[] Bytes(StoredFact fact, string column) => column switch
    {
        "type" => fact.Type,
        "subject" => fact.Subject,
        "actor" => fact.Actor,
        "source" => fact.Source,
        "correlation" => fact.Correlation,
        "kind" => fact.Kind,
        "payload" => fact.Payload!,
        "salt" => fact.Salt!,
        "payload_hash" => fact.PayloadHash,
        _ => fact.Hash,
    };

    private static StoredFact Flip(StoredFact fact, string column, int at, byte mask)
    {
        if (column == "occurred_at")
        {
            return fact with { OccurredAtNs = fact.OccurredAtNs ^ ((long)mask << (8 * at)) };
        }
        if (column == "recorded_at")
        {
            return fact with { RecordedAtNs = fact.RecordedAtNs ^ ((long)mask << (8 * at)) };
        }
        var bytes = Bytes(fact, column).ToArray();
        bytes[at] ^= mask;
        return column switch
        {
            "type" => fact with { Type = bytes },
            "subject" => fact with { Subject = bytes },
            "actor" => fact with { Actor = bytes },
            "source" => fact with { Source = bytes },
            "correlation" => fact with { Correlation = bytes },
            "kind" => fact with { Kind = bytes },
            "payload" => fact with { Payload = bytes },
            "salt" => fact with { Salt = bytes },
            "payload_hash" => fact with { PayloadHash = bytes },
            _ => fact with { Hash = bytes },
        };
    }
}
