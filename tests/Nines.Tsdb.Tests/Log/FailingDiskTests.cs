using Nines.Metrics;

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
            var disk = new MemoryLogFiles { Fails = n => n >= from && n < from + failures };
            using var store = Stores.Open(disk, segmentBytes: 300);
            var (visible, logged) = (new StoreModel(), new StoreModel());
            for (var k = 1; k <= 12; k++)
            {
                var failedBefore = store.Health.FailedCommits;
                var (labels, sample) = (Stores.Named($"m{k % 3}"), new CounterSample(k * 1000, k, k % 2 * 50));
                store.Append(labels, sample);
                store.Sync();
                visible.Add(labels, sample);
                var failed = store.Health.FailedCommits > failedBefore;
                if (!failed)
                {
                    logged.Add(labels, sample);
                }
                store.Health.LogWritable.ShouldBe(!failed);
                store.ShouldHold(visible);
            }
            if (disk.Operations >= from)
            {
                store.Health.LastError.ShouldNotBeNull().ShouldContain("No space left");
                (store.Health.FailedCommits + store.Health.FailedSyncs).ShouldBeGreaterThan(0);
            }
            using var replayed = Stores.Open(disk.Copy());
            var read = replayed.ReadAll();
            foreach (var (labels, samples) in logged.Series)
            {
                samples.ShouldBeSubsetOf(read[labels]);
            }
        }
    }

    [Fact]
    public void Commit_DiskRecovers_SeriesFirstSeenMeanwhileAreLoggedThen()
    {
        var broken = true;
        var disk = new MemoryLogFiles { Fails = _ => broken };
        using var store = Stores.Open(disk);
        store.Append(Stores.Named("m"), new CounterSample(1, 1, 0));
        broken = false;
        store.Append(Stores.Named("m"), new CounterSample(2, 2, 0));
        using var replayed = Stores.Open(disk.Copy());
        replayed.ReadAll()[Stores.Named("m")].ShouldBe([new CounterSample(2, 2, 0)]);
    }
}
