using Nines.Metrics;
using Nines.Tsdb.Blocks;
using Nines.Tsdb.Head;
using Nines.Tsdb.Tests.Files;

namespace Nines.Tsdb.Tests;

public class TsdbStoreTests
{
    private static readonly Matcher IsApi = new("job", MatchOp.Equal, "api");

    [Fact]
    public void Track_SeriesBornLater_AppearAndUnchangedListIsTheSameObject()
    {
        using var store = Stores.Open(new MemoryFiles());
        store.Append(Stores.Named("m", ("job", "api"), ("code", "200")), new CounterSample(1, 1, 0));
        using var tracked = store.Track([IsApi, new("code", MatchOp.Regex, "[25]..")]);
        var before = tracked.Handles;
        before.Count.ShouldBe(1);
        store.Append(Stores.Named("m", ("job", "api"), ("code", "200")), new CounterSample(2, 1, 0));
        store.Append(Stores.Named("m", ("job", "api"), ("code", "404")), new CounterSample(2, 1, 0));
        store.Append(Stores.Named("m", ("job", "web"), ("code", "500")), new CounterSample(2, 1, 0));
        tracked.Handles.ShouldBeSameAs(before);
        store.Append(Stores.Named("m", ("job", "api"), ("code", "500")), new CounterSample(3, 1, 0));
        tracked.Handles.Count.ShouldBe(2);
        before.Count.ShouldBe(1);
        tracked.Handles[1].BornInKnownTarget.ShouldBeTrue();
        tracked.Handles[1].IntervalMs.ShouldBe(15_000);
    }

    [Fact]
    public void Track_SeriesNeverCommitted_IsNotSeen()
    {
        using var store = Stores.Open(new MemoryFiles());
        using var tracked = store.Track(Stores.Everything);
        using (var append = store.Begin())
        {
            append.Add(append.Series(Stores.Named("m"), false, 0), new CounterSample(1, 1, 0));
        }
        tracked.Handles.ShouldBeEmpty();
        store.Append(Stores.Named("m"), new CounterSample(1, 1, 0));
        tracked.Handles.Count.ShouldBe(1);
    }

    [Fact]
    public void Restart_BirthFactsAndTrackedSeries_AreKept()
    {
        var disk = new MemoryFiles();
        using (var store = Stores.Open(disk))
        {
            using var append = store.Begin();
            append.Add(append.Series(Stores.Named("known"), true, 15_000), new CounterSample(1, 1, 5));
            append.Add(append.Series(Stores.Named("unknown"), false, 0), new CounterSample(1, 1, 0));
            append.Commit();
        }
        using var replayed = Stores.Open(disk);
        using var tracked = replayed.Track(Stores.Everything);
        tracked.Handles.Select(h => (h.Labels.Name, h.BornInKnownTarget, h.IntervalMs))
            .ShouldBe([("known", true, 15_000), ("unknown", false, 0)], ignoreOrder: true);
    }

    [Fact]
    public void Add_NotNewer_IsRefusedUnlessTheSame()
    {
        using var store = Stores.Open(new MemoryFiles());
        store.Append(Stores.Named("m"), new CounterSample(10, 1, 0));
        using var append = store.Begin();
        var series = append.Series(Stores.Named("m"), false, 0);
        append.Add(series, new CounterSample(10, 1, 0)).ShouldBe(Refusal.None);
        append.Add(series, new CounterSample(10, 2, 0)).ShouldBe(Refusal.Duplicate);
        append.Add(series, new CounterSample(9, 1, 0)).ShouldBe(Refusal.OutOfOrder);
        append.Add(series, new CounterSample(12, 1, 0)).ShouldBe(Refusal.None);
        append.Add(series, new CounterSample(12, 1, 0)).ShouldBe(Refusal.None);
        append.Add(series, new CounterSample(12, 3, 0)).ShouldBe(Refusal.Duplicate);
        append.Add(series, new CounterSample(11, 1, 0)).ShouldBe(Refusal.OutOfOrder);
        append.Add(series + 1, new CounterSample(13, 1, 0)).ShouldBe(Refusal.UnknownSeries);
        append.Commit().ShouldBe(new Committed(1, default));
        store.Health.RefusedSamples.ShouldBe(5);
        store.Health.AppendedSamples.ShouldBe(2);
    }

    [Fact]
    public void Commit_TwoAppendsSideBySide_TheLaterOneYields()
    {
        using var store = Stores.Open(new MemoryFiles());
        using var slow = store.Begin();
        var series = slow.Series(Stores.Named("m"), false, 0);
        slow.Add(series, new CounterSample(5, 5, 0)).ShouldBe(Refusal.None);
        slow.Add(series, new CounterSample(10, 7, 0)).ShouldBe(Refusal.None);
        slow.Add(series, new CounterSample(11, 11, 0)).ShouldBe(Refusal.None);
        store.Append(Stores.Named("m"), new CounterSample(10, 10, 0));
        var committed = slow.Commit();
        (committed.Samples, committed.Refused.ToString()).ShouldBe((1, "1 out of order, 1 with a second value for their time"));
        store.ReadAll()[Stores.Named("m")].ShouldBe([new CounterSample(10, 10, 0), new CounterSample(11, 11, 0)]);
    }

    [Fact]
    public void Series_BeyondTheLimit_IsRefusedAndCounted()
    {
        using var store = Stores.Open(new MemoryFiles(), maxSeries: 1);
        store.Append(Stores.Named("a"), new CounterSample(1, 1, 0));
        using var append = store.Begin();
        append.Series(Stores.Named("b"), false, 0, out var why).ShouldBe(0);
        why.ShouldBe(Refusal.SeriesLimit);
        append.Add(append.Series(Stores.Named("a"), false, 0), new CounterSample(2, 1, 0)).ShouldBe(Refusal.None);
        store.Health.RefusedSeries.ShouldBe(1);
    }

    [Fact]
    public void Series_ThatNeverGotASample_IsForgotten()
    {
        using var store = Stores.Open(new MemoryFiles(), maxSeries: 1);
        var early = store.Begin();
        var reference = early.Series(Stores.Named("a"), true, 15_000);
        early.Add(reference, new CounterSample(1, 1, 0)).ShouldBe(Refusal.None);
        store.Maintain();
        store.Health.Series.ShouldBe(0);
        using (var append = store.Begin())
        {
            append.Series(Stores.Named("b"), false, 0).ShouldBeGreaterThan(0);
        }
        store.Maintain();
        early.Commit().Samples.ShouldBe(1, "its sample brings it back");
        using var tracked = store.Track(Stores.Everything);
        tracked.Handles.Single().BornInKnownTarget.ShouldBeTrue();
    }

    [Fact]
    public void Series_ComeAndGo_GiveTheirMemoryBackAndTheirReferencesAreUnknown()
    {
        var registry = new SeriesRegistry(int.MaxValue, new BlockSet(new MemoryFiles(), TsdbFault.None));
        var (first, last) = (0L, 0L);
        for (var i = 0; i < 300_000; i++)
        {
            last = registry.GetOrAdd(Stores.Named("m", ("i", $"{i}")), false, 0, out _)!.Reference;
            first = first == 0 ? last : first;
            if (i % 10_000 == 0)
            {
                registry.DropBefore(1);
            }
        }
        registry.DropBefore(1);
        registry[first].ShouldBeNull();
        registry[last].ShouldNotBeNull();
        registry.ReferencePages.ShouldBeLessThanOrEqualTo(65_536 / 1024 + 2);
    }

    [Fact]
    public void Series_AfterTheLastReference_TakesTheFirstFreeOne()
    {
        var registry = new SeriesRegistry(int.MaxValue, new BlockSet(new MemoryFiles(), TsdbFault.None));
        registry.Restore(1, Stores.Named("a"), false, 0);
        registry.Restore(SeriesRegistry.MaxReference, Stores.Named("b"), false, 0);
        registry.GetOrAdd(Stores.Named("c"), false, 0, out _)!.Reference.ShouldBe(2);
        registry[2]!.Labels.ShouldBe(Stores.Named("c"));
        registry[SeriesRegistry.MaxReference]!.Labels.ShouldBe(Stores.Named("b"));
    }

    [Fact]
    public void Series_OfLabelsThatAreNotUnicode_IsRefused()
    {
        using var store = Stores.Open(new MemoryFiles());
        store.Append(Stores.Named("m", ("a", "\ufffd")), new CounterSample(1, 1, 0));
        using var append = store.Begin();
        foreach (var bad in (string[])["\ud83d", "\ude00x", "a\ud83d\ud83d\ude00"])
        {
            append.Series(Stores.Named("m", ("a", bad)), false, 0, out var why).ShouldBe(0);
            why.ShouldBe(Refusal.InvalidLabels);
            append.Series(Stores.Named("m", (bad, "a")), false, 0, out why).ShouldBe(0);
            store.Select([new("a", MatchOp.Equal, bad)], 0, 10).ShouldBeEmpty();
        }
        append.Series(Stores.Named("m", ("a", "😀")), false, 0).ShouldBeGreaterThan(0);
        store.Health.Series.ShouldBe(2);
    }

    [Fact]
    public void DropOld_RetiredSeries_LeavesHandlesLogAndIndex()
    {
        var disk = new MemoryFiles();
        var clock = new FixedClock(DateTimeOffset.FromUnixTimeMilliseconds(10_000_000));
        using var store = Stores.Open(disk, segmentBytes: 100, retention: TimeSpan.FromSeconds(1000), time: clock);
        using var tracked = store.Track(Stores.Everything);
        store.Append(Stores.Named("old"), new CounterSample(9_100_000, 1, 0));
        store.Append(Stores.Named("live"), new CounterSample(9_200_000, 1, 0));
        store.Append(Stores.Named("live"), new CounterSample(9_999_000, 2, 0));
        tracked.Handles.Count.ShouldBe(2);
        clock.Now += TimeSpan.FromSeconds(500);
        store.Maintain();
        tracked.Handles.Select(h => h.Labels.Name).ShouldBe(["live"]);
        store.Select([new("__name__", MatchOp.Equal, "old")], 0, long.MaxValue).ShouldBeEmpty();
        disk.Files.Count.ShouldBeLessThan(3);
        using var replayed = Stores.Open(disk.Copy(), retention: TimeSpan.FromSeconds(1000), time: clock);
        replayed.ReadAll().Single().Value[^1].ShouldBe(new CounterSample(9_999_000, 2, 0));
        store.Append(Stores.Named("old"), new CounterSample(10_400_000, 3, 0));
        tracked.Handles.Count.ShouldBe(2);
    }

    [Fact]
    public void Select_MatchersOfEveryKind_FindsWhatAScanFinds()
    {
        using var store = Stores.Open(new MemoryFiles());
        for (var i = 0; i < 40; i++)
        {
            store.Append(Stores.Named($"m{i % 4}", ("job", i % 3 == 0 ? "api" : "web"), ("i", $"{i}"), ("odd", i % 2 == 1 ? "y" : "")), new CounterSample(i, i, 0));
        }
        Matcher[][] selections =
        [
            [IsApi], [IsApi, new("__name__", MatchOp.Equal, "m1")], [new("job", MatchOp.Regex, "a.*|none")], [new("odd", MatchOp.Equal, "")],
            [new("odd", MatchOp.NotEqual, "y"), new("job", MatchOp.NotRegex, "w.*")], [new("odd", MatchOp.Regex, ".*")], [new("none", MatchOp.Equal, "x")], [],
        ];
        var all = store.ReadAll();
        foreach (var selection in selections)
        {
            var expected = all.Where(s => Matcher.AllMatch(selection, s.Key) && s.Value.Any(v => v.TimeMs is >= 5 and <= 30)).Select(s => s.Key.ToString()).Order(StringComparer.Ordinal);
            store.Select(selection, 5, 30).Select(s => s.Labels.ToString()).Order(StringComparer.Ordinal).ShouldBe(expected);
        }
    }

    [Fact]
    public void Stats_SeriesOfThreeNames_AreCountedByNameLabelAndPair()
    {
        using var store = Stores.Open(new MemoryFiles());
        store.Stats(10).ShouldBeEquivalentTo(new TsdbStats(0, 0, 0, 0, 0, [], [], [], []));
        store.Append(Stores.Named("a", ("job", "api"), ("code", "200")), new CounterSample(5, 1, 0));
        store.Append(Stores.Named("a", ("job", "api"), ("code", "500")), new CounterSample(6, 1, 0));
        store.Append(Stores.Named("b", ("job", "web")), new CounterSample(9, 1, 0));
        var stats = store.Stats(2);
        (stats.Series, stats.LabelPairs, stats.Chunks, stats.MinMs, stats.MaxMs).ShouldBe((3, 6, 3, 5, 9));
        stats.SeriesByMetricName.ShouldBe([new("a", 2), new("b", 1)]);
        stats.ValuesByLabelName.ShouldBe([new("__name__", 2), new("code", 2)]);
        stats.BytesByLabelName.ShouldBe([new("job", 9), new("code", 6)]);
        stats.SeriesByLabelPair.ShouldBe([new("__name__=a", 2), new("job=api", 2)]);
    }

    [Fact]
    public void Directory_ClosedAndOpenedAgain_HasAllSamples()
    {
        var now = DateTimeOffset.FromUnixTimeMilliseconds(1_700_000_000_000);
        var directory = Directory.CreateTempSubdirectory("nines-tsdb-").FullName;
        try
        {
            using (var store = new TsdbStore(new TsdbOptions { Directory = directory, Time = new FixedClock(now) }))
            {
                store.Append(Stores.Named("m"), new CounterSample(now.ToUnixTimeMilliseconds(), 1.5, 7));
            }
            using var again = new TsdbStore(new TsdbOptions { Directory = directory, Time = new FixedClock(now) });
            again.ReadAll().Single().Value.ShouldBe([new CounterSample(now.ToUnixTimeMilliseconds(), 1.5, 7)]);
            again.Health.ReplayedSamples.ShouldBe(1);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Fact]
    public void Add_SampleOfTheFuture_IsRefusedAndRightOnesStillTaken()
    {
        var now = DateTimeOffset.FromUnixTimeMilliseconds(1_700_000_000_000);
        using var store = Stores.Open(new MemoryFiles(), time: new FixedClock(now));
        store.Append(Stores.Named("m"), new CounterSample(now.ToUnixTimeMilliseconds() + 600_001, 1, 0));
        store.Append(Stores.Named("m"), new CounterSample(now.ToUnixTimeMilliseconds(), 2, 0));
        store.ReadAll().Single().Value.Select(s => s.Value).ShouldBe([2]);
        store.Health.RefusedSamples.ShouldBe(1);
    }

    [Fact]
    public async Task Read_BesideAWriter_SeesEverySampleOnceAndInOrder()
    {
        const int count = 20_000;
        using var store = Stores.Open(new MemoryFiles());
        store.Append(Stores.Named("m"), new CounterSample(1, 1, 1));
        var writer = Task.Run(() =>
        {
            for (var i = 2; i <= count; i++)
            {
                store.Append(Stores.Named("m"), new CounterSample(i, i, i / 1000));
            }
        }, TestContext.Current.CancellationToken);
        using var tracked = store.Track(Stores.Everything);
        var (handle, into, after) = (tracked.Handles.Single(), new CounterSample[64], 0L);
        while (after < count)
        {
            foreach (var sample in into.AsSpan(0, handle.Read(after, long.MaxValue, into)))
            {
                sample.ShouldBe(new CounterSample(after + 1, after + 1, after == 0 ? 1 : (after + 1) / 1000));
                after++;
            }
        }
        await writer;
    }

    private sealed class FixedClock(DateTimeOffset now) : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = now;

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
