using System.Globalization;
using Nines.Core.Objectives;

namespace Nines.Core.Tests.Objectives;

public sealed class BurnEvidenceTests(ITestOutputHelper output)
{
    private static readonly Objective Orders = TestObjectives.Orders;

    [Theory]
    [InlineData(10, 0.3, 4)]
    [InlineData(200, 0.001, 2)]
    [InlineData(35, 0.9, 30)]
    public void Binomial_AgainstThePlainSum_IsTheSame(int n, double p, int k)
    {
        var sum = 0.0;
        for (var i = k; i <= n; i++)
        {
            var choose = 1.0;
            for (var j = 1; j <= i; j++)
            {
                choose *= (n - i + j) / (double)j;
            }
            sum += choose * Math.Pow(p, i) * Math.Pow(1 - p, n - i);
        }
        Tail.Binomial(n, p, k).ShouldBe(sum, sum * 1e-10);
    }

    [Fact]
    public void NegativeBinomial_AgainstThePlainSum_IsTheSame()
    {
        // P(X = i) by the ratio of neighbours.
        var (shape, mean, below) = (2.5, 4.0, 0.0);
        var p = mean / (mean + shape);
        var term = Math.Pow(1 - p, shape);
        for (var i = 0; i < 6; i++)
        {
            below += term;
            term *= (shape + i) / (i + 1) * p;
        }
        Tail.NegativeBinomial(shape, mean, 6).ShouldBe(1 - below, 1e-12);
    }

    [Theory]
    [InlineData(1, 2)]
    [InlineData(10, 2)]
    [InlineData(100, 3)]
    [InlineData(100_000, 4)]
    public void LeastBad_GrowsWithTheTraffic(double anHour, int least) => BurnEvidence.LeastBad(0.001, anHour * 8766).ShouldBe(least);

    [Fact]
    public void IsMoreThanChance_TwoBadNextToEachOtherAtTenAnHour_AreAndFarApartAreNot()
    {
        var book = new LedgerBook();
        book.Add(1_000, 0, 1000);
        book.Add(1_006, 0, 1000);
        BurnEvidence.IsMoreThanChance(book, 900, 1_010, 0.001, 87_660).ShouldBeTrue();
        book.Add(1_003, 2000, 0);
        BurnEvidence.IsMoreThanChance(book, 900, 1_010, 0.001, 87_660).ShouldBeFalse();
        BurnEvidence.IsMoreThanChance(book, 1_002, 1_010, 0.001, 87_660).ShouldBeFalse();
    }

    [Fact]
    public void Simulation_Short_KeepsTheDemands()
    {
        new BurnSimulation(1, Orders).Years(10, 0.001, 2).Pages.ShouldBeLessThanOrEqualTo(2);
        Median(new BurnSimulation(2, Orders).Detection(10, 1, 25).Minutes).ShouldBeLessThan(15);
        // A failure near a rule's limit is one story, not a page every other hour.
        new BurnSimulation(3, Orders).Detection(1000, 0.01, 4).Begins.ShouldBeLessThanOrEqualTo(3);
    }

    /// <summary>The figures of eng/prove/10-burn.sh; some minutes.</summary>
    [Fact(Explicit = true)]
    public void Simulation_Long_KeepsTheDemandsAndPrints()
    {
        foreach (var (anHour, years) in ((double, int)[])[(1, 200), (10, 60), (100, 10), (1000, 1)])
        {
            var (pages, tickets) = new BurnSimulation((int)anHour, Orders).Years(anHour, 0.001, years);
            Print($"{anHour}/h, errors at the budget's rate, {years} years: {pages / (double)years:0.###} false pages a year, {tickets / (double)years:0.#} tickets a year");
            if (anHour <= 100)
            {
                (pages / (double)years).ShouldBeLessThanOrEqualTo(1);
            }
        }
        foreach (var anHour in (double[])[1, 10, 100, 1000])
        {
            foreach (var rate in (double[])[1, 0.1, 0.01])
            {
                var (minutes, begins) = new BurnSimulation((int)anHour + 7, Orders).Detection(anHour, rate, anHour >= 1000 ? 25 : 100);
                Print($"{anHour}/h, {rate:0%} fail: page in the median after {Text(Median(minutes))} min, 90 % within {Text(minutes[minutes.Count * 9 / 10])} min, "
                    + $"found within a day {minutes.Count(double.IsFinite) / (double)minutes.Count:0%}, pages begun in that day {begins:0.0}");
                if (anHour == 10 && rate == 1)
                {
                    Median(minutes).ShouldBeLessThanOrEqualTo(15);
                }
                begins.ShouldBeLessThanOrEqualTo(3);
            }
        }
    }

    private void Print(string line) => output.WriteLine(line);

    private static string Text(double minutes) => double.IsFinite(minutes) ? minutes.ToString("0.0", CultureInfo.InvariantCulture) : "—";

    private static double Median(IReadOnlyList<double> sorted) => sorted[sorted.Count / 2];
}
