using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using System.Text.RegularExpressions;
using System.Text.Unicode;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;
using Nines.Core.Alerting;

namespace Nines.Server.Alerting.Api;

/// <summary>Reads requests as Alertmanager's generated server does, wrong ones included.</summary>
internal static partial class ApiBody
{
    /// <summary>Reads a JSON body; what follows its first value is ignored, and bytes that are no UTF-8 become U+FFFD.</summary>
    /// <param name="request">The request.</param>
    /// <param name="what">What the body holds: <c>alerts</c> or <c>silence</c>.</param>
    /// <param name="type">Its type.</param>
    /// <returns>The value (null for a JSON null), or the refusal.</returns>
    public static async Task<(T? Value, ApiAnswer? Refusal)> ReadAsync<T>(HttpRequest request, string what, JsonTypeInfo<T> type)
        where T : class
    {
        using var memory = new MemoryStream();
        try
        {
            await request.Body.CopyToAsync(memory, request.HttpContext.RequestAborted);
        }
        catch (BadHttpRequestException e)
        {
            return (null, ApiAnswer.Unfit(e.StatusCode, e.StatusCode, e.Message));
        }
        var bytes = memory.ToArray();
        if (bytes.Length == 0)
        {
            return (null, Invalid(602, $"{what} in body is required"));
        }
        var media = MediaTypeHeaderValue.TryParse(request.ContentType, out var given) ? given.MediaType.Value!.ToLowerInvariant()
            : string.IsNullOrEmpty(request.ContentType) ? "application/octet-stream" : request.ContentType;
        if (media != "application/json")
        {
            return (null, ApiAnswer.Unfit(415, 415, $"unsupported media type \"{media}\", only [application/json] are allowed"));
        }
        if (!Utf8.IsValid(bytes))
        {
            bytes = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(bytes));
        }
        try
        {
            var reader = new Utf8JsonReader(bytes);
            return (JsonSerializer.Deserialize(ref reader, type), null);
        }
        catch (JsonException e)
        {
            return (null, Unparsable(what, Reason(e)));
        }
    }

    /// <summary>The body is no JSON of the right types.</summary>
    public static ApiAnswer Unparsable(string what, string reason) =>
        ApiAnswer.Unfit(400, 400, $"parsing {what} body from \"\" failed, because {reason}");

    /// <summary>The body's values do not fit the API's description.</summary>
    public static ApiAnswer Invalid(int code, string message) => ApiAnswer.Unfit(422, code, message);

    /// <summary>The refusal when the client takes no JSON; null when it does.</summary>
    public static ApiAnswer? NotAcceptable(HttpRequest request)
    {
        var accepts = request.Headers.Accept;
        if (accepts.Count == 0 || string.IsNullOrWhiteSpace(accepts.ToString()) || !MediaTypeHeaderValue.TryParseList(accepts, out var ranges)
            || ranges.Any(r => r.Quality is not 0 && (r.MatchesAllTypes || r.Type == "application" && (r.MatchesAllSubTypes || r.SubType == "json"))))
        {
            return null;
        }
        return ApiAnswer.Unfit(406, 406, "unsupported media type requested, only [application/json] are available");
    }

    /// <summary>A moment as Alertmanager takes it: RFC 3339, and some shorter forms of ISO 8601, in UTC when they do not say.</summary>
    /// <returns>False, with the reason, when it is none.</returns>
    public static bool Moment(string? text, out long ns, out string reason)
    {
        reason = "";
        if (Clock.TryParse(text, out ns))
        {
            return true;
        }
        var form = ShortForm().Match(text!);
        var zone = form.Groups["zone"].Value is { Length: 5 } plain ? $"{plain[..3]}:{plain[3..]}" : form.Groups["zone"].Value;
        if (form.Success && Clock.TryParse(
            $"{form.Groups["day"].Value}T{Or(form.Groups["minute"].Value, "00:00")}{Or(form.Groups["second"].Value, ":00")}{Or(zone, "Z")}", out ns))
        {
            return true;
        }
        reason = $"parsing time \"{text}\" as \"2006-01-02 15:04:05\": cannot parse \"{text}\" as \"2006\"";
        return false;
    }

    /// <summary>Whether a text is an address in the sense of the API's description: absolute, or a path from the root.</summary>
    public static bool IsUri(string text) => text.StartsWith('/') || Address().IsMatch(text);

    private static string Or(string text, string otherwise) => text.Length > 0 ? text : otherwise;

    private static string Reason(JsonException e) => e.BytePositionInLine is { } column && e.LineNumber is { } line
        ? $"the JSON is wrong at line {line + 1}, byte {column + 1}{(e.Path is { Length: > 1 } path ? $" ({path})" : "")}" : "the JSON is wrong";

    [GeneratedRegex(@"\A(?<day>\d{4}-\d\d-\d\d)([T ](?<minute>\d\d:\d\d)(?<second>:\d\d(\.\d+)?)?(?<zone>Z|[+-]\d\d:?\d\d)?)?\z",
        RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex ShortForm();

    [GeneratedRegex(@"\A[A-Za-z][A-Za-z0-9+.-]*:(//[^/?#\s<>""\\^`{|}]*([/?#].*)?|[^/\x00-\x20][^\x00-\x1f]*|/([^/].*)?)?\z",
        RegexOptions.NonBacktracking | RegexOptions.Singleline | RegexOptions.ExplicitCapture)]
    private static partial Regex Address();
}

internal sealed record PostableAlert(
    Dictionary<string, string?>? Labels, Dictionary<string, string?>? Annotations, string? StartsAt, string? EndsAt, string? GeneratorURL);

internal sealed record PostableSilence(
    string? Id, PostableMatcher?[]? Matchers, string? StartsAt, string? EndsAt, string? CreatedBy, string? Comment);

internal sealed record PostableMatcher(string? Name, string? Value, bool? IsRegex, bool? IsEqual);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, PropertyNameCaseInsensitive = true)]
[JsonSerializable(typeof(PostableAlert?[]))]
[JsonSerializable(typeof(PostableSilence))]
internal sealed partial class AlertmanagerJson : JsonSerializerContext;
