namespace Nines.Metrics.Templates;

internal enum Kind
{
    Text, Open, Close, Space, Identifier, Keyword, Field, Dot, Nil, Variable, Constant,
    Number, String, Pipe, LeftParen, RightParen, Declare, Assign, Comma, End,
}

/// <param name="At">Where it starts.</param>
/// <param name="Value">As written; for <see cref="Kind.Text"/> trimmed.</param>
internal readonly record struct Token(Kind Kind, int At, string Value);

/// <summary>A template that cannot be read or executed; the message is Go's.</summary>
internal sealed class TemplateException(string message) : Exception(message);

/// <summary>Cuts a template into texts and the words of its actions.</summary>
internal sealed class TemplateLexer(string source, string text)
{
    private static readonly string[] Keywords = ["block", "break", "continue", "define", "else", "end", "if", "range", "template", "with"];

    private readonly List<Token> _tokens = [];
    private int _at;
    private int _parens;

    public List<Token> Run()
    {
        var trim = false;
        while (_at < text.Length)
        {
            var open = text.IndexOf("{{", _at, StringComparison.Ordinal);
            var end = open < 0 ? text.Length : open;
            var trimsLeft = open >= 0 && IsTrim(open + 2);
            var plain = text[_at..end];
            plain = trim ? plain.TrimStart(' ', '\t', '\r', '\n') : plain;
            plain = trimsLeft ? plain.TrimEnd(' ', '\t', '\r', '\n') : plain;
            if (plain.Length > 0)
            {
                _tokens.Add(new Token(Kind.Text, _at, plain));
            }
            if (open < 0)
            {
                _at = text.Length;
                break;
            }
            _at = open + (trimsLeft ? 4 : 2);
            trim = text.AsSpan(_at).StartsWith("/*") ? Comment() : Action(open);
        }
        _tokens.Add(new Token(Kind.End, text.Length, ""));
        return _tokens;
    }

    // "- " behind the opening brackets.
    private bool IsTrim(int at) => at + 1 < text.Length && text[at] == '-' && IsSpace(text[at + 1]);

    private bool Comment()
    {
        var end = text.IndexOf("*/", _at, StringComparison.Ordinal);
        if (end < 0)
        {
            throw At(_at, "unclosed comment");
        }
        _at = end + 2;
        var trims = text.AsSpan(_at) is [' ' or '\t' or '\r' or '\n', '-', '}', '}', ..];
        if (!trims && !text.AsSpan(_at).StartsWith("}}"))
        {
            throw At(_at, "comment ends before closing delimiter");
        }
        _at += trims ? 4 : 2;
        return trims;
    }

    private bool Action(int open)
    {
        _tokens.Add(new Token(Kind.Open, open, "{{"));
        _parens = 0;
        while (true)
        {
            var rest = text.AsSpan(_at);
            var trims = rest is [' ' or '\t' or '\r' or '\n', '-', '}', '}', ..];
            if (trims || rest.StartsWith("}}"))
            {
                if (_parens > 0)
                {
                    throw At(_at, "unclosed left paren");
                }
                _tokens.Add(new Token(Kind.Close, _at, "}}"));
                _at += trims ? 4 : 2;
                return trims;
            }
            if (rest.IsEmpty)
            {
                throw At(_at, "unclosed action");
            }
            Word(rest);
        }
    }

    private void Word(ReadOnlySpan<char> rest)
    {
        var start = _at;
        switch (rest[0])
        {
            case var c when IsSpace(c):
                // The space of a closing trim marker belongs to the marker.
                var end = start;
                while (end < text.Length && IsSpace(text[end]) && text.AsSpan(end) is not [_, '-', '}', '}', ..])
                {
                    end++;
                }
                Add(Kind.Space, end - start);
                break;
            case '"': Add(Kind.String, Quoted('"')); break;
            case '\'': Add(Kind.Number, Quoted('\'')); break;
            case '`':
                var raw = rest[1..].IndexOf('`');
                Add(Kind.String, raw < 0 ? throw At(start, "unterminated raw quoted string") : raw + 2);
                break;
            case '|': Add(Kind.Pipe, 1); break;
            case ',': Add(Kind.Comma, 1); break;
            case '(':
                _parens++;
                Add(Kind.LeftParen, 1);
                break;
            case ')':
                Add(Kind.RightParen, --_parens < 0 ? throw At(start, "unexpected right paren") : 1);
                break;
            case '=': Add(Kind.Assign, 1); break;
            case ':': Add(Kind.Declare, rest.StartsWith(":=") ? 2 : throw At(start, "expected :=")); break;
            case '$':
                Add(Kind.Variable, Letters(1));
                Terminated(start);
                break;
            case '.' when rest.Length < 2 || !char.IsAsciiDigit(rest[1]):
                var length = Letters(1);
                Add(length == 1 ? Kind.Dot : Kind.Field, length);
                Terminated(start);
                break;
            case '+' or '-' or '.' or (>= '0' and <= '9'):
                Add(Kind.Number, NumberLength(rest));
                break;
            case var c when IsLetter(c):
                var word = text.Substring(start, Letters(0));
                Add(Keywords.Contains(word) ? Kind.Keyword
                    : word is "true" or "false" ? Kind.Constant : word == "nil" ? Kind.Nil : Kind.Identifier, word.Length);
                Terminated(start);
                break;
            case var c: throw At(start, $"unrecognized character in action: U+{(int)c:X4} '{c}'");
        }
    }

    private void Add(Kind kind, int length)
    {
        _tokens.Add(new Token(kind, _at, text.Substring(_at, length)));
        _at += length;
    }

    private int Letters(int from)
    {
        var end = _at + from;
        while (end < text.Length && IsLetter(text[end]))
        {
            end++;
        }
        return end - _at;
    }

    private void Terminated(int start)
    {
        if (_at < text.Length && !IsSpace(text[_at]) && text[_at] is not ('.' or ',' or '|' or ':' or ')' or '(') && !text.AsSpan(_at).StartsWith("}}"))
        {
            throw At(start, $"bad character U+{(int)text[_at]:X4} '{text[_at]}'");
        }
    }

    private int Quoted(char quote)
    {
        for (var i = _at + 1; i < text.Length && text[i] != '\n'; i++)
        {
            if (text[i] == quote)
            {
                return i + 1 - _at;
            }
            i += text[i] == '\\' ? 1 : 0;
        }
        throw At(_at, quote == '"' ? "unterminated quoted string" : "unterminated character constant");
    }

    private int NumberLength(ReadOnlySpan<char> rest)
    {
        var i = rest[0] is '+' or '-' ? 1 : 0;
        while (i < rest.Length && (char.IsAsciiLetterOrDigit(rest[i]) || rest[i] is '.' or '_'
            || (rest[i] is '+' or '-' && rest[i - 1] is 'e' or 'E' or 'p' or 'P' && !(rest[i - 1] is 'e' or 'E' && rest[..i].ContainsAny('x', 'X')))))
        {
            i++;
        }
        return i == 0 || !TemplateNumber.TryRead(rest[..i].ToString(), out _)
            ? throw At(_at, $"bad number syntax: {GoQuote.Quote(rest[..Math.Max(1, i)].ToString())}") : i;
    }

    private static bool IsLetter(char c) => c == '_' || char.IsLetter(c) || char.IsDigit(c);

    private static bool IsSpace(char c) => c is ' ' or '\t' or '\r' or '\n';

    private TemplateException At(int at, string message) => new($"template: {source}:{1 + text.AsSpan(0, at).Count('\n')}: {message}");
}

/// <summary>Numbers in templates: Go's literals.</summary>
internal static class TemplateNumber
{
    public static bool TryRead(string text, out object value)
    {
        value = 0L;
        if (text.StartsWith('\''))
        {
            var rune = GoQuote.Unquote(text.AsSpan(1, text.Length - 2));
            if (rune is null || rune.EnumerateRunes().Count() != 1)
            {
                return false;
            }
            value = (long)rune.EnumerateRunes().First().Value;
            return true;
        }
        if (TryWhole(text, out var whole))
        {
            value = whole;
            return true;
        }
        var isFloat = text.AsSpan().ContainsAny(".eEpP") || text.AsSpan().ContainsAny("xX");
        if (isFloat && GoFloat.TryParse(text, out var number))
        {
            value = number;
            return true;
        }
        return false;
    }

    private static bool TryWhole(string text, out long value)
    {
        value = 0;
        var negative = text[0] == '-';
        var digits = text.TrimStart('+', '-');
        var (radix, skip) = digits.Length < 2 || digits[0] != '0' ? (10, 0)
            : digits[1] switch { 'x' or 'X' => (16, 2), 'b' or 'B' => (2, 2), 'o' or 'O' => (8, 2), _ => (8, 1) };
        Int128 sum = 0;
        var any = skip == 1;
        foreach (var c in digits.AsSpan(skip))
        {
            var digit = char.IsAsciiHexDigit(c) ? Convert.ToInt32(c.ToString(), 16) : 99;
            if (c != '_' && (digit >= radix || sum > long.MaxValue))
            {
                return false;
            }
            any |= c != '_';
            sum = c == '_' ? sum : sum * radix + digit;
        }
        sum = negative ? -sum : sum;
        var fits = any && sum >= long.MinValue && sum <= long.MaxValue && digits.Length - 1 != digits.LastIndexOf('_') && !digits.Contains("__")
            && !digits.StartsWith('_');
        value = fits ? (long)sum : 0;
        return fits;
    }
}
