using System.Runtime.CompilerServices;

namespace Nines.PromQL.Evaluation;

/// <summary>
/// A sum of doubles with its rounding error kept beside it (Neumaier, "Rundungsfehleranalyse einiger Verfahren zur Summation endlicher Summen", 1974).
/// </summary>
internal struct CompensatedSum(double sum)
{
    public double Sum = sum;
    public double Error;

    public readonly double Value => Sum + Error;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(double value)
    {
        var total = Sum + value;
        if (double.IsInfinity(total))
        {
            Error = 0;
        }
        else if (Math.Abs(Sum) >= Math.Abs(value))
        {
            Error += Sum - total + value;
        }
        else
        {
            Error += value - total + Sum;
        }
        Sum = total;
    }
}

/// <summary>A mean that is a compensated sum until the sum overflows, and from then on is updated value by value.</summary>
internal struct CompensatedMean
{
    private CompensatedSum _sum;
    private bool _incremental;

    public double Count;

    public readonly double Value => _incremental ? _sum.Value : (_sum.Sum / Count) + (_sum.Error / Count);

    public void Add(double value)
    {
        Count++;
        if (!_incremental)
        {
            var next = _sum;
            next.Add(value);
            if (Count == 1 || !double.IsInfinity(next.Sum))
            {
                _sum = next;
                return;
            }
            _incremental = true;
            _sum.Sum /= Count - 1;
            _sum.Error /= Count - 1;
        }
        var share = (Count - 1) / Count;
        _sum.Sum *= share;
        _sum.Error *= share;
        _sum.Add(value / Count);
    }
}

/// <summary>Mean and variance in one pass (Welford, "Note on a method for calculating corrected sums of squares and products", 1962), compensated.</summary>
internal struct RunningVariance
{
    private CompensatedSum _mean;
    private CompensatedSum _squares;

    public double Count;

    public readonly double Value => _squares.Value / Count;

    public void Add(double value)
    {
        Count++;
        var delta = value - _mean.Value;
        _mean.Add(delta / Count);
        _squares.Add(delta * (value - _mean.Value));
    }
}

/// <summary>Quantiles of samples.</summary>
internal static class Quantiles
{
    /// <summary>NaN before everything, as in Prometheus, and −0 before 0, so that equal values are the same bit by bit.</summary>
    public static readonly Comparer<double> Order = Comparer<double>.Create(static (a, b) =>
        a.CompareTo(b) is var order and not 0 ? order : double.IsNegative(b).CompareTo(double.IsNegative(a)));

    /// <summary>The φ-quantile of sorted values, interpolated; −Inf below 0, +Inf above 1, NaN for NaN or without values.</summary>
    public static double OfSorted(double q, ReadOnlySpan<double> sorted)
    {
        if (sorted.IsEmpty || double.IsNaN(q))
        {
            return double.NaN;
        }
        if (q < 0)
        {
            return double.NegativeInfinity;
        }
        if (q > 1)
        {
            return double.PositiveInfinity;
        }
        var rank = q * (sorted.Length - 1);
        var lower = Math.Max(0, Math.Floor(rank));
        var upper = Math.Min(sorted.Length - 1, lower + 1);
        var weight = rank - Math.Floor(rank);
        return (sorted[(int)lower] * (1 - weight)) + (sorted[(int)upper] * weight);
    }
}
