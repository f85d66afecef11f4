using Nines.Core.Objectives;
using NodaTime;

namespace Nines.Core.Tests.Objectives;

public sealed class BudgetForecastTests
{
    private const long Start = 29_000_160;      // a whole day
    private const int Window = 28 * 1440;

    private static readonly Objective Orders = TestObjectives.Orders with { Target = 0.99m, Windows = [new RollingWindow(Window)] };

    [Fact]
    public void Of_SteadyAtHalfTheBudget_IsNeverAtRisk()
    {
        for (var seed = 0; seed < 30; seed++)
        {
            var random = new Random(seed);
            var traffic = Math.Pow(10, 1 + random.NextDouble() * 3);
            var book = new LedgerBook();
            var isAtRisk = false;
            for (var day = 0; day < 70; day++)
            {
                Day(book, day, traffic, traffic * 0.005, random);
                isAtRisk = BudgetForecast.Of(Orders, book, Orders.Windows[0], Start + (day + 1) * 1440)?.IsAtRisk(isAtRisk) ?? false;
                isAtRisk.ShouldBeFalse($"seed {seed}, day {day}");
            }
        }
    }

    [Fact]
    public void Of_SteadyAtTwiceTheBudget_IsAtRiskBeforeItIsGone()
    {
        for (var seed = 0; seed < 30; seed++)
        {
            var random = new Random(seed);
            var traffic = 50 * Math.Pow(10, 1 + random.NextDouble() * 3);
            var book = new LedgerBook();
            for (var day = 0; day < 28; day++)
            {
                Day(book, day, traffic, 0, random);
            }
            var (day2, isAtRisk) = (28, false);
            for (; !isAtRisk; day2++)
            {
                Day(book, day2, traffic, traffic * 0.02, random);
                var now = Start + (day2 + 1) * 1440;
                BudgetCalculator.Over(Orders, book, Orders.Windows[0], now).RemainingShare.ShouldNotBeNull().ShouldBeGreaterThan(0, $"seed {seed}, day {day2}");
                var forecast = BudgetForecast.Of(Orders, book, Orders.Windows[0], now).ShouldNotBeNull();
                isAtRisk = forecast.IsAtRisk(false);
                if (isAtRisk)
                {
                    forecast.EarliestMinute.ShouldNotBeNull().ShouldBeLessThanOrEqualTo(forecast.GoneMinute.ShouldNotBeNull());
                    (forecast.LatestMinute ?? long.MaxValue).ShouldBeGreaterThanOrEqualTo(forecast.GoneMinute.Value);
                }
            }
            day2.ShouldBeLessThan(28 + 12);
        }
    }

    [Fact]
    public void Of_OneBadDay_IsNoTrend()
    {
        var book = new LedgerBook();
        for (var day = 0; day < 28; day++)
        {
            Day(book, day, 10_000, day == 26 ? 1_400 : 5, null);
        }
        var forecast = BudgetForecast.Of(Orders, book, Orders.Windows[0], Start + 28 * 1440).ShouldNotBeNull();
        forecast.IsAtRisk(false).ShouldBeFalse();
        // At the mean pace it would be gone; the days differ too much for that to be told.
        forecast.GoneMinute.ShouldNotBeNull();
    }

    [Fact]
    public void Of_AMonth_IsHeldAgainstTheWholeMonth()
    {
        var first = Instant.FromUnixTimeSeconds(Start * 60).InUtc().LocalDateTime;
        var month = new CalendarWindow(new LocalDateTime(first.Year, first.Month, 1, 0, 0), CalendarUnit.Month, 1, DateTimeZone.Utc);
        var objective = Orders with { Windows = [month] };
        var (from, end) = month.At(Start + 40 * 1440);
        var book = new LedgerBook();
        for (var day = (from - Start) / 1440; day < (from - Start) / 1440 + 8; day++)
        {
            Day(book, (int)day, 10_000, 200, null);
        }
        var now = from + 8 * 1440;
        var forecast = BudgetForecast.Of(objective, book, month, now).ShouldNotBeNull();
        forecast.UntilMinute.ShouldBe(end);
        forecast.IsAtRisk(false).ShouldBeTrue();
        // 100 a day may fail; at 200 a day the month's budget lasts half of the month.
        ((double)forecast.GoneMinute.ShouldNotBeNull()).ShouldBe(from + (end - from) / 2, 400);
    }

    [Fact]
    public void Of_TwoDays_AreTooFew()
    {
        var book = new LedgerBook();
        Day(book, 0, 1_000, 500, null);
        Day(book, 1, 1_000, 500, null);
        BudgetForecast.Of(Orders, book, Orders.Windows[0], Start + 2 * 1440).ShouldBeNull();
    }

    private static void Day(LedgerBook book, int day, double total, double bad, Random? random)
    {
        for (var hour = 0; hour < 24; hour++)
        {
            var minute = Start + day * 1440L + hour * 60 + 1;
            var (good, failed) = ((total - bad) / 24 * 1000, random is null ? bad / 24 * 1000 : Poisson(random, bad / 24) * 1000);
            book.Add(minute, (long)good, (long)failed);
            book.Observe((minute - 1) * 60_000, (minute + 59) * 60_000);
        }
    }

    private static int Poisson(Random random, double mean)
    {
        var count = 0;
        for (var left = -Math.Log(1 - random.NextDouble()); left < mean; left -= Math.Log(1 - random.NextDouble()))
        {
            count++;
        }
        return count;
    }
}
