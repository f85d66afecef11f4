using Nines.Metrics;
using Nines.Tsdb.Blocks;
using Nines.Tsdb.Bytes;
using Nines.Tsdb.Files;
using Nines.Tsdb.Tests.Files;

namespace Nines.Tsdb.Tests.Blocks;

public class BlockDamageTests
{
    private const long Begin = 1_700_006_400_000;
    private const string Path = "blocks/00000001.block";

    // Three series with some samples each, cut into one block.
    private static (MemoryFiles Disk, StoreModel Model, ManualClock Clock) Written()
    {
        var (disk, model, clock) = (new MemoryFiles(), new StoreModel(), new ManualClock(Begin + 4 * 3_600_000));
        using var store = Stores.Open(disk, time: clock, segmentBytes: 500);
        for (var i = 0; i < 30; i++)
        {
            foreach (var name in (string[])["a", "b", "c"])
            {
                var (labels, sample) = (Stores.Named(name, ("x", "1")), new CounterSample(Begin + i * 60_000, i * 1.25, i > 20 ? Begin : 0));
                store.Append(labels, sample);
                model.Add(labels, sample);
            }
        }
        store.Append(Stores.Named("now"), new CounterSample(clock.Ms, 1, 0));
        model.Add(Stores.Named("now"), new CounterSample(clock.Ms, 1, 0));
        store.Maintain();
        store.Health.Blocks.ShouldBe(1);
        store.ShouldHold(model);
        return (disk, model, clock);
    }

    [Fact]
    public void Open_AnyByteFlipped_LosesAtMostOneChunkAndNamesIt() => FlipChunks(TsdbFault.None);

    /// <summary>Flips each byte of a block in turn.</summary>
    internal static void FlipChunks(TsdbFault fault)
    {
        var (disk, model, clock) = Written();
        var toc = BlockToc.Read(disk.Files[Path].Bytes.ToArray().AsSpan(0, BlockToc.Size)).ShouldNotBeNull();
        for (var at = 0; at < disk.Files[Path].Bytes.Count; at++)
        {
            var flipped = disk.Copy();
            flipped.Files[Path].Bytes[at] ^= (byte)(1 << (at % 8));
            using var store = Stores.Open(flipped, time: clock, fault: fault);
            var read = store.ReadAll();
            var lost = model.Series.Where(s => !read.GetValueOrDefault(s.Key, []).SequenceEqual(s.Value)).ToList();
            if (at < BlockToc.Size || at >= toc.IndexAt)
            {
                lost.ShouldBeEmpty($"byte {at}: there is another copy");
                continue;
            }
            lost.Count.ShouldBe(1, $"byte {at}");
            read.GetValueOrDefault(lost[0].Key, []).ShouldBeEmpty();
            var damage = store.Health.BlockDamages.ShouldHaveSingleItem();
            (damage.Block, damage.Series, damage.FromMs, damage.ToMs, damage.Samples).ShouldBe((Path, lost[0].Key.ToString(), Begin, Begin + 29 * 60_000, 30));
        }
    }

    [Fact]
    public void Open_BothIndexesDamaged_TheBlockIsNamedAndTheRestStarts()
    {
        var (disk, _, clock) = Written();
        var bytes = disk.Files[Path].Bytes;
        var toc = BlockToc.Read(bytes.ToArray().AsSpan(0, BlockToc.Size))!;
        bytes[(int)toc.IndexAt + 40] ^= 1;
        bytes[(int)(toc.IndexAt + toc.IndexLength) + 41] ^= 1;
        using (var store = Stores.Open(disk, time: clock))
        {
            store.Health.BlockDamages.Single().ToString().ShouldBe($"{Path}: both copies of the index are damaged");
            var read = store.ReadAll();
            read.ShouldContainKey(Stores.Named("now"));
            read[Stores.Named("a", ("x", "1"))].Count.ShouldBeLessThan(10, "only what the log still has");
        }
        disk.Files.ShouldContainKey(Path + ".broken");
        using var later = Stores.Open(disk, time: clock);
        later.Health.BlockDamages.Single().ToString().ShouldBe($"{Path}.broken: was set aside, damaged beyond use");
        clock.Ms += 8 * 3_600_000;
        later.Append(Stores.Named("now"), new CounterSample(clock.Ms, 2, 0));
        later.Maintain();
        later.Health.Blocks.ShouldBe(1);
        disk.Files.ShouldNotContainKey(Path, "its number is not given again");
    }

    [Fact]
    public void Open_BlockThatCannotBeReadNow_IsRefusedAndLaterNothingIsThereTwice()
    {
        var (disk, model, clock) = Written();
        disk.Fails = _ => true;
        var refused = Should.Throw<IOException>(() => Stores.Open(disk, time: clock));
        refused.Message.ShouldStartWith($"{Path} of the metrics store cannot be read: No space left on device. The store is not opened without it.");
        disk.Fails = _ => false;
        using var store = Stores.Open(disk, time: clock);
        store.ShouldHold(model);
        clock.Ms += 8 * 3_600_000;
        store.Append(Stores.Named("now"), new CounterSample(clock.Ms, 2, 0));
        model.Add(Stores.Named("now"), new CounterSample(clock.Ms, 2, 0));
        store.Maintain();
        store.ShouldHold(model);
    }

    [Fact]
    public void Read_OfAChunkTheDiskDoesNotGive_LosesThatChunkAndNamesIt()
    {
        var (disk, model, clock) = Written();
        using var store = Stores.Open(disk, time: clock);
        disk.Bad = at => at == BlockToc.Size + 5;
        var read = store.ReadAll();
        model.Series.Remove(Stores.Named("a", ("x", "1")));
        model.Series.ShouldAllBe(s => read[s.Key].SequenceEqual(s.Value));
        store.Health.BlockDamages.ShouldHaveSingleItem().ToString().ShouldEndWith("the disk does not give it");
    }

    [Fact]
    public void Open_BytesTheDiskDoesNotGive_TakesTheOtherCopyOrIsRefused()
    {
        var (disk, model, clock) = Written();
        var toc = BlockToc.Read(disk.Files[Path].Bytes.ToArray().AsSpan(0, BlockToc.Size))!;
        foreach (var bad in (long[])[5, toc.IndexAt + 50, disk.Files[Path].Bytes.Count - 5])
        {
            disk.Bad = at => at == bad;
            using var store = Stores.Open(disk, time: clock);
            store.ShouldHold(model);
        }
        foreach (var bad in (long[][])[[5, disk.Files[Path].Bytes.Count - 5], [toc.IndexAt + 50, toc.IndexAt + toc.IndexLength + 50]])
        {
            disk.Bad = at => bad.Contains(at);
            Should.Throw<IOException>(() => Stores.Open(disk, time: clock)).Message.ShouldContain("cannot be read: the disk does not give it");
        }
        disk.Files.ShouldContainKey(Path);
    }

    [Fact]
    public void FileMap_OfAFileThatWasCut_SaysWhatCannotBeRead()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "elsewhere nobody tells");
        var path = System.IO.Path.GetTempFileName();
        try
        {
            File.WriteAllBytes(path, new byte[300_000]);
            var map = new DirectoryFiles(System.IO.Path.GetDirectoryName(path)!).Map(System.IO.Path.GetFileName(path));
            map.CanRead(0, 300_000).ShouldBeTrue();
            map.CanRead(299_999, 2).ShouldBeFalse();
            map.Rest();
            using (var file = File.OpenHandle(path, FileMode.Open, FileAccess.Write))
            {
                RandomAccess.SetLength(file, 100_000);
            }
            map.CanRead(0, 65_536).ShouldBeTrue();
            map.CanRead(60_000, 100_000).ShouldBeFalse();
            map.CanRead(250_000, 10).ShouldBeFalse();
            GC.KeepAlive(map);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void Open_NewerVersion_Refuses()
    {
        var (disk, _, clock) = Written();
        var toc = disk.Files[Path].Bytes[..BlockToc.Size].ToArray();
        toc[8] = 2;
        BitConverter.GetBytes(Crc32C.Of(toc.AsSpan(0, BlockToc.Size - 4))).CopyTo(toc, BlockToc.Size - 4);
        for (var i = 0; i < toc.Length; i++)
        {
            disk.Files[Path].Bytes[i] = toc[i];
        }
        Should.Throw<InvalidDataException>(() => Stores.Open(disk, time: clock)).Message.ShouldContain("newer version");
    }

    [Fact]
    public void Merge_OfADamagedBlock_KeepsTheRestAndStillNamesTheLoss()
    {
        var (disk, model, clock) = Written();
        disk.Files[Path].Bytes[BlockToc.Size + 5] ^= 1;
        using var store = Stores.Open(disk, time: clock);
        for (var hour = 4; hour <= 36; hour++)
        {
            clock.Ms = Begin + hour * 3_600_000;
            store.Append(Stores.Named("later"), new CounterSample(clock.Ms, hour, 0));
            model.Add(Stores.Named("later"), new CounterSample(clock.Ms, hour, 0));
            store.Maintain();
        }
        disk.Files.ShouldNotContainKey(Path);
        store.Health.BlockDamages.Single().Series.ShouldBe("a{x=\"1\"}");
        model.Series.Remove(Stores.Named("a", ("x", "1")));
        store.ShouldHold(model);
    }
}
