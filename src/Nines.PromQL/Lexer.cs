using System.Globalization;
using System.Text;
using Nines.PromQL.Evaluation;

namespace Nines.PromQL;

internal enum TokenKind
{
    End,
    Number,
    Duration,
    String,
    /// <summary>A word outside of braces, which may be a keyword.</summary>
    Word,
    /// <summary>A word within braces, which never is one.</summary>
    Label,
    Op,
}

/// <summary>A word of the query. Text is what was written, but of a text its value.</summary>
internal readonly record struct Token(TokenKind Kind, int Start, int End, string Text);

/// <summary>
/// Cuts a query into tokens, one at a time: of two faults the one is told that a reader meets first. What a character means depends on the bracket it stands
/// in, and within square brackets on whether a duration has been seen, as in Prometheus, whose messages these are.
/// </summary>
internal sealed class Lexer(string query)
{
    private static readonly string[] Operators = ["==", "!=", "<=", ">=", "</", ">/", ",", "@", "+", "-", "*", "/", "%", "^", "=", "<", ">"];
    private static readonly string[] DurationOperators = ["(", ")", ":", ",", "+", "-", "*", "/", "%", "^"];
    private int _at;
    private int _parens;
    private bool _brace;
    private bool _bracket;
    private bool _colon;
    private bool _durationNext;
    private bool _durationSeen;

    /// <summary>The next token; the end again and again.</summary>
    /// <exception cref="ParseStop">There is none.</exception>
    public Token Next()
    {
        SkipBlanks();
        if (_at >= query.Length)
        {
            return _brace ? throw Fault("unexpected end of input inside braces", _at)
                : _durationNext ? throw Fault("unexpected end of input in duration expression", _at)
                : _parens > 0 ? throw Fault("unclosed left parenthesis", _at)
                : _bracket ? throw Fault("unclosed left bracket", _at)
                : new Token(TokenKind.End, _at, _at, "");
        }
        var c = query[_at];
        if (_brace)
        {
            return InBraces(c);
        }
        if (IsDigit(_at) || (c == '.' && IsDigit(_at + 1)))
        {
            (_durationNext, _durationSeen) = (false, true);
            return NumberOrDuration();
        }
        return _durationNext ? InDuration(c) : Outside(c);
    }

    /// <summary>Whether an opening parenthesis is the next character that is not blank.</summary>
    public bool ParenthesisFollows(int from)
    {
        while (from < query.Length && IsBlank(query[from]))
        {
            from++;
        }
        return from < query.Length && query[from] == '(';
    }

    private void SkipBlanks()
    {
        while (_at < query.Length && (IsBlank(query[_at]) || query[_at] == '#'))
        {
            if (query[_at] == '#')
            {
                var end = query.AsSpan(_at).IndexOfAny('\n', '\r');
                _at = end < 0 ? query.Length : _at + end;
            }
            else
            {
                _at++;
            }
        }
    }

    private Token Outside(char c)
    {
        if (c is '"' or '\'' or '`')
        {
            return QuotedText(c);
        }
        if (char.IsAsciiLetter(c) || c is '_' or ':')
        {
            return _bracket ? InBracket(c) : Word();
        }
        switch (c)
        {
            case '(':
                _parens++;
                return Op("(");
            case ')':
                return --_parens < 0 ? throw Fault("unexpected right parenthesis ')'", _at + 1) : Op(")");
            case '{':
                _brace = true;
                return Op("{");
            case '[':
                if (_bracket)
                {
                    throw Fault("unexpected left bracket '['", _at);
                }
                (_bracket, _durationNext, _durationSeen, _colon) = (true, true, false, false);
                return Op("[");
            case ']':
                if (!_bracket)
                {
                    throw Fault("unexpected right bracket ']'", _at);
                }
                _bracket = false;
                return Op("]");
            case '=' when After() == '~':
                throw Fault("unexpected character after '=': '~'", _at);
            case '!' when After() != '=':
                throw Fault($"unexpected character after '!': {Quoted(_at + 1)}", _at);
            default:
                return Array.Find(Operators, Stands) is { } op ? Op(op) : throw Fault($"unexpected character: {Quoted(_at)}", _at);
        }
    }

    private Token Word()
    {
        var start = _at;
        while (_at < query.Length && (IsWord(query[_at]) || query[_at] == ':'))
        {
            _at++;
        }
        var text = query[start.._at];
        var isNumber = text.Equals("inf", StringComparison.OrdinalIgnoreCase) || text.Equals("nan", StringComparison.OrdinalIgnoreCase);
        return new Token(isNumber ? TokenKind.Number : TokenKind.Word, start, _at, text);
    }

    private Token InBracket(char c)
    {
        if (c == ':')
        {
            if (_colon)
            {
                throw Fault("unexpected colon ':'", _at);
            }
            _colon = true;
            return Op(":");
        }
        return DurationWord() ?? throw Fault($"unexpected character: {Quoted(_at)}, expected ':'", _at);
    }

    private Token InDuration(char c)
    {
        switch (c)
        {
            case ']':
                (_bracket, _durationNext) = (false, false);
                return Op("]");
            case ':' when !_durationSeen || _colon:
                throw Fault(_colon ? "unexpected repeated colon in duration expression" : "unexpected colon before duration in duration expression", _at + 1);
            case ')' when _parens == 0:
                throw Fault("unexpected right parenthesis ')'", _at + 1);
        }
        if (Array.Find(DurationOperators, Stands) is not { } op)
        {
            return DurationWord() ?? throw Fault($"unexpected character in duration expression: {Quoted(_at)}", _at);
        }
        _colon |= op == ":";
        _parens += op == "(" ? 1 : op == ")" ? -1 : 0;
        return Op(op);
    }

    private Token? DurationWord()
    {
        var end = _at;
        while (end < query.Length && (char.IsAsciiLetter(query[end]) || query[end] == '_'))
        {
            end++;
        }
        var word = query[_at..end].ToLowerInvariant();
        var token = new Token(TokenKind.Word, _at, end, word);
        _at = word is "step" or "range" or "min_of" or "max_of" ? end : _at;
        return _at == end && end > token.Start ? token : null;
    }

    private Token InBraces(char c)
    {
        if (c is '"' or '\'' or '`')
        {
            return QuotedText(c);
        }
        if (char.IsAsciiLetter(c) || c == '_')
        {
            var start = _at;
            while (_at < query.Length && IsWord(query[_at]))
            {
                _at++;
            }
            return new Token(TokenKind.Label, start, _at, query[start.._at]);
        }
        switch (c)
        {
            case ',':
                return Op(",");
            case '=':
                return Op(After() == '~' ? "=~" : "=");
            case '!':
                return After() is '=' or '~' ? Op(query[_at..(_at + 2)])
                    : throw Fault($"unexpected character after '!' inside braces: {Quoted(_at + 1)}", _at);
            case '{':
                throw Fault("unexpected left brace '{'", _at);
            case '}':
                _brace = false;
                return Op("}");
            default:
                throw Fault($"unexpected character inside braces: {Quoted(_at)}", _at);
        }
    }

    private Token NumberOrDuration()
    {
        var start = _at;
        if (ScanNumber())
        {
            return new Token(TokenKind.Number, start, _at, query[start.._at]);
        }
        if (ScanDuration())
        {
            return new Token(TokenKind.Duration, start, _at, query[start.._at]);
        }
        throw Fault($"bad number or duration syntax: {PromText.Quoted(query[start..Math.Min(_at, query.Length)])}", start);
    }

    // Whether what was read may be a number; whether it is one, its reader says.
    private bool ScanNumber()
    {
        var hex = query[_at] == '0' && After() is 'x' or 'X';
        _at += hex ? 2 : 0;
        var (point, exponent) = (false, false);
        while (_at < query.Length)
        {
            var c = query[_at];
            if (char.IsAsciiDigit(c) || (hex && char.IsAsciiHexDigit(c)))
            {
                _at++;
                continue;
            }
            var isPoint = c == '.';
            var isExponent = c is 'e' or 'E' && !hex;
            if (!isPoint && !isExponent && c != '_')
            {
                break;
            }
            _at += isExponent && After() is '+' or '-' ? 2 : 1;
            var twice = isPoint ? point || hex : isExponent && exponent;
            (point, exponent) = (point || isPoint, exponent || isExponent);
            if (twice || (!isPoint && _at >= query.Length))
            {
                return false;
            }
            // None of these may follow another.
            if (_at < query.Length && (query[_at] is '.' or '_' || (!isPoint && query[_at] is 'e' or 'E')))
            {
                _at++;
                return false;
            }
        }
        return _at >= query.Length || !IsWord(query[_at]);
    }

    private bool ScanDuration()
    {
        for (var first = true; first || IsDigit(_at); first = false)
        {
            while (IsDigit(_at))
            {
                _at++;
            }
            if (_at >= query.Length || query[_at] is not ('s' or 'm' or 'h' or 'd' or 'w') && !(first && query[_at] == 'y'))
            {
                return false;
            }
            _at += After() == 's' ? 2 : 1;
        }
        if (_at < query.Length && IsWord(query[_at]))
        {
            _at++;
            return false;
        }
        return true;
    }

    private Token QuotedText(char quote)
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
                Escape(text, quote, start);
                continue;
            }
            text.Append(c);
            _at++;
        }
        if (_at >= query.Length || query[_at] != quote)
        {
            throw Fault(quote == '`' ? "unterminated raw string" : "unterminated quoted string", start);
        }
        _at++;
        return new Token(TokenKind.String, start, _at, text.ToString());
    }

    private void Escape(StringBuilder text, char quote, int start)
    {
        var c = After();
        var simple = c switch { 'a' => '\a', 'b' => '\b', 'f' => '\f', 'n' => '\n', 'r' => '\r', 't' => '\t', 'v' => '\v', '\\' => '\\', _ => '\0' };
        if (simple != '\0' || c == quote)
        {
            text.Append(simple == '\0' ? quote : simple);
            _at += 2;
            return;
        }
        if (c is 'x' or (>= '0' and <= '7'))
        {
            ByteEscapes(text, start);
            return;
        }
        var length = c switch { 'u' => 4, 'U' => 8, _ => 0 };
        if (length == 0)
        {
            throw Fault(_at + 1 >= query.Length ? "escape sequence not terminated" : $"unknown escape sequence {CodePoint(_at + 1)}", start);
        }
        var rune = Digits(_at + 2, length, 16, start);
        text.Append(Rune.IsValid(rune) ? new Rune(rune).ToString() : throw Fault("escape sequence is an invalid Unicode code point", start));
        _at += 2 + length;
    }

    private uint Digits(int from, int length, uint radix, int start)
    {
        var value = 0u;
        for (var i = from; i < from + length; i++)
        {
            var digit = i >= query.Length ? throw Fault("escape sequence not terminated", start)
                : char.IsAsciiHexDigit(query[i]) ? Convert.ToUInt32(query[i].ToString(), 16) : 16;
            value = digit < radix ? (value * radix) + digit : throw Fault($"illegal character {CodePoint(i)} in escape sequence", start);
        }
        return value;
    }

    /// <summary>
    /// A run of \xHH and \NNN, which are bytes of UTF-8. A byte that is not becomes U+DC00 + byte: no text holds half a surrogate pair otherwise,
    /// so the byte can be named again where the text is refused.
    /// </summary>
    private void ByteEscapes(StringBuilder text, int start)
    {
        var bytes = new List<byte>();
        while (_at + 1 < query.Length && query[_at] == '\\' && query[_at + 1] is 'x' or (>= '0' and <= '7'))
        {
            var hex = query[_at + 1] == 'x';
            var (from, length) = hex ? (_at + 2, 2) : (_at + 1, 3);
            var value = Digits(from, length, hex ? 16u : 8, start);
            bytes.Add(value <= 255 ? (byte)value : throw Fault("escape sequence is an invalid Unicode code point", start));
            _at = from + length;
        }
        var rest = System.Runtime.InteropServices.CollectionsMarshal.AsSpan(bytes);
        while (!rest.IsEmpty)
        {
            var valid = Rune.DecodeFromUtf8(rest, out var rune, out var used) == System.Buffers.OperationStatus.Done;
            text.Append(valid ? rune.ToString() : ((char)(0xdc00 + rest[0])).ToString());
            rest = rest[(valid ? used : 1)..];
        }
    }

    private Token Op(string op)
    {
        _at += op.Length;
        return new Token(TokenKind.Op, _at - op.Length, _at, op);
    }

    private bool Stands(string op) => string.CompareOrdinal(query, _at, op, 0, op.Length) == 0;

    private char After() => _at + 1 < query.Length ? query[_at + 1] : '\0';

    private bool IsDigit(int at) => at < query.Length && char.IsAsciiDigit(query[at]);

    private static bool IsBlank(char c) => c is ' ' or '\t' or '\n' or '\r';

    private static bool IsWord(char c) => char.IsAsciiLetterOrDigit(c) || c == '_';

    private Rune RuneAt(int at) => Rune.TryGetRuneAt(query, Math.Min(at, query.Length - 1), out var rune) && at < query.Length ? rune : Rune.ReplacementChar;

    // A character as Go writes it: %q.
    private string Quoted(int at)
    {
        var text = RuneAt(at).ToString();
        return text is "\'" ? @"'\''" : text is "\"" ? "'\"'" : $"'{PromText.Quoted(text)[1..^1]}'";
    }

    // A character as Go writes it: %#U.
    private string CodePoint(int at)
    {
        var rune = RuneAt(at);
        return string.Create(CultureInfo.InvariantCulture, $"U+{rune.Value:X4}{(Rune.IsControl(rune) ? "" : $" '{rune}'")}");
    }

    private ParseStop Fault(string message, int start) => new(new PromProblem(message, start, Math.Min(query.Length, start + 1)));
}

/// <summary>Ends the reading of a query at its first fault. Never leaves this project.</summary>
internal sealed class ParseStop(PromProblem problem) : Exception(problem.Message)
{
    public PromProblem Problem { get; } = problem;
}
