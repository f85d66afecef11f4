namespace Nines.Core.Objectives;

/// <summary>
/// Whether bad events are too many to be chance, however often one looks. Pure.
/// <para>
/// A false alarm can only begin when a bad event arrives, so each bad event is asked one question: are the k − 1 bad events before it too near? Among the
/// n events from the k-th last bad one to it, the others are independent of it, so by chance that happens with probability
/// P(Bin(n − 1, p) ≥ k − 1) or less, whatever the arrivals. A year has λ p bad events; letting through only what has probability ≤ ε ÷ (λ p) means at
/// most ε false alarms a year. Asked at several k, ε
/// is shared among them (2, 3, 4, 6, 8, 12, … get ½, ⅙, ¹⁄₁₂, …: 1 ÷ (j (j + 1)) of it, which adds up to 1).
/// </para>
/// Within a minute the order is not known; the whole minute is taken, which makes n larger, never smaller.
/// </summary>
public static class BurnEvidence
{
    /// <summary>False alarms a year that chance may cause at most, when events fail at exactly the rate that is taken for harmless.</summary>
    public const double FalseAlarmsAYear = 0.5;

    private const double MinutesAYear = 525_960;

    /// <summary>Whether the bad events that end with the newest one within a stretch are more than chance.</summary>
    /// <param name="book">The account of events.</param>
    /// <param name="fromMinute">The stretch's start, excluded.</param>
    /// <param name="toMinute">Its end, included.</param>
    /// <param name="harmless">Share of bad events that is taken for harmless, 0 to 1.</param>
    /// <param name="eventsAYear">How much traffic there is.</param>
    public static bool IsMoreThanChance(LedgerBook book, long fromMinute, long toMinute, double harmless, double eventsAYear)
    {
        var looks = Math.Max(eventsAYear * harmless, double.Epsilon);
        var (bad, total) = (0.0, 0.0);
        foreach (var (goodHere, badHere) in book.Backwards(fromMinute, toMinute))
        {
            if (bad == 0 && badHere == 0)
            {
                continue;
            }
            bad += badHere;
            total += goodHere + badHere;
            if (badHere <= 0 || bad < 2)
            {
                continue;
            }
            var (k, share) = Asked(Math.Floor(bad + 1e-9));
            if (Tail.Binomial(Math.Ceiling(total - 1e-9) - 1, harmless, k - 1) <= share * FalseAlarmsAYear / looks)
            {
                return true;
            }
        }
        return false;
    }

    /// <summary>Traffic of a year, as seen over the whole known part of a window.</summary>
    public static double EventsAYear(WindowAccount seen) => seen.KnownMinutes > 0 ? seen.Total / seen.KnownMinutes * MinutesAYear : 0;

    /// <summary>How many bad events with nothing good between them it takes at a share taken for harmless and a traffic; at least 2.</summary>
    public static int LeastBad(double harmless, double eventsAYear)
    {
        for (var j = 1; j < 60; j++)
        {
            var k = (int)Rung(j);
            if (Math.Pow(harmless, k - 1) <= FalseAlarmsAYear / (j * (j + 1.0)) / (eventsAYear * harmless))
            {
                return k;
            }
        }
        return int.MaxValue;
    }

    /// <summary>The largest number of bad events that is asked about and not above the one seen, and its share of the false alarms.</summary>
    private static (double K, double Share) Asked(double bad)
    {
        var j = 1;
        while (Rung(j + 1) <= bad)
        {
            j++;
        }
        return (Rung(j), 1.0 / (j * (j + 1)));
    }

    // 2, 3, 4, 6, 8, 12, 16, 24, …
    private static double Rung(int j) => (j % 2 == 1 ? 2 : 3) * Math.Pow(2, (j - 1) / 2);
}
