using System.Numerics;

namespace Nines.Core.Objectives;

/// <summary>What the ledger knows of how a minute was counted; flags.</summary>
[Flags]
public enum CountedQuality : byte
{
    /// <summary>Every event that was read is in.</summary>
    Complete = 0,
    /// <summary>A series had a first reading that could not be counted.</summary>
    FirstUncounted = 1,
    /// <summary>A counter started anew; its last events may not have been read.</summary>
    Reset = 2,
    /// <summary>Late samples re-opened the minute after it had closed.</summary>
    Revised = 4,
    /// <summary>The minute was evaluated by a query, not counted.</summary>
    Evaluated = 8,
}

/// <summary>One minute of an objective's account.</summary>
/// <param name="Minute">Unix minute (<see cref="LedgerTime"/>).</param>
/// <param name="Good">Good events, fixed-point.</param>
/// <param name="Bad">Bad events, fixed-point.</param>
/// <param name="Counted">How it was counted.</param>
/// <param name="ObservedSeconds">Seconds of it in which readings followed each other as expected, 0 to 60.</param>
public readonly record struct LedgerEntry(long Minute, long Good, long Bad, CountedQuality Counted, int ObservedSeconds);

/// <summary>Sixty minutes of an account with their sums; packed to some 3 bytes a minute once nobody writes it any more.</summary>
internal sealed class HourBlock(long hour)
{
    private const ulong AllSeconds = (1UL << 60) - 1;
    private Minutes? _open;
    private byte[] _packed = [];

    private sealed class Minutes
    {
        public readonly long[] Good = new long[60];
        public readonly long[] Bad = new long[60];
        public readonly ulong[] Seconds = new ulong[60];
        public readonly CountedQuality[] Counted = new CountedQuality[60];
    }

    public long Hour => hour;

    public long Good { get; private set; }

    public long Bad { get; private set; }

    public int ObservedSeconds { get; private set; }

    /// <summary>Whether it changed since <see cref="Pack"/>.</summary>
    public bool IsDirty { get; private set; }

    public static HourBlock Unpack(long hour, byte[] packed)
    {
        var block = new HourBlock(hour) { _packed = packed };
        var minutes = block.Read();
        for (var i = 0; i < 60; i++)
        {
            block.Good += minutes.Good[i];
            block.Bad += minutes.Bad[i];
            block.ObservedSeconds += BitOperations.PopCount(minutes.Seconds[i]);
        }
        return block;
    }

    public LedgerEntry Entry(int index)
    {
        var m = Read();
        return new(hour * 60 + index + 1, m.Good[index], m.Bad[index], m.Counted[index], BitOperations.PopCount(m.Seconds[index]));
    }

    public void Add(int index, long good, long bad, CountedQuality quality)
    {
        var m = Open();
        m.Good[index] += good;
        m.Bad[index] += bad;
        m.Counted[index] |= quality;
        Good += good;
        Bad += bad;
    }

    /// <summary>Marks seconds (bit s = second s of the minute) as observed.</summary>
    public void Observe(int index, ulong seconds)
    {
        var m = Open();
        var added = seconds & ~m.Seconds[index];
        m.Seconds[index] |= added;
        ObservedSeconds += BitOperations.PopCount(added);
    }

    /// <summary>Sums of the minutes [from, to) of the hour.</summary>
    public (long Good, long Bad, int ObservedSeconds) Sum(int from, int to)
    {
        if (from == 0 && to == 60)
        {
            return (Good, Bad, ObservedSeconds);
        }
        var m = Read();
        var (good, bad, seconds) = (0L, 0L, 0);
        for (var i = from; i < to; i++)
        {
            good += m.Good[i];
            bad += m.Bad[i];
            seconds += BitOperations.PopCount(m.Seconds[i]);
        }
        return (good, bad, seconds);
    }

    /// <summary>The block's bytes: a mask of the minutes that hold anything, then for each good, bad (zigzag varints), quality and seconds. Format 1.</summary>
    public byte[] Pack()
    {
        if (IsDirty)
        {
            var m = Read();
            var present = 0UL;
            for (var i = 0; i < 60; i++)
            {
                present |= m.Good[i] != 0 || m.Bad[i] != 0 || m.Seconds[i] != 0 || m.Counted[i] != CountedQuality.Complete ? 1UL << i : 0;
            }
            var bytes = new List<byte>(200) { 1 };
            Varint.Write(bytes, present);
            for (var i = 0; i < 60; i++)
            {
                if ((present >> i & 1) != 0)
                {
                    Varint.Write(bytes, Varint.ZigZag(m.Good[i]));
                    Varint.Write(bytes, Varint.ZigZag(m.Bad[i]));
                    bytes.Add((byte)((byte)m.Counted[i] | (m.Seconds[i] == AllSeconds ? 0x80 : 0)));
                    if (m.Seconds[i] != AllSeconds)
                    {
                        Varint.Write(bytes, m.Seconds[i]);
                    }
                }
            }
            _packed = [.. bytes];
            IsDirty = false;
        }
        return _packed;
    }

    /// <summary>Gives the open form's memory back. Only packed blocks can be closed.</summary>
    public void Close()
    {
        if (!IsDirty)
        {
            _open = null;
        }
    }

    private Minutes Open()
    {
        _open = Read();
        IsDirty = true;
        return _open;
    }

    private Minutes Read()
    {
        if (_open is not null || _packed.Length == 0)
        {
            return _open ??= new Minutes();
        }
        if (_packed[0] != 1)
        {
            throw new InvalidDataException($"ledger hour {hour}: format {_packed[0]} is not known");
        }
        var m = new Minutes();
        var at = 1;
        var present = Varint.Read(_packed, ref at);
        for (var i = 0; i < 60; i++)
        {
            if ((present >> i & 1) == 0)
            {
                continue;
            }
            m.Good[i] = Varint.UnZigZag(Varint.Read(_packed, ref at));
            m.Bad[i] = Varint.UnZigZag(Varint.Read(_packed, ref at));
            var flags = _packed[at++];
            m.Counted[i] = (CountedQuality)(flags & 0x7f);
            m.Seconds[i] = (flags & 0x80) != 0 ? AllSeconds : Varint.Read(_packed, ref at);
        }
        return m;
    }
}

/// <summary>Base-128 variable-length integers.</summary>
internal static class Varint
{
    public static ulong ZigZag(long value) => (ulong)((value << 1) ^ (value >> 63));

    public static long UnZigZag(ulong value) => (long)(value >> 1) ^ -(long)(value & 1);

    public static void Write(List<byte> into, ulong value)
    {
        for (; value >= 0x80; value >>= 7)
        {
            into.Add((byte)(value | 0x80));
        }
        into.Add((byte)value);
    }

    public static ulong Read(ReadOnlySpan<byte> from, ref int at)
    {
        var value = 0UL;
        for (var shift = 0; ; shift += 7)
        {
            var b = from[at++];
            value |= (ulong)(b & 0x7f) << shift;
            if (b < 0x80)
            {
                return value;
            }
        }
    }
}
