using Nines.Core.Objectives;
using NodaTime;

namespace Nines.Core.Tests.Objectives;

public sealed class BudgetWindowTests
{
    private static readonly DateTimeZone Berlin = DateTimeZoneProviders.Tzdb["Europe/Berlin"];

    public static TheoryData<string> Zones => ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia"];

    [Theory]
    [InlineData(2026, 3, 44_580)]
    [InlineData(2026, 10, 44_700)]
    [InlineData(2026, 2, 28 * 1440)]
    [InlineData(2028, 2, 29 * 1440)]
    public void Month_InBerlin_HasTheMinutesOfItsClockChanges(int year, int month, int minutes)
    {
        var (from, to) = Monthly(Berlin).At(Minute(Berlin, year, month, 15));
        (to - from).ShouldBe(minutes);
        from.ShouldBe(Minute(Berlin, year, month, 1));
    }

    [Fact]
    public void At_EdgeOfAPeriod_BelongsToTheOneThatEnds()
    {
        var first = Minute(Berlin, 2026, 4, 1);
        Monthly(Berlin).At(first).ToMinute.ShouldBe(first);
        Monthly(Berlin).At(first + 1).FromMinute.ShouldBe(first);
    }

    [Fact]
    public void Month_FromThe31st_StartsThereAgainAfterAShortOne()
    {
        var window = new CalendarWindow(new LocalDateTime(2026, 1, 31, 0, 0), CalendarUnit.Month, 1, DateTimeZone.Utc);
        window.At(Minute(DateTimeZone.Utc, 2026, 2, 10)).ShouldBe((Minute(DateTimeZone.Utc, 2026, 1, 31), Minute(DateTimeZone.Utc, 2026, 2, 28)));
        window.At(Minute(DateTimeZone.Utc, 2026, 3, 10)).ShouldBe((Minute(DateTimeZone.Utc, 2026, 2, 28), Minute(DateTimeZone.Utc, 2026, 3, 31)));
    }

    [Theory]
    [MemberData(nameof(Zones))]
    public void Periods_OfAnyUnit_FollowEachOtherWithoutGapAndFitTheirBounds(string zone)
    {
        var random = new Random(4);
        foreach (var unit in Enum.GetValues<CalendarUnit>())
        {
            var start = new LocalDateTime(2025, random.Next(1, 13), random.Next(1, 29), random.Next(24), random.Next(60));
            var window = new CalendarWindow(start, unit, unit == CalendarUnit.Year ? 1 : random.Next(1, 4), DateTimeZoneProviders.Tzdb[zone]);
            var at = Minute(DateTimeZone.Utc, 2024, 1, 1) + random.Next(1_000_000);
            for (var i = 0; i < 60; i++)
            {
                var (from, to) = window.At(at);
                (from < at && at <= to).ShouldBeTrue($"{window} at {at}: {from}..{to}");
                (to - from).ShouldBeLessThanOrEqualTo(window.MaxMinutes);
                window.At(to).ShouldBe((from, to));
                window.At(from + 1).ShouldBe((from, to));
                at = to + 1;
            }
        }
    }

    [Theory]
    [MemberData(nameof(Zones))]
    public void Account_OfEveryWindow_IsTheSumOverTheRawEvents(string zone)
    {
        var random = new Random(zone.Length);
        var events = new List<(long Minute, long Good, long Bad)>();
        var book = new LedgerBook();
        var first = Minute(DateTimeZone.Utc, 2026, 1, 7);
        for (var i = 0; i < 20_000; i++)
        {
            // Late, early, corrected: entries come in any order and may take away again.
            var entry = (Minute: first + random.Next(120 * 1440), Good: (long)random.Next(-5, 100) * 1000, Bad: (long)random.Next(-1, 3) * 1000);
            events.Add(entry);
            book.Add(entry.Minute, entry.Good, entry.Bad);
        }
        var place = DateTimeZoneProviders.Tzdb[zone];
        BudgetWindow[] windows =
        [
            new RollingWindow(28 * 1440), new RollingWindow(61), Monthly(place),
            new CalendarWindow(new LocalDateTime(2024, 1, 1, 0, 0), CalendarUnit.Week, 1, place),
            new CalendarWindow(new LocalDateTime(2024, 1, 1, 6, 30), CalendarUnit.Day, 1, place),
        ];
        for (var i = 0; i < 100; i++)
        {
            var now = first + random.Next(120 * 1440);
            foreach (var window in windows)
            {
                var (from, _) = window.At(now);
                var account = book.Sum(from, now);
                var inside = events.Where(e => e.Minute > from && e.Minute <= now).ToList();
                account.Good.ShouldBe(inside.Sum(e => e.Good) / 1000.0);
                account.Bad.ShouldBe(inside.Sum(e => e.Bad) / 1000.0);
            }
        }
    }

    [Theory]
    [MemberData(nameof(ObjectiveLedgerTests.Worlds), MemberType = typeof(ObjectiveLedgerTests))]
    public void Account_OfEveryWindow_IsTheSlowSumOverTheEventsOfAnyWorld(int seed)
    {
        // Restarts, births, gaps, late readings, crashes of the ledger; then windows of all kinds, and stretches that adjustments take out.
        var (world, ledger) = ObjectiveLedgerTests.Live(seed, saysStart: true, LedgerFault.None);
        var random = new Random(seed);
        var first = LedgerTime.MinuteOf(CountedWorld.EpochMs);
        var last = LedgerTime.MinuteOf(world.NowMs) + 1;
        long Any() => random.NextInt64(first - 2, last + 1);
        foreach (var zone in Zones.Select(z => DateTimeZoneProviders.Tzdb[z.Data]))
        {
            var edge = Instant.FromUnixTimeSeconds(Any() * 60).InZone(zone).LocalDateTime;
            foreach (var window in (BudgetWindow[])[new RollingWindow(random.Next(1, 40)), new CalendarWindow(edge.PlusDays(-3), CalendarUnit.Day, 1, zone)])
            {
                var objective = TestObjectives.Orders with { Windows = [window] };
                var excluded = ExcludedTime.Of(Enumerable.Range(0, random.Next(3)).Select(_ => (Any(), Any())));
                var now = Any();
                var (from, _) = window.At(now);
                var (good, bad) = (0.0, 0.0);
                foreach (var raw in world.Events)
                {
                    var share = raw.Share(from, now)
                        - excluded.Ranges.Sum(r => raw.Share(Math.Max(from, r.FromMinute), Math.Max(Math.Max(from, r.FromMinute), Math.Min(now, r.ToMinute))));
                    _ = raw.IsBad ? bad += share : good += share;
                }
                var account = BudgetCalculator.Over(objective, ledger.Book, window, now, excluded: excluded).Account;
                account.Good.ShouldBe(good, 1e-6, $"{window} at {now}");
                account.Bad.ShouldBe(bad, 1e-6, $"{window} at {now}");
            }
        }
    }

    private static CalendarWindow Monthly(DateTimeZone zone) => new(new LocalDateTime(2024, 1, 1, 0, 0), CalendarUnit.Month, 1, zone);

    private static long Minute(DateTimeZone zone, int year, int month, int day) =>
        zone.AtLeniently(new LocalDateTime(year, month, day, 0, 0)).ToInstant().ToUnixTimeSeconds() / 60;
}
