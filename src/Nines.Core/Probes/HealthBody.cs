using System.Text.Json;

namespace Nines.Core.Probes;

/// <summary>A part of a target, as its own health body tells of it.</summary>
/// <param name="Name">Its name; parts of parts are joined by <c>/</c>.</param>
/// <param name="Up">Whether it works; a part that works badly counts as up.</param>
/// <param name="Status">The body's own word.</param>
/// <param name="Note">What the body says of it; may be empty.</param>
public sealed record ProbeComponent(string Name, bool Up, string Status, string Note);

/// <summary>What a health body says: health+json (draft-inadarei-api-health-check), the JSON of Xabaril's UI, or that of Spring's actuator.</summary>
/// <param name="Format"><c>health+json</c>, <c>xabaril</c> or <c>actuator</c>.</param>
/// <param name="Up">Whether the whole works.</param>
/// <param name="Status">Its word for the whole.</param>
/// <param name="Components">Its parts, in their order; at most <see cref="MostComponents"/>.</param>
public sealed record HealthBody(string Format, bool Up, string Status, IReadOnlyList<ProbeComponent> Components)
{
    /// <summary>Most parts that are kept apart.</summary>
    public const int MostComponents = 200;

    private const int LongestText = 200;
    private const int DeepestParts = 4;
    private static readonly string[] Good = ["pass", "ok", "up", "warn", "healthy", "degraded", "unknown"];
    private static readonly string[] Bad = ["fail", "error", "down", "unhealthy", "out_of_service"];

    /// <summary>Recognises a body; null when it is none of the three.</summary>
    public static HealthBody? Read(JsonElement? body, string mediaType)
    {
        if (body is not { ValueKind: JsonValueKind.Object } root || StatusOf(root) is not { } status || IsUp(status) is not { } up)
        {
            return null;
        }
        var parts = new List<ProbeComponent>();
        if (Part(root, "entries") is { } entries)
        {
            foreach (var entry in entries.EnumerateObject().Where(e => StatusOf(e.Value) is not null))
            {
                Add(parts, entry.Name, StatusOf(entry.Value)!, Text(entry.Value, "description") ?? Text(entry.Value, "exception"));
            }
            return new("xabaril", up, status, parts);
        }
        if (Part(root, "checks") is { } checks && checks.EnumerateObject().All(c => c.Value.ValueKind is JsonValueKind.Array or JsonValueKind.Object))
        {
            Checks(checks, parts);
            return new("health+json", up, status, parts);
        }
        if ((Part(root, "components") ?? Part(root, "details")) is { } components)
        {
            Actuator(components, "", parts, DeepestParts);
            return new("actuator", up, status, parts);
        }
        return mediaType == "application/health+json" ? new("health+json", up, status, [])
            : mediaType.Contains("spring-boot.actuator", StringComparison.Ordinal) ? new("actuator", up, status, []) : null;
    }

    private static void Checks(JsonElement checks, List<ProbeComponent> parts)
    {
        foreach (var check in checks.EnumerateObject())
        {
            var several = check.Value.ValueKind == JsonValueKind.Array && check.Value.GetArrayLength() > 1;
            foreach (var one in check.Value.ValueKind == JsonValueKind.Array ? [.. check.Value.EnumerateArray()] : (JsonElement[])[check.Value])
            {
                if (one.ValueKind == JsonValueKind.Object && StatusOf(one) is { } status)
                {
                    Add(parts, several && Text(one, "componentId") is { } id ? $"{check.Name}/{id}" : check.Name, status, Text(one, "output"));
                }
            }
        }
    }

    private static void Actuator(JsonElement components, string before, List<ProbeComponent> parts, int depth)
    {
        foreach (var part in components.EnumerateObject().Where(p => p.Value.ValueKind == JsonValueKind.Object && StatusOf(p.Value) is not null))
        {
            var name = before + part.Name;
            Add(parts, name, StatusOf(part.Value)!, Part(part.Value, "details") is { } details ? Text(details, "error") : null);
            if (depth > 0 && Part(part.Value, "components") is { } inner)
            {
                Actuator(inner, name + "/", parts, depth - 1);
            }
        }
    }

    // Two parts of one name cannot be told apart as series; the worse one is kept.
    private static void Add(List<ProbeComponent> parts, string name, string status, string? note)
    {
        var part = new ProbeComponent(Cut(name), IsUp(status) ?? false, Cut(status), Cut(note ?? ""));
        var same = parts.FindIndex(p => p.Name == part.Name);
        if (same >= 0)
        {
            parts[same] = part.Up ? parts[same] : part;
        }
        else if (parts.Count < MostComponents)
        {
            parts.Add(part);
        }
    }

    private static bool? IsUp(string status) =>
        Good.Contains(status, StringComparer.OrdinalIgnoreCase) ? true : Bad.Contains(status, StringComparer.OrdinalIgnoreCase) ? false : null;

    private static string? StatusOf(JsonElement element) => element.ValueKind == JsonValueKind.Object ? Text(element, "status") : null;

    private static JsonElement? Part(JsonElement element, string name) =>
        element.TryGetProperty(name, out var part) && part.ValueKind == JsonValueKind.Object ? part : null;

    private static string? Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out var text) && text.ValueKind == JsonValueKind.String ? text.GetString() : null;

    private static string Cut(string text) => text.Length > LongestText ? text[..LongestText] : text;
}
