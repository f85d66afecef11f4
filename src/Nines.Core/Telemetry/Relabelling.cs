using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Nines.Metrics;

namespace Nines.Core.Telemetry;

/// <summary>What a relabelling rule does.</summary>
public enum RelabelAction
{
    /// <summary>Sets the target label when the expression matches.</summary>
    Replace,
    /// <summary>Drops what does not match.</summary>
    Keep,
    /// <summary>Drops what matches.</summary>
    Drop,
    /// <summary>Drops when the source is not the target label's value.</summary>
    KeepEqual,
    /// <summary>Drops when the source is the target label's value.</summary>
    DropEqual,
    /// <summary>Sets the target label to the source's hash modulo a number.</summary>
    HashMod,
    /// <summary>Copies labels whose name matches to the name that the replacement gives.</summary>
    LabelMap,
    /// <summary>Removes labels whose name matches.</summary>
    LabelDrop,
    /// <summary>Removes labels whose name does not match.</summary>
    LabelKeep,
    /// <summary>Sets the target label to the source in lower case.</summary>
    Lowercase,
    /// <summary>Sets the target label to the source in upper case.</summary>
    Uppercase,
}

/// <summary>One rule of <c>relabel_configs</c> or <c>metric_relabel_configs</c>, with all defaults filled in.</summary>
/// <param name="Action">What it does.</param>
/// <param name="SourceLabels">The labels whose values, joined, are the source.</param>
/// <param name="Separator">What joins them. Default <c>;</c>.</param>
/// <param name="Pattern">What the source, or the label's name, must match as a whole. Default <c>(.*)</c>.</param>
/// <param name="TargetLabel">The label that is set; <c>replace</c> may name groups in it.</param>
/// <param name="Replacement">What it is set to, with <c>$1</c>, <c>${name}</c> for groups and <c>$$</c> for a dollar. Default <c>$1</c>.</param>
/// <param name="Modulus">The number to divide by, for <see cref="RelabelAction.HashMod"/>.</param>
public sealed record RelabelRule(
    RelabelAction Action, IReadOnlyList<string> SourceLabels, string Separator, Regex Pattern, string TargetLabel, string Replacement, ulong Modulus);

/// <summary>Applies relabelling rules as Prometheus does.</summary>
public static class Relabelling
{
    /// <summary>Relabels.</summary>
    /// <returns>The new labels; null when a rule drops what they belong to.</returns>
    public static Labels? Apply(IReadOnlyList<RelabelRule> rules, Labels labels)
    {
        if (rules.Count == 0)
        {
            return labels;
        }
        var set = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in labels.Pairs)
        {
            set[name] = value;
        }
        foreach (var rule in rules)
        {
            if (!Apply(rule, set))
            {
                return null;
            }
        }
        return Labels.Of(set.Select(l => (l.Key, l.Value)));
    }

    /// <summary>The text a replacement gives for a match: <c>$1</c>, <c>${1}</c>, <c>$name</c> and <c>${name}</c> are its groups, as Go's
    /// <c>Regexp.Expand</c> reads them. What names no group is empty.</summary>
    public static string Expand(string template, Match match)
    {
        var text = new StringBuilder();
        for (var at = 0; at < template.Length;)
        {
            if (template[at] != '$')
            {
                text.Append(template[at++]);
            }
            else if (at + 1 < template.Length && template[at + 1] == '$')
            {
                text.Append('$');
                at += 2;
            }
            else if (Reference(template, at) is { Length: > 0 } name)
            {
                text.Append(match.Groups[name].Value);
                at += name.Length + (template[at + 1] == '{' ? 3 : 1);
            }
            else
            {
                text.Append('$');
                at++;
            }
        }
        return text.ToString();
    }

    private static string Reference(string template, int dollar)
    {
        var braced = dollar + 1 < template.Length && template[dollar + 1] == '{';
        var (from, to) = (dollar + (braced ? 2 : 1), dollar + (braced ? 2 : 1));
        while (to < template.Length && (char.IsLetterOrDigit(template[to]) || template[to] == '_'))
        {
            to++;
        }
        return braced && (to >= template.Length || template[to] != '}') ? "" : template[from..to];
    }

    private static bool Apply(RelabelRule rule, SortedDictionary<string, string> labels)
    {
        var source = string.Join(rule.Separator, rule.SourceLabels.Select(l => labels.GetValueOrDefault(l, "")));
        switch (rule.Action)
        {
            case RelabelAction.Keep: return rule.Pattern.IsMatch(source);
            case RelabelAction.Drop: return !rule.Pattern.IsMatch(source);
            case RelabelAction.KeepEqual: return labels.GetValueOrDefault(rule.TargetLabel, "") == source;
            case RelabelAction.DropEqual: return labels.GetValueOrDefault(rule.TargetLabel, "") != source;
            case RelabelAction.Replace: Replace(rule, source, labels); break;
            case RelabelAction.Lowercase: Set(labels, rule.TargetLabel, source.ToLowerInvariant()); break;
            case RelabelAction.Uppercase: Set(labels, rule.TargetLabel, source.ToUpperInvariant()); break;
            case RelabelAction.HashMod: Set(labels, rule.TargetLabel, $"{Hash(source) % rule.Modulus}"); break;
            case RelabelAction.LabelMap:
                foreach (var (name, value) in labels.ToArray())
                {
                    if (rule.Pattern.Match(name) is { Success: true } match)
                    {
                        Set(labels, Expand(rule.Replacement, match), value);
                    }
                }
                break;
            default:
                foreach (var name in labels.Keys.Where(n => rule.Pattern.IsMatch(n) == (rule.Action == RelabelAction.LabelDrop)).ToArray())
                {
                    labels.Remove(name);
                }
                break;
        }
        return true;
    }

    private static void Replace(RelabelRule rule, string source, SortedDictionary<string, string> labels)
    {
        if (rule.Pattern.Match(source) is not { Success: true } match)
        {
            return;
        }
        var target = Expand(rule.TargetLabel, match);
        if (IsLabelName(target))
        {
            Set(labels, target, Expand(rule.Replacement, match));
        }
    }

    /// <summary>Whether a name may be that of a label that a rule makes.</summary>
    public static bool IsLabelName(string name) =>
        name.Length > 0 && !char.IsAsciiDigit(name[0]) && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_');

    private static void Set(SortedDictionary<string, string> labels, string name, string value)
    {
        if (value.Length == 0)
        {
            labels.Remove(name);
        }
        else if (name.Length > 0)
        {
            labels[name] = value;
        }
    }

    // The hash only spreads targets over servers; Prometheus fixed it to the last eight bytes of MD5.
    private static ulong Hash(string text)
    {
#pragma warning disable CA5351
        return BinaryPrimitives.ReadUInt64BigEndian(MD5.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(8));
#pragma warning restore CA5351
    }
}
