using Nines.Metrics;

namespace Nines.Tsdb.Tests;

/// <summary>Stores in real directories.</summary>
public sealed class SnapshotTests : IDisposable
{
    private const long Begin = 1_700_006_400_000;
    private readonly string _directory = Directory.CreateTempSubdirectory("nines-tsdb-").FullName;
    private readonly ManualClock _clock = new(Begin);

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private TsdbStore Open(string name) => new(new TsdbOptions
    {
        Directory = Path.Combine(_directory, name),
        Time = _clock,
        SegmentBytes = 4000,
        SyncInterval = Timeout.InfiniteTimeSpan,
        MaintenanceInterval = Timeout.InfiniteTimeSpan,
    });

    private void Live(TsdbStore store, StoreModel model, int samples)
    {
        for (var i = 0; i < samples; i++)
        {
            _clock.Ms += 600_000;
            foreach (var name in (string[])["a", "b", "c"])
            {
                var sample = new CounterSample(_clock.Ms, i * 1.5, Begin);
                store.Append(Stores.Named(name, ("job", "api")), sample);
                model.Add(Stores.Named(name, ("job", "api")), sample);
            }
        }
    }

    [Fact]
    public void Snapshot_OfALivingStore_HoldsWhatWasCommittedAndNothingLater()
    {
        using var store = Open("live");
        var model = new StoreModel();
        Live(store, model, 100);
        store.Maintain();
        Live(store, model, 20);
        store.Snapshot(Path.Combine(_directory, "copy"));
        var later = new StoreModel();
        Live(store, later, 200);
        store.Maintain();
        using var copy = Open("copy");
        copy.ShouldHold(model);
        copy.Health.Blocks.ShouldBeGreaterThan(2);
        copy.Health.Damages.ShouldBeEmpty();
    }

    [Fact]
    public void Copy_WhileTheStoreWritesCutsAndMerges_HasEverythingCommittedBefore()
    {
        using var store = Open("live");
        var model = new StoreModel();
        Live(store, model, 60);
        for (var i = 0; i < 10; i++)
        {
            var before = model.Series.ToDictionary(s => s.Key, s => s.Value.Count);
            var stop = false;
            var writer = new Thread(() =>
            {
                while (!Volatile.Read(ref stop))
                {
                    Live(store, model, 5);
                    store.Maintain();
                }
            });
            writer.Start();
            TsdbStore.Copy(Path.Combine(_directory, "live"), Path.Combine(_directory, $"copy{i}"));
            Volatile.Write(ref stop, true);
            writer.Join();
            using var copy = Open($"copy{i}");
            var read = copy.ReadAll();
            foreach (var (labels, count) in before)
            {
                read[labels].Take(count).ShouldBe(model.Series[labels].Take(count));
            }
        }
    }

    [Fact]
    public void Read_OfASelectionWhoseBlocksWereDropped_StillAnswers()
    {
        using var store = Open("live");
        var model = new StoreModel();
        Live(store, model, 60);
        store.Maintain();
        var selected = store.Select(Stores.Everything, long.MinValue, long.MaxValue);
        _clock.Ms += 40L * 86_400_000;
        Live(store, model, 1);
        store.Maintain();
        Directory.EnumerateFiles(Path.Combine(_directory, "live", "blocks")).ShouldBeEmpty();
        GC.Collect();
        GC.WaitForPendingFinalizers();
        var columns = new SampleColumns();
        foreach (var one in selected)
        {
            columns.Clear();
            one.Read(long.MinValue, long.MaxValue, columns);
            var held = model.Series[one.Labels].Select(s => s.TimeMs).ToList();
            columns.Times.ToArray().Length.ShouldBeGreaterThan(20);
            columns.Times.ToArray().ShouldBeSubsetOf(held);
        }
    }

    [Fact]
    public void Read_WhileTheHeadIsCutAndBlocksMerge_SeesEverySampleOnce()
    {
        using var store = Open("live");
        var model = new StoreModel();
        Live(store, model, 5);
        var stop = false;
        var writer = new Thread(() =>
        {
            for (var i = 0; i < 60; i++)
            {
                Live(store, model, 8);
                store.Maintain();
            }
            Volatile.Write(ref stop, true);
        });
        writer.Start();
        using var tracked = store.Track(Stores.Everything);
        var columns = new SampleColumns();
        while (!Volatile.Read(ref stop))
        {
            foreach (var one in store.Select(Stores.Everything, long.MinValue, long.MaxValue))
            {
                columns.Clear();
                one.Read(long.MinValue, long.MaxValue, columns);
                ShouldBeWhole(columns.Times.ToArray());
            }
            foreach (var handle in tracked.Handles)
            {
                ShouldBeWhole([.. Stores.ReadAll(handle, 300).Select(s => s.TimeMs)]);
            }
        }
        writer.Join();
        store.ShouldHold(model);
    }

    [Fact]
    public void Inspection_OfAWholeAndADamagedStore_SaysSo()
    {
        using (var store = Open("live"))
        {
            Live(store, new StoreModel(), 200);
            store.Maintain();
        }
        var directory = Path.Combine(_directory, "live");
        var whole = TsdbInspection.Verify(directory);
        whole.Problems.ShouldBeEmpty();
        whole.BlockSamples.ShouldBeGreaterThan(400);
        var inventory = TsdbInspection.Inventory(directory, 2);
        inventory.Blocks.Sum(b => b.Samples).ShouldBe(whole.BlockSamples);
        inventory.Head.SeriesByLabelPair[0].ShouldBe(new TsdbCount("job=api", 3));
        var path = Path.Combine(directory, inventory.Blocks[0].Path);
        var bytes = File.ReadAllBytes(path);
        (bytes[260], bytes[^1]) = ((byte)~bytes[260], (byte)~bytes[^1]);
        File.WriteAllBytes(path, bytes);
        var problems = TsdbInspection.Verify(directory).Problems;
        problems.Count.ShouldBe(2);
        problems[0].ShouldContain("second table of contents");
        problems[1].ShouldMatch(@"^blocks/\d+\.block: \d+ samples of a\{job=""api""\} from 2023-11-15T.* to .*: its checksum is wrong$");
    }

    // Samples lie ten minutes apart, so a gap is a loss and a repeat is a repeat.
    private static void ShouldBeWhole(long[] times)
    {
        for (var i = 0; i < times.Length; i++)
        {
            times[i].ShouldBe(Begin + (i + 1) * 600_000L);
        }
    }
}
