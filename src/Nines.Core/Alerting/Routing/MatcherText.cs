using System.Text;
using System.Text.RegularExpressions;
using Nines.Metrics;
using Nines.Metrics.Templates;

namespace Nines.Core.Alerting.Routing;

/// <summary>Which of Alertmanager's two grammars of matchers counts.</summary>
public enum MatcherMode
{
    /// <summary>The new grammar; what only the old one reads, or what they read differently, is read by the old one with a warning.</summary>
    Fallback,
    /// <summary>The new grammar alone.</summary>
    Utf8Strict,
    /// <summary>The old grammar alone, as up to Alertmanager 0.26.</summary>
    Classic,
}

/// <summary>What came of reading matchers.</summary>
/// <param name="Matchers">The matchers; null when the text is none.</param>
/// <param name="Error">Why it is none.</param>
/// <param name="Warning">What will not be read the same way for ever.</param>
public readonly record struct MatcherReading(IReadOnlyList<Matcher>? Matchers, string? Error = null, string? Warning = null);

/// <summary>Reads matchers as Alertmanager does: <c>{alertname="Down", team=~"a|b"}</c>, the braces optional. Pure.</summary>
public static partial class MatcherText
{
    /// <summary>Reads any number of matchers.</summary>
    public static MatcherReading Read(string text, MatcherMode mode = MatcherMode.Fallback)
    {
        if (mode == MatcherMode.Classic)
        {
            return Classic(text);
        }
        var modern = Utf8(text);
        if (mode == MatcherMode.Utf8Strict)
        {
            return modern;
        }
        var classic = Classic(text);
        if (modern.Matchers is null)
        {
            return classic.Matchers is null ? classic : classic with
            {
                Warning = $"only the classic grammar reads this ({modern.Error}); write {Suggestion(classic.Matchers)}",
            };
        }
        return classic.Matchers is null || classic.Matchers.SequenceEqual(modern.Matchers) ? modern : classic with
        {
            Warning = $"the two grammars read this differently; it counts as {Suggestion(classic.Matchers)}, "
                + $"in strict mode it would be {Suggestion(modern.Matchers)}",
        };
    }

    /// <summary>Matchers in Alertmanager's notation and order, as in a route's key: <c>{a="b",c=~"d"}</c>.</summary>
    public static string Print(IEnumerable<Matcher> matchers) => "{" + string.Join(',', matchers) + "}";

    /// <summary>By name, then value, then operator, as Alertmanager sorts them.</summary>
    public static IReadOnlyList<Matcher> Sorted(IEnumerable<Matcher> matchers) =>
        [.. matchers.OrderBy(m => m.Name, StringComparer.Ordinal).ThenBy(m => m.Value, StringComparer.Ordinal).ThenBy(m => m.Op)];

    /// <summary>The reading of what an exception refuses, without what it says for programmers.</summary>
    internal static MatcherReading Refused(Exception e) => new(null, e.Message.Split(" (Parameter", 2)[0]);

    private static string Suggestion(IReadOnlyList<Matcher> matchers) => string.Join(", ", matchers);

    private static MatcherReading Utf8(string text)
    {
        var tokens = new Tokens(text);
        var matchers = new List<Matcher>();
        try
        {
            tokens.Next();
            var braced = tokens.Take(TokenKind.Open);
            while (!tokens.Is(TokenKind.Close) && !tokens.Is(TokenKind.End))
            {
                if (matchers.Count > 0 && !tokens.Take(TokenKind.Comma))
                {
                    return tokens.Unexpected("a comma or the end");
                }
                if (matchers.Count > 0 && (tokens.Is(TokenKind.Close) || tokens.Is(TokenKind.End)))
                {
                    break;      // one trailing comma
                }
                if (!tokens.IsValue)
                {
                    return tokens.Unexpected("a label's name");
                }
                var name = tokens.Value;
                tokens.Next();
                if (!tokens.Is(TokenKind.Operator))
                {
                    return tokens.Unexpected("an operator such as = or =~");
                }
                var op = Operator(tokens.Value);
                tokens.Next();
                if (!tokens.IsValue)
                {
                    return tokens.Unexpected("a value");
                }
                matchers.Add(new Matcher(name, op, tokens.Value));
                tokens.Next();
            }
            if (tokens.Take(TokenKind.Close) != braced)
            {
                return new(null, braced ? "the closing brace is missing" : "there is a closing brace without an opening one");
            }
            return tokens.Is(TokenKind.End) ? new(matchers) : tokens.Unexpected("the end");
        }
        catch (Exception e) when (e is FormatException or ArgumentException)
        {
            return Refused(e);
        }
    }

    private static MatcherReading Classic(string text)
    {
        text = text.StartsWith('{') ? text[1..] : text;
        text = text.EndsWith('}') ? text[..^1] : text;
        var matchers = new List<Matcher>();
        var (start, quoted, escaped) = (0, false, false);
        for (var i = 0; i <= text.Length; i++)
        {
            if (i == text.Length || (text[i] == ',' && !quoted))
            {
                var one = text[start..i];
                start = i + 1;
                if (i == text.Length && one.Trim().Length == 0)
                {
                    break;
                }
                if (ClassicOne(one, out var error) is not { } matcher)
                {
                    return new(null, error);
                }
                matchers.Add(matcher);
                (quoted, escaped) = (false, false);
                continue;
            }
            quoted ^= text[i] == '"' && !escaped;
            escaped = text[i] == '\\' && !escaped;
        }
        return new(matchers);
    }

    private static Matcher? ClassicOne(string text, out string? error)
    {
        error = null;
        if (ClassicForm().Match(text) is not { Success: true } parts)
        {
            error = $"bad matcher format: {text}";
            return null;
        }
        var raw = parts.Groups["value"].Value;
        var opens = raw.StartsWith('"');
        var value = new StringBuilder();
        for (var i = opens ? 1 : 0; i < raw.Length; i++)
        {
            if (raw[i] == '\\' && i + 1 < raw.Length)
            {
                i++;
                _ = raw[i] switch
                {
                    'n' => value.Append('\n'),
                    '"' or '\\' => value.Append(raw[i]),
                    var other => value.Append('\\').Append(other),
                };
            }
            else if (raw[i] != '"')
            {
                value.Append(raw[i]);
            }
            else if (!opens || i < raw.Length - 1)
            {
                error = $"matcher value contains unescaped double quote: {raw}";
                return null;
            }
            else
            {
                opens = false;
            }
        }
        if (opens)
        {
            error = $"matcher value contains unescaped double quote: {raw}";
            return null;
        }
        try
        {
            return new Matcher(parts.Groups["name"].Value, Operator(parts.Groups["op"].Value), value.ToString());
        }
        catch (ArgumentException e)
        {
            error = Refused(e).Error;
            return null;
        }
    }

    private static MatchOp Operator(string text) => text switch
    {
        "=" => MatchOp.Equal,
        "!=" => MatchOp.NotEqual,
        "=~" => MatchOp.Regex,
        _ => MatchOp.NotRegex,
    };

    [GeneratedRegex(@"\A\s*(?<name>[a-zA-Z_:][a-zA-Z0-9_:]*)\s*(?<op>=~|=|!=|!~)\s*(?<value>.*?)\s*\z", RegexOptions.Singleline | RegexOptions.NonBacktracking)]
    private static partial Regex ClassicForm();

    private enum TokenKind
    {
        End,
        Open,
        Close,
        Comma,
        Operator,
        Plain,
        Quoted,
    }

    /// <summary>The new grammar's tokens, one at a time.</summary>
    private sealed class Tokens(string text)
    {
        private const string Reserved = "{}!=~,\\\"'`";
        private int _start;
        private int _end;
        private TokenKind _kind;

        public string Value { get; private set; } = "";

        public bool IsValue => _kind is TokenKind.Plain or TokenKind.Quoted;

        public bool Is(TokenKind kind) => _kind == kind;

        public bool Take(TokenKind kind)
        {
            if (_kind != kind)
            {
                return false;
            }
            Next();
            return true;
        }

        public MatcherReading Unexpected(string expected) =>
            new(null, $"{(_kind == TokenKind.End ? "end of input" : $"{_start + 1}: {text[_start.._end]}")}: expected {expected}");

        /// <exception cref="FormatException">There is no token here.</exception>
        public void Next()
        {
            _start = _end;
            while (_start < text.Length && char.IsWhiteSpace(text[_start]))
            {
                _start++;
            }
            _end = _start + 1;
            if (_start == text.Length)
            {
                (_kind, _end) = (TokenKind.End, _start);
                return;
            }
            switch (text[_start])
            {
                case '{':
                    _kind = TokenKind.Open;
                    return;
                case '}':
                    _kind = TokenKind.Close;
                    return;
                case ',':
                    _kind = TokenKind.Comma;
                    return;
                case '=' or '!':
                    _kind = TokenKind.Operator;
                    _end += _end < text.Length && (text[_end] == '~' || (text[_start] == '!' && text[_end] == '=')) ? 1 : 0;
                    Value = text[_start.._end];
                    _ = Value != "!" ? 0 : throw new FormatException($"{_start + 1}: expected = or ~ after !");
                    return;
                case '"':
                    Quoted();
                    return;
                default:
                    Plain();
                    return;
            }
        }

        private void Quoted()
        {
            while (_end < text.Length && text[_end] != '"')
            {
                _end += text[_end] == '\\' ? 2 : 1;
            }
            if (_end >= text.Length || text.AsSpan(_start, _end - _start).Contains('\n'))
            {
                throw new FormatException($"{_start + 1}: the quoted text does not end");
            }
            _end++;
            _kind = TokenKind.Quoted;
            Value = GoQuote.Unquote(text.AsSpan(_start + 1, _end - _start - 2))
                ?? throw new FormatException($"{_start + 1}: {text[_start.._end]}: invalid input");
        }

        private void Plain()
        {
            _end = _start;
            while (_end < text.Length && !char.IsWhiteSpace(text[_end]) && !Reserved.Contains(text[_end]))
            {
                _end++;
            }
            _kind = TokenKind.Plain;
            Value = text[_start.._end];
            _ = _end > _start ? 0 : throw new FormatException($"{_start + 1}: {text[_start]}: invalid input");
        }
    }
}
