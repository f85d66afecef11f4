using System.Text;
using System.Text.Encodings.Web;
using System.Text.Unicode;
using Nines.Core.Alerting;
using Nines.Metrics.Templates;

namespace Nines.Core.Delivery.Integrations;

/// <summary>JSON as Go writes it: letters of all scripts as they are, <c>&lt;</c>, <c>&gt;</c> and <c>&amp;</c> escaped.</summary>
internal static class GoJson
{
    public static readonly JavaScriptEncoder Encoder = JavaScriptEncoder.Create(UnicodeRanges.All);

    /// <summary>A value of a template.</summary>
    public static string Of(object? value)
    {
        var json = new StringBuilder();
        Write(json, value);
        return json.ToString();
    }

    private static void Write(StringBuilder json, object? value)
    {
        switch (value)
        {
            case null: json.Append("null"); break;
            case bool flag: json.Append(flag ? "true" : "false"); break;
            case long number: json.Append(number); break;
            case double number: json.Append(double.IsFinite(number) ? GoFloat.Format(number) : throw new TemplateCallException("unsupported value")); break;
            case GoDuration duration: json.Append(duration.Nanoseconds); break;
            case GoTime time: Quote(json, Clock.ToRfc3339(time == GoTime.Zero ? 0 : time.Nanoseconds)); break;
            case TemplateMap map: Fields(json, map.Sorted.Select(e => (e.Key, e.Value))); break;
            case DataObject o: Fields(json, o.Fields.Select(f => (o.JsonNameOf(f.Name), f.Value))); break;
            case IReadOnlyList<object?> list:
                json.Append('[');
                for (var i = 0; i < list.Count; i++)
                {
                    json.Append(i > 0 ? "," : "");
                    Write(json, list[i]);
                }
                json.Append(']');
                break;
            default: Quote(json, value as string ?? value.ToString() ?? ""); break;
        }
    }

    private static void Fields(StringBuilder json, IEnumerable<(string Name, object? Value)> fields)
    {
        json.Append('{');
        var first = true;
        foreach (var (name, value) in fields)
        {
            json.Append(first ? "" : ",");
            first = false;
            Quote(json, name);
            json.Append(':');
            Write(json, value);
        }
        json.Append('}');
    }

    private static void Quote(StringBuilder json, string text)
    {
        json.Append('"');
        foreach (var rune in text.EnumerateRunes())
        {
            _ = rune.Value switch
            {
                '"' => json.Append("\\\""),
                '\\' => json.Append("\\\\"),
                '\n' => json.Append("\\n"),
                '\r' => json.Append("\\r"),
                '\t' => json.Append("\\t"),
                < ' ' or '<' or '>' or '&' or 0x2028 or 0x2029 => json.Append($"\\u{rune.Value:x4}"),
                _ => json.Append(rune.ToString()),
            };
        }
        json.Append('"');
    }
}
