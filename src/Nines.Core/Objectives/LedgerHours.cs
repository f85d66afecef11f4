using System.Runtime.InteropServices;

namespace Nines.Core.Objectives;

/// <summary>
/// The hours of an account. Their sums are always at hand, 24 bytes each. Minutes are needed where a window's edge cuts an hour: they are read when somebody
/// asks for them and stay as long as somebody goes on asking.
/// </summary>
/// <param name="stored">Reads an hour that <see cref="TakeChanges"/> gave; null for one that cannot be read now. Without it all minutes are kept.</param>
internal sealed class LedgerHours(Func<long, byte[]?>? stored)
{
    // Minutes that nobody asked for during so many turns are given back.
    private const int MaxIdleTurns = 3;
    private const int SpareHours = 96;

    private readonly List<HourSum> _sums = [];          // dense: element i is hour _firstHour + i
    private readonly Dictionary<long, HourBlock> _minutes = [];
    private long _firstHour;

    /// <summary>The last hour whose stored minutes were found damaged, Unix hours; null for none. It is charged as one that cannot be read.</summary>
    public long? DamagedHour { get; private set; }

    /// <summary>The last minute that was taken over from an earlier account, Unix minutes; null for none.</summary>
    public long? CarriedTo { get; private set; }

    /// <summary>The hours of which anything was written, in order.</summary>
    public IEnumerable<long> Written() => Enumerable.Range(0, _sums.Count).Where(i => _sums[i].HasMinutes).Select(i => _firstHour + i);

    /// <summary>The observed seconds of a minute, bit s = second s; none while they cannot be read.</summary>
    public ulong SecondsOf(long minute) => HasHour(HourOf(minute)) ? MinutesOf(HourOf(minute))?.SecondsOf(IndexOf(minute)) ?? 0 : 0;

    /// <summary>One minute's entry; while its minutes cannot be read, the sixtieth part of the hour.</summary>
    public LedgerEntry Entry(long minute)
    {
        var hour = HourOf(minute);
        if (!HasHour(hour))
        {
            return new LedgerEntry(minute, 0, 0, CountedQuality.Complete, 0);
        }
        var sum = SumOf(hour);
        return MinutesOf(hour)?.Entry(minute, IndexOf(minute))
            ?? new LedgerEntry(minute, sum.Good / 60, sum.Bad / 60, CountedQuality.Complete, sum.ObservedSeconds / 60);
    }

    /// <summary>Adds to a minute.</summary>
    /// <exception cref="IOException">The minutes of its hour cannot be read now; nothing was added.</exception>
    public void Add(long minute, long good, long bad, CountedQuality quality)
    {
        Writable(minute).Add(IndexOf(minute), good, bad, quality);
        ref var sum = ref SumOf(HourOf(minute));
        sum.Good += good;
        sum.Bad += bad;
        sum.HasBad |= bad != 0;
        // A part that is taken out of what was added before it counts below 0 only until the hour is packed.
        sum.HasNegative |= (good | bad) < 0;
        if (quality.HasFlag(CountedQuality.Carried))
        {
            CarriedTo = Math.Max(CarriedTo ?? minute, minute);
        }
    }

    /// <summary>Marks seconds of a minute as observed.</summary>
    /// <exception cref="IOException">The minutes of its hour cannot be read now; nothing was marked.</exception>
    public void Observe(long minute, ulong seconds)
    {
        var added = Writable(minute).Observe(IndexOf(minute), seconds);
        SumOf(HourOf(minute)).ObservedSeconds += (short)added;
    }

    /// <summary>Sums of the minutes (from, to]; approximate where an edge cuts an hour whose minutes cannot be read now.</summary>
    public (long Good, long Bad, long Seconds, bool IsApproximate) Sum(long fromMinute, long toMinute)
    {
        var (good, bad, seconds, approximate) = (0L, 0L, 0L, false);
        if (_sums.Count == 0)
        {
            return default;
        }
        var minute = Math.Max(fromMinute, _firstHour * 60);                    // minutes (minute, end] are left to sum
        var end = Math.Min(toMinute, (_firstHour + _sums.Count) * 60);
        var hours = CollectionsMarshal.AsSpan(_sums);
        while (minute < end)
        {
            var from = (int)(minute % 60);
            var to = (int)Math.Min(60, from + end - minute);
            var sum = hours[(int)(minute / 60 - _firstHour)];
            if (to - from < 60)
            {
                if (MinutesOf(minute / 60) is { } minutes)
                {
                    sum = minutes.Sum(from, to);
                }
                else
                {
                    var share = (to - from) / 60.0;
                    sum.Good = (long)(sum.Good * share);
                    sum.Bad = (long)(sum.Bad * share);
                    sum.ObservedSeconds = (short)(sum.ObservedSeconds * share);
                    approximate = true;
                }
            }
            good += sum.Good;
            bad += sum.Bad;
            seconds += sum.ObservedSeconds;
            minute += to - from;
        }
        return (good, bad, seconds, approximate);
    }

    /// <summary>
    /// The minutes (from, to] without reading those of the hour that <paramref name="fromMinute"/> cuts: the sums of what follows that hour, and the bad
    /// events of the whole of it. Null when that is no bound: all lies within one hour, minutes cannot be read, or some hold counts below 0.
    /// </summary>
    public (long Good, long Bad, long CutBad)? Bound(long fromMinute, long toMinute)
    {
        var whole = (fromMinute + 59) / 60 * 60;
        var cut = whole > fromMinute && HasHour(fromMinute / 60) ? SumOf(fromMinute / 60) : default;
        if (whole > toMinute || cut.HasNegative)
        {
            return null;
        }
        var (good, bad, _, isApproximate) = Sum(whole, toMinute);
        return isApproximate ? null : (good, bad, cut.Bad);
    }

    /// <summary>Whether anything was observed of a minute.</summary>
    public bool IsSeen(long minute)
    {
        var hour = HourOf(minute);
        return HasHour(hour) && (SumOf(hour).SeesEachMinute || SumOf(hour).ObservedSeconds > 0 && Entry(minute).ObservedSeconds > 0);
    }

    /// <summary>Steps from the first minute of an hour over hours of which each minute was observed.</summary>
    public long SkipSeen(long minute, long toMinute)
    {
        while (minute + 60 <= toMinute && HasHour(HourOf(minute)) && SumOf(HourOf(minute)) is { SeesEachMinute: true } or { ObservedSeconds: 3600 })
        {
            minute += 60;
        }
        return minute;
    }

    /// <summary>Good events of an hour without bad ones; null for an hour that has any.</summary>
    public long? GoodOfCalm(long hour) => !HasHour(hour) ? 0 : SumOf(hour) is { HasBad: false, Good: var good } ? good : null;

    /// <summary>The last minute of which anything was observed; null for none.</summary>
    public long? LastSeen()
    {
        for (var hour = _firstHour + _sums.Count - 1; hour >= _firstHour; hour--)
        {
            for (var minute = hour * 60 + 60; minute > hour * 60 && SumOf(hour).ObservedSeconds > 0; minute--)
            {
                if (IsSeen(minute))
                {
                    return minute;
                }
            }
        }
        return null;
    }

    /// <summary>Packs each hour that changed since the last call, and gives memory back: <see cref="LedgerBook.TakeChanges"/>.</summary>
    public IReadOnlyList<(long Hour, byte[] Packed)> TakeChanges(long closeBefore)
    {
        var changes = new List<(long, byte[])>();
        foreach (var (hour, block) in _minutes)
        {
            if (block.IsDirty)
            {
                var packed = block.Sum(0, 60);
                ref var sum = ref SumOf(hour);
                (sum.SeesEachMinute, sum.HasBad, sum.HasNegative) = (packed.SeesEachMinute, packed.HasBad, packed.HasNegative);
                changes.Add((hour, block.Pack()));
            }
            if (hour < closeBefore)
            {
                block.Close();
                if (stored is not null && ++block.IdleTurns > MaxIdleTurns)
                {
                    _minutes.Remove(hour);
                }
            }
        }
        return changes;
    }

    /// <summary>Takes a stored hour in and tells its first minute that holds anything; null for none.</summary>
    /// <exception cref="InvalidDataException">The bytes are not a packed hour.</exception>
    public long? Load(long hour, byte[] packed)
    {
        var block = new HourBlock(packed);
        var sum = block.Sum(0, 60);
        Extend(hour);
        SumOf(hour) = sum;
        if (sum.HasCarried && hour * 60 + 1 + block.LastCarried() is { } carried)
        {
            CarriedTo = Math.Max(CarriedTo ?? carried, carried);
        }
        if (stored is null)
        {
            _minutes[hour] = block;
        }
        return block.First() is { } first ? hour * 60 + 1 + first : null;
    }

    private static long HourOf(long minute) => (minute - 1) / 60;

    private static int IndexOf(long minute) => (int)((minute - 1) % 60);

    private bool HasHour(long hour) => hour >= _firstHour && hour < _firstHour + _sums.Count;

    private ref HourSum SumOf(long hour) => ref CollectionsMarshal.AsSpan(_sums)[(int)(hour - _firstHour)];

    /// <summary>The minutes of an hour, for reading; null when they cannot be read now.</summary>
    private HourBlock? MinutesOf(long hour)
    {
        if (_minutes.TryGetValue(hour, out var block))
        {
            block.IdleTurns = 0;
            return block;
        }
        if (!SumOf(hour).HasMinutes)
        {
            return HourBlock.Nothing;
        }
        if (stored?.Invoke(hour) is not { } packed)
        {
            return null;
        }
        var read = new HourBlock(packed);
        if (!read.IsWhole())
        {
            // What was damaged while the server ran must not take pages and other objectives with it.
            DamagedHour = hour;
            return null;
        }
        return _minutes[hour] = read;
    }

    private HourBlock Writable(long minute)
    {
        var hour = HourOf(minute);
        Extend(hour);
        ref var sum = ref SumOf(hour);
        if (!sum.HasMinutes)
        {
            sum.HasMinutes = true;
            _minutes[hour] = new HourBlock([]);
        }
        return MinutesOf(hour) ?? throw new IOException("the minutes of an hour of the ledger cannot be read now");
    }

    private void Extend(long hour)
    {
        if (_sums.Count == 0)
        {
            _firstHour = hour;
        }
        if (hour < _firstHour)
        {
            _sums.InsertRange(0, new HourSum[_firstHour - hour]);
            _firstHour = hour;
        }
        if (hour >= _firstHour + _sums.Count)
        {
            // Not twice as much: of ten thousand books that would be most of the memory.
            var needed = (int)(hour - _firstHour) + 1;
            _sums.Capacity = _sums.Capacity >= needed ? _sums.Capacity : needed + SpareHours;
            _sums.AddRange(new HourSum[hour - _firstHour + 1 - _sums.Count]);
        }
    }
}
