using System.Globalization;
using Nines.Metrics;
using Nines.Metrics.Templates;

namespace Nines.PromQL.Scripts;

/// <summary>A sample in series notation: a number, nothing, or something that is no number.</summary>
/// <param name="Value">The number; a stale marker for <c>stale</c>. Null when there is no sample (<c>_</c>) or it is a native histogram.</param>
/// <param name="IsHistogram">Whether a native histogram stands here.</param>
public readonly record struct NotedSample(double? Value, bool IsHistogram);

/// <summary>
/// Series as Prometheus' scripts and rule tests write them: <c>metric{a="b"} 1 2 _ 3+1x4 5x2 stale</c>. <c>3+1x4</c> is 3 and four more, each greater by
/// one; <c>5x2</c> is 5 three times; <c>_x3</c> is three times nothing; <c>{{…}}</c> is a native histogram.
/// </summary>
public static class SeriesNotation
{
    /// <summary>Most samples that one series may have.</summary>
    public const int MaxSamples = 1_000_000;

    /// <summary>Reads a series and its samples.</summary>
    /// <exception cref="FormatException">The text is no such series; the message says where.</exception>
    public static (Labels Labels, IReadOnlyList<NotedSample> Samples) Parse(string text)
    {
        var end = EndOfLabels(text);
        return (ParseLabels(text[..end]), ParseSamples(text[end..]));
    }

    /// <summary>Reads labels in the notation of a selector with equality only; a metric name may stand before or within the braces.</summary>
    /// <exception cref="FormatException">The text is no label set.</exception>
    public static Labels ParseLabels(string text)
    {
        text = text.Trim();
        if (text is "{}" or "")
        {
            return Labels.Empty;
        }
        try
        {
            return new Parser(text).Query() is VectorSelector { Offset: null, At: null } selector && selector.Matchers.All(m => m.Op == MatchOp.Equal)
                ? Labels.Of(selector.Matchers.Select(m => (m.Name, m.Value)))
                : throw new FormatException($"{text}: not a series");
        }
        catch (Exception e) when (e is ParseStop or ArgumentException)
        {
            throw new FormatException($"{text}: {e.Message}", e);
        }
    }

    /// <summary>Reads samples.</summary>
    /// <exception cref="FormatException">A sample cannot be read, or there are too many.</exception>
    public static IReadOnlyList<NotedSample> ParseSamples(string text)
    {
        var samples = new List<NotedSample>();
        foreach (var token in Tokens(text))
        {
            Add(token, samples);
            if (samples.Count > MaxSamples)
            {
                throw new FormatException($"more than {MaxSamples} samples");
            }
        }
        return samples;
    }

    private static void Add(string token, List<NotedSample> to)
    {
        if (token.StartsWith("{{", StringComparison.Ordinal))
        {
            var close = token.LastIndexOf("}}", StringComparison.Ordinal);
            var times = close < 0 ? throw new FormatException($"{token}: histogram without end") : token[(close + 2)..];
            Repeat(new NotedSample(null, true), times.Length == 0 ? 1 : Times(times, token) + 1, to);
            return;
        }
        var x = token.LastIndexOf('x');
        var (first, count) = x > 0 ? (token[..x], Times(token[x..], token)) : (token, 0);
        if (first == "_")
        {
            Repeat(default, x > 0 ? count : 1, to);
            return;
        }
        if (first == "stale")
        {
            Repeat(new NotedSample(StaleMarker.Value, false), count + 1, to);
            return;
        }
        var (value, step) = ValueAndStep(first, token);
        if (count > MaxSamples)
        {
            throw new FormatException($"{token}: more than {MaxSamples} samples");
        }
        to.Add(new NotedSample(value, false));
        for (var i = 0; i < count; i++)
        {
            value += step;
            to.Add(new NotedSample(value, false));
        }
    }

    private static void Repeat(NotedSample sample, int times, List<NotedSample> to)
    {
        if (times > MaxSamples)
        {
            throw new FormatException($"more than {MaxSamples} samples");
        }
        for (var i = 0; i < times; i++)
        {
            to.Add(sample);
        }
    }

    private static int Times(string x, string token) =>
        x[0] == 'x' && int.TryParse(x.AsSpan(1), NumberStyles.None, CultureInfo.InvariantCulture, out var times)
            ? times : throw new FormatException($"{token}: x needs a number of repetitions");

    // 1+2, 1-2, -1e3+2: the sign between is the last one that is neither first nor part of an exponent.
    private static (double Value, double Step) ValueAndStep(string text, string token)
    {
        for (var i = text.Length - 1; i > 0; i--)
        {
            if (text[i] is '+' or '-' && text[i - 1] is not ('e' or 'E' or '+' or '-'))
            {
                return (Number(text[..i], token), Number(text[i..], token));
            }
        }
        return (Number(text, token), 0);
    }

    /// <summary>Reads a number as the query language does, Inf and NaN with any sign and hexadecimals included.</summary>
    internal static double Number(string text, string token)
    {
        var unsigned = text.Length > 0 && text[0] is '+' or '-' ? text[1..] : text;
        var ok = Numbers.TryParse(unsigned, out var value) || GoFloat.TryParse(unsigned, out value);
        return !ok || unsigned.StartsWith('-') || unsigned.StartsWith('+') ? throw new FormatException($"{token}: not a number")
            : text[0] == '-' ? -value : value;
    }

    private static IEnumerable<string> Tokens(string text)
    {
        var at = 0;
        while (at < text.Length)
        {
            if (char.IsWhiteSpace(text[at]))
            {
                at++;
                continue;
            }
            var start = at;
            var inHistogram = false;
            while (at < text.Length && (inHistogram || !char.IsWhiteSpace(text[at])))
            {
                if (string.CompareOrdinal(text, at, "{{", 0, 2) == 0)
                {
                    inHistogram = true;
                    at++;
                }
                else if (string.CompareOrdinal(text, at, "}}", 0, 2) == 0)
                {
                    inHistogram = false;
                    at++;
                }
                at++;
            }
            yield return text[start..Math.Min(at, text.Length)];
        }
    }

    private static int EndOfLabels(string text)
    {
        var at = 0;
        while (at < text.Length && text[at] != '{' && !char.IsWhiteSpace(text[at]))
        {
            at++;
        }
        var brace = at;
        while (brace < text.Length && text[brace] is ' ' or '\t')
        {
            brace++;
        }
        if (brace == text.Length || text[brace] != '{' || string.CompareOrdinal(text, brace, "{{", 0, 2) == 0)
        {
            return at;
        }
        char? quote = null;
        for (at = brace + 1; at < text.Length; at++)
        {
            if (quote is { } open)
            {
                at += text[at] == '\\' && open != '`' ? 1 : 0;
                quote = at < text.Length && text[at] == open && text[at - 1] != '\\' ? null : quote;
            }
            else if (text[at] is '"' or '\'' or '`')
            {
                quote = text[at];
            }
            else if (text[at] == '}')
            {
                return at + 1;
            }
        }
        throw new FormatException("labels without closing brace");
    }
}
