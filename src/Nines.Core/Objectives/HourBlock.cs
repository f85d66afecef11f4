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
    /// <summary>An earlier indicator counted the minute (<see cref="LedgerBook.CarriedToMinute"/>).</summary>
    Carried = 16,
}

/// <summary>One minute of an objective's account.</summary>
/// <param name="Minute">Unix minute (<see cref="LedgerTime"/>).</param>
/// <param name="Good">Good events, fixed-point.</param>
/// <param name="Bad">Bad events, fixed-point.</param>
/// <param name="Counted">How it was counted.</param>
/// <param name="ObservedSeconds">Seconds of it in which readings followed each other as expected, 0 to 60.</param>
public readonly record struct LedgerEntry(long Minute, long Good, long Bad, CountedQuality Counted, int ObservedSeconds);

/// <summary>The sums of an hour; what a book always has at hand of it.</summary>
internal struct HourSum
{
    public long Good;
    public long Bad;
    public short ObservedSeconds;

    /// <summary>Whether anything was ever written of its minutes.</summary>
    public bool HasMinutes;

    /// <summary>Whether something was observed of each of its minutes when it was last packed.</summary>
    public bool SeesEachMinute;

    /// <summary>Whether bad events were counted in any of its minutes; their sum can be 0 all the same, since a correction counts below 0.</summary>
    public bool HasBad;

    /// <summary>Whether any of its minutes may hold a count below 0.</summary>
    public bool HasNegative;

    /// <summary>Whether any of its minutes was taken over from an earlier account.</summary>
    public bool HasCarried;
}

/// <summary>The sixty minutes of an hour; packed to some 5 bytes a minute while nobody writes them.</summary>
internal sealed class HourBlock(byte[] packed)
{
    /// <summary>An hour without anything; for reading only.</summary>
    public static readonly HourBlock Nothing = new([]) { _open = new Minutes() };

    private const ulong AllSeconds = (1UL << 60) - 1;
    private Minutes? _open;
    private byte[] _packed = packed;

    private sealed class Minutes
    {
        public readonly long[] Good = new long[60];
        public readonly long[] Bad = new long[60];
        public readonly ulong[] Seconds = new ulong[60];
        public readonly CountedQuality[] Counted = new CountedQuality[60];
    }

    /// <summary>Whether it changed since <see cref="Pack"/>.</summary>
    public bool IsDirty { get; private set; }

    /// <summary>Turns since somebody asked for it.</summary>
    public int IdleTurns { get; set; }

    public LedgerEntry Entry(long minute, int index)
    {
        // Who asks for one minute asks for its neighbours next.
        var m = _open ??= Read();
        return new(minute, m.Good[index], m.Bad[index], m.Counted[index], BitOperations.PopCount(m.Seconds[index]));
    }

    public void Add(int index, long good, long bad, CountedQuality quality)
    {
        var m = Open();
        m.Good[index] += good;
        m.Bad[index] += bad;
        m.Counted[index] |= quality;
    }

    /// <summary>Marks seconds (bit s = second s of the minute) as observed, and tells how many of them are new.</summary>
    public int Observe(int index, ulong seconds)
    {
        var m = Open();
        var added = seconds & ~m.Seconds[index];
        m.Seconds[index] |= added;
        return BitOperations.PopCount(added);
    }

    /// <summary>Sums of the minutes [from, to) of the hour.</summary>
    /// <exception cref="InvalidDataException">The bytes are not a packed hour.</exception>
    public HourSum Sum(int from, int to)
    {
        var (sum, seen) = (new HourSum { HasMinutes = true }, 0);
        if (_open is { } m)
        {
            for (var i = from; i < to; i++)
            {
                sum.Good += m.Good[i];
                sum.Bad += m.Bad[i];
                sum.HasBad |= m.Bad[i] != 0;
                sum.HasNegative |= (m.Good[i] | m.Bad[i]) < 0;
                sum.HasCarried |= m.Counted[i].HasFlag(CountedQuality.Carried);
                sum.ObservedSeconds += (short)BitOperations.PopCount(m.Seconds[i]);
                seen += m.Seconds[i] != 0 ? 1 : 0;
            }
        }
        else
        {
            var minutes = new PackedMinutes(_packed);
            while (minutes.Next() && minutes.Index < to)
            {
                if (minutes.Index >= from)
                {
                    sum.Good += minutes.Good;
                    sum.Bad += minutes.Bad;
                    sum.HasBad |= minutes.Bad != 0;
                    sum.HasNegative |= (minutes.Good | minutes.Bad) < 0;
                    sum.HasCarried |= minutes.Counted.HasFlag(CountedQuality.Carried);
                    sum.ObservedSeconds += (short)BitOperations.PopCount(minutes.Seconds);
                    seen += minutes.Seconds != 0 ? 1 : 0;
                }
            }
        }
        sum.SeesEachMinute = seen == to - from;
        return sum;
    }

    /// <summary>Whether all of it can be unpacked.</summary>
    public bool IsWhole()
    {
        try
        {
            Sum(0, 60);
            return true;
        }
        catch (InvalidDataException)
        {
            return false;
        }
    }

    /// <summary>The first minute of which something was seen or counted, 0 to 59; null for none.</summary>
    public int? First()
    {
        var minutes = new PackedMinutes(_packed);
        while (minutes.Next())
        {
            if (minutes is not { Seconds: 0, Good: 0, Bad: 0 })
            {
                return minutes.Index;
            }
        }
        return null;
    }

    /// <summary>The last minute that was taken over from an earlier account, 0 to 59; null for none.</summary>
    public int? LastCarried()
    {
        int? last = null;
        var minutes = new PackedMinutes(_packed);
        while (minutes.Next())
        {
            last = minutes.Counted.HasFlag(CountedQuality.Carried) ? minutes.Index : last;
        }
        return last;
    }

    /// <summary>The observed seconds of a minute, bit s = second s.</summary>
    public ulong SecondsOf(int index) => (_open ??= Read()).Seconds[index];

    /// <summary>The block's bytes: a mask of the minutes that hold anything, then for each good, bad (zigzag varints), quality and seconds. Format 1.</summary>
    public byte[] Pack()
    {
        if (IsDirty)
        {
            var m = Open();
            var present = 0UL;
            for (var i = 0; i < 60; i++)
            {
                present |= m.Good[i] != 0 || m.Bad[i] != 0 || m.Seconds[i] != 0 || m.Counted[i] != CountedQuality.Complete ? 1UL << i : 0;
            }
            // A minute is at most two counts of 10 bytes, the quality and 9 bytes of seconds.
            Span<byte> bytes = stackalloc byte[16 + 60 * 30];
            bytes[0] = 1;
            var at = 1;
            Varint.Write(bytes, ref at, present);
            for (var i = 0; i < 60; i++)
            {
                if ((present >> i & 1) != 0)
                {
                    Varint.Write(bytes, ref at, Varint.ZigZag(m.Good[i]));
                    Varint.Write(bytes, ref at, Varint.ZigZag(m.Bad[i]));
                    bytes[at++] = (byte)((byte)m.Counted[i] | (m.Seconds[i] == AllSeconds ? 0x80 : 0));
                    if (m.Seconds[i] != AllSeconds)
                    {
                        Varint.Write(bytes, ref at, m.Seconds[i]);
                    }
                }
            }
            _packed = bytes[..at].ToArray();
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
        _open ??= Read();
        IsDirty = true;
        return _open;
    }

    private Minutes Read()
    {
        var m = new Minutes();
        var minutes = new PackedMinutes(_packed);
        while (minutes.Next())
        {
            m.Good[minutes.Index] = minutes.Good;
            m.Bad[minutes.Index] = minutes.Bad;
            m.Counted[minutes.Index] = minutes.Counted;
            m.Seconds[minutes.Index] = minutes.Seconds;
        }
        return m;
    }

    /// <summary>Reads the minutes of a packed hour that hold anything, one after the other. No bytes are an empty hour.</summary>
    private ref struct PackedMinutes
    {
        private readonly ReadOnlySpan<byte> _bytes;
        private ulong _left;
        private int _at;

        public PackedMinutes(ReadOnlySpan<byte> bytes)
        {
            if (bytes.Length > 0 && bytes[0] != 1)
            {
                throw new InvalidDataException($"an hour of the ledger has format {bytes[0]}, which is not known");
            }
            _bytes = bytes;
            _at = 1;
            _left = bytes.Length > 0 ? Varint.Read(bytes, ref _at) & AllSeconds : 0;
        }

        public int Index { get; private set; }

        public long Good { get; private set; }

        public long Bad { get; private set; }

        public CountedQuality Counted { get; private set; }

        public ulong Seconds { get; private set; }

        public bool Next()
        {
            if (_left == 0)
            {
                return false;
            }
            Index = BitOperations.TrailingZeroCount(_left);
            _left &= _left - 1;
            Good = Varint.UnZigZag(Varint.Read(_bytes, ref _at));
            Bad = Varint.UnZigZag(Varint.Read(_bytes, ref _at));
            var flags = Varint.Byte(_bytes, ref _at);
            Counted = (CountedQuality)(flags & 0x7f);
            Seconds = (flags & 0x80) != 0 ? AllSeconds : Varint.Read(_bytes, ref _at);
            return true;
        }
    }
}

/// <summary>Base-128 variable-length integers.</summary>
internal static class Varint
{
    public static ulong ZigZag(long value) => (ulong)((value << 1) ^ (value >> 63));

    public static long UnZigZag(ulong value) => (long)(value >> 1) ^ -(long)(value & 1);

    public static void Write(Span<byte> into, ref int at, ulong value)
    {
        for (; value >= 0x80; value >>= 7)
        {
            into[at++] = (byte)(value | 0x80);
        }
        into[at++] = (byte)value;
    }

    /// <exception cref="InvalidDataException">The bytes hold no number there.</exception>
    public static ulong Read(ReadOnlySpan<byte> from, ref int at)
    {
        var value = 0UL;
        for (var shift = 0; shift < 64; shift += 7)
        {
            var b = Byte(from, ref at);
            value |= (ulong)(b & 0x7f) << shift;
            if (b < 0x80)
            {
                return value;
            }
        }
        throw new InvalidDataException("an hour of the ledger is damaged: a number does not end");
    }

    /// <exception cref="InvalidDataException">The bytes end before it.</exception>
    public static byte Byte(ReadOnlySpan<byte> from, ref int at) =>
        at < from.Length ? from[at++] : throw new InvalidDataException("an hour of the ledger is damaged: it ends too early");
}
