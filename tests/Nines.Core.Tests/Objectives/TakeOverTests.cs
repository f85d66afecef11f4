using Nines.Core.Objectives;

namespace Nines.Core.Tests.Objectives;

public sealed class TakeOverTests
{
    private const long Start = 30_000_000;
    private const int Minutes = 3_000;

    [Theory]
    [InlineData(LedgerTime.Scale)]
    [InlineData(1_000_000)]
    public void TakeOver_AnyTwoAccounts_KeepsWhatIsKnownAndFillsTheRest(long scale)
    {
        for (var seed = 0; seed < 20; seed++)
        {
            var random = new Random(seed);
            var (earlier, present) = (new LedgerBook(scale), new LedgerBook());
            var (theirs, mine) = (Fill(earlier, random, 0, Minutes, scale), Fill(present, random, random.Next(Minutes), Minutes + 500, LedgerTime.Scale));

            present.TakeOver(earlier, Start, Start + Minutes);

            var expected = Enumerable.Range(1, Minutes + 500).ToDictionary(m => Start + m, m => Known(mine, Start + m) ?? Known(theirs, Start + m) ?? (0, 0));
            for (var i = 0; i < 50; i++)
            {
                var from = Start + random.Next(Minutes);
                var to = from + random.Next(1, 1_000);
                var inside = expected.Where(e => e.Key > from && e.Key <= to).Select(e => e.Value).ToList();
                var sum = present.Sum(from, to);
                (sum.Good, sum.Bad).ShouldBe((inside.Sum(e => e.Good), inside.Sum(e => e.Bad)), $"seed {seed}");
            }
            var carried = theirs.Keys.Where(m => !mine.ContainsKey(m)).DefaultIfEmpty(0).Max();
            present.CarriedToMinute.ShouldBe(carried);

            // Once more changes nothing, and the seam is found again in what is stored.
            var all = present.Sum(Start, Start + Minutes + 500);
            present.TakeOver(earlier, Start, Start + Minutes);
            present.Sum(Start, Start + Minutes + 500).ShouldBe(all);
            var loaded = new LedgerBook();
            present.TakeChanges(0).ToList().ForEach(h => loaded.LoadHour(h.Hour, h.Packed));
            loaded.CarriedToMinute.ShouldBe(carried);
        }
    }

    [Fact]
    public void TakeOver_TheMinuteInWhichTheAccountBegins_IsThatOfTheOneThatSawMore()
    {
        var (earlier, present) = (new LedgerBook(), new LedgerBook());
        Book(earlier, Start + 1, 60_000, 5_000, 60);
        Book(present, Start + 1, 20_000, 1_000, 20);
        Book(present, Start + 2, 7_000, 0, 10);
        Book(earlier, Start + 2, 9_000, 0, 60);
        present.TakeOver(earlier, Start, Start + 10);
        (present.Sum(Start, Start + 1).Good, present.Sum(Start, Start + 1).Bad).ShouldBe((60, 5));
        present.Sum(Start + 1, Start + 2).Good.ShouldBe(7);
    }

    [Fact]
    public void TakeOver_Spans_CountForTheTimeThatIsNotKnown()
    {
        var (earlier, present) = (new LedgerBook(), new LedgerBook());
        earlier.AddSpan(new(At(0), At(10), 100, 10, SpanKind.Gap, 0));
        // Half of the stretch is in a span of the account's own, of which it knows the sum.
        present.AddSpan(new(At(5), At(20), 30, 3, SpanKind.Start, 0));
        present.TakeOver(earlier, Start, Start + 20);
        var sum = present.Sum(Start, Start + 20);
        (sum.Good, sum.Bad).ShouldBe((50 + 30, 5 + 3));
        present.TakeOver(earlier, Start, Start + 20);
        present.Sum(Start, Start + 20).Bad.ShouldBe(8);
    }

    private static (double Good, double Bad)? Known(Dictionary<long, (double Good, double Bad)> account, long minute) =>
        account.TryGetValue(minute, out var entry) ? entry : null;

    private static Dictionary<long, (double Good, double Bad)> Fill(LedgerBook book, Random random, int from, int to, long scale)
    {
        var plain = new Dictionary<long, (double, double)>();
        for (var minute = from + 1; minute <= to; minute++)
        {
            // Holes of both, and minutes without events that were observed.
            if (minute / 97 % 5 == 0 || random.Next(50) == 0)
            {
                continue;
            }
            var (good, bad) = (random.Next(40), random.Next(3));
            plain[Start + minute] = (good, bad);
            Book(book, Start + minute, good * scale, bad * scale, 60);
        }
        return plain;
    }

    private static void Book(LedgerBook book, long minute, long good, long bad, int seconds)
    {
        book.Add(minute, good, bad);
        book.Observe((minute * 60 - seconds) * 1000, minute * 60_000);
    }

    private static long At(int minute) => (Start + minute) * LedgerTime.MinuteMs;
}
