using Nines.Metrics;
using Nines.Tsdb.Tests.Files;

namespace Nines.Tsdb.Tests.Blocks;

public class RetentionTests
{
    private const long Hour = 3_600_000;
    private const long Begin = 1_700_006_400_000;

    [Fact]
    public void Retention_ByTime_DropsWholeBlocksAndWhatTheyAloneHeld()
    {
        var (store, disk, clock) = Open(TsdbFault.None);
        using var tracked = store.Track(Stores.Everything);
        Live(store, clock, 0, 30);
        store.Append(Stores.Named("once"), new CounterSample(clock.Ms, 1, 0));
        Live(store, clock, 31, 140);
        tracked.Handles.Count.ShouldBe(1, "what was only in blocks past the retention is gone");
        var oldest = store.ReadAll().Values.Min(s => s[0].TimeMs);
        oldest.ShouldBeInRange(clock.Ms - 72 * Hour, clock.Ms - 47 * Hour);
        store.Health.OldestMs.ShouldBe(oldest);
        disk.Files.Count.ShouldBeLessThan(12);
        tracked.Handles.Single().BornInKnownTarget.ShouldBeFalse("its first sample is gone");
    }

    [Fact]
    public void Retention_WhatTheLedgerNeeds_IsKept() => Watermark(TsdbFault.None);

    /// <summary>A ledger that stands still, then goes on.</summary>
    internal static void Watermark(TsdbFault fault)
    {
        var (store, _, clock) = Open(fault);
        store.NeededSinceMs = () => Begin + Hour;
        Live(store, clock, 0, 200);
        store.ReadAll().Values.Min(s => s[0].TimeMs).ShouldBe(Begin);
        store.Health.HeldBlocks.ShouldBeGreaterThan(0);
        store.NeededSinceMs = () => clock.Ms - 60 * Hour;
        store.Maintain();
        store.ReadAll().Values.Min(s => s[0].TimeMs).ShouldBeInRange(clock.Ms - 90 * Hour, clock.Ms - 60 * Hour);
    }

    [Fact]
    public void Retention_BySize_DropsTheOldest()
    {
        var (store, _, clock) = Open(TsdbFault.None, maxBytes: 40_000);
        Live(store, clock, 0, 40, samples: 200);
        var health = store.Health;
        (health.BlockBytes + health.LogBytes).ShouldBeLessThanOrEqualTo(40_000);
        health.Blocks.ShouldBeGreaterThan(0);
        health.OldestMs.ShouldBeGreaterThan(Begin + Hour);
        health.BytesOverLimit.ShouldBe(0);
    }

    [Fact]
    public void Retention_BySize_KeepsWhatTheLedgerNeedsAndSaysSo()
    {
        var (said, needed) = (new List<string>(), Begin);
        var (store, _, clock) = Open(TsdbFault.None, maxBytes: 40_000, warn: said.Add);
        store.NeededSinceMs = () => needed;
        Live(store, clock, 0, 40, samples: 200);
        var health = store.Health;
        health.OldestMs.ShouldBe(Begin);
        health.BytesOverLimit.ShouldBe(health.BlockBytes + health.LogBytes - 40_000);
        var often = said.Count;
        often.ShouldBeLessThan(10);
        said[^1].ShouldMatch(@"^the metrics store takes \d+ bytes more than its limit of 40000, since the ledger has not counted");
        needed = clock.Ms;
        store.Maintain();
        store.Health.BytesOverLimit.ShouldBe(0);
        store.Health.OldestMs.ShouldBeGreaterThan(Begin + Hour);
        said.Count.ShouldBe(often);
    }

    [Fact]
    public void Track_SeriesThatRestedForHours_IsStillReadFromItsFirstSample()
    {
        var (store, disk, clock) = Open(TsdbFault.None);
        store.Append(Stores.Named("rests"), new CounterSample(Begin, 5, 77), new CounterSample(Begin + 1000, 6, 77));
        using var append = store.Begin();
        var reference = append.Series(Stores.Named("rests"), false, 0);
        append.Commit();
        using var early = store.Track([new("__name__", MatchOp.Equal, "rests")]);
        var handle = early.Handles.Single();
        Live(store, clock, 1, 20);
        store.Stats(1).Series.ShouldBe(1, "the head has let it go");
        using var late = store.Track([new("__name__", MatchOp.Equal, "rests")]);
        foreach (var one in (ISeriesHandle[])[handle, late.Handles.Single()])
        {
            (one.BornInKnownTarget, one.IntervalMs).ShouldBe((true, 15_000));
            Stores.ReadAll(one).ShouldBe([new CounterSample(Begin, 5, 77), new CounterSample(Begin + 1000, 6, 77)]);
        }
        // Who kept its reference goes on as if it had never rested.
        using (var again = store.Begin())
        {
            again.Add(reference, new CounterSample(clock.Ms, 9, 78)).ShouldBe(Refusal.None);
            again.Commit();
        }
        early.Handles.Single().ShouldBeSameAs(handle);
        Stores.ReadAll(handle)[^1].ShouldBe(new CounterSample(clock.Ms, 9, 78));
        using var replayed = Stores.Open(disk.Copy(), time: clock);
        replayed.ReadAll()[Stores.Named("rests")].Count.ShouldBe(3);
    }

    [Fact]
    public void Append_BehindTheCut_IsRefusedAndBeforeItTaken()
    {
        var (store, _, clock) = Open(TsdbFault.None);
        Live(store, clock, 0, 4);
        using var append = store.Begin();
        append.Add(append.Series(Stores.Named("new"), false, 0), new CounterSample(Begin + Hour, 1, 0)).ShouldBe(Refusal.TooOld, "that window is a block");
        append.Add(append.Series(Stores.Named("newer"), false, 0), new CounterSample(clock.Ms - Hour, 1, 0)).ShouldBe(Refusal.None);
    }

    private static (TsdbStore, MemoryFiles, ManualClock) Open(TsdbFault fault, long maxBytes = long.MaxValue, Action<string>? warn = null)
    {
        var (disk, clock) = (new MemoryFiles(), new ManualClock(Begin));
        return (Stores.Open(disk, retention: TimeSpan.FromHours(48), time: clock, fault: fault, maxBytes: maxBytes, segmentBytes: 4000, warn: warn), disk, clock);
    }

    private static void Live(TsdbStore store, ManualClock clock, int fromHour, int toHour, int samples = 4)
    {
        for (var hour = fromHour; hour <= toHour; hour++)
        {
            for (var i = 0; i < samples; i++)
            {
                clock.Ms = Begin + hour * Hour + i * Hour / samples;
                store.Append(Stores.Named("lives"), new CounterSample(clock.Ms, Math.Sin(clock.Ms), 0));
            }
            store.Maintain();
        }
    }
}
