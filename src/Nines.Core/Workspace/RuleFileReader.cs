using Nines.Core.Alerting;
using Nines.PromQL;

namespace Nines.Core.Workspace;

/// <summary>What came of reading rule files.</summary>
/// <param name="Groups">The groups without errors.</param>
/// <param name="Problems">All problems, in order of position.</param>
public sealed record RuleReading(IReadOnlyList<RuleGroup> Groups, IReadOnlyList<Problem> Problems);

/// <summary>Reads Prometheus' rule files as they stand.</summary>
public static class RuleFileReader
{
    /// <summary>Most rules of a file.</summary>
    public const int MaxRules = 10_000;

    private const long MostMs = 400L * 86_400_000;

    /// <summary>Reads one file that holds nothing but rules.</summary>
    public static RuleReading Read(WorkspaceFile source)
    {
        var problems = new List<Problem>();
        var groups = new List<RuleGroup>();
        if (Documents(source, problems, out var file) is { } documents)
        {
            foreach (var document in documents)
            {
                if (document.Root is YamlMap)
                {
                    Read(new Fields(file, document.Root, "the rule file"), groups);
                }
                else
                {
                    file.Error(document.Root, "wrong-type", "a rule file must be a mapping with groups");
                }
            }
        }
        return new RuleReading(groups, [.. problems.OrderBy(p => p.Position.Line).ThenBy(p => p.Position.Column)]);
    }

    /// <summary>The documents of a file, or null when it is no text.</summary>
    internal static List<YamlDocument>? Documents(WorkspaceFile source, List<Problem> problems, out BindingFile file)
    {
        var text = source.Content.Length > YamlReader.MaxBytes ? null : YamlReader.Decode(source.Content.Span);
        file = new BindingFile(source.Path, text ?? "", problems);
        if (text is null)
        {
            file.Error(new YamlText(1, 1, "", 0, default), "yaml", source.Content.Length > YamlReader.MaxBytes ? "the file is larger than 1 MiB"
                : "the file is not UTF-8");
            return null;
        }
        return new YamlReader(source.Path, text, problems).Read();
    }

    internal static void Read(Fields top, List<RuleGroup> into)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        var series = new Dictionary<string, SourcePosition>(StringComparer.Ordinal);
        var count = 0;
        foreach (var group in top.Maps("groups", "group"))
        {
            var file = group.File;
            var name = group.Text("name", required: true);
            if (name is not null && !names.Add(name.Value))
            {
                file.Error(name, "duplicate", $"groupname: \"{name.Value}\" is repeated in the same file", "give each group a name of its own");
            }
            var interval = Duration(group, "interval") ?? 0;
            var offset = Duration(group, "query_offset");
            var limit = (int)(group.Number("limit", 0, int.MaxValue) ?? 0);
            var shared = Texts(group, "labels", "label", null);
            var rules = new List<Rule>();
            foreach (var fields in group.Maps("rules", "rule"))
            {
                if (++count == MaxRules + 1)
                {
                    file.Error(fields.Node, "too-large", $"a rule file has at most {MaxRules} rules", "split it");
                    break;
                }
                if (Rule(fields, shared) is { } rule)
                {
                    rules.Add(rule);
                    Repeated(file, fields.Node, rule, series);
                }
            }
            group.Done();
            if (name is not null)
            {
                into.Add(new RuleGroup
                {
                    Name = name.Value,
                    File = file.Path,
                    IntervalMs = interval,
                    QueryOffsetMs = offset,
                    Limit = limit,
                    Rules = rules,
                });
            }
        }
        top.Done();
    }

    private static Rule? Rule(Fields fields, IReadOnlyList<RuleText> shared)
    {
        var file = fields.File;
        var (record, alert) = (fields.Text("record"), fields.Text("alert"));
        record = record is { Value: "" } ? null : record;
        alert = alert is { Value: "" } ? null : alert;
        if ((record is null) == (alert is null))
        {
            file.Error(fields.Node, record is null ? "missing" : "bad-value",
                record is null ? "one of 'record' or 'alert' must be set" : "only one of 'record' and 'alert' must be set");
        }
        if (record is not null && !IsMetricName(record.Value))
        {
            file.Error(record, "bad-name", $"invalid recording rule name: {record.Value}", "use letters, digits, _ and :, and no digit first");
        }
        var query = fields.Text("expr");
        if (query is null or { Value: "" })
        {
            file.Error(query ?? fields.Node, "missing", "field 'expr' must be set in rule");
        }
        var expr = query is { Value.Length: > 0 } ? Query(file, query) : null;
        var (lasts, keeps) = (Duration(fields, "for"), Duration(fields, "keep_firing_for"));
        var labels = Texts(fields, "labels", "label", alert?.Value);
        var annotations = Texts(fields, "annotations", "annotation", alert?.Value ?? "");
        fields.Done();
        if (record is not null)
        {
            OnlyForAlerts(fields, "annotations", annotations.Count > 0);
            OnlyForAlerts(fields, "for", lasts > 0);
            OnlyForAlerts(fields, "keep_firing_for", keeps > 0);
        }
        return expr is null || (record ?? alert) is not { } name ? null : new Rule
        {
            Name = name.Value,
            Alerts = alert is not null,
            Query = query!.Value,
            Expr = expr,
            ForMs = lasts ?? 0,
            KeepFiringForMs = keeps ?? 0,
            Labels = [.. shared.Where(s => labels.All(l => l.Name != s.Name)), .. labels],
            Annotations = annotations,
            Position = file.At(fields.Node),
        };
    }

    private static void OnlyForAlerts(Fields fields, string key, bool given)
    {
        if (given)
        {
            fields.File.Error(fields.Any(key)!, "bad-value", $"invalid field '{key}' in recording rule", "only alerts have it");
        }
    }

    private static Expr? Query(BindingFile file, YamlText query)
    {
        var parsed = PromParser.Parse(query.Value);
        foreach (var problem in parsed.Problems)
        {
            var (line, column) = YamlReader.Locate(file.Text, query, problem.Start);
            file.Problems.Add(new(new(file.Path, line, column), ProblemSeverity.Error, "query", $"could not parse expression: {problem.In(query.Value)}"));
        }
        if (parsed.Expr is { Kind: ValueKind.Matrix or ValueKind.String } expr)
        {
            file.Warn(query, "query",
                $"the rule always fails: its result is a {(expr.Kind == ValueKind.Matrix ? "range vector" : "text")}, not a vector or scalar");
        }
        return parsed.Expr;
    }

    /// <param name="alert">The alert whose templates these are; null when they are none.</param>
    private static List<RuleText> Texts(Fields fields, string key, string what, string? alert)
    {
        var texts = new List<RuleText>();
        foreach (var (name, node) in (fields.Map(key)?.Node as YamlMap)?.Entries ?? [])
        {
            var file = fields.File;
            if (!IsLabelName(name.Value) || (what == "label" && name.Value == "__name__"))
            {
                file.Error(name, "bad-name", $"invalid {what} name: {name.Value}", "use letters, digits and _, and no digit first");
            }
            if (node is not YamlText text)
            {
                file.Error(node, "wrong-type", $"{what} {name.Value} must be a text");
                continue;
            }
            var value = text.IsNull ? "" : text.Value;
            RuleTemplate? template = null;
            if (alert is not null && value.Contains("{{", StringComparison.Ordinal) && RuleTemplate.TryRead(alert, value, out template) is { } error)
            {
                file.Error(text, "template", $"{what} \"{name.Value}\": {error}");
            }
            texts.Add(new RuleText(name.Value, value, template));
        }
        return texts;
    }

    /// <summary>A duration in milliseconds; a bare 0 is one.</summary>
    private static long? Duration(Fields fields, string key) =>
        fields.Any(key) is YamlText { Value: "0" } ? 0 : fields.Duration(key, 0, MostMs);

    // Two rules that write the same series leave gaps in it, or values of both.
    private static void Repeated(BindingFile file, YamlNode at, Rule rule, Dictionary<string, SourcePosition> seen)
    {
        var key = $"{rule.Name}{{{string.Join(',', rule.Labels.OrderBy(l => l.Name, StringComparer.Ordinal).Select(l => $"{l.Name}={l.Text}"))}}}";
        if (!seen.TryAdd(key, file.At(at)))
        {
            file.Warn(at, "duplicate-rule", $"{(rule.Alerts ? "alert" : "series")} {key} has a rule already at {seen[key]}",
                "two rules of the same name and labels contradict each other");
        }
    }

    private static bool IsMetricName(string name) =>
        name.Length > 0 && !char.IsAsciiDigit(name[0]) && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or ':');

    private static bool IsLabelName(string name) => name.Length > 0 && !char.IsAsciiDigit(name[0]) && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_');
}
