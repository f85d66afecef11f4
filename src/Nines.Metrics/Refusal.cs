using System.Runtime.CompilerServices;

namespace Nines.Metrics;

/// <summary>Why a series or sample was not taken.</summary>
public enum Refusal
{
    /// <summary>It was taken.</summary>
    None,
    /// <summary>As many series as there may be are in memory.</summary>
    SeriesLimit,
    /// <summary>A label's name or value holds half of a surrogate pair, which no UTF-8 can be written of.</summary>
    InvalidLabels,
    /// <summary>The reference is that of no series, or of one that was forgotten.</summary>
    UnknownSeries,
    /// <summary>The series has a newer sample.</summary>
    OutOfOrder,
    /// <summary>The series has another value at this time.</summary>
    Duplicate,
    /// <summary>It is older than what is in memory.</summary>
    TooOld,
    /// <summary>It is further in the future than clocks differ.</summary>
    TooFarAhead,
}

/// <summary>How much was refused, by reason.</summary>
public struct Refusals : IEquatable<Refusals>
{
    private static readonly string[] Said =
    [
        "taken", "beyond the limit of series", "with labels that are not Unicode", "of a series that is not known", "out of order",
        "with a second value for their time", "too old", "too far in the future",
    ];

    private Counts _counts;

    /// <summary>How much was refused for a reason.</summary>
    public readonly int this[Refusal why] => _counts[(int)why];

    /// <summary>How much was refused.</summary>
    public readonly int Total
    {
        get
        {
            var total = 0;
            foreach (var count in _counts)
            {
                total += count;
            }
            return total;
        }
    }

    /// <summary>A reason in words that follow a count: "out of order".</summary>
    public static string Words(Refusal why) => Said[(int)why];

    /// <summary>Counts one; <see cref="Refusal.None"/> counts nothing.</summary>
    public void Count(Refusal why)
    {
        if (why != Refusal.None)
        {
            _counts[(int)why]++;
        }
    }

    /// <summary>Counts what others counted.</summary>
    public void Add(in Refusals others)
    {
        for (var i = 0; i < Said.Length; i++)
        {
            _counts[i] += others._counts[i];
        }
    }

    /// <inheritdoc/>
    public readonly bool Equals(Refusals other) => ((ReadOnlySpan<int>)_counts).SequenceEqual(other._counts);

    /// <inheritdoc/>
    public override readonly bool Equals(object? obj) => obj is Refusals other && Equals(other);

    /// <inheritdoc/>
    public override readonly int GetHashCode() => Total;

    /// <summary>Whether both are the same counts.</summary>
    public static bool operator ==(Refusals a, Refusals b) => a.Equals(b);

    /// <summary>Whether the counts differ.</summary>
    public static bool operator !=(Refusals a, Refusals b) => !a.Equals(b);

    /// <summary>Reasons with their counts: "3 out of order, 1 too old"; empty when nothing was refused.</summary>
    public override readonly string ToString()
    {
        var parts = new List<string>();
        for (var i = 0; i < Said.Length; i++)
        {
            if (_counts[i] > 0)
            {
                parts.Add($"{_counts[i]} {Said[i]}");
            }
        }
        return string.Join(", ", parts);
    }

    [InlineArray(8)]
    private struct Counts
    {
        private int _first;
    }
}
