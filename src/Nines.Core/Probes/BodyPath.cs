using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Nines.Core.Probes;

/// <summary>The part of a body that a condition names: <c>data.users[0].name</c>. Keys hold no points and no brackets.</summary>
internal static class BodyPath
{
    private static readonly JsonWriterOptions AsWritten = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The element at a path; null when it is not there, or is null.</summary>
    public static JsonElement? Find(JsonElement? root, string path)
    {
        var at = root;
        foreach (var step in Steps(path))
        {
            at = at is not { } now ? null
                : step[0] != '[' ? now.ValueKind == JsonValueKind.Object && now.TryGetProperty(step, out var value) ? value : null
                : int.TryParse(step.AsSpan(1), NumberStyles.None, CultureInfo.InvariantCulture, out var index)
                    && now.ValueKind == JsonValueKind.Array && index < now.GetArrayLength() ? now[index] : null;
        }
        return at is { ValueKind: not JsonValueKind.Null } ? at : null;
    }

    /// <summary>An element as text: a text without quotes, a whole number without point or exponent, a list in brackets as Go prints it, a mapping as JSON.
    /// </summary>
    public static string Text(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Array => Listed(element),
        JsonValueKind.Object => Json(element),
        JsonValueKind.Number => Number(element),
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        _ => element.GetString() ?? "",
    };

    /// <summary>The length: of a list its items, of anything else the bytes of its text.</summary>
    public static int Length(JsonElement element) =>
        element.ValueKind == JsonValueKind.Array ? element.GetArrayLength() : Encoding.UTF8.GetByteCount(Text(element));

    private static IEnumerable<string> Steps(string path)
    {
        foreach (var key in path.Split('.', StringSplitOptions.RemoveEmptyEntries))
        {
            var parts = key.Split('[');
            if (parts[0].Length > 0)
            {
                yield return parts[0];
            }
            foreach (var index in parts.Skip(1))
            {
                yield return "[" + index.TrimEnd(']');
            }
        }
    }

    private static string Listed(JsonElement list)
    {
        var text = new StringBuilder("[");
        foreach (var item in list.EnumerateArray())
        {
            text.Append(text.Length > 1 ? " " : "").Append(item.ValueKind == JsonValueKind.Null ? "<nil>" : Text(item));
        }
        return text.Append(']').ToString();
    }

    private static string Number(JsonElement element) =>
        element.TryGetInt64(out var whole) ? whole.ToString(CultureInfo.InvariantCulture)
        : element.TryGetDouble(out var number) && Math.Abs(number) < 1e15 && Math.Floor(number) == number ? number.ToString("0", CultureInfo.InvariantCulture)
        : number.ToString("R", CultureInfo.InvariantCulture);

    private static string Json(JsonElement element)
    {
        var bytes = new System.Buffers.ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(bytes, AsWritten))
        {
            element.WriteTo(writer);
        }
        return Encoding.UTF8.GetString(bytes.WrittenSpan);
    }
}
