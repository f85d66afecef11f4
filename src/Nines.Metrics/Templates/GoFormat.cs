using System.Globalization;
using System.Text;

namespace Nines.Metrics.Templates;

/// <summary>Values as Go's <c>fmt</c> writes them.</summary>
internal sealed class GoFormat(int maxLength)
{
    private const int MostPadding = 1_000_000;
    private readonly StringBuilder _text = new();

    private record struct Spec(char Verb, int Width, int Precision, bool Minus, bool Plus, bool Sharp, bool Space, bool Zero)
    {
        public readonly Spec With(char verb) => this with { Verb = verb };
    }

    /// <summary><c>fmt.Sprint</c>: spaces between operands when neither is a text.</summary>
    public static string Print(IReadOnlyList<object?> values, int maxLength)
    {
        var format = new GoFormat(maxLength);
        for (var i = 0; i < values.Count; i++)
        {
            format.Add(i > 0 && values[i] is not string && values[i - 1] is not string ? " " : "");
            format.Value(values[i], new Spec('v', -1, -1, false, false, false, false, false), 0);
        }
        return format._text.ToString();
    }

    /// <summary><c>fmt.Sprintln</c></summary>
    public static string PrintLine(IReadOnlyList<object?> values, int maxLength) =>
        string.Join(' ', values.Select(v => Print([v], maxLength))) + "\n";

    /// <summary><c>fmt.Sprintf</c></summary>
    public static string Printf(string layout, IReadOnlyList<object?> values, int maxLength)
    {
        var format = new GoFormat(maxLength);
        format.Layout(layout, values);
        return format._text.ToString();
    }

    /// <summary>Go's name of a value's type.</summary>
    public static string TypeName(object? value) => value switch
    {
        null => "<nil>",
        string => "string",
        long => "int",
        double => "float64",
        bool => "bool",
        GoDuration => "time.Duration",
        TemplateMap map => map.TypeName,
        ITemplateMethods o => o.TypeName,
        ITemplateObject o => o.TypeName,
        IReadOnlyList<object?> => "[]interface {}",
        _ => "func()",
    };

    private void Layout(string layout, IReadOnlyList<object?> values)
    {
        var (next, reordered) = (0, false);
        for (var i = 0; i < layout.Length;)
        {
            var percent = layout.IndexOf('%', i);
            Add(layout[i..(percent < 0 ? layout.Length : percent)]);
            if (percent < 0)
            {
                break;
            }
            i = percent + 1;
            var goodIndex = true;
            var spec = Flags(layout, ref i);
            Index(layout, ref i, values.Count, ref next, ref goodIndex, ref reordered);
            spec.Width = Size(layout, ref i, values, ref next, "%!(BADWIDTH)");
            if (spec.Width < -1)
            {
                (spec.Width, spec.Minus, spec.Zero) = (-spec.Width, true, false);
            }
            if (i < layout.Length && layout[i] == '.')
            {
                i++;
                Index(layout, ref i, values.Count, ref next, ref goodIndex, ref reordered);
                var precision = Size(layout, ref i, values, ref next, "%!(BADPREC)");
                spec.Precision = precision == -1 ? 0 : Math.Max(-1, precision);
            }
            Index(layout, ref i, values.Count, ref next, ref goodIndex, ref reordered);
            if (i >= layout.Length)
            {
                Add("%!(NOVERB)");
                break;
            }
            var rune = Rune.GetRuneAt(layout, i);
            i += rune.Utf16SequenceLength;
            spec.Verb = rune.Value < 0x80 ? (char)rune.Value : '?';
            if (spec.Verb == '%')
            {
                Add("%");
            }
            else if (!goodIndex)
            {
                Add($"%!{rune}(BADINDEX)");
            }
            else if (next >= values.Count)
            {
                Add($"%!{rune}(MISSING)");
            }
            else
            {
                Value(values[next++], spec, 0);
            }
        }
        if (!reordered && next < values.Count)
        {
            Add($"%!(EXTRA {string.Join(", ", values.Skip(next).Select(v => v is null ? "<nil>" : $"{TypeName(v)}={Print([v], maxLength)}"))})");
        }
    }

    private static Spec Flags(string layout, ref int i)
    {
        var spec = new Spec('v', -1, -1, false, false, false, false, false);
        for (; i < layout.Length; i++)
        {
            switch (layout[i])
            {
                case '-': spec.Minus = true; spec.Zero = false; break;
                case '+': spec.Plus = true; break;
                case '#': spec.Sharp = true; break;
                case ' ': spec.Space = true; break;
                case '0': spec.Zero = !spec.Minus; break;
                default: return spec;
            }
        }
        return spec;
    }

    // An explicit argument index: %[2]d.
    private static void Index(string layout, ref int i, int count, ref int next, ref bool good, ref bool reordered)
    {
        if (i >= layout.Length || layout[i] != '[')
        {
            return;
        }
        reordered = true;
        var end = layout.IndexOf(']', i);
        if (end > 0 && int.TryParse(layout.AsSpan(i + 1, end - i - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var index)
            && index >= 1 && index <= count)
        {
            next = index - 1;
        }
        else
        {
            good = false;
        }
        i = end < 0 ? i + 1 : end + 1;
    }

    private int Size(string layout, ref int i, IReadOnlyList<object?> values, ref int next, string bad)
    {
        if (i < layout.Length && layout[i] == '*')
        {
            i++;
            if (next < values.Count && values[next++] is long size and > -MostPadding and < MostPadding)
            {
                return (int)size;
            }
            Add(bad);
            return -1;
        }
        var start = i;
        while (i < layout.Length && char.IsAsciiDigit(layout[i]))
        {
            i++;
        }
        return i > start && int.TryParse(layout.AsSpan(start, i - start), out var number) && number <= MostPadding ? number : -1;
    }

    private void Value(object? value, in Spec spec, int depth)
    {
        if (depth > 100)
        {
            throw new TemplateCallException("a value is nested too deep to be printed");
        }
        switch (value)
        {
            case var _ when spec.Verb == 'T': Pad(TypeName(value), spec with { Zero = false }); break;
            case null when spec.Verb == 'v': Pad("<nil>", spec with { Zero = false }); break;
            case null: Add($"%!{spec.Verb}(<nil>)"); break;
            case string text: Text(text, spec); break;
            case bool flag when spec.Verb is 'v' or 't': Pad(flag ? "true" : "false", spec with { Zero = false }); break;
            case long number: Whole(number, spec); break;
            case double number: Number(number, spec); break;
            case GoDuration duration when spec.Verb is 'v' or 's' or 'q': Text(duration.ToString(), spec.With(spec.Verb == 'q' ? 'q' : 's')); break;
            case GoDuration duration: Whole(duration.Nanoseconds, spec); break;
            case TemplateMap map: Map(map, spec, depth); break;
            case ITemplateObject o when spec.Verb is 'v' or 's' or 'q': Text(o.ToString() ?? "", spec.With(spec.Verb == 'q' ? 'q' : 's')); break;
            case IReadOnlyList<object?> list: List(list, spec, depth); break;
            default: Bad(value, spec); break;
        }
    }

    private void Map(TemplateMap map, in Spec spec, int depth)
    {
        Add(spec is { Verb: 'v', Sharp: true } ? map.TypeName + "{" : "map[");
        var first = true;
        foreach (var (key, value) in map.Sorted)
        {
            Add(first ? "" : spec is { Verb: 'v', Sharp: true } ? ", " : " ");
            first = false;
            Value(key, spec, depth + 1);
            Add(":");
            Value(value, spec, depth + 1);
        }
        Add(spec is { Verb: 'v', Sharp: true } ? "}" : "]");
    }

    private void List(IReadOnlyList<object?> list, in Spec spec, int depth)
    {
        Add(spec is { Verb: 'v', Sharp: true } ? "[]interface {}{" : "[");
        for (var i = 0; i < list.Count; i++)
        {
            Add(i == 0 ? "" : spec is { Verb: 'v', Sharp: true } ? ", " : " ");
            Value(list[i], spec, depth + 1);
        }
        Add(spec is { Verb: 'v', Sharp: true } ? "}" : "]");
    }

    private void Text(string text, in Spec spec)
    {
        var cut = spec.Precision >= 0 && spec.Verb is not ('x' or 'X') ? string.Concat(text.EnumerateRunes().Take(spec.Precision)) : text;
        switch (spec.Verb)
        {
            case 'v' when spec.Sharp: Pad(GoQuote.Quote(cut), spec with { Zero = false }); break;
            case 's' or 'v': Pad(cut, spec); break;
            case 'q' when spec.Sharp && !cut.AsSpan().ContainsAny("`\n\r\0"): Pad($"`{cut}`", spec); break;
            case 'q': Pad(GoQuote.Quote(cut, spec.Plus), spec); break;
            case 'x' or 'X':
                var bytes = Encoding.UTF8.GetBytes(text);
                var shown = bytes.Take(spec.Precision < 0 ? bytes.Length : spec.Precision).ToArray();
                var prefix = spec.Sharp && shown.Length > 0 ? "0x" : "";
                var hex = prefix + (spec.Space ? string.Join(" " + prefix, shown.Select(b => b.ToString("x2"))) : Convert.ToHexStringLower(shown));
                Pad(spec.Verb == 'X' ? hex.ToUpperInvariant() : hex, spec);
                break;
            default: Bad(text, spec); break;
        }
    }

    private void Whole(long value, in Spec spec)
    {
        var magnitude = value < 0 ? (ulong)-(value + 1) + 1 : (ulong)value;
        var digits = spec.Verb switch
        {
            'd' or 'v' => magnitude.ToString(CultureInfo.InvariantCulture),
            'b' => magnitude.ToString("b"),
            'o' or 'O' => Octal(magnitude),
            'x' => magnitude.ToString("x"),
            'X' => magnitude.ToString("X"),
            _ => "",
        };
        if (digits.Length == 0)
        {
            var rune = value is >= 0 and <= 0x10ffff && Rune.IsValid((int)value) ? new Rune((int)value) : Rune.ReplacementChar;
            switch (spec.Verb)
            {
                case 'c': Pad(rune.ToString(), spec); break;
                case 'q': Pad(GoQuote.QuoteRune(rune), spec); break;
                case 'U': Pad($"U+{magnitude:X4}" + (spec.Sharp ? $" '{rune}'" : ""), spec with { Zero = false }); break;
                default: Bad(value, spec); break;
            }
            return;
        }
        var sign = value < 0 ? "-" : spec.Plus ? "+" : spec.Space ? " " : "";
        if (spec.Precision >= 0)
        {
            digits = spec.Precision == 0 && value == 0 ? "" : digits.PadLeft(spec.Precision, '0');
        }
        var prefix = spec.Verb == 'O' ? "0o" : !spec.Sharp ? ""
            : spec.Verb switch { 'b' => "0b", 'o' => digits.StartsWith('0') ? "" : "0", 'x' => "0x", 'X' => "0X", _ => "" };
        if (spec.Zero && spec.Precision < 0 && spec.Width > 0)
        {
            digits = digits.PadLeft(spec.Width - sign.Length, '0');
        }
        Pad(sign + prefix + digits, spec with { Zero = false });
    }

    private void Number(double value, in Spec spec)
    {
        if (spec.Verb is not ('v' or 'e' or 'E' or 'f' or 'F' or 'g' or 'G' or 'b' or 'x' or 'X'))
        {
            Bad(value, spec);
            return;
        }
        var precision = spec.Precision >= 0 ? spec.Precision : spec.Verb is 'e' or 'E' or 'f' or 'F' ? 6 : -1;
        // More digits than any number has are zeros; no text is longer than the output may be.
        if (precision > maxLength)
        {
            throw new TemplateCallException($"the text is longer than {maxLength} characters");
        }
        var text = GoFloat.Format(value, spec.Verb == 'v' ? 'g' : spec.Verb, precision);
        if (spec.Sharp && spec.Verb is 'g' or 'G' && double.IsFinite(value))
        {
            text = WithZeros(text, spec.Precision < 0 ? 6 : Math.Max(1, spec.Precision));
        }
        var negative = text[0] == '-';
        var sign = negative ? "-" : text[0] == '+' && !spec.Space ? "+" : spec.Plus ? "+" : spec.Space ? " " : "";
        var unsigned = text.TrimStart('+', '-');
        if (spec.Zero && double.IsFinite(value) && spec.Width > 0)
        {
            unsigned = unsigned.PadLeft(spec.Width - sign.Length, '0');
        }
        Pad(sign + unsigned, spec with { Zero = false });
    }

    // %#g keeps the point and trailing zeros.
    private static string WithZeros(string text, int digits)
    {
        var exponent = text.IndexOfAny(['e', 'E']);
        var mantissa = exponent < 0 ? text : text[..exponent];
        var point = mantissa.Contains('.') ? "" : ".";
        var shown = mantissa.TrimStart('-', '0', '.').Count(char.IsAsciiDigit);
        var zeros = Math.Max(0, digits - Math.Max(shown, mantissa.TrimStart('-') is "0" ? 1 : 0));
        return mantissa + point + new string('0', zeros) + (exponent < 0 ? "" : text[exponent..]);
    }

    private static string Octal(ulong value)
    {
        var text = "";
        do
        {
            text = (char)('0' + (value & 7)) + text;
            value >>= 3;
        }
        while (value > 0);
        return text;
    }

    private void Bad(object? value, in Spec spec)
    {
        Add($"%!{spec.Verb}({TypeName(value)}=");
        Value(value, new Spec('v', -1, -1, false, false, false, false, false), value is TemplateFunction ? 101 : 0);
        Add(")");
    }

    private void Pad(string text, in Spec spec)
    {
        var missing = spec.Width - (spec.Width > 0 ? text.EnumerateRunes().Count() : 0);
        if (missing <= 0)
        {
            Add(text);
            return;
        }
        Reserve(missing);
        Add(spec.Minus ? text + new string(' ', missing) : new string(spec.Zero ? '0' : ' ', missing) + text);
    }

    private void Add(string text)
    {
        Reserve(text.Length);
        _text.Append(text);
    }

    private void Reserve(int length)
    {
        if (_text.Length + length > maxLength)
        {
            throw new TemplateCallException($"the text is longer than {maxLength} characters");
        }
    }
}
