using System.Buffers.Text;
using System.Text;

namespace Nines.Metrics.Exposition;

/// <summary>A format in which a target exposes its metrics.</summary>
public enum ExpositionFormat
{
    /// <summary>The Prometheus text format, version 0.0.4.</summary>
    Text,
    /// <summary>OpenMetrics 1.0.</summary>
    OpenMetrics,
}

/// <summary>A body that is not in its format.</summary>
public sealed class ExpositionException(int line, string reason) : FormatException($"line {line}: {reason}")
{
    /// <summary>The line, counted from 1.</summary>
    public int Line { get; } = line;

    /// <summary>What is wrong with it.</summary>
    public string Reason { get; } = reason;
}

/// <summary>What a line tells of a metric family.</summary>
public enum MetadataKind
{
    /// <summary>Its type, such as counter.</summary>
    Type,
    /// <summary>What it means, in a sentence; escapes as in the body.</summary>
    Help,
    /// <summary>Its unit, such as seconds; OpenMetrics only.</summary>
    Unit,
}

/// <summary>Takes what a line tells of a metric family. The spans point into the body.</summary>
public delegate void TakeMetadata(MetadataKind kind, ReadOnlySpan<byte> family, ReadOnlySpan<byte> text);

/// <summary>One sample of a body, as it stands there.</summary>
public readonly ref struct ExposedSample
{
    /// <summary>The bytes that name the series: <c>name{label="value"}</c>. Equal bytes are the same series; see <see cref="SeriesText.Parse"/>.</summary>
    public ReadOnlySpan<byte> Series { get; init; }

    /// <summary>The value.</summary>
    public double Value { get; init; }

    /// <summary>The target's own timestamp in milliseconds, or <see cref="ExpositionParser.NoTimestamp"/>.</summary>
    public long TimestampMs { get; init; }

    /// <summary>Whether this is the start timestamp (<c>_created</c>, in seconds) of the other series of its family and labels, not a series.</summary>
    public bool IsCreated { get; init; }

    /// <summary>The family's name as its <c># TYPE</c> line gave it, when this sample belongs to a counter, histogram or summary of OpenMetrics; else
    /// empty.</summary>
    public ReadOnlySpan<byte> Family { get; init; }
}

/// <summary>
/// Reads a body line by line, from any number of pieces. It only tells the parts of a line apart; labels are parsed by
/// <see cref="SeriesText.Parse"/>, once for each new series.
/// </summary>
public sealed class ExpositionParser(ExpositionFormat format)
{
    /// <summary>Says that a sample has no timestamp of its own.</summary>
    public const long NoTimestamp = long.MinValue;

    private byte[] _family = [];
    private bool _familyStarts;
    private bool _ended;

    /// <summary>Takes what is told of metric families; null when nobody wants it.</summary>
    public TakeMetadata? Metadata { get; init; }

    /// <summary>The line read last, counted from 1.</summary>
    public int Line { get; private set; }

    /// <summary>Reads up to the next sample.</summary>
    /// <param name="rest">The bytes not read yet; what was read is cut off its front.</param>
    /// <param name="last">Whether nothing follows, so that the last line may lack its line feed.</param>
    /// <param name="sample">The sample; it points into the bytes given.</param>
    /// <returns>False when no whole line is left.</returns>
    /// <exception cref="ExpositionException">A line is not in the format.</exception>
    public bool TryRead(ref ReadOnlySpan<byte> rest, bool last, out ExposedSample sample)
    {
        while (rest.Length > 0)
        {
            var feed = rest.IndexOf((byte)'\n');
            if (feed < 0 && !last)
            {
                break;
            }
            var line = feed < 0 ? rest : rest[..feed];
            rest = feed < 0 ? [] : rest[(feed + 1)..];
            Line++;
            if (_ended)
            {
                throw Error("text after # EOF");
            }
            if (line.Length > 0 && line[0] == '#')
            {
                ReadComment(line);
            }
            else if (ReadSample(line, out sample))
            {
                return true;
            }
        }
        sample = default;
        return false;
    }

    /// <summary>Says that the body is over.</summary>
    /// <exception cref="ExpositionException">OpenMetrics without <c># EOF</c>: the body was cut short.</exception>
    public void End()
    {
        if (format == ExpositionFormat.OpenMetrics && !_ended)
        {
            throw new ExpositionException(Line + 1, "the body does not end with # EOF");
        }
    }

    private ExpositionException Error(string reason) => new(Line, reason);

    private void ReadComment(ReadOnlySpan<byte> line)
    {
        if (format == ExpositionFormat.OpenMetrics && line.TrimEnd((byte)'\r').SequenceEqual("# EOF"u8))
        {
            _ended = true;
            return;
        }
        var words = line[1..].TrimStart(" \t"u8);
        if (words.StartsWith("TYPE"u8) && words.Length > 4 && words[4] is (byte)' ' or (byte)'\t')
        {
            ReadType(words[5..].Trim(" \t\r"u8));
        }
        else if (format == ExpositionFormat.OpenMetrics && !words.StartsWith("HELP "u8) && !words.StartsWith("UNIT "u8))
        {
            throw Error("a comment that is not HELP, TYPE, UNIT or EOF");
        }
        else if (!Utf8Valid(line))
        {
            throw Error("not UTF-8");
        }
        else if (Metadata is not null && words.Length > 5 && (words.StartsWith("HELP"u8) || words.StartsWith("UNIT"u8)) && words[4] is (byte)' ' or (byte)'\t')
        {
            ReadAbout(words[0] == 'H' ? MetadataKind.Help : MetadataKind.Unit, words[5..].Trim(" \t\r"u8));
        }
    }

    private void ReadAbout(MetadataKind kind, ReadOnlySpan<byte> words)
    {
        var quoted = words.Length > 0 && words[0] == '"';
        var split = quoted ? words[1..].IndexOf((byte)'"') + 2 : words.IndexOfAny(" \t"u8);
        var name = (split < 2 && quoted) || split < 0 ? words : words[..split];
        if (name.Trim((byte)'"') is { IsEmpty: false } family)
        {
            Metadata!(kind, family, words[name.Length..].TrimStart(" \t"u8));
        }
    }

    private void ReadType(ReadOnlySpan<byte> words)
    {
        var split = words.LastIndexOfAny(" \t"u8);
        if (split <= 0)
        {
            throw Error("# TYPE without name and type");
        }
        var name = words[..split].TrimEnd(" \t"u8).Trim((byte)'"');
        var type = words[(split + 1)..];
        var starts = type.SequenceEqual("counter"u8) || type.SequenceEqual("histogram"u8) || type.SequenceEqual("summary"u8);
        if (!starts && !IsOtherType(type))
        {
            throw Error($"unknown type \"{Shown(type)}\"");
        }
        if (name.IsEmpty || !Utf8Valid(name))
        {
            throw Error(name.IsEmpty ? "# TYPE without a name" : "not UTF-8");
        }
        if (!_family.AsSpan().SequenceEqual(name))
        {
            _family = name.ToArray();
        }
        _familyStarts = starts && format == ExpositionFormat.OpenMetrics;
        Metadata?.Invoke(MetadataKind.Type, name, type);
    }

    private bool IsOtherType(ReadOnlySpan<byte> type) =>
        type.SequenceEqual("gauge"u8)
        || (format == ExpositionFormat.Text
            ? type.SequenceEqual("untyped"u8)
            : type.SequenceEqual("unknown"u8) || type.SequenceEqual("info"u8) || type.SequenceEqual("stateset"u8) || type.SequenceEqual("gaugehistogram"u8));

    private bool ReadSample(ReadOnlySpan<byte> line, out ExposedSample sample)
    {
        sample = default;
        var open = format == ExpositionFormat.Text;
        if (open)
        {
            line = line.Trim(" \t\r"u8);
            if (line.IsEmpty)
            {
                return false;
            }
        }
        else if (line.IsEmpty)
        {
            throw Error("an empty line");
        }
        var series = line[..SeriesLength(line)];
        if (series.IsEmpty)
        {
            throw Error("a line without a metric name");
        }
        var words = line[series.Length..].TrimStart(" \t"u8);
        var exemplar = open ? -1 : words.IndexOf((byte)'#');
        if (exemplar >= 0)
        {
            words = words[..exemplar].TrimEnd((byte)' ');
        }
        var split = words.IndexOfAny((byte)' ', (byte)'\t');
        var number = split < 0 ? words : words[..split];
        if (!TryValue(number, out var value))
        {
            throw Error(number.IsEmpty ? "a sample without a value" : $"\"{Shown(number)}\" is not a number");
        }
        var timestamp = split < 0 ? NoTimestamp : Timestamp(words[split..].TrimStart(" \t"u8));
        var own = _familyStarts && series.StartsWith(_family);
        sample = new ExposedSample
        {
            Series = series,
            Value = value,
            TimestampMs = timestamp,
            Family = own ? _family : [],
            IsCreated = own && IsCreated(series[_family.Length..]),
        };
        return true;
    }

    private static bool IsCreated(ReadOnlySpan<byte> suffix) =>
        suffix.StartsWith("_created"u8) && (suffix.Length == 8 || suffix[8] is (byte)'{' or (byte)' ');

    // The name, and the labels up to the brace that is not inside quotes.
    private int SeriesLength(ReadOnlySpan<byte> line)
    {
        var end = line.IndexOfAny((byte)'{', (byte)' ', (byte)'\t');
        if (end < 0)
        {
            throw Error(Utf8Valid(line) ? "a sample without a value" : "not UTF-8");
        }
        if (line[end] != '{')
        {
            // A space may stand between the name and its labels.
            var brace = end + line[end..].IndexOfAnyExcept((byte)' ', (byte)'\t');
            if (brace < end || line[brace] != '{')
            {
                return end;
            }
            end = brace;
        }
        for (var at = end + 1; ;)
        {
            var next = line[at..].IndexOfAny((byte)'"', (byte)'}');
            if (next < 0)
            {
                throw Error("labels without a closing brace");
            }
            at += next + 1;
            if (line[at - 1] == '}')
            {
                return at;
            }
            at += QuotedLength(line[at..]);
        }
    }

    private int QuotedLength(ReadOnlySpan<byte> text)
    {
        for (var at = 0; ;)
        {
            var next = text[at..].IndexOfAny((byte)'"', (byte)'\\');
            if (next < 0 || at + next + 1 > text.Length)
            {
                throw Error("a label value without a closing quote");
            }
            at += next + 1;
            if (text[at - 1] == '"')
            {
                return at;
            }
            at = Math.Min(at + 1, text.Length);
        }
    }

    private long Timestamp(ReadOnlySpan<byte> words)
    {
        words = words.TrimEnd(" \t"u8);
        if (words.IsEmpty)
        {
            return NoTimestamp;
        }
        if (format == ExpositionFormat.Text)
        {
            return Utf8Parser.TryParse(words, out long ms, out var used) && used == words.Length && ms != NoTimestamp ? ms
                : throw Error($"\"{Shown(words)}\" is not a timestamp in milliseconds");
        }
        if (!TryValue(words, out var seconds) || !double.IsFinite(seconds) || Math.Abs(seconds) > 9e15)
        {
            throw Error($"\"{Shown(words)}\" is not a timestamp in seconds");
        }
        return (long)Math.Round(seconds * 1000);
    }

    /// <summary>Reads a number as both formats write it: decimal, exponent, NaN, +Inf, -Inf.</summary>
    internal static bool TryValue(ReadOnlySpan<byte> text, out double value)
    {
        value = 0;
        if (text.IsEmpty)
        {
            return false;
        }
        if (text.Length <= 15 && text.IndexOfAnyExceptInRange((byte)'0', (byte)'9') < 0)
        {
            var whole = 0L;
            foreach (var digit in text)
            {
                whole = whole * 10 + (digit - '0');
            }
            value = whole;
            return true;
        }
        if (Utf8Parser.TryParse(text, out value, out var used) && used == text.Length && text[^1] is >= (byte)'0' and <= (byte)'9' or (byte)'.')
        {
            return true;
        }
        return Word(text, out value);
    }

    private static bool Word(ReadOnlySpan<byte> text, out double value)
    {
        var negative = text[0] == '-';
        var signed = negative || text[0] == '+';
        var word = signed ? text[1..] : text;
        value = negative ? double.NegativeInfinity : double.PositiveInfinity;
        if (Ascii.EqualsIgnoreCase(word, "inf"u8) || Ascii.EqualsIgnoreCase(word, "infinity"u8))
        {
            return true;
        }
        value = double.NaN;
        return !signed && Ascii.EqualsIgnoreCase(word, "nan"u8);
    }

    private static bool Utf8Valid(ReadOnlySpan<byte> bytes) => System.Text.Unicode.Utf8.IsValid(bytes);

    private static string Shown(ReadOnlySpan<byte> bytes) =>
        Encoding.UTF8.GetString(bytes[..Math.Min(bytes.Length, 60)]) + (bytes.Length > 60 ? "…" : "");
}
