using Nines.Metrics;
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
        append.Add(series, new CounterSample(10, 1, 0)).ShouldBeTrue();
        append.Add(series, new CounterSample(10, 2, 0)).ShouldBeFalse();
        append.Add(series, new CounterSample(9, 1, 0)).ShouldBeFalse();
        append.Add(series, new CounterSample(12, 1, 0)).ShouldBeTrue();
        append.Add(series, new CounterSample(12, 3, 0)).ShouldBeFalse();
        append.Add(series, new CounterSample(11, 1, 0)).ShouldBeFalse();
        append.Commit();
        store.Health.RefusedSamples.ShouldBe(4);
        store.Health.AppendedSamples.ShouldBe(2);
    }

    [Fact]
    public void Commit_TwoAppendsSideBySide_TheLaterOneYields()
    {
        using var store = Stores.Open(new MemoryFiles());
        using var slow = store.Begin();
        var series = slow.Series(Stores.Named("m"), false, 0);
        slow.Add(series, new CounterSample(5, 5, 0)).ShouldBeTrue();
        store.Append(Stores.Named("m"), new CounterSample(10, 10, 0));
        slow.Commit();
        store.ReadAll()[Stores.Named("m")].ShouldBe([new CounterSample(10, 10, 0)]);
    }

    [Fact]
    public void Series_BeyondTheLimit_IsRefusedAndCounted()
    {
        using var store = Stores.Open(new MemoryFiles(), maxSeries: 1);
        store.Append(Stores.Named("a"), new CounterSample(1, 1, 0));
        using var append = store.Begin();
        append.Add(append.Series(Stores.Named("b"), false, 0), new CounterSample(1, 1, 0)).ShouldBeFalse();
        append.Add(append.Series(Stores.Named("a"), false, 0), new CounterSample(2, 1, 0)).ShouldBeTrue();
        store.Health.RefusedSeries.ShouldBe(1);
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
