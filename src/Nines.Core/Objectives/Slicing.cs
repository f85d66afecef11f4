namespace Nines.Core.Objectives;

/// <summary>
/// Turns events into time slices (OpenSLO's Timeslices and RatioTimeslices). Slices are aligned to the Unix epoch and derived from the account of events,
/// so another slicing is another reading of the same account.
/// </summary>
/// <param name="Minutes">Length of a slice, 1 to 1440 and a divisor of a day.</param>
/// <param name="Target">The share of good events from which a slice is good, above 0 and at most 1; null when a slice counts with its share.</param>
public sealed record Slicing(int Minutes, decimal? Target)
{
    /// <summary>A slice of which less than this share was observed is unknown.</summary>
    public const double KnownFrom = 0.5;

    /// <summary>Units of a count in one slice.</summary>
    public const long Scale = 1_000_000;

    /// <summary>The last minute of the slice that holds a minute.</summary>
    public long EndOf(long minute) => (minute + Minutes - 1) / Minutes * Minutes;

    /// <summary>The verdict on a slice, fixed-point by <see cref="Scale"/>; null while too little of it is known.
    /// An observed slice without events is good: nothing failed in it.</summary>
    public (long Good, long Bad)? Judge(WindowAccount events)
    {
        if (events.KnownMinutes < Minutes * KnownFrom)
        {
            return null;
        }
        var share = events.Ratio ?? 1;
        if (Target is { } target)
        {
            // A share computed from whole counts may miss a decimal target by an ulp.
            return share >= (double)target - 1e-12 ? (Scale, 0) : (0, Scale);
        }
        var good = (long)Math.Round(Math.Clamp(share, 0, 1) * Scale);
        return (good, Scale - good);
    }
}

/// <summary>The account of slices, derived from that of events.</summary>
internal sealed class SliceBook(Slicing slicing)
{
    private readonly Dictionary<long, (long Good, long Bad)> _judged = [];     // by end, as long as late samples may re-open a slice
    private readonly SortedSet<long> _touched = [];
    private long _derivedTo;

    public LedgerBook Book { get; } = new(Slicing.Scale);

    /// <summary>Tells that the events of a minute changed.</summary>
    public void Touch(long minute)
    {
        if (minute <= _derivedTo)
        {
            _touched.Add(slicing.EndOf(minute));
        }
    }

    /// <summary>Judges every slice that has ended by a minute and was not judged yet, and those whose events changed since.</summary>
    public void Derive(LedgerBook events, long closedMinute)
    {
        if (events.FirstMinute is not { } first)
        {
            return;
        }
        var from = Math.Max(_derivedTo, slicing.EndOf(first) - slicing.Minutes);
        for (var end = from + slicing.Minutes; end <= closedMinute; end += slicing.Minutes)
        {
            _touched.Add(end);
            _derivedTo = end;
        }
        foreach (var end in _touched)
        {
            Judge(events, end);
        }
        _touched.Clear();
        foreach (var old in _judged.Keys.Where(end => end < closedMinute - ObjectiveLedger.ReopenMinutes - slicing.Minutes).ToList())
        {
            _judged.Remove(old);
        }
        // It is derived, not stored: packed it needs a fiftieth of the memory.
        Book.TakeChanges((closedMinute - ObjectiveLedger.ReopenMinutes - slicing.Minutes) / 60);
    }

    private void Judge(LedgerBook events, long end)
    {
        var account = events.Sum(end - slicing.Minutes, end);
        // Of a gap only the sum is known, so nothing is known of a slice within it.
        var verdict = events.IsInsideSpan(end - slicing.Minutes, end) ? null : slicing.Judge(account);
        var before = _judged.GetValueOrDefault(end);
        var now = verdict ?? default;
        if (verdict is not null || before != default)
        {
            Book.Add(end, now.Good - before.Good, now.Bad - before.Bad);
            _judged[end] = now;
        }
        if (verdict is not null)
        {
            Book.Observe((end - slicing.Minutes) * LedgerTime.MinuteMs, end * LedgerTime.MinuteMs);
        }
    }
}
