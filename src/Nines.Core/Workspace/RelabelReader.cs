using System.Text.RegularExpressions;
using Nines.Core.Telemetry;
using Nines.Metrics;

namespace Nines.Core.Workspace;

/// <summary>Reads <c>relabel_configs</c> and <c>metric_relabel_configs</c>.</summary>
internal static class RelabelReader
{
    private static readonly Dictionary<string, RelabelAction> Actions =
        Enum.GetValues<RelabelAction>().ToDictionary(a => a.ToString().ToLowerInvariant(), a => a, StringComparer.Ordinal);

    public static IReadOnlyList<RelabelRule> Read(Fields job, string key) =>
        [.. job.Maps(key, "relabel_config").Select(Rule).OfType<RelabelRule>()];

    private static RelabelRule? Rule(Fields rule)
    {
        var (file, before) = (rule.File, rule.File.Problems.Count);
        var action = Action(rule);
        var sources = new List<string>();
        foreach (var node in rule.List("source_labels"))
        {
            if (node is YamlText { Value.Length: > 0 } text)
            {
                sources.Add(text.Value);
            }
            else
            {
                file.Error(node, "wrong-type", "a source label must be a label name");
            }
        }
        var separator = rule.Text("separator")?.Value ?? ";";
        var regex = Regex(rule);
        var target = rule.Text("target_label");
        var replacement = rule.Text("replacement")?.Value ?? "$1";
        var modulus = (ulong)(rule.Number("modulus", 0, ulong.MaxValue) ?? 0);
        rule.Done();
        if (action is not { } known)
        {
            return null;
        }
        Check(rule, known, target, replacement, modulus);
        return file.Problems.Count > before ? null : new(known, sources, separator, regex!, target?.Value ?? "", replacement, modulus);
    }

    private static RelabelAction? Action(Fields rule)
    {
        var text = rule.Text("action");
        if (text is null)
        {
            return RelabelAction.Replace;
        }
        if (Actions.TryGetValue(text.Value.ToLowerInvariant(), out var action))
        {
            return action;
        }
        rule.File.Error(text, "bad-value", $"unknown relabel action \"{text.Value}\"",
            Near.Hint(text.Value, Actions.Keys) is { Length: > 0 } hint ? hint : "it is one of " + string.Join(", ", Actions.Keys));
        return null;
    }

    private static Regex? Regex(Fields rule)
    {
        var text = rule.Text("regex");
        try
        {
            return Re2.Anchored(text?.Value ?? "(.*)");
        }
        catch (ArgumentException e)
        {
            rule.File.Error(text!, "bad-value", e.Message.Split(" (Parameter", 2)[0], "RE2 syntax, without look-around and back-references");
            return null;
        }
    }

    private static void Check(Fields rule, RelabelAction action, YamlText? target, string replacement, ulong modulus)
    {
        var word = action.ToString().ToLowerInvariant();
        var file = rule.File;
        var needs = action is RelabelAction.Replace or RelabelAction.HashMod or RelabelAction.Lowercase or RelabelAction.Uppercase
            or RelabelAction.KeepEqual or RelabelAction.DropEqual;
        if (needs && target is null)
        {
            file.Error(rule.Node, "missing", $"relabel action {word} needs target_label");
        }
        if (target is not null && needs && !Relabelling.IsLabelName(target.Value)
            && !(action == RelabelAction.Replace && target.Value.Contains('$', StringComparison.Ordinal)))
        {
            file.Error(target, "bad-value", $"\"{target.Value}\" is not a label name");
        }
        if (action == RelabelAction.HashMod && modulus == 0)
        {
            file.Error(rule.Node, "missing", "relabel action hashmod needs a modulus above 0");
        }
        if (action == RelabelAction.LabelMap && !Relabelling.IsLabelName(replacement.Replace("$", "", StringComparison.Ordinal)
            .Replace("{", "", StringComparison.Ordinal).Replace("}", "", StringComparison.Ordinal) is var plain && char.IsAsciiDigit(plain.FirstOrDefault())
            ? "_" + plain : plain))
        {
            file.Error(rule.Node, "bad-value", $"\"{replacement}\" does not make a label name");
        }
        string[] unused = action switch
        {
            RelabelAction.LabelDrop or RelabelAction.LabelKeep => ["source_labels", "target_label", "modulus", "separator", "replacement"],
            RelabelAction.KeepEqual or RelabelAction.DropEqual => ["regex", "modulus", "separator", "replacement"],
            RelabelAction.Lowercase or RelabelAction.Uppercase => ["replacement"],
            _ => [],
        };
        foreach (var key in unused)
        {
            if (rule.Any(key) is { } node)
            {
                file.Error(node, "bad-value", $"relabel action {word} takes no {key}");
            }
        }
    }
}
