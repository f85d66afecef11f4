using System.Globalization;
using System.Text.Json;

namespace Nines.Core.Probes.Collectors;

/// <summary>Where one value stands in a document of JSON: <c>result.points_count</c>, <c>queues[0].depth</c>, <c>$.a["b.c"]</c>.</summary>
public sealed class JsonPath
{
    private readonly IReadOnlyList<object> _steps;

    private JsonPath(string text, IReadOnlyList<object> steps) => (Text, _steps) = (text, steps);

    /// <summary>As it was written.</summary>
    public string Text { get; }

    /// <summary>Reads a path.</summary>
    /// <returns>Null when it is none.</returns>
    public static JsonPath? Parse(string text)
    {
        var steps = new List<object>();
        var at = text.StartsWith('$') ? 1 : 0;
        // A name may begin the path as it is; after that a dot stands before it.
        var first = at == 0;
        while (at < text.Length)
        {
            if (text[at] == '[')
            {
                var close = text.IndexOf(']', at);
                var quoted = at + 1 < text.Length && text[at + 1] is '"' or '\'';
                if (quoted)
                {
                    var end = text.IndexOf(text[at + 1], at + 2);
                    close = end > 0 && end + 1 < text.Length && text[end + 1] == ']' ? end + 1 : -1;
                }
                if (close < 0)
                {
                    return null;
                }
                if (quoted)
                {
                    steps.Add(text[(at + 2)..(close - 1)]);
                }
                else if (int.TryParse(text.AsSpan(at + 1, close - at - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var index))
                {
                    steps.Add(index);
                }
                else
                {
                    return null;
                }
                at = close + 1;
            }
            else
            {
                if (!first && text[at++] != '.')
                {
                    return null;
                }
                var end = text.AsSpan(at).IndexOfAny('.', '[');
                var name = end < 0 ? text[at..] : text[at..(at + end)];
                if (name.Length == 0)
                {
                    return null;
                }
                steps.Add(name);
                at += name.Length;
            }
            first = false;
        }
        return new(text, steps);
    }

    /// <summary>Adds the value at the path; <c>null</c> is no sample.</summary>
    /// <param name="value">What is read.</param>
    /// <param name="document">The document.</param>
    /// <param name="nowMs">Now, ms since the Unix epoch; what ages are counted to.</param>
    /// <param name="set">Where it goes.</param>
    /// <exception cref="CollectException">Nothing is there, or it is not what it is meant to be.</exception>
    public static void Read(JsonValue value, JsonElement document, long nowMs, CollectedSet set)
    {
        var at = document;
        foreach (var step in value.Path._steps)
        {
            at = step switch
            {
                string name when at.ValueKind == JsonValueKind.Object && at.TryGetProperty(name, out var inner) => inner,
                int index when at.ValueKind == JsonValueKind.Array && index < at.GetArrayLength() => at[index],
                _ => throw new CollectException($"the answer has nothing at {value.Path.Text}"),
            };
        }
        object? cell = at.ValueKind switch
        {
            // What no double can hold is an error of its own, not an infinity.
            JsonValueKind.Number => at.TryGetDouble(out var number) && double.IsFinite(number) ? number
                : throw new CollectException($"{value.Path.Text} is larger than numbers can be"),
            JsonValueKind.String => at.GetString(),
            JsonValueKind.True => 1.0,
            JsonValueKind.False => 0.0,
            JsonValueKind.Null => null,
            _ => throw new CollectException($"{value.Path.Text} is {(at.ValueKind == JsonValueKind.Array ? "a list" : "an object")}, not a number"),
        };
        if (cell is not null)
        {
            var metric = value.Metric;
            set.Add(new(metric.Name, metric.IsCounter, metric.Help, metric.Unit), value.Labels, SqlAnswer.Value(cell, metric.Meaning, value.Path.Text, nowMs));
        }
    }
}
