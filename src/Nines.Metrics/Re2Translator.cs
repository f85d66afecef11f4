using System.Globalization;
using System.Text;

namespace Nines.Metrics;

/// <summary>Writes a pattern of RE2 as one of .NET with the same meaning, and refuses what RE2 refuses where .NET would not.</summary>
internal sealed class Re2Translator(string pattern)
{
    private const int MostRepeats = 1000;
    private const string NotDigit = @"\u0000-/:-\uffff";
    private const string NotWord = @"\u0000-/:-@\u005b-\u005e`\u007b-\uffff";
    private const string NotSpace = @"\u0000-\u0008\u000b\u000e-\u001f!-\uffff";

    private static readonly Dictionary<string, (string Is, string IsNot)> Posix = new(StringComparer.Ordinal)
    {
        ["alnum"] = ("0-9A-Za-z", @"\u0000-/:-@\u005b-`\u007b-\uffff"),
        ["alpha"] = ("A-Za-z", @"\u0000-@\u005b-`\u007b-\uffff"),
        ["ascii"] = (@"\u0000-\u007f", @"\u0080-\uffff"),
        ["blank"] = (@"\t ", @"\u0000-\u0008\u000a-\u001f!-\uffff"),
        ["cntrl"] = (@"\u0000-\u001f\u007f", @"\u0020-\u007e\u0080-\uffff"),
        ["digit"] = ("0-9", NotDigit),
        ["graph"] = ("!-~", @"\u0000- \u007f-\uffff"),
        ["lower"] = ("a-z", @"\u0000-`\u007b-\uffff"),
        ["print"] = (" -~", @"\u0000-\u001f\u007f-\uffff"),
        ["punct"] = (@"!-/:-@\u005b-`\u007b-~", @"\u0000- 0-9A-Za-z\u007f-\uffff"),
        ["space"] = (@"\u0009-\u000d ", @"\u0000-\u0008\u000e-\u001f!-\uffff"),
        ["upper"] = ("A-Z", @"\u0000-@\u005b-\uffff"),
        ["word"] = ("0-9A-Za-z_", NotWord),
        ["xdigit"] = ("0-9A-Fa-f", @"\u0000-/:-@G-`g-\uffff"),
    };

    private readonly StringBuilder _out = new(pattern.Length + 16);
    private readonly Stack<bool> _outerLines = new();
    private int _at;
    private bool _lines;

    /// <summary>The pattern for .NET, without anchors.</summary>
    public string Translate()
    {
        while (_at < pattern.Length)
        {
            var c = pattern[_at++];
            switch (c)
            {
                case '\\':
                    Escape();
                    break;
                case '[':
                    Class();
                    break;
                case '(':
                    Open();
                    break;
                case ')':
                    _lines = _outerLines.TryPop(out var outer) ? outer : throw new FormatException("unexpected )");
                    _out.Append(')');
                    break;
                case '$':
                    _out.Append(_lines ? "$" : @"\z");
                    break;
                case '{':
                    Repeat();
                    break;
                default:
                    _out.Append(c);
                    break;
            }
        }
        return _outerLines.Count == 0 ? _out.ToString() : throw new FormatException("missing closing )");
    }

    private char Next(string otherwise) => _at < pattern.Length ? pattern[_at++] : throw new FormatException(otherwise);

    private void Open()
    {
        if (_at >= pattern.Length || pattern[_at] != '?')
        {
            _outerLines.Push(_lines);
            _out.Append('(');
            return;
        }
        _at++;
        if (Named("P<") || Named("<"))
        {
            var end = pattern.IndexOf('>', _at);
            var name = end < 0 ? "" : pattern[_at..end];
            if (name.Length == 0 || !name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_') || char.IsAsciiDigit(name[0]))
            {
                throw new FormatException("look-around, or a group whose name is not a word");
            }
            _at = end + 1;
            _outerLines.Push(_lines);
            _out.Append("(?<").Append(name).Append('>');
            return;
        }
        Flags();
    }

    private bool Named(string prefix)
    {
        if (string.CompareOrdinal(pattern, _at, prefix, 0, prefix.Length) != 0)
        {
            return false;
        }
        _at += prefix.Length;
        return true;
    }

    private void Flags()
    {
        var (flags, off, lines) = (new StringBuilder("(?"), false, _lines);
        while (true)
        {
            var c = Next("missing closing )");
            switch (c)
            {
                case 'i' or 's' or 'm':
                    flags.Append(c);
                    lines = c == 'm' ? !off : lines;
                    break;
                case 'U':
                    // Greed does not change whether the whole text matches.
                    break;
                case '-' when !off:
                    off = true;
                    flags.Append('-');
                    break;
                case ':':
                    _outerLines.Push(_lines);
                    _lines = lines;
                    _out.Append(flags).Append(':');
                    return;
                case ')':
                    _lines = lines;
                    if (flags.Length > 2 && flags[^1] != '-')
                    {
                        _out.Append(flags).Append(')');
                    }
                    return;
                default:
                    throw new FormatException($"(?{c} is not supported: no look-around, atomic groups or comments");
            }
        }
    }

    private void Repeat()
    {
        var end = pattern.IndexOf('}', _at);
        var parts = end < 0 ? [] : pattern[_at..end].Split(',');
        if (parts.Length is 1 or 2 && parts[0].Length > 0 && parts.All(p => p.All(char.IsAsciiDigit)))
        {
            if (parts.Any(p => p.Length > 4 || (p.Length > 0 && int.Parse(p, CultureInfo.InvariantCulture) > MostRepeats)))
            {
                throw new FormatException($"more than {MostRepeats} repeats");
            }
            _out.Append('{').Append(pattern, _at, end - _at).Append('}');
            _at = end + 1;
        }
        else
        {
            _out.Append(@"\{");
        }
    }

    private void Escape()
    {
        var c = Next(@"trailing \");
        switch (c)
        {
            case 'Q':
                var end = pattern.IndexOf(@"\E", _at, StringComparison.Ordinal);
                foreach (var quoted in pattern[_at..(end < 0 ? pattern.Length : end)])
                {
                    Literal(quoted);
                }
                _at = end < 0 ? pattern.Length : end + 2;
                break;
            case 'A' or 'z' or 'b' or 'B':
                _out.Append('\\').Append(c);
                break;
            default:
                if (Set(c) is { } set)
                {
                    _out.Append('[').Append(set).Append(']');
                    break;
                }
                var rune = Rune(c);
                foreach (var unit in char.ConvertFromUtf32(rune))
                {
                    Literal(unit);
                }
                break;
        }
    }

    // The inside of a class for \d and its like; null when the escape is a character.
    private string? Set(char c)
    {
        switch (c)
        {
            case 'd': return "0-9";
            case 'D': return NotDigit;
            case 'w': return "0-9A-Za-z_";
            case 'W': return NotWord;
            case 's': return @"\t\n\f\r ";
            case 'S': return NotSpace;
            case 'p' or 'P':
                var negated = c == 'P';
                var name = Next("a class without a name").ToString();
                if (name == "{")
                {
                    var end = pattern.IndexOf('}', _at);
                    name = end < 0 ? throw new FormatException("a class without a closing }") : pattern[_at..end];
                    _at = end + 1;
                    if (name.StartsWith('^'))
                    {
                        (negated, name) = (!negated, name[1..]);
                    }
                }
                return name.Length is 1 or 2 ? $@"\{(negated ? 'P' : 'p')}{{{name}}}"
                    : throw new FormatException($"the Unicode class {name} is not supported, only general categories are");
            default: return null;
        }
    }

    private int Rune(char c)
    {
        switch (c)
        {
            case 'a': return 7;
            case 'f': return 12;
            case 't': return 9;
            case 'n': return 10;
            case 'r': return 13;
            case 'v': return 11;
            case 'x': return Hex();
            case >= '0' and <= '7' when c == '0' || (_at < pattern.Length && pattern[_at] is >= '0' and <= '7'):
                var value = c - '0';
                for (var i = 0; i < 2 && _at < pattern.Length && pattern[_at] is >= '0' and <= '7'; i++)
                {
                    value = value * 8 + pattern[_at++] - '0';
                }
                return value;
            default:
                return c < 0x80 && !char.IsAsciiLetterOrDigit(c) && c != '_' ? c
                    : throw new FormatException(char.IsAsciiDigit(c) ? "back-references are not supported" : $@"\{c} is not a known escape");
        }
    }

    private int Hex()
    {
        var digits = Next(@"\x without digits") == '{'
            ? pattern.IndexOf('}', _at) is var end and > 0 ? pattern[_at..end] : ""
            : pattern[(_at - 1)..Math.Min(pattern.Length, _at + 1)];
        _at += pattern[_at - 1] == '{' ? digits.Length + 1 : 1;
        return digits.Length > 0 && !char.IsWhiteSpace(digits[0]) && !char.IsWhiteSpace(digits[^1])
            && int.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value)
            && value is >= 0 and <= 0x10ffff and not (>= 0xd800 and <= 0xdfff)
            ? value
            : throw new FormatException(@"\x without a character's number");
    }

    private void Class()
    {
        _out.Append('[');
        if (_at < pattern.Length && pattern[_at] == '^')
        {
            _at++;
            _out.Append('^');
        }
        for (var first = true; first || pattern[Math.Min(_at, pattern.Length - 1)] != ']' || _at >= pattern.Length; first = false)
        {
            if (_at >= pattern.Length)
            {
                throw new FormatException("missing closing ]");
            }
            Member();
        }
        _at++;
        _out.Append(']');
    }

    private void Member()
    {
        if (Named("[:"))
        {
            var end = pattern.IndexOf(":]", _at, StringComparison.Ordinal);
            var negated = end > _at && pattern[_at] == '^';
            if (end < 0 || !Posix.TryGetValue(pattern[(_at + (negated ? 1 : 0))..end], out var set))
            {
                throw new FormatException("an unknown [:class:]");
            }
            _out.Append(negated ? set.IsNot : set.Is);
            _at = end + 2;
            return;
        }
        if (pattern[_at] == '\\' && _at + 1 < pattern.Length)
        {
            _at++;
            if (Set(pattern[_at++]) is { } set)
            {
                _out.Append(set);
                return;
            }
            _at -= 2;
        }
        var low = MemberUnit();
        if (_at + 1 < pattern.Length && pattern[_at] == '-' && pattern[_at + 1] != ']')
        {
            _at++;
            var high = MemberUnit();
            if (high < low)
            {
                throw new FormatException("a range that runs backwards");
            }
            Unit(low);
            _out.Append('-');
            Unit(high);
            return;
        }
        Unit(low);
    }

    private char MemberUnit()
    {
        var c = Next("missing closing ]");
        var rune = c == '\\' ? Rune(Next(@"trailing \")) : c;
        return rune <= 0xffff && !char.IsSurrogate((char)rune) ? (char)rune
            : throw new FormatException("a character beyond U+FFFF in a class is not supported");
    }

    private void Literal(char c)
    {
        if (char.IsAsciiLetterOrDigit(c))
        {
            _out.Append(c);
        }
        else
        {
            Unit(c);
        }
    }

    private void Unit(char c) => _out.Append(CultureInfo.InvariantCulture, $@"\u{(int)c:x4}");
}
