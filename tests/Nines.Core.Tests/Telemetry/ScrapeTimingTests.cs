using Nines.Core.Telemetry;
using Nines.Metrics;

namespace Nines.Core.Tests.Telemetry;

public class ScrapeTimingTests
{
    private static readonly ScrapeTarget Target = new(new Uri("http://a:1/metrics"), Labels.Of(("instance", "a:1")));

    [Theory]
    [InlineData(100_000, null, 10_000, 3_000, 103_000)]
    [InlineData(103_000, null, 10_000, 3_000, 113_000)]
    [InlineData(102_999, 103_000L, 10_000, 3_000, 113_000)]
    [InlineData(104_000, 103_000L, 10_000, 3_000, 113_000)]
    [InlineData(113_000, 103_000L, 10_000, 3_000, 113_000)]
    [InlineData(117_900, 103_000L, 10_000, 3_000, 113_000)]
    [InlineData(118_000, 103_000L, 10_000, 3_000, 123_000)]
    [InlineData(155_000, 103_000L, 10_000, 3_000, 163_000)]
    [InlineData(50_000, 103_000L, 10_000, 3_000, 53_000)]
    public void NextMs_AnyNow_IsTheNextSlotNotScrapedYet(long now, long? last, long interval, long offset, long expected) =>
        ScrapeTiming.NextMs(now, last, interval, offset).ShouldBe(expected);

    [Theory]
    [InlineData(100_000, 100_050, 15_000, 100_000)]
    [InlineData(100_000, 99_999, 15_000, 100_000)]
    [InlineData(100_000, 100_051, 15_000, 100_051)]
    [InlineData(100_000, 100_011, 1_000, 100_011)]
    public void TimestampMs_CloseToTheSlot_IsTheSlot(long slot, long started, long interval, long expected) =>
        ScrapeTiming.TimestampMs(slot, started, interval).ShouldBe(expected);

    [Theory]
    [InlineData(null, false)]
    [InlineData(62_500L, true)]
    [InlineData(62_499L, false)]
    [InlineData(100_000L, false)]
    public void IsKnown_PreviousSuccess_CountsForTwoAndAHalfIntervals(long? last, bool known) =>
        ScrapeTiming.IsKnown(last, 100_000, 15_000).ShouldBe(known);

    [Fact]
    public void OffsetMs_ManyTargets_AreSpreadEvenlyAndStable()
    {
        var offsets = Enumerable.Range(0, 1000)
            .Select(i => ScrapeTiming.OffsetMs("job", new ScrapeTarget(new Uri($"http://host-{i}:9100/metrics"), Labels.Of(("instance", $"host-{i}:9100"))), 15_000)).ToArray();
        offsets.GroupBy(o => o / 1500).ShouldAllBe(g => g.Count() > 60 && g.Count() < 150);
        ScrapeTiming.OffsetMs("job", Target, 15_000).ShouldBe(ScrapeTiming.OffsetMs("job", Target, 15_000));
        ScrapeTiming.OffsetMs("job", Target, 15_000).ShouldNotBe(ScrapeTiming.OffsetMs("other", Target, 15_000));
    }

    [Fact]
    public void Merge_ExportedNameTaken_IsPrefixedAgain() =>
        TargetLabels.Merge(Labels.Of(("job", "a"), ("exported_job", "b")), Labels.Of(("job", "t")), honor: false)
            .ShouldBe(Labels.Of(("job", "t"), ("exported_job", "b"), ("exported_exported_job", "a")));
}
