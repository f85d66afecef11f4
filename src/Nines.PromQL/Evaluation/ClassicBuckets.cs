namespace Nines.PromQL.Evaluation;

/// <summary>Estimates from the cumulative buckets of a classic histogram, sorted by upper bound; values are taken to lie evenly within a bucket.</summary>
internal static class ClassicBuckets
{
    // Rates of buckets differ by rounding alone; what is below is taken for that.
    private const double SmallDelta = 1e-12;

    /// <summary>The φ-quantile; NaN without an +Inf bucket or without observations. Changes the buckets.</summary>
    /// <param name="quantile">φ, 0 … 1; −Inf below, +Inf above.</param>
    /// <param name="buckets">Upper bounds with cumulative counts.</param>
    /// <param name="forced">Whether a count was less than that of the bucket before by more than rounding, and was raised.</param>
    public static double Quantile(double quantile, List<(double UpperBound, double Count)> buckets, out bool forced)
    {
        forced = false;
        if (double.IsNaN(quantile))
        {
            return double.NaN;
        }
        if (quantile is < 0 or > 1)
        {
            return quantile < 0 ? double.NegativeInfinity : double.PositiveInfinity;
        }
        if (!double.IsPositiveInfinity(buckets[^1].UpperBound))
        {
            return double.NaN;
        }
        Coalesce(buckets);
        forced = MakeMonotonic(buckets);
        var observations = buckets[^1].Count;
        if (buckets.Count < 2 || observations == 0)
        {
            return double.NaN;
        }
        var rank = quantile * observations;
        var at = 0;
        while (at < buckets.Count - 1 && !(buckets[at].Count >= rank))
        {
            at++;
        }
        if (at == buckets.Count - 1)
        {
            return buckets[^2].UpperBound;
        }
        if (at == 0 && buckets[0].UpperBound <= 0)
        {
            return buckets[0].UpperBound;
        }
        var (start, before) = at == 0 ? (0, 0) : (buckets[at - 1].UpperBound, buckets[at - 1].Count);
        return start + ((buckets[at].UpperBound - start) * ((rank - before) / (buckets[at].Count - before)));
    }

    /// <summary>The share of observations between two values. Changes the buckets.</summary>
    public static double Fraction(double lower, double upper, List<(double UpperBound, double Count)> buckets)
    {
        if (!double.IsPositiveInfinity(buckets[^1].UpperBound))
        {
            return double.NaN;
        }
        Coalesce(buckets);
        var observations = buckets[^1].Count;
        if (observations == 0 || double.IsNaN(lower) || double.IsNaN(upper))
        {
            return double.NaN;
        }
        return lower >= upper ? 0 : (Rank(upper, buckets) - Rank(lower, buckets)) / observations;
    }

    // How many observations are below a value. The end buckets are infinitely wide: within them nothing is known.
    private static double Rank(double value, List<(double UpperBound, double Count)> buckets)
    {
        var (bound, below) = (buckets[0].UpperBound > 0 ? 0 : double.NegativeInfinity, 0d);
        foreach (var (upperBound, count) in buckets)
        {
            if (value <= bound)
            {
                break;
            }
            if (value < upperBound)
            {
                below = double.IsNegativeInfinity(bound) ? count
                    : double.IsPositiveInfinity(upperBound) ? below
                    : below + ((count - below) * (value - bound) / (upperBound - bound));
                break;
            }
            (bound, below) = (upperBound, count);
        }
        return Math.Min(below, buckets[^1].Count);
    }

    private static void Coalesce(List<(double UpperBound, double Count)> buckets)
    {
        var last = 0;
        for (var i = 1; i < buckets.Count; i++)
        {
            if (buckets[i].UpperBound == buckets[last].UpperBound)
            {
                buckets[last] = (buckets[last].UpperBound, buckets[last].Count + buckets[i].Count);
            }
            else
            {
                buckets[++last] = buckets[i];
            }
        }
        buckets.RemoveRange(last + 1, buckets.Count - last - 1);
    }

    private static bool MakeMonotonic(List<(double UpperBound, double Count)> buckets)
    {
        var forced = false;
        var before = buckets[0].Count;
        for (var i = 1; i < buckets.Count; i++)
        {
            var count = buckets[i].Count;
            var same = AlmostEqual(before, count);
            if (same || count < before)
            {
                forced |= !same;
                buckets[i] = (buckets[i].UpperBound, before);
            }
            else
            {
                before = count;
            }
        }
        return forced;
    }

    private static bool AlmostEqual(double a, double b)
    {
        const double SmallestNormal = 2.2250738585072014e-308;
        if (a == b)
        {
            return true;
        }
        var (sum, difference) = (Math.Abs(a) + Math.Abs(b), Math.Abs(a - b));
        return a == 0 || b == 0 || sum < SmallestNormal
            ? difference < SmallDelta * SmallestNormal
            : difference / Math.Min(sum, double.MaxValue) < SmallDelta;
    }
}
