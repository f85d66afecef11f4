using Nines.Metrics;
using Nines.Tsdb.Bytes;
using Nines.Tsdb.Log;
using Nines.Tsdb.Tests.Files;

namespace Nines.Tsdb.Tests.Log;

public class LogDamageTests
{
    private const int Commits = 6;

    // Two series; the k-th commit adds one sample to each, the second one with a start timestamp.
    private static (MemoryFiles Disk, List<int> Ends) Written()
    {
        var disk = new MemoryFiles();
        using var store = Stores.Open(disk);
        var ends = new List<int>();
        for (var k = 1; k <= Commits; k++)
        {
            using var append = store.Begin();
            append.Add(append.Series(Stores.Named("a", ("x", "1")), true, 15_000), new CounterSample(k * 1000, k * 1.5, 0));
            append.Add(append.Series(Stores.Named("b"), false, 15_000), new CounterSample(k * 1000, k, 77));
            append.Commit();
            ends.Add(disk.Files.Values.Single().Bytes.Count);
        }
        return (disk, ends);
    }

    private static List<CounterSample> A(params int[] commits) => [.. commits.Select(k => new CounterSample(k * 1000, k * 1.5, 0))];

    private static List<CounterSample> B(params int[] commits) => [.. commits.Select(k => new CounterSample(k * 1000, k, 77))];

    [Fact]
    public void Replay_TornAtEveryLength_KeepsEveryWholeCommit()
    {
        var (disk, ends) = Written();
        var name = disk.Files.Keys.Single();
        for (var length = 0; length < ends[^1]; length++)
        {
            var torn = disk.Copy();
            torn.Truncate(name, length);
            using (var store = Stores.Open(torn))
            {
                var whole = Enumerable.Range(1, ends.Count(e => e <= length)).ToArray();
                var read = store.ReadAll();
                // A commit torn between its records may show the samples but not the second copy of the names.
                read.GetValueOrDefault(Stores.Named("a", ("x", "1")), []).Take(whole.Length).ShouldBe(A(whole));
                read.GetValueOrDefault(Stores.Named("b"), []).Take(whole.Length).ShouldBe(B(whole));
                store.Append(Stores.Named("b"), new CounterSample(1_000_000, 9, 77));
            }
            using var again = Stores.Open(torn);
            again.ReadAll()[Stores.Named("b")][^1].TimeMs.ShouldBe(1_000_000);
            again.Health.Damages.Count(d => d.Offset >= LogFormat.SegmentHeader).ShouldBe(0, "the torn end was cut");
        }
    }

    [Fact]
    public void Replay_AnyByteFlipped_LosesAtMostThatRecordAndNamesIt()
    {
        var (disk, ends) = Written();
        var name = disk.Files.Keys.Single();
        for (var at = 0; at < ends[^1]; at++)
        {
            foreach (var mask in (byte[])[0x01, 0x80, 0xff])
            {
                var flipped = disk.Copy();
                flipped.Files[name].Bytes[at] ^= mask;
                using var store = Stores.Open(flipped);
                var damages = store.Health.Damages;
                damages.ShouldNotBeEmpty();
                damages.ShouldAllBe(d => d.Segment == name);
                damages.ShouldContain(d => d.Offset <= at && at < d.Offset + d.Length);
                store.Health.LostSamples.ShouldBe(0);
                var hit = at < LogFormat.SegmentHeader ? 0 : ends.FindIndex(e => at < e) + 1;
                var read = store.ReadAll();
                var missing = Enumerable.Range(1, Commits).Where(k => read[Stores.Named("b")].All(s => s.TimeMs != k * 1000)).ToArray();
                missing.ShouldBeSubsetOf([hit]);
                var left = Enumerable.Range(1, Commits).Except(missing).ToArray();
                read[Stores.Named("a", ("x", "1"))].ShouldBe(A(left));
                read[Stores.Named("b")].ShouldBe(B(left));
            }
        }
    }

    [Theory]
    [InlineData("log/notes.txt")]
    [InlineData("log/00000000.log.swp")]
    [InlineData("log/zz.log")]
    [InlineData("blocks/zz.block")]
    [InlineData("blocks/notes.txt")]
    public void Open_AFileThatIsNoneOfOurs_IsLeftAlone(string stray)
    {
        var (disk, _) = Written();
        disk.Files[stray] = new MemoryFiles.Content("what someone left there"u8.ToArray(), 0);
        using (var store = Stores.Open(disk))
        {
            store.Health.Damages.ShouldBeEmpty();
            store.Health.BlockDamages.ShouldBeEmpty();
            store.Append(Stores.Named("b"), new CounterSample(1_000_000, 9, 77));
            store.Maintain();
        }
        disk.Files[stray].Bytes.Count.ShouldBe(23);
        using var again = Stores.Open(disk);
        again.Health.Damages.ShouldBeEmpty();
        again.ReadAll()[Stores.Named("b")].Count.ShouldBe(Commits + 1);
    }

    [Fact]
    public void Open_NewerVersion_Refuses()
    {
        var (disk, _) = Written();
        var bytes = disk.Files.Values.Single().Bytes;
        bytes[8] = 2;
        var crc = BitConverter.GetBytes(Crc32C.Of([.. bytes[..12]]));
        for (var i = 0; i < 4; i++)
        {
            bytes[12 + i] = crc[i];
        }
        Should.Throw<InvalidDataException>(() => Stores.Open(disk)).Message.ShouldContain("newer version");
    }

    [Fact]
    public void Crc_KnownVector_IsCastagnoli() => Crc32C.Of("123456789"u8).ShouldBe(0xE3069283u);
}
