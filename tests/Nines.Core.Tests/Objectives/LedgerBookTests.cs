using Nines.Core.Objectives;

namespace Nines.Core.Tests.Objectives;

public sealed class LedgerBookTests
{
    private const long Start = 30_000_000;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Sum_AnyWindow_EqualsTheSumOfItsMinutes(bool isStored)
    {
        var random = new Random(11);
        var disk = new Dictionary<long, byte[]>();
        var book = isStored ? new LedgerBook(stored: disk.GetValueOrDefault) : new LedgerBook();
        var plain = new Dictionary<long, (long Good, long Bad, HashSet<long> Seconds)>();
        for (var i = 0; i < 4_000; i++)
        {
            var minute = Start + random.Next(6_000);
            var entry = plain.TryGetValue(minute, out var e) ? e : (0, 0, []);
            var (good, bad) = (random.Next(100_000), random.Next(1_000));
            plain[minute] = (entry.Good + good, entry.Bad + bad, entry.Seconds);
            book.Add(minute, good, bad);
            var from = (minute - 1) * 60 + random.Next(60);
            var to = Math.Min(minute * 60, from + random.Next(90));
            for (var second = from; second < to; second++)
            {
                plain[minute].Seconds.Add(second);
            }
            book.Observe(from * 1000, to * 1000);
            if (i % 500 == 499)
            {
                Store(book, disk);
            }
        }
        Store(book, disk);
        if (isStored)
        {
            Enumerable.Range(0, 9).ToList().ForEach(_ => book.TakeChanges(closeBefore: long.MaxValue));
        }
        for (var i = 0; i < 500; i++)
        {
            var from = Start + random.Next(-200, 6_200);
            var to = from + random.Next(1, 3_000);
            var inside = plain.Where(p => p.Key > from && p.Key <= to).Select(p => p.Value).ToList();
            var sum = book.Sum(from, to);
            sum.Good.ShouldBe(inside.Sum(p => p.Good) / 1000.0, 1e-9);
            sum.Bad.ShouldBe(inside.Sum(p => p.Bad) / 1000.0, 1e-9);
            sum.KnownMinutes.ShouldBe(inside.Sum(p => p.Seconds.Count) / 60.0, 1e-9);
            sum.Approximate.ShouldBeFalse();
            var minute = Start + random.Next(6_000);
            book.Entry(minute).Good.ShouldBe(plain.TryGetValue(minute, out var entry) ? entry.Good : 0);
        }
    }

    [Fact]
    public void TakeChanges_MinutesThatNobodyAsksFor_AreGivenBackAndReadAgain()
    {
        var (disk, asked) = (new Dictionary<long, byte[]>(), new List<long>());
        var book = new LedgerBook(stored: hour =>
        {
            asked.Add(hour - Start / 60);
            return disk.GetValueOrDefault(hour);
        });
        for (var minute = Start + 1; minute <= Start + 180; minute++)
        {
            book.Add(minute, 1000, 0);
            book.Observe((minute - 1) * 60_000, minute * 60_000);
        }
        for (var turn = 0; turn < 9; turn++)
        {
            Store(book, disk);
            book.Sum(Start + 90, Start + 180).Good.ShouldBe(90);
        }
        asked.ShouldBeEmpty("the hour at the edge is asked for each turn and stays");
        book.Sum(Start, Start + 180).Good.ShouldBe(180);
        book.Unobserved(Start, Start + 180).ShouldBeEmpty();
        asked.ShouldBeEmpty("whole hours need no minutes");
        book.Sum(Start + 20, Start + 180).Good.ShouldBe(160);
        book.Add(Start + 170, 1000, 0);
        book.Sum(Start + 165, Start + 175).Good.ShouldBe(11);
        asked.ShouldBe([0, 2], "once each");
    }

    [Fact]
    public void Sum_MinutesThatCannotBeRead_IsChargedProRataAndMarkedAndNothingIsWrittenOver()
    {
        var disk = new Dictionary<long, byte[]>();
        var isAway = false;
        var book = new LedgerBook(stored: hour => isAway ? null : disk[hour]);
        book.Add(Start + 1, 60_000, 6_000);
        book.Observe(Start * 60_000, (Start + 60) * 60_000);
        for (var turn = 0; turn < 9; turn++)
        {
            Store(book, disk);
        }
        isAway = true;
        var half = book.Sum(Start + 30, Start + 60);
        (half.Good, half.Bad, half.KnownMinutes, half.Approximate).ShouldBe((30, 3, 30, true));
        book.Sum(Start, Start + 60).Approximate.ShouldBeFalse();
        Should.Throw<IOException>(() => book.Add(Start + 2, 1000, 0));
        isAway = false;
        book.Add(Start + 2, 1000, 0);
        Store(book, disk);
        book.Sum(Start, Start + 60).Good.ShouldBe(61);
        book.Sum(Start + 1, Start + 60).Good.ShouldBe(1);
    }

    private static void Store(LedgerBook book, Dictionary<long, byte[]> disk)
    {
        foreach (var (hour, packed) in book.TakeChanges(closeBefore: long.MaxValue))
        {
            disk[hour] = packed;
        }
    }

    [Fact]
    public void Sum_WindowThatCutsASpan_IsChargedProRataAndMarked()
    {
        var book = new LedgerBook();
        book.AddSpan(new LedgerSpan(Start * 60_000, (Start + 10) * 60_000, 100, 50, SpanKind.Gap, 0));
        var half = book.Sum(Start + 5, Start + 20);
        (half.Good, half.Bad, half.Approximate, half.KnownMinutes).ShouldBe((50, 25, true, 5));
        var whole = book.Sum(Start - 5, Start + 20);
        (whole.Good, whole.Bad, whole.Approximate).ShouldBe((100, 50, false));
    }

    [Fact]
    public void IsInsideSpan_ShorterWindowOnly_IsTrue()
    {
        var book = new LedgerBook();
        book.AddSpan(new LedgerSpan(Start * 60_000, (Start + 30) * 60_000, 100, 50, SpanKind.Gap, 0));
        book.IsInsideSpan(Start + 26, Start + 31).ShouldBeTrue();
        book.IsInsideSpan(Start - 29, Start + 31).ShouldBeFalse();
        book.IsInsideSpan(Start + 30, Start + 35).ShouldBeFalse();
    }

    [Fact]
    public void AddSpan_SameEdges_BecomesOne()
    {
        var book = new LedgerBook();
        book.AddSpan(new LedgerSpan(1_000, 9_000, 1, 2, SpanKind.Gap, 0));
        book.AddSpan(new LedgerSpan(1_000, 9_000, 10, 20, SpanKind.Gap, 0));
        book.AddSpan(new LedgerSpan(1_000, 9_000, 0, 0, SpanKind.Unseen, 5));
        book.Spans.Count.ShouldBe(2);
        book.TakeSpanChanges().Count.ShouldBe(2);
        book.TakeSpanChanges().ShouldBeEmpty();
    }

    [Fact]
    public void Unobserved_HolesOfAMinuteOrMore_AreNamed()
    {
        var book = new LedgerBook();
        foreach (var (from, to) in ((int, int)[])[(0, 200), (203, 204), (300, 500)])
        {
            book.Observe((Start + from) * 60_000, (Start + to) * 60_000);
        }
        book.Unobserved(Start, Start + 510).Select(s => ((int)(s.FromMs / 60_000 - Start), (int)(s.ToMs / 60_000 - Start)))
            .ShouldBe([(200, 203), (204, 300), (500, 510)]);
    }

    [Fact]
    public void Unobserved_HolesFromTheHour_AreWhole()
    {
        var book = new LedgerBook();
        foreach (var (from, to) in ((int, int)[])[(0, 120), (121, 240), (250, 360)])
        {
            book.Observe((Start + from) * 60_000, (Start + to) * 60_000);
        }
        book.TakeChanges(closeBefore: 0);
        book.Unobserved(Start, Start + 360).Select(s => ((int)(s.FromMs / 60_000 - Start), (int)(s.ToMs / 60_000 - Start)))
            .ShouldBe([(120, 121), (240, 250)]);
        book.LastSeenMs.ShouldBe((Start + 360) * 60_000);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Backwards_IsThePlainWalkOverMinutesAndReadsNoCalmHour(int seed)
    {
        var random = new Random(seed);
        var (disk, asked) = (new Dictionary<long, byte[]>(), new HashSet<long>());
        var book = new LedgerBook(stored: hour =>
        {
            asked.Add(hour);
            return disk[hour];
        });
        var plain = new Dictionary<long, (double Good, double Bad)>();
        for (var i = 0; i < 3_000; i++)
        {
            var minute = Start + 1 + random.Next(3_600);
            var (good, bad) = (random.Next(100), minute / 300 % 3 == 0 && random.Next(4) == 0 ? random.Next(-3, 6) : 0);
            var before = plain.GetValueOrDefault(minute);
            plain[minute] = (before.Good + good, before.Bad + bad);
            book.Add(minute, good * 1000, bad * 1000);
        }
        // Bad events that even out are no calm hour.
        foreach (var (minute, bad) in ((long, int)[])[(Start + 1_000, 5), (Start + 1_001, -5)])
        {
            var before = plain.GetValueOrDefault(minute);
            plain[minute] = (before.Good, before.Bad + bad);
            book.Add(minute, 0, bad * 1000);
        }
        for (var i = 0; i < 300; i++)
        {
            if (i is > 100 and < 150)
            {
                Store(book, disk);
            }
            asked.Clear();
            var from = Start + random.Next(-100, 3_600);
            var to = from + random.Next(1, 3_700);
            var minutes = new List<(double, double)>();
            for (var minute = to; minute > from; minute--)
            {
                minutes.Add(plain.GetValueOrDefault(minute));
            }
            Runs(book.Backwards(from, to)).ShouldBe(Runs(minutes));
            asked.ShouldAllBe(hour => hour == from / 60 || hour == to / 60
                || Enumerable.Range(1, 60).Any(m => plain.GetValueOrDefault(hour * 60 + m).Bad != 0));
        }
    }

    /// <summary>Each minute with bad events, with the good ones that were passed on the way to it.</summary>
    private static List<(double Passed, double Good, double Bad)> Runs(IEnumerable<(double Good, double Bad)> steps)
    {
        var (runs, passed) = (new List<(double, double, double)>(), 0.0);
        foreach (var (good, bad) in steps)
        {
            if (bad == 0)
            {
                passed += good;
                continue;
            }
            runs.Add((passed, good, bad));
            passed = 0;
        }
        runs.Add((passed, 0, 0));
        return runs;
    }

    [Fact]
    public void LoadHour_DamagedBytes_AreTakenOrRefusedAndNothingElse()
    {
        var random = new Random(4);
        var book = new LedgerBook();
        for (var minute = Start + 1; minute <= Start + 60; minute++)
        {
            book.Add(minute, random.Next(1_000_000), random.Next(1_000));
            book.Observe((minute - 1) * 60_000, minute * 60_000 - random.Next(2) * 30_000);
        }
        var packed = book.TakeChanges(closeBefore: 0).ShouldHaveSingleItem().Packed;
        var refused = 0;
        for (var i = 0; i < 2_000; i++)
        {
            var damaged = packed[..random.Next(1, packed.Length + 1)];
            damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            try
            {
                new LedgerBook().LoadHour(Start / 60, damaged);
            }
            catch (InvalidDataException)
            {
                refused++;
            }
        }
        refused.ShouldBeGreaterThan(1_000);
    }

    [Fact]
    public void Sum_MinutesThatWereDamaged_AreChargedProRataAndNamed()
    {
        var disk = new Dictionary<long, byte[]>();
        var book = new LedgerBook(stored: hour => disk[hour]);
        book.Add(Start + 1, 60_000, 6_000);
        book.Observe(Start * 60_000, (Start + 60) * 60_000);
        for (var turn = 0; turn < 9; turn++)
        {
            Store(book, disk);
        }
        disk[Start / 60] = disk[Start / 60][..^1];
        book.DamagedHour.ShouldBeNull();
        var half = book.Sum(Start + 30, Start + 60);
        (half.Good, half.Bad, half.KnownMinutes, half.Approximate).ShouldBe((30, 3, 30, true));
        book.DamagedHour.ShouldBe(Start / 60);
        Should.Throw<IOException>(() => book.Add(Start + 2, 1000, 0));
    }

    [Fact]
    public void LoadHour_UnknownFormat_IsRefused() =>
        Should.Throw<InvalidDataException>(() => new LedgerBook().LoadHour(Start / 60, [9, 1, 2]));
}
