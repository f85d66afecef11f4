namespace Nines.Core.Objectives;

/// <summary>Exact tail probabilities of counts, by the regularised incomplete beta function.</summary>
internal static class Tail
{
    /// <summary>P(X ≥ k) of the bad ones among n independent events, each bad with probability p.</summary>
    public static double Binomial(double n, double p, double k) =>
        k <= 0 ? 1 : k > n ? 0 : Beta(k, n - k + 1, p);

    /// <summary>P(X ≥ k) of a count whose rate is itself uncertain: gamma with a shape, expected count mean.</summary>
    public static double NegativeBinomial(double shape, double mean, double k) =>
        k <= 0 ? 1 : mean <= 0 ? 0 : Beta(k, shape, mean / (mean + shape));

    // Continued fraction of Lentz (Numerical Recipes §6.4); 1e-14 of the true value for the sizes met here.
    private static double Beta(double a, double b, double x)
    {
        if (x is <= 0 or >= 1)
        {
            return x <= 0 ? 0 : 1;
        }
        var front = Math.Exp(LogGamma(a + b) - LogGamma(a) - LogGamma(b) + a * Math.Log(x) + b * Math.Log(1 - x));
        return x < (a + 1) / (a + b + 2) ? front * Fraction(a, b, x) / a : 1 - front * Fraction(b, a, 1 - x) / b;
    }

    private static double Fraction(double a, double b, double x)
    {
        const double Tiny = 1e-300;
        var c = 1.0;
        var d = 1 / Away(1 - (a + b) * x / (a + 1));
        var h = d;
        for (var m = 1; m <= 10_000; m++)
        {
            var even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
            d = 1 / Away(1 + even * d);
            c = Away(1 + even / c);
            h *= d * c;
            var odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
            d = 1 / Away(1 + odd * d);
            c = Away(1 + odd / c);
            h *= d * c;
            if (Math.Abs(d * c - 1) < 1e-14)
            {
                break;
            }
        }
        return h;
        static double Away(double value) => Math.Abs(value) < Tiny ? Tiny : value;
    }

    // Stirling's series from 10 on, reached by recurrence.
    private static double LogGamma(double x)
    {
        var shift = 0.0;
        for (; x < 10; x++)
        {
            shift -= Math.Log(x);
        }
        var inverse = 1 / (x * x);
        return shift + (x - 0.5) * Math.Log(x) - x + 0.918938533204672742
            + (1 / 12.0 - inverse * (1 / 360.0 - inverse * (1 / 1260.0 - inverse * (1 / 1680.0 - inverse / 1188)))) / x;
    }
}
