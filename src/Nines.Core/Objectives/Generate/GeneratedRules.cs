using System.Text;
using Nines.PromQL;

namespace Nines.Core.Objectives.Generate;

/// <summary>A rule for Prometheus; exactly one of <see cref="Record"/> and <see cref="Alert"/> is given.</summary>
/// <param name="Record">The series it records, or null.</param>
/// <param name="Alert">The alert it raises, or null.</param>
/// <param name="Expr">The expression.</param>
/// <param name="Labels">Its labels, in order of name.</param>
/// <param name="Annotations">Its annotations, in order of name.</param>
public sealed record GeneratedRule(string? Record, string? Alert, string Expr, SortedDictionary<string, string> Labels, SortedDictionary<string,
    string> Annotations);

/// <summary>A group of rules.</summary>
/// <param name="Name">Its name, once a file.</param>
/// <param name="IntervalMs">Distance of two evaluations in milliseconds; 0 for what the server is set to.</param>
/// <param name="Rules">The rules, evaluated in this order.</param>
public sealed record GeneratedGroup(string Name, long IntervalMs, IReadOnlyList<GeneratedRule> Rules);

/// <summary>The Kubernetes object that generated rules become.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Namespace">Its namespace; may be empty.</param>
/// <param name="Labels">Its labels.</param>
/// <param name="Annotations">Its annotations.</param>
public sealed record KubernetesMetadata(string Name, string Namespace, SortedDictionary<string, string> Labels, SortedDictionary<string, string> Annotations);

/// <summary>Writes rules as a rule file of Prometheus, or as a PrometheusRule of its Kubernetes operator.</summary>
public static class RuleFileWriter
{
    /// <summary>One document: a rule file.</summary>
    public static string Write(IReadOnlyList<GeneratedGroup> groups)
    {
        var text = new StringBuilder();
        Groups(text, groups, 0);
        return text.ToString();
    }

    /// <summary>One document: a PrometheusRule (<c>monitoring.coreos.com/v1</c>).</summary>
    public static string Write(IReadOnlyList<GeneratedGroup> groups, KubernetesMetadata metadata)
    {
        var text = new StringBuilder("apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nmetadata:\n");
        Pairs(text, "annotations", metadata.Annotations, 2);
        Pairs(text, "labels", metadata.Labels, 2);
        Entry(text, "name", metadata.Name, 2);
        if (metadata.Namespace.Length > 0)
        {
            Entry(text, "namespace", metadata.Namespace, 2);
        }
        text.Append("spec:\n");
        Groups(text, groups, 2);
        return text.ToString();
    }

    private static void Groups(StringBuilder text, IReadOnlyList<GeneratedGroup> groups, int indent)
    {
        var space = new string(' ', indent);
        text.Append($"{space}groups:{(groups.Count == 0 ? " []" : "")}\n");
        foreach (var group in groups)
        {
            text.Append($"{space}- name: {YamlScalar.Of(group.Name, 0)}\n");
            if (group.IntervalMs > 0)
            {
                text.Append($"{space}  interval: {Durations.Format(group.IntervalMs)}\n");
            }
            text.Append($"{space}  rules:\n");
            foreach (var rule in group.Rules)
            {
                text.Append($"{space}  - {(rule.Record is null ? "alert" : "record")}: {YamlScalar.Of(rule.Record ?? rule.Alert!, 0)}\n");
                Entry(text, "expr", rule.Expr, indent + 4);
                Pairs(text, "labels", rule.Labels, indent + 4);
                Pairs(text, "annotations", rule.Annotations, indent + 4);
            }
        }
    }

    private static void Pairs(StringBuilder text, string name, SortedDictionary<string, string> pairs, int indent)
    {
        if (pairs.Count > 0)
        {
            text.Append(' ', indent).Append(name).Append(":\n");
            foreach (var (key, value) in pairs)
            {
                Entry(text, YamlScalar.Of(key, 0), value, indent + 2);
            }
        }
    }

    private static void Entry(StringBuilder text, string key, string value, int indent) =>
        text.Append(' ', indent).Append(key).Append(": ").Append(YamlScalar.Of(value, indent + 2)).Append('\n');
}
