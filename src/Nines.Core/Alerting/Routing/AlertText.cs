using System.Text;
using System.Text.Json;
using Nines.Metrics;

namespace Nines.Core.Alerting.Routing;

/// <summary>What came of reading an alert.</summary>
/// <param name="Labels">Its labels; null when the text is no alert.</param>
/// <param name="Annotations">Its annotations, where the text has any.</param>
/// <param name="Error">Why it is none.</param>
public readonly record struct AlertReading(Labels? Labels, Labels Annotations, string? Error = null);

/// <summary>Reads an alert as people paste it: <c>severity=critical service="my sql"</c>, the same in braces with commas, a JSON object of labels, or an
/// alert in JSON as Alertmanager's API has it. Pure.</summary>
public static class AlertText
{
    /// <summary>The longest text, in characters.</summary>
    public const int MaxLength = 64 * 1024;

    /// <summary>Reads one alert. Labels without a value are left out, as everywhere.</summary>
    public static AlertReading Read(string text)
    {
        text = text.Trim();
        if (text.Length > MaxLength)
        {
            return Wrong($"an alert has at most {MaxLength} characters");
        }
        return text.StartsWith('[') || (text.StartsWith('{') && text[1..].TrimStart() is ['"', ..] or ['}', ..] && IsJson(text)) ? Json(text) : Pairs(text);
    }

    private static AlertReading Wrong(string error) => new(null, Labels.Empty, error);

    private static bool IsJson(string text)
    {
        try
        {
            using var json = JsonDocument.Parse(text);
            return true;
        }
        catch (JsonException)
        {
            // {"name with a blank"="a"} begins like JSON; what is neither is told as what JSON would be told.
            return !text.Contains('=', StringComparison.Ordinal);
        }
    }

    private static AlertReading Json(string text)
    {
        try
        {
            using var json = JsonDocument.Parse(text);
            var alert = json.RootElement;
            if (alert.ValueKind == JsonValueKind.Array)
            {
                if (alert.GetArrayLength() != 1)
                {
                    return Wrong($"one alert can be tried at a time; the list has {alert.GetArrayLength()}");
                }
                alert = alert[0];
            }
            if (alert.ValueKind != JsonValueKind.Object)
            {
                return Wrong("an alert in JSON is an object of labels, or has an object \"labels\"");
            }
            var whole = alert.TryGetProperty("labels", out var labels) && labels.ValueKind == JsonValueKind.Object;
            var annotations = whole && alert.TryGetProperty("annotations", out var found) && found.ValueKind == JsonValueKind.Object ? found : default;
            return Of(whole ? labels : alert, out var error) is not { } read ? Wrong(error)
                : annotations.ValueKind != JsonValueKind.Object ? new(read, Labels.Empty)
                : Of(annotations, out error) is { } told ? new(read, told) : Wrong(error);
        }
        catch (JsonException e)
        {
            return Wrong($"line {e.LineNumber + 1}, character {e.BytePositionInLine + 1}: this is no JSON");
        }
    }

    private static Labels? Of(JsonElement pairs, out string error)
    {
        error = "";
        var read = new List<(string, string)>();
        foreach (var pair in pairs.EnumerateObject())
        {
            if (pair.Value.ValueKind != JsonValueKind.String || pair.Name.Length == 0)
            {
                error = $"the value of {(pair.Name.Length == 0 ? "a label without a name" : pair.Name)} is no text";
                return null;
            }
            read.Add((pair.Name, pair.Value.GetString()!));
        }
        return Distinct(read, out error);
    }

    private static AlertReading Pairs(string text)
    {
        var (at, end) = text.StartsWith('{') && text.EndsWith('}') ? (1, text.Length - 1) : (0, text.Length);
        var pairs = new List<(string, string)>();
        while (true)
        {
            while (at < end && (char.IsWhiteSpace(text[at]) || text[at] == ','))
            {
                at++;
            }
            if (at >= end)
            {
                return Distinct(pairs, out var twice) is { } labels ? new(labels, Labels.Empty) : Wrong(twice);
            }
            var start = at;
            var name = text[at] == '"' ? Quoted(text, end, ref at) : Plain(text, end, ref at, "=!~");
            if (name is not { Length: > 0 } || at >= end || text[at] is not '=' || (at + 1 < end && text[at + 1] == '~'))
            {
                return Wrong(at < end && text[at] is '!' or '~' || at + 1 < end && text[at] == '=' && text[at + 1] == '~'
                    ? $"character {start + 1}: an alert has labels, not matchers; write name=value"
                    : $"character {start + 1}: {Shown(text[start..end])} is no label; write name=value");
            }
            at++;
            var value = at < end && text[at] == '"' ? Quoted(text, end, ref at) : Plain(text, end, ref at, "");
            if (value is null)
            {
                return Wrong($"character {start + 1}: the quote of {name} does not end");
            }
            pairs.Add((name, value));
        }
    }

    private static Labels? Distinct(List<(string Name, string Value)> pairs, out string error)
    {
        var twice = pairs.GroupBy(p => p.Name, StringComparer.Ordinal).FirstOrDefault(g => g.Count() > 1)?.Key;
        error = twice is null ? "" : $"{twice} stands there twice";
        return twice is null ? Labels.Of(pairs.Where(p => p.Value.Length > 0)) : null;
    }

    private static string Plain(string text, int end, ref int at, string stops)
    {
        var start = at;
        while (at < end && !char.IsWhiteSpace(text[at]) && text[at] != ',' && !stops.Contains(text[at], StringComparison.Ordinal))
        {
            at++;
        }
        return text[start..at];
    }

    private static string? Quoted(string text, int end, ref int at)
    {
        var value = new StringBuilder();
        for (at++; at < end; at++)
        {
            if (text[at] == '"')
            {
                at++;
                return value.ToString();
            }
            if (text[at] == '\\' && at + 1 < end)
            {
                at++;
                value.Append(text[at] == 'n' ? '\n' : text[at]);
                continue;
            }
            value.Append(text[at]);
        }
        return null;
    }

    private static string Shown(string text) => text.Split([' ', ',', '\n'], 2)[0] is var word && word.Length > 40 ? word[..40] + "…" : word;
}
