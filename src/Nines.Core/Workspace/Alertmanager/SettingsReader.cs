using System.Globalization;
using System.Text.Json.Nodes;
using Nines.Core.Alerting.Routing;
using Nines.Metrics.Templates;
using Nines.PromQL;
using YamlDotNet.Core;

namespace Nines.Core.Workspace.Alertmanager;

/// <summary>Reads a mapping by its grammar.</summary>
internal static class SettingsReader
{
    private static readonly string[] True = ["true", "True", "TRUE", "yes", "Yes", "YES", "y", "Y", "on", "On", "ON"];
    private static readonly string[] False = ["false", "False", "FALSE", "no", "No", "NO", "n", "N", "off", "Off", "OFF"];

    /// <summary>The settings of a mapping with globals and defaults filled in; what is wrong goes to the file's problems, unknown keys included.</summary>
    /// <param name="fields">The mapping.</param>
    /// <param name="grammar">Its grammar.</param>
    /// <param name="globals">The global settings, where the grammar has some.</param>
    public static Settings Read(Fields fields, SettingGrammar grammar, Settings? globals = null)
    {
        var values = new Dictionary<string, object>(StringComparer.Ordinal);
        foreach (var field in grammar.Fields)
        {
            if (fields.Any(field.Name) is { } node && Value(fields, field, node) is { } value)
            {
                values[field.Name] = value;
            }
        }
        var given = values.Keys.ToHashSet(StringComparer.Ordinal);
        foreach (var field in grammar.Fields.Where(f => !given.Contains(f.Name)))
        {
            // A file's own api_url_file replaces a global api_url.
            var replaced = field.Global is not null && grammar.AtMostOne.Any(set => set.Contains(field.Name) && set.Any(given.Contains));
            var inherited = field.Global is { } global && !replaced ? globals?.Any(global) : null;
            if ((inherited ?? field.Default) is { } value)
            {
                values[field.Name] = value;
            }
            else if (field.Required && fields.Any(field.Name) is null or YamlText { Value: "" or "0" })
            {
                fields.File.Error(fields.Node, "missing", $"{grammar.What} needs {field.Name}");
            }
        }
        Check(fields, grammar, values, given);
        fields.Done();
        return new Settings(values);
    }

    /// <summary>A flag in any of YAML 1.1's words, as Alertmanager reads it.</summary>
    public static bool? Flag(Fields fields, string name) => fields.Any(name) is { } node ? Flag(fields.File, name, node) : null;

    /// <summary>A duration in ms; 0 needs no unit.</summary>
    public static long? Duration(Fields fields, string name) => fields.Any(name) is { } node ? Duration(fields.File, name, node) : null;

    /// <summary>Texts, one or many.</summary>
    public static IReadOnlyList<YamlText> Texts(Fields fields, string name)
    {
        var texts = new List<YamlText>();
        foreach (var item in fields.List(name))
        {
            if (item is YamlText text)
            {
                texts.Add(text);
            }
            else
            {
                fields.File.Error(item, "wrong-type", $"an item of {name} must be a text");
            }
        }
        return texts;
    }

    private static void Check(Fields fields, SettingGrammar grammar, Dictionary<string, object> values, HashSet<string> given)
    {
        foreach (var set in grammar.AtMostOne)
        {
            if (set.Count(given.Contains) > 1)
            {
                fields.File.Error(fields.Any(set.Last(given.Contains))!, "bad-value", $"at most one of {string.Join(", ", set)} may be given");
            }
        }
        foreach (var set in grammar.AtLeastOne.Where(set => !set.Any(values.ContainsKey)))
        {
            var globals = grammar.Fields.Where(f => set.Contains(f.Name) && f.Global is not null).Select(f => f.Global).ToList();
            fields.File.Error(fields.Node, "missing", $"{grammar.What} needs {string.Join(" or ", set)}",
                globals.Count > 0 ? $"or set {globals[0]} under global" : "");
        }
    }

    private static object? Value(Fields fields, SettingField field, YamlNode node) => field.Kind switch
    {
        SettingKind.Nested => fields.Map(field.Name) is { } nested ? Read(nested, field.Of!) : null,
        SettingKind.NestedList => fields.Maps(field.Name, field.Of!.What).Select(item => Read(item, field.Of!)).ToList(),
        SettingKind.Texts => Texts(fields, field.Name).Select(t => t.Value).ToList(),
        SettingKind.Templates => Texts(fields, field.Name).Select(t => Template(fields.File, field.Name, t)).ToList(),
        SettingKind.TextMap or SettingKind.TemplateMap => Map(fields, field),
        SettingKind.Json => Json(node),
        SettingKind.Reference => fields.Secret(field.Name, required: false, warnWhenLiteral: true),
        SettingKind.AddressReference => Address(fields, field.Name, node),
        SettingKind.Flag => Flag(fields.File, field.Name, node),
        SettingKind.Duration => Duration(fields.File, field.Name, node),
        _ => fields.Text(field.Name) is { } text ? Scalar(fields.File, field, text) : null,
    };

    private static Secret? Address(Fields fields, string name, YamlNode at)
    {
        if (fields.Secret(name, required: false, warnWhenLiteral: false) is not { } address)
        {
            return null;
        }
        if (!address.Reference.StartsWith("${", StringComparison.Ordinal) && !IsAddress(address.Reference))
        {
            fields.File.Error(at, "bad-value", $"{name} is not an http or https address", "write http://… or https://…, or ${env:NAME}");
            return null;
        }
        return address;
    }

    private static object? Scalar(BindingFile file, SettingField field, YamlText text)
    {
        var value = text.Value;
        switch (field.Kind)
        {
            case SettingKind.Number or SettingKind.Count:
                var styles = field.Kind == SettingKind.Count ? NumberStyles.None : NumberStyles.AllowLeadingSign;
                if (!long.TryParse(value, styles, CultureInfo.InvariantCulture, out var number))
                {
                    file.Error(text, "wrong-type", $"{field.Name} must be a whole number{(styles == NumberStyles.None ? " from 0" : "")}, not {value}");
                    return null;
                }
                // As in Alertmanager, 0 is no id of a chat.
                return field.Required && number == 0 ? null : number;
            case var _ when !MayBe(field, value):
                var choices = string.Join(" or ", field.OneOf.Where(o => o.Length > 0));
                file.Error(text, "bad-value", $"{field.Name} must be {choices}, not {value}", Near.Hint(value, field.OneOf));
                return null;
            case SettingKind.Url or SettingKind.HiddenUrl when value.Length > 0 && value != "<secret>" && !IsAddress(value):
                // A secret address is not repeated in messages.
                file.Error(text, "bad-value", $"{field.Name} must be an http or https address{(field.Kind == SettingKind.Url ? $", not {value}" : "")}");
                return null;
            case SettingKind.HostPort when value.LastIndexOf(':') is var colon && (colon < 0 || value[(colon + 1)..] is not { Length: > 0 }):
                file.Error(text, "bad-value", $"{field.Name} must be host:port, not {value}", "465 and 587 are the usual ports");
                return null;
            case var _ when value.Length == 0 && field.Default is null:
                return null;
            case SettingKind.Template or SettingKind.HiddenTemplate:
                return Template(file, field.Name, text);
            default:
                return value;
        }
    }

    private static bool MayBe(SettingField field, string value) => field.OneOf.Count == 0 || field.OneOf.Contains(value, StringComparer.Ordinal)
        || (field.Kind == SettingKind.Template && value.Contains("{{", StringComparison.Ordinal));

    private static bool IsAddress(string text) => Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" && uri!.Host.Length > 0;

    // Alertmanager finds a wrong template only when it has to notify; here it is said beforehand.
    private static string Template(BindingFile file, string name, YamlText text)
    {
        if (text.Value.Contains("{{", StringComparison.Ordinal) && new TemplateSet(AlertTemplates.Functions).Add(name, text.Value) is { } error)
        {
            file.Warn(text, "template", $"{name} is no template, so its notifications will fail: {error}");
        }
        return text.Value;
    }

    private static bool? Flag(BindingFile file, string name, YamlNode node)
    {
        if (node is YamlText { Style: ScalarStyle.Plain } text && (True.Contains(text.Value) || False.Contains(text.Value)))
        {
            return True.Contains(text.Value);
        }
        file.Error(node, "wrong-type", $"{name} must be true or false");
        return null;
    }

    private static long? Duration(BindingFile file, string name, YamlNode node)
    {
        var ms = 0L;
        if (node is YamlText text && (text.Value == "0" || Durations.TryParseMs(text.Value, out ms)))
        {
            return ms;
        }
        file.Error(node, "bad-value", $"{name} is not a duration{(node is YamlText { Value: var value } ? $": {value}" : "")}", "write it as 30s, 5m or 4h");
        return null;
    }

    private static Dictionary<string, string>? Map(Fields fields, SettingField field)
    {
        if (fields.Map(field.Name) is not { Node: YamlMap map })
        {
            return null;
        }
        // What is not overwritten stays as it is by default: the details of a PagerDuty event.
        var texts = new Dictionary<string, string>(field.Default as Dictionary<string, string> ?? [], StringComparer.Ordinal);
        foreach (var (key, node) in map.Entries)
        {
            if (node is YamlText text)
            {
                texts[key.Value] = field.Kind == SettingKind.TemplateMap ? Template(fields.File, key.Value, text) : text.Value;
            }
            else
            {
                fields.File.Error(node, "wrong-type", $"{key.Value} must be a text");
            }
        }
        return texts;
    }

    private static JsonNode? Json(YamlNode node) => node switch
    {
        YamlMap map => new JsonObject(map.Entries.DistinctBy(e => e.Key.Value, StringComparer.Ordinal)
            .Select(e => KeyValuePair.Create(e.Key.Value, Json(e.Value)))),
        YamlList list => new JsonArray([.. list.Items.Select(Json)]),
        YamlText { IsNull: true } => null,
        YamlText { Plain: true, Value: "true" or "false" } flag => JsonValue.Create(flag.Value == "true"),
        YamlText { Plain: true } text when decimal.TryParse(text.Value, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) =>
            JsonValue.Create(number),
        YamlText text => JsonValue.Create(text.Value),
        _ => null,
    };
}
