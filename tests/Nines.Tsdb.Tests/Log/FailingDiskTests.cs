using Nines.Metrics;
using Nines.Tsdb.Tests.Files;

namespace Nines.Tsdb.Tests.Log;

public class FailingDiskTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(1000)]
    public void Commit_AnyOperationFails_SamplesStayVisibleAndWhatWasLoggedSurvives(int failures)
    {
        for (var first = 1; first <= 30; first++)
        {
            var from = first;
            var disk = new MemoryFiles { Fails = n => n >= from && n < from + failures };
            using var store = Stores.Open(disk, segmentBytes: 300);
            var (visible, waiting) = (new StoreModel(), 0);
            for (var k = 1; k <= 12; k++)
            {
                var failedBefore = store.Health.FailedCommits;
                var (labels, sample) = (Stores.Named($"m{k % 3}"), new CounterSample(k * 1000, k, k % 2 * 50));
                store.Append(labels, sample);
                visible.Add(labels, sample);
                store.Health.LogWritable.ShouldBe(store.Health.FailedCommits == failedBefore);
                waiting = store.Health.LogWritable ? 0 : waiting + 1;
                store.Health.UnloggedSamples.ShouldBe(waiting);
                store.Sync();
                waiting = store.Health.UnloggedSamples;
                store.ShouldHold(visible);
            }
            if (disk.Operations >= from)
            {
                store.Health.LastError.ShouldNotBeNull().ShouldContain("No space left");
                (store.Health.FailedCommits + store.Health.FailedSyncs).ShouldBeGreaterThan(0);
            }
            disk.Fails = _ => false;
            store.Sync();
            using var replayed = Stores.Open(disk.Copy());
            replayed.ShouldHold(visible);
        }
    }

    [Fact]
    public void Commit_DiskRecovers_WhatItRefusedIsLoggedWithTheNextCommit()
    {
        var broken = true;
        var disk = new MemoryFiles { Fails = _ => broken };
        using var store = Stores.Open(disk);
        store.Append(Stores.Named("m"), new CounterSample(1, 1, 0));
        store.Health.UnloggedSamples.ShouldBe(1);
        broken = false;
        store.Append(Stores.Named("m"), new CounterSample(2, 2, 0));
        using var replayed = Stores.Open(disk.Copy());
        replayed.ReadAll()[Stores.Named("m")].ShouldBe([new CounterSample(1, 1, 0), new CounterSample(2, 2, 0)]);
        using var tracked = replayed.Track(Stores.Everything);
        tracked.Handles.Single().BornInKnownTarget.ShouldBeTrue();
    }
}
