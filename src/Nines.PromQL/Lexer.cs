using System.Globalization;
using System.Text;

namespace Nines.PromQL;

internal enum TokenKind
{
    End,
    Number,
    Duration,
    String,
    Word,
    Op,
}

/// <summary>A word of the query. Text is the operator, the word, or the string's value; Value is the number, or the duration's seconds.</summary>
internal readonly record struct Token(TokenKind Kind, int Start, int End, string Text, double Value);

/// <summary>Cuts a query into tokens. What a colon means depends on the bracket it stands in.</summary>
internal sealed class Lexer(string query)
{
    private static readonly string[] Operators = ["=~", "!~", "==", "!=", "<=", ">=", "</", ">/", "(", ")", "{", "}", "[", "]", ",", ":", "@", "+", "-", "*",
        "/", "%", "^", "=", "<", ">"];
    private readonly Stack<char> _open = new();
    private int _at;

    /// <summary>The tokens up to and with the end, or what is wrong.</summary>
    public List<Token> Tokens { get; } = [];

    public PromProblem? Problem { get; private set; }

    public void Run()
    {
        do
        {
            SkipBlanks();
            if (_at >= query.Length)
            {
                Tokens.Add(new(TokenKind.End, _at, _at, "", 0));
                return;
            }
        }
        while (Next() && Problem is null);
    }

    private void SkipBlanks()
    {
        while (_at < query.Length)
        {
            if (query[_at] == '#')
            {
                while (_at < query.Length && query[_at] != '\n')
                {
                    _at++;
                }
            }
            else if (query[_at] is ' ' or '\t' or '\n' or '\r')
            {
                _at++;
            }
            else
            {
                return;
            }
        }
    }

    private bool Next()
    {
        var c = query[_at];
        if (char.IsAsciiDigit(c) || (c == '.' && _at + 1 < query.Length && char.IsAsciiDigit(query[_at + 1])))
        {
            return NumberOrDuration();
        }
        if (c is '"' or '\'' or '`')
        {
            return QuotedText(c);
        }
        var inside = _open.Count > 0 ? _open.Peek() : ' ';
        if (char.IsAsciiLetter(c) || c == '_' || (c == ':' && inside is ' ' or '('))
        {
            var start = _at;
            while (_at < query.Length && IsWord(query[_at], inside is ' ' or '('))
            {
                _at++;
            }
            Tokens.Add(new(TokenKind.Word, start, _at, query[start.._at], 0));
            return true;
        }
        return Operator(c);
    }

    private bool Operator(char c)
    {
        var op = Array.Find(Operators, o => string.CompareOrdinal(query, _at, o, 0, o.Length) == 0);
        if (op is null)
        {
            return Fail($"unexpected character: '{c}'", _at, _at + 1);
        }
        if (op is "(" or "{" or "[")
        {
            _open.Push(op[0]);
        }
        else if (op is ")" or "}" or "]")
        {
            var wanted = op switch { ")" => '(', "}" => '{', _ => '[' };
            if (!_open.TryPop(out var was) || was != wanted)
            {
                return Fail($"unexpected right {(op switch { ")" => "parenthesis", "}" => "brace", _ => "bracket" })} '{op}'", _at, _at + 1);
            }
        }
        Tokens.Add(new(TokenKind.Op, _at, _at + op.Length, op, 0));
        _at += op.Length;
        return true;
    }

    private bool NumberOrDuration()
    {
        var start = _at;
        var end = _at;
        while (end < query.Length
            && (char.IsAsciiLetterOrDigit(query[end]) || query[end] is '.' or '_' || (query[end] is '+' or '-' && IsExponent(start, end))))
        {
            end++;
        }
        var text = query[start..end];
        _at = end;
        if (Durations.TryParseSeconds(text, out var seconds))
        {
            Tokens.Add(new(TokenKind.Duration, start, end, text, seconds));
            return true;
        }
        if (TryNumber(text, out var value))
        {
            Tokens.Add(new(TokenKind.Number, start, end, text, value));
            return true;
        }
        return Fail($"bad number or duration syntax: \"{text}\"", start, end);
    }

    private bool IsExponent(int start, int at) =>
        query[at - 1] is 'e' or 'E' && !query.AsSpan(start, at - start).StartsWith("0x", StringComparison.OrdinalIgnoreCase);

    private static bool TryNumber(string text, out double value)
    {
        if (text.StartsWith("0x", StringComparison.OrdinalIgnoreCase))
        {
            var ok = ulong.TryParse(text.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var hex);
            value = hex;
            return ok;
        }
        // Underscores may part digits: 1_000. A whole number that begins with 0 is octal, as in Go, unless a digit forbids it.
        var plain = text.EndsWith('_') || text.Contains("__", StringComparison.Ordinal) ? text : text.Replace("_", "", StringComparison.Ordinal);
        if (plain.Length > 1 && plain[0] == '0' && plain.Length <= 21 && plain.AsSpan().IndexOfAnyExceptInRange('0', '7') < 0)
        {
            value = plain.Aggregate(0d, (sum, digit) => (sum * 8) + (digit - '0'));
            return true;
        }
        return double.TryParse(plain, NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out value);
    }

    private bool QuotedText(char quote)
    {
        var start = _at++;
        var text = new StringBuilder();
        while (_at < query.Length && query[_at] != quote)
        {
            var c = query[_at];
            if (c == '\n' && quote != '`')
            {
                break;
            }
            if (c == '\\' && quote != '`')
            {
                if (!Escape(text, quote))
                {
                    return false;
                }
                continue;
            }
            text.Append(c);
            _at++;
        }
        if (_at >= query.Length || query[_at] != quote)
        {
            return Fail(quote == '`' ? "unterminated raw string" : "unterminated quoted string", start, _at);
        }
        _at++;
        Tokens.Add(new(TokenKind.String, start, _at, text.ToString(), 0));
        return true;
    }

    private bool Escape(StringBuilder text, char quote)
    {
        var start = _at++;
        if (_at >= query.Length)
        {
            return Fail("escape sequence not terminated", start, _at);
        }
        var c = query[_at++];
        var simple = c switch { 'a' => '\a', 'b' => '\b', 'f' => '\f', 'n' => '\n', 'r' => '\r', 't' => '\t', 'v' => '\v', '\\' => '\\', _ => c == quote ? c
            : '\0' };
        if (simple != '\0')
        {
            text.Append(simple);
            return true;
        }
        if (c is 'x' or (>= '0' and <= '7'))
        {
            _at = start;
            return ByteEscapes(text);
        }
        var length = c switch { 'u' => 4, 'U' => 8, _ => 0 };
        if (length == 0)
        {
            return Fail($"unknown escape sequence '\\{c}'", start, _at);
        }
        if (_at + length > query.Length
            || !uint.TryParse(query.AsSpan(_at, length), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var rune) || !Rune.IsValid(rune))
        {
            return Fail("escape sequence is an invalid Unicode code point", start, Math.Min(query.Length, _at + length));
        }
        text.Append(new Rune(rune).ToString());
        _at += length;
        return true;
    }

    /// <summary>
    /// A run of \xHH and \NNN, which are bytes of UTF-8. A byte that is not becomes U+DC00 + byte: no text holds half a surrogate pair otherwise,
    /// so the byte can be named again where the text is refused.
    /// </summary>
    private bool ByteEscapes(StringBuilder text)
    {
        var bytes = new List<byte>();
        while (_at + 1 < query.Length && query[_at] == '\\' && query[_at + 1] is 'x' or (>= '0' and <= '7'))
        {
            var hex = query[_at + 1] == 'x';
            var (from, length) = hex ? (_at + 2, 2) : (_at + 1, 3);
            var value = 0;
            for (var i = 0; i < length; i++)
            {
                var digit = from + i < query.Length ? query[from + i] : ' ';
                if (hex ? !char.IsAsciiHexDigit(digit) : digit is < '0' or > '7')
                {
                    return Fail("illegal character in escape sequence", _at, Math.Min(query.Length, from + i + 1));
                }
                value = (value * (hex ? 16 : 8)) + Convert.ToInt32(digit.ToString(), 16);
            }
            if (value > 255)
            {
                return Fail("escape sequence is an invalid byte", _at, from + length);
            }
            bytes.Add((byte)value);
            _at = from + length;
        }
        var rest = System.Runtime.InteropServices.CollectionsMarshal.AsSpan(bytes);
        while (!rest.IsEmpty)
        {
            var valid = Rune.DecodeFromUtf8(rest, out var rune, out var used) == System.Buffers.OperationStatus.Done;
            text.Append(valid ? rune.ToString() : ((char)(0xdc00 + rest[0])).ToString());
            rest = rest[(valid ? used : 1)..];
        }
        return true;
    }

    private static bool IsWord(char c, bool colon) => char.IsAsciiLetterOrDigit(c) || c == '_' || (c == ':' && colon);

    private bool Fail(string message, int start, int end)
    {
        Problem = new(message, start, end);
        return false;
    }
}
