using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using System.Text.Unicode;
using Nines.Metrics;
using Nines.Tsdb.Bytes;
using Nines.Tsdb.Files;

namespace Nines.Tsdb.Blocks;

/// <summary>
/// Finds series in the index of a block, on the mapped bytes. Texts and labels that were asked for are kept until <see cref="Rest"/>.
/// What makes no sense is <see cref="InvalidDataException"/>.
/// </summary>
internal sealed class BlockIndex
{
    private const int HeaderSize = 28;

    private readonly MappedBytes _file;
    private readonly long _at;
    private readonly int _length;
    private readonly int _symbols;
    private readonly int _pairs;
    private readonly int _seriesAt;
    private readonly int _pairsAt;
    private volatile string?[] _texts;
    private volatile Labels?[] _labels;

    private BlockIndex(MappedBytes file, long at, int length)
    {
        (_file, _at, _length) = (file, at, length);
        var header = Bytes[..HeaderSize];
        _symbols = (int)Word(header, 1);
        Series = (int)Word(header, 2);
        _pairs = (int)Word(header, 3);
        (_seriesAt, _pairsAt) = ((int)Word(header, 4), (int)Word(header, 5));
        (_texts, _labels) = (new string?[_symbols], new Labels?[Series]);
    }

    /// <summary>How many series there are.</summary>
    public int Series { get; }

    /// <summary>How many symbols.</summary>
    public int SymbolCount => _symbols;

    /// <summary>How many pairs of label name and value.</summary>
    public int PairCount => _pairs;

    private ReadOnlySpan<byte> Bytes => _file.Slice(_at, _length);

    /// <summary>Opens a copy of an index; null when it is damaged.</summary>
    public static BlockIndex? Open(MappedBytes file, long at, long length)
    {
        if (length is < HeaderSize or > int.MaxValue || !file.CanRead(at, length))
        {
            return null;
        }
        var bytes = file.Slice(at, (int)length);
        return Crc32C.Of(bytes[4..]) == Word(bytes, 0) ? new BlockIndex(file, at, (int)length) : null;
    }

    /// <summary>Forgets texts and labels.</summary>
    public void Rest() => (_texts, _labels) = (new string?[_symbols], new Labels?[Series]);

    /// <summary>A symbol's bytes.</summary>
    public ReadOnlySpan<byte> Symbol(int symbol)
    {
        var bytes = Bytes;
        var (from, to) = (Word(bytes, 7 + Checked(symbol, _symbols)), Word(bytes, 8 + symbol));
        return from <= to && to <= (uint)bytes.Length ? bytes[(int)from..(int)to] : throw new InvalidDataException("a symbol outside the index");
    }

    /// <summary>A symbol's text.</summary>
    public string Text(int symbol)
    {
        var texts = _texts;
        return texts[Checked(symbol, _symbols)] ??= Encoding.UTF8.GetString(Symbol(symbol));
    }

    /// <summary>The labels of a series.</summary>
    public Labels LabelsOf(int series)
    {
        var all = _labels;
        if (all[Checked(series, Series)] is { } known)
        {
            return known;
        }
        var entry = Entry(series);
        var pairs = new (string, string)[entry.Labels];
        for (var i = 0; i < pairs.Length; i++)
        {
            entry.NextLabel(out var name, out var value);
            pairs[i] = (Text(name), Text(value));
        }
        GC.KeepAlive(this);
        return all[series] = Labels.Of(pairs);
    }

    /// <summary>Tells the labels of a series, so that the same ones in two places are one object.</summary>
    public void Intern(int series, Labels labels) => _labels[series] = labels;

    /// <summary>The entry of a series, before its first chunk.</summary>
    public SeriesEntry Entry(int series)
    {
        var bytes = Bytes;
        var table = bytes[_seriesAt..];
        var (from, to) = (Word(table, Checked(series, Series)), Word(table, series + 1));
        return from <= to && to <= (uint)bytes.Length ? new SeriesEntry(bytes[(int)from..(int)to])
            : throw new InvalidDataException("a series outside the index");
    }

    /// <summary>The number of the series with these labels; −1 when there is none.</summary>
    public int Find(Labels labels)
    {
        Span<int> wanted = stackalloc int[Math.Min(128, labels.Count) * 2];
        if (labels.Count > 128)
        {
            wanted = new int[labels.Count * 2];
        }
        var at = 0;
        foreach (var (name, value) in labels.Pairs)
        {
            (wanted[at], wanted[at + 1]) = (SymbolOf(name), SymbolOf(value));
            if (wanted[at] < 0 || wanted[at + 1] < 0)
            {
                return -1;
            }
            at += 2;
        }
        var (low, high) = (0, Series - 1);
        while (low <= high)
        {
            var middle = (low + high) / 2;
            var order = Compare(Entry(middle), wanted);
            if (order == 0)
            {
                GC.KeepAlive(this);
                return middle;
            }
            (low, high) = order < 0 ? (middle + 1, high) : (low, middle - 1);
        }
        GC.KeepAlive(this);
        return -1;
    }

    /// <summary>The numbers of the series that satisfy all matchers.</summary>
    public List<int> Find(IReadOnlyList<Matcher> matchers)
    {
        var found = new SeriesSet(Series);
        found.Fill();
        var other = new SeriesSet(Series);
        foreach (var matcher in matchers)
        {
            other.Clear();
            if (matcher is { Op: MatchOp.Equal, Value.Length: > 0 })
            {
                Collect(matcher.Name, matcher.Value, other);
                found.IntersectWith(other);
            }
            else
            {
                // Series without the label count as those with an empty value.
                var withEmpty = matcher.Matches("");
                foreach (var (pair, value) in ValuesOf(matcher.Name))
                {
                    if (matcher.Matches(value) != withEmpty)
                    {
                        Collect(pair, other);
                    }
                }
                if (withEmpty)
                {
                    found.ExceptWith(other);
                }
                else
                {
                    found.IntersectWith(other);
                }
            }
            if (found.IsEmpty)
            {
                return [];
            }
        }
        GC.KeepAlive(this);
        return found.ToList();
    }

    /// <summary>All label names.</summary>
    public IEnumerable<string> LabelNames()
    {
        for (int pair = 0, before = -1; pair < _pairs; pair++)
        {
            var name = NameOf(pair);
            if (name != before)
            {
                yield return Text(name);
                before = name;
            }
        }
    }

    /// <summary>All values of a label.</summary>
    public IEnumerable<string> LabelValues(string name) => ValuesOf(name).Select(v => v.Value);

    private IEnumerable<(int Pair, string Value)> ValuesOf(string name)
    {
        var symbol = SymbolOf(name);
        for (var pair = symbol < 0 ? _pairs : FirstPair(symbol, 0); pair < _pairs && NameOf(pair) == symbol; pair++)
        {
            yield return (pair, Text(ValueOf(pair)));
        }
    }

    private void Collect(string name, string value, SeriesSet into)
    {
        var (nameSymbol, valueSymbol) = (SymbolOf(name), SymbolOf(value));
        if (nameSymbol >= 0 && valueSymbol >= 0 && FirstPair(nameSymbol, valueSymbol) is var pair && pair < _pairs && NameOf(pair) == nameSymbol
            && ValueOf(pair) == valueSymbol)
        {
            Collect(pair, into);
        }
    }

    private void Collect(int pair, SeriesSet into)
    {
        var bytes = Bytes;
        var from = new ByteReader(bytes) { At = Checked((int)Word(bytes[_pairsAt..], pair * 3 + 2), _length) };
        for (int left = from.Count(Series), number = 0; left > 0; left--)
        {
            number += from.Count(Series);
            into.Add(Checked(number, Series));
        }
    }

    // The first pair at or behind one; pairs are ordered by the numbers of their symbols.
    private int FirstPair(int name, int value)
    {
        var (low, high) = (0, _pairs);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (NameOf(middle) < name || (NameOf(middle) == name && ValueOf(middle) < value))
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }
        return low;
    }

    private int NameOf(int pair) => (int)Word(Bytes[_pairsAt..], pair * 3);

    private int ValueOf(int pair) => (int)Word(Bytes[_pairsAt..], pair * 3 + 1);

    private int SymbolOf(string text)
    {
        Span<byte> wanted = stackalloc byte[256];
        var size = Encoding.UTF8.GetMaxByteCount(text.Length);
        wanted = size <= wanted.Length ? wanted : new byte[size];
        if (Utf8.FromUtf16(text, wanted, out _, out size, replaceInvalidSequences: false) != OperationStatus.Done)
        {
            return -1;
        }
        wanted = wanted[..size];
        var (low, high) = (0, _symbols - 1);
        while (low <= high)
        {
            var middle = (low + high) / 2;
            var order = Symbols.Compare(Symbol(middle), wanted);
            if (order == 0)
            {
                return middle;
            }
            (low, high) = order < 0 ? (middle + 1, high) : (low, middle - 1);
        }
        return -1;
    }

    private static int Compare(SeriesEntry entry, ReadOnlySpan<int> wanted)
    {
        for (var i = 0; i < wanted.Length; i += 2)
        {
            if (i / 2 == entry.Labels)
            {
                return -1;
            }
            entry.NextLabel(out var name, out var value);
            var order = name != wanted[i] ? name.CompareTo(wanted[i]) : value.CompareTo(wanted[i + 1]);
            if (order != 0)
            {
                return order;
            }
        }
        return entry.Labels * 2 - wanted.Length;
    }

    private static uint Word(ReadOnlySpan<byte> bytes, int index) => BinaryPrimitives.ReadUInt32LittleEndian(bytes.Slice(index * 4, 4));

    private static int Checked(int number, int count) => (uint)number < (uint)count ? number : throw new InvalidDataException($"number {number} of {count}");
}
