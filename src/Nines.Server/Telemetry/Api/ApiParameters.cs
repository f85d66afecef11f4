using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Nines.Metrics;
using Nines.PromQL;

namespace Nines.Server.Telemetry.Api;

/// <summary>The parameters of a request, from the address and, by POST, from a form; read as Prometheus reads them.</summary>
internal sealed class ApiParameters(Func<string, StringValues> form, IQueryCollection address)
{
    /// <summary>Most characters and values of a form.</summary>
    private const int LongestForm = 2 << 20;

    private const double MostSeconds = 9e12;

    public static async Task<ApiParameters> ReadAsync(HttpRequest request, CancellationToken stop)
    {
        if (!HttpMethods.IsPost(request.Method) || !request.HasFormContentType)
        {
            return new(_ => StringValues.Empty, request.Query);
        }
        if (request.ContentLength > LongestForm)
        {
            throw new ApiException("bad_data", StatusCodes.Status413PayloadTooLarge, $"error parsing form values: more than {LongestForm} bytes");
        }
        try
        {
            var form = await request.ReadFormAsync(stop);
            return new(name => form[name], request.Query);
        }
        catch (Exception e) when (e is InvalidDataException or IOException)
        {
            throw ApiException.Bad($"error parsing form values: {e.Message}");
        }
    }

    /// <summary>The first value, or the empty text.</summary>
    public string this[string name] => All(name) is [{ } first, ..] ? first : "";

    /// <summary>All values, those of the form first.</summary>
    public IReadOnlyList<string> All(string name) => [.. form(name).Concat(address[name]).Select(v => v ?? "")];

    /// <summary>A time in milliseconds: RFC 3339, or seconds since the Unix epoch.</summary>
    public long Time(string name)
    {
        var text = this[name];
        return TryTime(text, out var ms) ? ms : throw ApiException.Parameter(name, $"cannot parse {Quoted(text)} to a valid timestamp");
    }

    /// <summary>A time, or another when none is given.</summary>
    public long Time(string name, long otherwise)
    {
        var text = this[name];
        return text.Length == 0 ? otherwise : TryTime(text, out var ms) ? ms
            : throw ApiException.Parameter(name, $"invalid time value for '{name}': cannot parse {Quoted(text)} to a valid timestamp");
    }

    /// <summary>A duration in milliseconds: seconds, or Prometheus' notation.</summary>
    public long Duration(string name) =>
        TryDuration(this[name], out var ms, out var problem) ? ms : throw ApiException.Parameter(name, problem);

    /// <summary>Most results; 0 for all.</summary>
    public int Limit(string name = "limit")
    {
        var text = this[name];
        return text.Length == 0 ? 0
            : !int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var limit)
                ? throw ApiException.Parameter(name, $"strconv.Atoi: parsing {Quoted(text)}: invalid syntax")
            : limit < 0 ? throw ApiException.Parameter(name, "limit must be non-negative") : limit;
    }

    /// <summary>The selectors of <c>match[]</c>.</summary>
    /// <param name="wrap">Makes the error of a message.</param>
    public IReadOnlyList<IReadOnlyList<Matcher>> Selectors(Func<string, ApiException> wrap) => [.. All("match[]").Select(text => Selector(text, wrap))];

    /// <summary>A query read, or the error of its first problem.</summary>
    public static Expr Query(string text)
    {
        var parsed = PromParser.Parse(text);
        return parsed.Expr ?? throw ApiException.Parameter("query", parsed.Problems[0].In(text));
    }

    /// <summary>Reads a duration.</summary>
    public static bool TryDuration(string text, out long ms, out string problem)
    {
        problem = "";
        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds))
        {
            ms = Math.Abs(seconds) < MostSeconds ? (long)(seconds * 1000) : 0;
            problem = Math.Abs(seconds) < MostSeconds ? "" : $"cannot parse {Quoted(text)} to a valid duration. It overflows int64";
            return problem.Length == 0;
        }
        var ok = Durations.TryParseMs(text, out ms);
        problem = ok ? "" : $"cannot parse {Quoted(text)} to a valid duration";
        return ok;
    }

    /// <summary>A text as Go quotes it.</summary>
    public static string Quoted(string text) =>
        "\"" + text.Replace(@"\", @"\\").Replace("\"", "\\\"").Replace("\n", @"\n").Replace("\r", @"\r").Replace("\t", @"\t") + "\"";

    private static IReadOnlyList<Matcher> Selector(string text, Func<string, ApiException> wrap)
    {
        const string NoneFull = "at least one non-empty matcher";
        var parsed = PromParser.Parse(text);
        if (parsed.Expr is VectorSelector { Offset: null, At: null, Edge: EdgeModifier.None } selector)
        {
            return selector.Matchers;
        }
        throw wrap(parsed.Expr is not null ? "1:1: parse error: a series selector is expected"
            : parsed.Problems[0].Message.Contains(NoneFull, StringComparison.Ordinal) ? "match[] must contain " + NoneFull
            : parsed.Problems[0].In(text));
    }

    private static bool TryTime(string text, out long ms)
    {
        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds) && !double.IsNaN(seconds))
        {
            ms = (long)Math.Round(Math.Clamp(seconds, -MostSeconds, MostSeconds) * 1000);
            return true;
        }
        // What clients send for "the beginning" and "the end"; years that no calendar of ours has.
        if (text is "-292273086-05-16T16:47:06Z" or "292277025-08-18T07:12:54.999999999Z")
        {
            ms = (long)(text[0] == '-' ? -MostSeconds : MostSeconds) * 1000;
            return true;
        }
        ms = 0;
        var isRfc3339 = text.Length >= 20 && text[10] == 'T' && (text[^1] == 'Z' || text[^6] is '+' or '-')
            && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.None, out var time) && (ms = time.ToUnixTimeMilliseconds()) is var _;
        return isRfc3339;
    }
}
