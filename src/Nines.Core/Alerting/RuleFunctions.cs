using System.Net;
using Nines.Metrics;
using Nines.Metrics.Templates;
using Nines.PromQL;

namespace Nines.Core.Alerting;

/// <summary>Prometheus' template functions, for one evaluation.</summary>
/// <param name="query">Answers an instant query at the time of the evaluation.</param>
/// <param name="nowMs">The time of the evaluation, in milliseconds since the Unix epoch.</param>
/// <param name="externalUrl">The address people reach the server at, without a slash at its end.</param>
/// <param name="externalLabels">Labels that tell this server from others.</param>
public sealed class RuleFunctions(Func<string, QueryResult> query, long nowMs, string externalUrl, Labels externalLabels)
{
    private static readonly string[] Large = ["k", "M", "G", "T", "P", "E", "Z", "Y"];
    private static readonly string[] Binary = ["ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi"];
    private static readonly string[] Small = ["m", "u", "n", "p", "f", "a", "z", "y"];

    /// <summary>The names of all functions.</summary>
    public static readonly IReadOnlySet<string> Names =
        new RuleFunctions(_ => throw new InvalidOperationException(), 0, "", Labels.Empty).All.Keys.ToHashSet(StringComparer.Ordinal);

    private Dictionary<string, TemplateFunction>? _all;

    /// <summary>The address people reach the server at.</summary>
    public string ExternalUrl => externalUrl;

    /// <summary>Labels that tell this server from others.</summary>
    public Labels ExternalLabels => externalLabels;

    /// <summary>The functions by name.</summary>
    public IReadOnlyDictionary<string, TemplateFunction> All => _all ??= Table();

    private Dictionary<string, TemplateFunction> Table() => new(StringComparer.Ordinal)
    {
        ["query"] = Of([ArgumentKind.Text], a => Query((string)a[0]!)),
        ["first"] = Of([ArgumentKind.List], a => a[0] is IReadOnlyList<object?> { Count: > 0 } list ? list[0]
            : throw new TemplateCallException("first() called on vector with no elements")),
        ["label"] = Of([ArgumentKind.Text, ArgumentKind.Object], a => Sample(a[1]).Labels[(string)a[0]!]),
        ["value"] = Of([ArgumentKind.Object], a => Sample(a[0]).Value),
        ["strvalue"] = Of([ArgumentKind.Object], a => Sample(a[0]).Labels["__value__"]),
        ["sortByLabel"] = Of([ArgumentKind.Text, ArgumentKind.List], a => ((IReadOnlyList<object?>?)a[1] ?? [])
            .OrderBy(s => Sample(s).Labels[(string)a[0]!], StringComparer.Ordinal).ToArray()),
        ["args"] = Of([ArgumentKind.Any],
            a => new TemplateMap(a.Select((v, i) => KeyValuePair.Create($"arg{i}", v)).ToDictionary(StringComparer.Ordinal), null),
            repeats: true),
        ["tmpl"] = new([ArgumentKind.Text, ArgumentKind.Any], (run, a) => run.Execute((string)a[0]!, a[1])),
        ["safeHtml"] = Of([ArgumentKind.Text], a => a[0]),
        ["match"] = Of([ArgumentKind.Text, ArgumentKind.Text], a => GoText.IsMatch((string)a[0]!, (string)a[1]!)),
        ["reReplaceAll"] = new([ArgumentKind.Text, ArgumentKind.Text, ArgumentKind.Text],
            (run, a) => GoText.ReplaceAll((string)a[0]!, (string)a[1]!, (string)a[2]!, run.MaxLength)),
        ["title"] = Of([ArgumentKind.Text], a => GoText.Title((string)a[0]!)),
        ["toUpper"] = Of([ArgumentKind.Text], a => ((string)a[0]!).ToUpperInvariant()),
        ["toLower"] = Of([ArgumentKind.Text], a => ((string)a[0]!).ToLowerInvariant()),
        // Prometheus' own form, which people's templates and unit tests expect; our page understands it.
        ["graphLink"] = Of([ArgumentKind.Text], a => $"/graph?g0.expr={GoText.QueryEscape((string)a[0]!)}&g0.tab=0"),
        ["tableLink"] = Of([ArgumentKind.Text], a => $"/graph?g0.expr={GoText.QueryEscape((string)a[0]!)}&g0.tab=1"),
        ["humanize"] = Of([ArgumentKind.Any], a => Humanize(Number(a[0]))),
        ["humanize1024"] = Of([ArgumentKind.Any], a => Humanize1024(Number(a[0]))),
        ["humanizeDuration"] = Of([ArgumentKind.Any], a => HumanizeDuration(Number(a[0]))),
        ["humanizePercentage"] = Of([ArgumentKind.Any], a => Four(Number(a[0]) * 100) + "%"),
        ["humanizeTimestamp"] = Of([ArgumentKind.Any], a => Number(a[0]) is var v && double.IsFinite(v) ? Time(v).ToString() : Four(v)),
        ["toTime"] = Of([ArgumentKind.Any], a => Number(a[0]) is var v && double.IsFinite(v) ? Time(v)
            : throw new TemplateCallException("value is NaN or Inf")),
        ["toDuration"] = Of([ArgumentKind.Any], a => new GoDuration(Nanoseconds(Number(a[0])))),
        ["now"] = Of([], _ => nowMs / 1000d),
        ["pathPrefix"] = Of([], _ => Uri.TryCreate(externalUrl, UriKind.Absolute, out var url) && (url.AbsolutePath != "/" || externalUrl.EndsWith('/'))
            ? url.AbsolutePath : ""),
        ["externalURL"] = Of([], _ => externalUrl),
        ["parseDuration"] = Of([ArgumentKind.Text], a => (string)a[0]! is "0" ? 0d : Durations.TryParseMs((string)a[0]!, out var ms) ? ms / 1000d
            : throw new TemplateCallException($"not a valid duration string: \"{a[0]}\"")),
        ["stripPort"] = Of([ArgumentKind.Text], a => HostPort((string)a[0]!) is { } split ? split.Host : a[0]),
        ["stripDomain"] = Of([ArgumentKind.Text], a => StripDomain((string)a[0]!)),
        ["urlQueryEscape"] = Of([ArgumentKind.Text], a => GoText.QueryEscape((string)a[0]!)),
    };

    private static TemplateFunction Of(IReadOnlyList<ArgumentKind> kinds, Func<object?[], object?> call, bool repeats = false) =>
        new(kinds, (_, arguments) => call(arguments), repeats);

    private object?[] Query(string text)
    {
        var result = query(text);
        return result.Value switch
        {
            VectorValue vector => [.. vector.Samples.Select(s => new QuerySample(s.Labels, s.Sample.Value))],
            ScalarValue scalar => [new QuerySample(Labels.Empty, scalar.Sample.Value)],
            null => throw new TemplateCallException(result.Error!.Message),
            _ => throw new TemplateCallException("query result is not a vector or scalar"),
        };
    }

    private static QuerySample Sample(object? value) => value as QuerySample ?? throw new TemplateCallException("this is not a sample of a query");

    private static double Number(object? value) => value switch
    {
        double number => number,
        long number => number,
        GoDuration duration => duration.Seconds,
        string text => GoFloat.TryParse(text, out var number) ? number
            : throw new TemplateCallException($"strconv.ParseFloat: parsing \"{text}\": invalid syntax"),
        _ => throw new TemplateCallException($"can't convert {value?.GetType().Name ?? "<nil>"} to float"),
    };

    private static string Four(double value) => GoFloat.Format(value, 'g', 4);

    private static string Humanize(double value)
    {
        if (value == 0 || !double.IsFinite(value))
        {
            return Four(value);
        }
        var prefix = "";
        if (Math.Abs(value) >= 1)
        {
            for (var i = 0; i < Large.Length && Math.Abs(value) >= 1000; i++)
            {
                (prefix, value) = (Large[i], value / 1000);
            }
            return Four(value) + prefix;
        }
        return Smaller(value);
    }

    private static string Smaller(double value)
    {
        var prefix = "";
        for (var i = 0; i < Small.Length && Math.Abs(value) < 1; i++)
        {
            (prefix, value) = (Small[i], value * 1000);
        }
        return Four(value) + prefix;
    }

    private static string Humanize1024(double value)
    {
        var prefix = "";
        for (var i = 0; double.IsFinite(value) && i < Binary.Length && Math.Abs(value) > 1 && Math.Abs(value) >= 1024; i++)
        {
            (prefix, value) = (Binary[i], value / 1024);
        }
        return Four(value) + prefix;
    }

    /// <summary>A length of time in seconds for people: <c>1d 2h 3m 4s</c>, <c>12.5ms</c>.</summary>
    public static string HumanizeDuration(double value)
    {
        if (value == 0 || !double.IsFinite(value))
        {
            return Four(value) + (value == 0 ? "s" : "");
        }
        if (Math.Abs(value) < 1)
        {
            return Smaller(value) + "s";
        }
        var sign = value < 0 ? "-" : "";
        var whole = (long)Math.Abs(value);
        var (days, hours, minutes, seconds) = (whole / 86_400, whole / 3600 % 24, whole / 60 % 60, whole % 60);
        return sign + (days != 0 ? $"{days}d {hours}h {minutes}m {seconds}s" : hours != 0 ? $"{hours}h {minutes}m {seconds}s"
            : minutes != 0 ? $"{minutes}m {seconds}s" : Four(Math.Abs(value)) + "s");
    }

    // To the millisecond, as Prometheus' times are.
    private static GoTime Time(double seconds)
    {
        var ns = Nanoseconds(seconds);
        return new GoTime(ns / 1_000_000 * 1_000_000);
    }

    private static long Nanoseconds(double seconds) => Math.Abs(seconds * 1e9) < 9.2233720368547758e18 ? (long)(seconds * 1e9)
        : throw new TemplateCallException($"{GoFloat.Format(seconds)} cannot be represented as a nanoseconds timestamp since it overflows int64");

    /// <summary>Go's <c>net.SplitHostPort</c>; null when there is no port.</summary>
    private static (string Host, string Port)? HostPort(string text)
    {
        var colon = text.LastIndexOf(':');
        if (colon < 0)
        {
            return null;
        }
        var (host, port) = (text[..colon], text[(colon + 1)..]);
        if (host.StartsWith('['))
        {
            return host.EndsWith(']') && host.IndexOf(']', StringComparison.Ordinal) == host.Length - 1 && host.LastIndexOf('[') == 0
                ? (host[1..^1], port) : null;
        }
        return host.AsSpan().ContainsAny(':', '[', ']') || port.AsSpan().ContainsAny('[', ']') ? null : (host, port);
    }

    private static string StripDomain(string text)
    {
        var split = HostPort(text);
        var host = split?.Host ?? text;
        if (IPAddress.TryParse(host, out _) && (host.Contains(':') || host.Count(c => c == '.') == 3))
        {
            return text;
        }
        host = host.Split('.')[0];
        return split is { Port.Length: > 0 } ? $"{(host.Contains(':') ? $"[{host}]" : host)}:{split.Value.Port}" : host;
    }

    private sealed class QuerySample(Labels labels, double value) : ITemplateObject
    {
        public Labels Labels => labels;

        public double Value => value;

        public string TypeName => "*template.sample";

        public bool TryGet(string name, out object? value)
        {
            value = name switch { "Labels" => TemplateMap.Of(labels), "Value" => Value, _ => null };
            return value is not null;
        }

        public override string ToString() =>
            $"{{map[{string.Join(' ', Labels.Pairs.ToArray().Select(p => $"{p.Key}:{p.Value}"))}] {GoFloat.Format(value)}}}";
    }
}
