using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Nines.Core.Probes;

/// <summary>What an operand of a condition stands for.</summary>
internal enum OperandKind
{
    Literal, Status, Ip, ResponseTime, DnsRcode, Connected, CertificateExpiration, Body, Header,
}

/// <summary>What is done with the value.</summary>
internal enum OperandFunction
{
    None, Len, Has, Age,
}

/// <summary>One side of a condition.</summary>
/// <param name="Text">As written.</param>
/// <param name="Path">The path within the body, or the header's name.</param>
internal sealed record ConditionOperand(string Text, OperandKind Kind, OperandFunction Function = OperandFunction.None, string Path = "")
{
    private const string BodyMark = "[BODY]";
    private const string HeaderMark = "[HEADER].";

    private static readonly (string Prefix, OperandFunction Function)[] Functions =
        [("len(", OperandFunction.Len), ("has(", OperandFunction.Has), ("age(", OperandFunction.Age)];

    private static readonly Dictionary<string, OperandKind> Marks = new(StringComparer.OrdinalIgnoreCase)
    {
        ["[STATUS]"] = OperandKind.Status, ["[IP]"] = OperandKind.Ip, ["[RESPONSE_TIME]"] = OperandKind.ResponseTime, ["[DNS_RCODE]"] = OperandKind.DnsRcode,
        ["[CONNECTED]"] = OperandKind.Connected, ["[CERTIFICATE_EXPIRATION]"] = OperandKind.CertificateExpiration, [BodyMark] = OperandKind.Body,
    };

    /// <summary>The placeholders there are.</summary>
    public static IEnumerable<string> Placeholders => [.. Marks.Keys, "[HEADER].name"];

    public bool IsLiteral => Kind == OperandKind.Literal;

    /// <summary>The pattern of <c>pat()</c>, or null.</summary>
    public string? Pattern => IsLiteral && Inner("pat(") is { } inner ? inner : null;

    /// <summary>The choices of <c>any()</c>, or null.</summary>
    public IReadOnlyList<string>? Choices => IsLiteral && Inner("any(") is { } inner ? [.. inner.Split(',').Select(c => c.Trim())] : null;

    /// <summary>Reads a side; a fault says why it can mean nothing.</summary>
    public static ConditionOperand? Read(string text, int offset, out ConditionFault? fault)
    {
        fault = null;
        var (function, inner) = (OperandFunction.None, text);
        foreach (var (prefix, known) in Functions.Where(f => text.StartsWith(f.Prefix, StringComparison.Ordinal)))
        {
            if (!text.EndsWith(')'))
            {
                fault = new(offset, $"{prefix} is not closed", $"write {text})");
                return null;
            }
            (function, inner) = (known, text[prefix.Length..^1].Trim());
        }
        if (Named(inner) is var (kind, path))
        {
            if (function == OperandFunction.Age && kind is not (OperandKind.Body or OperandKind.Header))
            {
                fault = new(offset, "age() is of a time in [BODY] or [HEADER]", "write age([BODY].updated_at) < 10m");
                return null;
            }
            return new(text, kind, function, path);
        }
        if (function != OperandFunction.None || (inner.StartsWith('[') && inner.Contains(']')))
        {
            var wanted = inner.IndexOf(']') is var end and >= 0 ? inner[..(end + 1)] : inner;
            fault = function == OperandFunction.Age && inner.Contains(',')
                ? new(offset, "age() with a layout of its own is not read", "times are read as HTTP dates, RFC 3339, and Unix seconds or milliseconds")
                : new(offset, $"there is no {wanted}", $"there are {string.Join(", ", Condition.Placeholders)}") { Unknown = wanted };
            return null;
        }
        foreach (var open in (string[])["pat(", "any("])
        {
            if (text.StartsWith(open, StringComparison.Ordinal) && (!text.EndsWith(')') || (open == "pat(" && !Wildcards.IsPattern(text[4..^1]))))
            {
                fault = text.EndsWith(')') ? new(offset, $"{text} is no pattern", "close each [ with ]")
                    : new(offset, $"{open} is not closed", $"write {text})");
                return null;
            }
        }
        return new(text, OperandKind.Literal);
    }

    /// <summary>The value seen; null when what it names is not there.</summary>
    public string? Resolve(Observation seen)
    {
        if (Kind == OperandKind.Body && Path.Length > 0)
        {
            var found = BodyPath.Find(seen.Json, Path);
            return Function == OperandFunction.Has ? (found is not null ? "true" : "false")
                : found is not { } element ? null
                : Function == OperandFunction.Len ? Whole(BodyPath.Length(element))
                : Function == OperandFunction.Age ? Age(BodyPath.Text(element), seen.TimeMs) : BodyPath.Text(element);
        }
        var value = Kind switch
        {
            OperandKind.Status => Whole(seen.Status),
            OperandKind.Ip => seen.Ip,
            OperandKind.ResponseTime => Whole((long)seen.DurationMs),
            OperandKind.DnsRcode => seen.DnsRcode,
            OperandKind.Connected => seen.Connected ? "true" : "false",
            OperandKind.CertificateExpiration => Whole((long)(seen.CertificateLeftMs ?? 0)),
            OperandKind.Body => seen.Text,
            OperandKind.Header => seen.Headers.GetValueOrDefault(Path),
            _ => Text,
        };
        return Function switch
        {
            OperandFunction.Has => value is { Length: > 0 } ? "true" : "false",
            OperandFunction.Len when Kind == OperandKind.Body && seen.Json is { ValueKind: JsonValueKind.Array } list => Whole(list.GetArrayLength()),
            OperandFunction.Len => value is null ? null : Whole(Encoding.UTF8.GetByteCount(value)),
            OperandFunction.Age => value is null ? null : Age(value, seen.TimeMs),
            _ => value,
        };
    }

    /// <summary>Whether the value is the time that is left, which people read as a duration.</summary>
    public bool IsDuration => Kind == OperandKind.CertificateExpiration && Function == OperandFunction.None;

    private string? Inner(string open) =>
        Text.StartsWith(open, StringComparison.Ordinal) && Text.EndsWith(')') ? Text[open.Length..^1] : null;

    private static (OperandKind, string)? Named(string text)
    {
        if (Marks.TryGetValue(text, out var kind))
        {
            return (kind, "");
        }
        if (text.StartsWith(HeaderMark, StringComparison.OrdinalIgnoreCase) && text.Length > HeaderMark.Length)
        {
            return (OperandKind.Header, text[HeaderMark.Length..]);
        }
        return text.StartsWith(BodyMark, StringComparison.OrdinalIgnoreCase) && text.Length > BodyMark.Length + 1 && text[BodyMark.Length] is '.' or '['
            ? (OperandKind.Body, text[BodyMark.Length..].TrimStart('.')) : null;
    }

    private static string? Age(string text, long nowMs)
    {
        text = text.Trim().Trim('"');
        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var epoch))
        {
            // 1e12 seconds are in the year 33658, 1e12 milliseconds in 2001.
            return epoch is > 0 and < 1e15 ? Whole((long)(nowMs - (epoch >= 1e12 ? epoch : epoch * 1000))) : null;
        }
        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? Whole(nowMs - time.ToUnixTimeMilliseconds()) : null;
    }

    private static string Whole(long value) => value.ToString(CultureInfo.InvariantCulture);
}
