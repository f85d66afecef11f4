using Nines.Core.Objectives;
using Nines.Metrics;

namespace Nines.Core.Tests.Objectives;

public sealed class ObjectiveLedgerTests
{
    [Theory]
    [MemberData(nameof(Worlds))]
    public void Read_AnyCourseOfAWorldThatSaysItsStarts_CountsEveryEventOnce(int seed)
    {
        var (world, ledger) = Live(seed, saysStart: true, LedgerFault.None);
        var account = Everything(world, ledger);
        account.Good.ShouldBe(world.Good, $"seed {seed}");
        account.Bad.ShouldBe(world.Bad, $"seed {seed}");
    }

    [Theory]
    [InlineData(LedgerFault.FirstSample)]
    [InlineData(LedgerFault.Reset)]
    [InlineData(LedgerFault.DoubleCount)]
    [InlineData(LedgerFault.Gap)]
    public void Read_WithAPlantedFault_IsCaughtByTheSameWorlds(LedgerFault fault)
    {
        var caught = Enumerable.Range(0, 40).Count(seed =>
        {
            var (world, ledger) = Live(seed, saysStart: true, fault);
            var account = Everything(world, ledger);
            return account.Good != world.Good || account.Bad != world.Bad;
        });
        caught.ShouldBeGreaterThan(10);
    }

    [Fact]
    public void Read_GoodOfTotal_GivesTheSameAccountAsBadOfTotal()
    {
        var world = new CountedWorld(7, saysStart: true);
        var byBad = new ObjectiveLedger(TestIndicators.BadOfTotal);
        var byGood = new ObjectiveLedger(TestIndicators.GoodOfTotal);
        for (var i = 0; i < 50; i++)
        {
            world.Interval(20, 0.2, scraperAway: i % 9 == 8);
            byBad.SetSeries([world.All], [world.Failed]);
            byGood.SetSeries([world.All], [[.. world.All.Except(world.Failed)]]);
            byBad.Read(world.NowMs);
            byGood.Read(world.NowMs);
        }
        Everything(world, byGood).ShouldBe(Everything(world, byBad));
    }

    [Fact]
    public void Read_LateSample_ReopensItsMinuteForAnHourThenGoesToTheCounter()
    {
        var series = new FakeSeries(Labels.Of((Labels.MetricName, "requests_total"), ("code", "500")), true, 60_000);
        var ledger = new ObjectiveLedger(TestIndicators.BadOfTotal);
        ledger.SetSeries([[series]], [[series]]);
        var start = LedgerTime.LastEnded(CountedWorld.EpochMs) * LedgerTime.MinuteMs;
        series.Samples.Add(new CounterSample(start, 10, 0));
        ledger.Read(start);
        ledger.Close(LedgerTime.MinuteOf(start) + 2);
        series.Samples.Add(new CounterSample(start + 60_000, 15, 0));
        ledger.Read(start + 60_000);
        ledger.TakeRevisions().ShouldBe([new LedgerRevision(LedgerTime.MinuteOf(start) + 1, 0, 5_000)]);
        ledger.Book.Entry(LedgerTime.MinuteOf(start) + 1).Counted.ShouldBe(CountedQuality.Revised);

        ledger.Close(LedgerTime.MinuteOf(start) + 2 + ObjectiveLedger.ReopenMinutes);
        series.Samples.Add(new CounterSample(start + 120_000, 22, 0));
        ledger.Read(start + 120_000);
        (ledger.LateBooked, ledger.LateDropped).ShouldBe((5_000, 7_000));
        ledger.Book.Sum(0, LedgerTime.MinuteOf(start) + 100).Bad.ShouldBe(15);
    }

    [Fact]
    public void Read_ProcessKilledUnderLoad_NamesTheUnseenIntervalWithAnEstimate()
    {
        var series = new FakeSeries(Labels.Of((Labels.MetricName, "requests_total"), ("code", "200")), true, 15_000);
        var ledger = new ObjectiveLedger(TestIndicators.BadOfTotal);
        ledger.SetSeries([[series]], [[]]);
        var t = CountedWorld.EpochMs;
        series.Samples.AddRange([new(t, 100, t - 15_000), new(t + 15_000, 250, t - 15_000), new(t + 45_000, 30, t + 27_000)]);
        ledger.Read(t + 60_000);
        // 250 were read of the old process, 30 of the new one; at 10 a second, up to 120 fell into the 12 s between.
        ledger.Book.Sum(0, LedgerTime.MinuteOf(t) + 5).Good.ShouldBe(280);
        var unseen = ledger.Book.Spans.ShouldHaveSingleItem();
        (unseen.FromMs, unseen.ToMs, unseen.Kind).ShouldBe((t + 15_000, t + 27_000, SpanKind.Unseen));
        unseen.UnseenAtMost.ShouldBe(120, 1e-6);
    }

    [Fact]
    public void Read_FirstReadingThatCannotBePlaced_CountsNothingAndSaysSo()
    {
        var series = new FakeSeries(Labels.Of((Labels.MetricName, "requests_total"), ("code", "200")), false, 15_000);
        var ledger = new ObjectiveLedger(TestIndicators.BadOfTotal);
        ledger.SetSeries([[series]], [[]]);
        var t = CountedWorld.EpochMs;
        series.Samples.Add(new(t, 1_000_000, 0));
        ledger.Read(t);
        ledger.Book.Sum(0, LedgerTime.MinuteOf(t)).Total.ShouldBe(0);
        ledger.Book.Entry(LedgerTime.MinuteOf(t)).Counted.ShouldBe(CountedQuality.FirstUncounted);
    }

    [Fact]
    public void Read_CounterBornWhileItsFirstScrapeWasAnswered_IsCounted()
    {
        var series = new FakeSeries(Labels.Of((Labels.MetricName, "requests_total"), ("code", "500")), false, 15_000);
        var ledger = new ObjectiveLedger(TestIndicators.BadOfTotal);
        ledger.SetSeries([[series]], [[series]]);
        var t = CountedWorld.EpochMs;
        series.Samples.Add(new(t, 2, t + 3));
        series.Samples.Add(new(t + 15_000, 5, t + 3));
        series.Samples.Add(new(t + 30_000, 9, t + 3));
        ledger.Read(t + 30_000);
        ledger.Book.Sum(0, LedgerTime.MinuteOf(t) + 5).Bad.ShouldBe(9);
    }

    [Fact]
    public void Read_NothingScraped_CreditsNothing()
    {
        var series = new FakeSeries(Labels.Of((Labels.MetricName, "requests_total"), ("code", "200")), true, 15_000);
        var ledger = new ObjectiveLedger(TestIndicators.BadOfTotal);
        ledger.SetSeries([[series]], [[]]);
        var t = CountedWorld.EpochMs;
        series.Samples.AddRange([new(t, 100, 0), new(t + 15_000, 200, 0), new(t + 30_000, StaleMarker.Value, 0)]);
        ledger.Read(t + 600_000);
        var minute = LedgerTime.MinuteOf(t + 30_000);
        ledger.Book.Sum(minute + 1, minute + 9).ShouldBe(new WindowAccount(minute + 1, minute + 9, 0, 0, 0, 8, 0, 0, false));
    }

    [Fact]
    public void Read_SampleOnTheMinutesEdge_BelongsToTheMinuteItEnds()
    {
        var series = new FakeSeries(Labels.Of((Labels.MetricName, "requests_total"), ("code", "200")), true, 15_000);
        var ledger = new ObjectiveLedger(TestIndicators.BadOfTotal);
        ledger.SetSeries([[series]], [[]]);
        var edge = LedgerTime.LastEnded(CountedWorld.EpochMs) * LedgerTime.MinuteMs;
        series.Samples.AddRange([new(edge, 3, 0), new(edge + 1, 8, 0)]);
        ledger.Read(edge + 1);
        ledger.Book.Entry(edge / 60_000).Good.ShouldBe(3_000);
        ledger.Book.Entry(edge / 60_000 + 1).Good.ShouldBe(5_000);
    }

    public static TheoryData<int> Worlds() => [.. Enumerable.Range(0, 200)];

    /// <summary>Lives a random course: load, a scraper that is away, quiesced restarts, crashes of the ledger that go back to its last commit.</summary>
    internal static (CountedWorld World, ObjectiveLedger Ledger) Live(int seed, bool saysStart, LedgerFault fault)
    {
        var random = new Random(seed);
        var world = new CountedWorld(seed, saysStart);
        var ledger = new ObjectiveLedger(TestIndicators.BadOfTotal, fault: fault);
        var disk = new Disk();
        for (var i = random.Next(20, 120); i > 0; i--)
        {
            switch (random.Next(20))
            {
                case 0:
                    world.QuiescedRestart(newInstance: random.Next(2) == 0);
                    break;
                case 1:
                    for (var away = random.Next(1, 12); away > 0; away--)
                    {
                        world.Interval(random.Next(30), 0.3, scraperAway: true);
                    }
                    break;
                case 2:
                    ledger = disk.Restore(fault);
                    break;
                case 3 or 4 or 5:
                    ledger.Close(LedgerTime.LastEnded(world.NowMs - 5_000));
                    disk.Commit(ledger);
                    break;
                default:
                    // The error's label set appears only once there is an error.
                    world.Interval(random.Next(30), i > 30 ? 0 : 0.3, scraperAway: false);
                    break;
            }
            ledger.SetSeries([world.All], [world.Failed]);
            ledger.Read(world.NowMs - random.Next(2) * random.Next(20_000));
        }
        world.Interval(10, 0.5, scraperAway: false);
        ledger.SetSeries([world.All], [world.Failed]);
        ledger.Read(world.NowMs);
        return (world, ledger);
    }

    private static WindowAccount Everything(CountedWorld world, ObjectiveLedger ledger) =>
        ledger.Book.Sum(LedgerTime.MinuteOf(CountedWorld.EpochMs) - 1000, LedgerTime.MinuteOf(world.NowMs) + 1)
        is var a ? a with { Good = Math.Round(a.Good, 6), Bad = Math.Round(a.Bad, 6) } : default;

    private sealed class Disk
    {
        private readonly Dictionary<long, byte[]> _hours = [];
        private readonly Dictionary<(long, long, SpanKind), LedgerSpan> _spans = [];
        private byte[]? _cursors;

        public void Commit(ObjectiveLedger ledger)
        {
            foreach (var (hour, packed) in ledger.Book.TakeChanges(long.MaxValue))
            {
                _hours[hour] = packed;
            }
            foreach (var span in ledger.Book.TakeSpanChanges())
            {
                _spans[(span.FromMs, span.ToMs, span.Kind)] = span;
            }
            _cursors = ledger.PackCursors();
        }

        public ObjectiveLedger Restore(LedgerFault fault)
        {
            // Minutes come from the disk when they are asked for.
            var ledger = new ObjectiveLedger(TestIndicators.BadOfTotal, fault: fault, stored: _hours.GetValueOrDefault);
            if (_cursors is not null)
            {
                ledger.LoadCursors(_cursors);
            }
            foreach (var (hour, packed) in _hours)
            {
                ledger.Book.LoadHour(hour, packed);
            }
            foreach (var span in _spans.Values)
            {
                ledger.Book.AddSpan(span);
            }
            ledger.Book.TakeSpanChanges();
            return ledger;
        }
    }
}
