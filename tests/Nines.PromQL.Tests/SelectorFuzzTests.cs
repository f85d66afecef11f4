using System.Text;
using System.Text.RegularExpressions;
using Nines.Metrics;
using Nines.Metrics.Tests;

namespace Nines.PromQL.Tests;

/// <summary>Selectors, as <c>match[]</c> and queries hold them, under fuzz beside a reading by regular expressions that is slow and plain.</summary>
public sealed partial class SelectorFuzzTests
{
    private static readonly string[] Names = ["up", "a:b", "_x9", "job", "__name__", "le", "é", "a b", ":"];
    private static readonly string[] Values = ["", "api", "5..", "a|b", "(", "a\"b", "a'b", @"a\b", "a`b", "x\ny", "😀", "\ufffd", "#", "}", "a,b", @"\d+", "{a=\"b\"}"];
    private static readonly string[] Blanks = ["", "", "", " ", "\t", "\n", "# no } here\n"];

    [Fact]
    public void Selector_AnyText_IsReadAsThePlainReferenceReadsIt()
    {
        var (read, refused, wrong) = (0, 0, new List<string>());
        foreach (var seed in Fuzz.Seeds(30_000))
        {
            var random = new Random(seed);
            var text = Generated(random);
            if (seed % 3 > 0)
            {
                text = Encoding.UTF8.GetString(Fuzz.Mutate(Encoding.UTF8.GetBytes(text), Encoding.UTF8.GetBytes(Generated(random)), random));
            }
            if (IsMoreThanASelector(text))
            {
                continue;
            }
            var expected = Reference(text);
            var selector = PromParser.Parse(text).Expr is VectorSelector { Offset: null, At: null, Edge: EdgeModifier.None } one ? one : null;
            if (Shown(selector?.Matchers) != Shown(expected) && wrong.Count < 10)
            {
                wrong.Add($"seed {seed}: {text}\nis {Shown(selector?.Matchers) ?? "refused"}, should be {Shown(expected) ?? "refused"}");
            }
            (read, refused) = (read + (expected is null ? 0 : 1), refused + (expected is null ? 1 : 0));
        }
        wrong.ShouldBeEmpty();
        (read, refused).ShouldSatisfyAllConditions(() => read.ShouldBeGreaterThan(3_000), () => refused.ShouldBeGreaterThan(3_000));
    }

    private static string? Shown(IReadOnlyList<Matcher>? matchers) => matchers is null ? null : string.Join(" ; ", matchers.Select(m => $"{m.Name} {m.Op} {m.Value}"));

    private static string Generated(Random random)
    {
        var text = new StringBuilder();
        void Blank() => text.Append(Blanks[random.Next(Blanks.Length)]);
        string Any(string[] from) => from[random.Next(from.Length)];
        Blank();
        if (random.Next(2) == 0)
        {
            text.Append(Any(Names));
            Blank();
        }
        if (text.Length == 0 || random.Next(4) > 0)
        {
            text.Append('{');
            for (var n = random.Next(4); n > 0; n--)
            {
                Blank();
                text.Append(random.Next(4) == 0 ? Quoted(Any(Names), random) : Any(Names));
                Blank();
                if (random.Next(10) > 0)
                {
                    text.Append(Any(["=", "!=", "=~", "!~"]));
                    Blank();
                    text.Append(Quoted(Any(Values), random));
                    Blank();
                }
                text.Append(n > 1 || random.Next(5) == 0 ? "," : "");
            }
            Blank();
            text.Append('}');
        }
        Blank();
        return text.ToString();
    }

    private static string Quoted(string value, Random random)
    {
        var quote = "\"'`"[random.Next(3)];
        if (quote == '`')
        {
            return value.Contains('`') ? Quoted(value, random) : $"`{value}`";
        }
        var text = new StringBuilder().Append(quote);
        foreach (var rune in value.EnumerateRunes())
        {
            text.Append(rune.Value switch
            {
                '\n' => @"\n",
                '\\' => @"\\",
                var c when c == quote => $"\\{quote}",
                < 0x80 and var c when random.Next(8) == 0 => random.Next(3) switch { 0 => $"\\x{c:x2}", 1 => "\\" + Convert.ToString(c, 8).PadLeft(3, '0'), _ => $"\\u{c:X4}" },
                var c when random.Next(8) == 0 => $"\\U{c:x8}",
                _ => rune.ToString(),
            });
        }
        return text.Append(quote).ToString();
    }

    // What the reference does not know: other expressions, words that are numbers, operators or modifiers, and bytes that are not UTF-8.
    private static bool IsMoreThanASelector(string text) =>
        text.Contains('\ufffd') || OtherWords().IsMatch(text) || HighBytes().IsMatch(text);

    private static List<Matcher>? Reference(string text)
    {
        if (Selector().Match(text) is not { Success: true } whole || (!whole.Groups["name"].Success && !whole.Groups["braces"].Success))
        {
            return null;
        }
        var (matchers, name) = (new List<Matcher>(), whole.Groups["name"].Success ? whole.Groups["name"].Value : null);
        foreach (Capture one in whole.Groups["matcher"].Captures)
        {
            var parts = OneMatcher().Match(one.Value);
            if (Text(parts.Groups["label"].Value) is not { } label)
            {
                return null;
            }
            if (!parts.Groups["op"].Success)
            {
                if (name is not null || parts.Groups["label"].Value[0] is not ('"' or '\'' or '`'))
                {
                    return null;
                }
                name = label;
                continue;
            }
            if (Text(parts.Groups["value"].Value) is not { } value)
            {
                return null;
            }
            try
            {
                matchers.Add(new Matcher(label, parts.Groups["op"].Value switch { "=" => MatchOp.Equal, "!=" => MatchOp.NotEqual, "=~" => MatchOp.Regex, _ => MatchOp.NotRegex }, value));
            }
            catch (ArgumentException)
            {
                return null;
            }
        }
        if (name is not null)
        {
            if (matchers.Exists(m => m.Name == "__name__"))
            {
                return null;
            }
            matchers.Add(new Matcher("__name__", MatchOp.Equal, name));
        }
        return matchers.Exists(m => !m.Matches("")) ? matchers : null;
    }

    // A label or value as it is written: a word, or quoted in one of three ways.
    private static string? Text(string written)
    {
        if (written[0] is not ('"' or '\'' or '`'))
        {
            return written;
        }
        if (written[0] == '`')
        {
            return written[1..^1];
        }
        var bad = false;
        var text = Escape().Replace(written[1..^1], escape =>
        {
            var body = escape.Value[1..];
            var simple = body.Length == 1 ? "abfnrtv\\".IndexOf(body[0]) : -1;
            if (simple >= 0)
            {
                return "\a\b\f\n\r\t\v\\"[simple].ToString();
            }
            if (body.Length == 1)
            {
                bad |= body[0] != written[0];
                return body;
            }
            var code = body[0] is 'x' or 'u' or 'U' ? Convert.ToInt64(body[1..], 16) : Convert.ToInt64(body, 8);
            bad |= code > 0x10ffff || code is >= 0xd800 and < 0xe000;
            return bad ? "" : new Rune((int)code).ToString();
        });
        return bad ? null : text;
    }

    private const string Blank = @"(?:[ \t\r\n]|\#[^\r\n]*(?:[\r\n]|\z))*";
    private const string Text1 = """(?:"(?:[^"\\\n]|\\(?:[\s\S]))*"|'(?:[^'\\\n]|\\(?:[\s\S]))*'|`[^`]*`)""";
    private const string One = $"(?:[a-zA-Z_][a-zA-Z0-9_]*|{Text1})(?:{Blank}(?:=~|!~|!=|=){Blank}{Text1})?";

    [GeneratedRegex($@"\A{Blank}(?<name>[a-zA-Z_:][a-zA-Z0-9_:]*)?{Blank}(?<braces>\{{{Blank}(?:(?<matcher>{One}){Blank}(?:,{Blank}(?<matcher>{One}){Blank})*(?:,{Blank})?)?\}})?{Blank}\z", RegexOptions.ExplicitCapture, 5000)]
    private static partial Regex Selector();

    [GeneratedRegex($@"\A(?<label>[a-zA-Z_][a-zA-Z0-9_]*|{Text1})(?:{Blank}(?<op>=~|!~|!=|=){Blank}(?<value>{Text1}))?\z", RegexOptions.ExplicitCapture, 5000)]
    private static partial Regex OneMatcher();

    [GeneratedRegex(@"\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-7]{3}|[\s\S])", RegexOptions.ExplicitCapture, 5000)]
    private static partial Regex Escape();

    [GeneratedRegex(@"(?i)\b(?:inf|nan|and|or|unless|atan2|by|without|on|offset|bool|ignoring|anchored|smoothed|start|end)\b", RegexOptions.ExplicitCapture, 5000)]
    private static partial Regex OtherWords();

    [GeneratedRegex(@"\\(?:x[89a-fA-F]|[2-7][0-7]{2})", RegexOptions.ExplicitCapture, 5000)]
    private static partial Regex HighBytes();
}
