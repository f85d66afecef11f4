using System.Text;
using Nines.Core.Workspace.Lint;
using Nines.Core.Workspace.Statements;

namespace Nines.Core.Workspace.Import;

/// <summary>
/// Carries a document in Markdown over: its blocks of rules as they stand, its objectives as OpenSLO. An objective that no rule of the document measures is
/// written as a comment, since its queries are not known.
/// </summary>
internal sealed class MarkdownImport(SloDocument document, ImportFile import)
{
    private readonly StringBuilder _comments = new();
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Promise> _counted = new(StringComparer.Ordinal);
    private string _stem = "";

    /// <summary>The files that it becomes, each with the place that its lines come from.</summary>
    /// <param name="stem">How they are called, without ending.</param>
    public IEnumerable<(string Name, string Text, Func<int, int, (int Line, int Column)> Origin)> Make(string stem)
    {
        _stem = stem;
        import.Document = "document";
        foreach (var (fence, index) in document.RuleFences.Select((f, i) => (f, i)))
        {
            yield return ($"{stem}-rules{(index == 0 ? "" : $"-{index + 1}")}.yaml", fence.Text + "\n", (line, column) => (fence.Line + line - 1, column));
        }
        Encoding();
        var node = At(document.Statements.Objectives.FirstOrDefault());
        if (document.Statements.WindowDays is null && document.Statements.Objectives.Any())
        {
            import.Loss(node, "no-window", "no text says over which window the objectives are kept", "28d was written");
        }
        foreach (var promise in document.Statements.Objectives.Where(p => p.Measure != Measure.Burn && p.Measure != Measure.BudgetLeft))
        {
            Objective(promise);
        }
        Alerts();
        if (import.Made.Count > 0 || _comments.Length > 0)
        {
            var (text, origin) = import.Made.Count > 0 ? TreeWriter.Write(import.Made) : ("", (_, _) => (1, 1));
            yield return ($"{stem}.yaml", text + _comments, origin);
        }
    }

    private void Encoding()
    {
        foreach (var line in document.Repairs.GroupBy(r => r.Line))
        {
            import.Run.Losses.Add(new(new(document.Source.Path, line.Key, line.First().Column), "document", "double-encoded",
                $"nothing, but {string.Join(", ", line.Select(r => $"\"{r.Was}\"").Distinct(StringComparer.Ordinal).Take(5))} "
                + $"was UTF-8 read as {document.ReadAs}",
                $"read as {string.Join(", ", line.Select(r => $"\"{r.Is}\"").Distinct(StringComparer.Ordinal).Take(5))}"));
        }
    }

    private void Objective(Promise promise)
    {
        var at = At(promise);
        import.Document = $"\"{promise.Text}\"";
        if (promise.Good is null)
        {
            import.Loss(at, "no-share", $"{promise.Title} {promise.Text}: a limit on a number is no share of events", "write an alert rule on it");
            return;
        }
        if (promise.Good is not (> 0 and < 1))
        {
            import.Loss(at, "no-budget", $"{promise.Title} {promise.Text}: there is no budget at such a target", "left out; a target below 100 % is needed");
            return;
        }
        if (Before(promise) is { } earlier)
        {
            import.Loss(at, "said-again", $"nothing, {earlier.Title} is stated at line {earlier.At.Line} already", earlier.Good == promise.Good ? ""
                : $"{StatementLint.Percent(earlier.Good!.Value)} was written, not {StatementLint.Percent(promise.Good.Value)}");
            return;
        }
        var indicator = MarkdownIndicators.Find(document, promise);
        if (indicator is not null && !_counted.TryAdd($"{indicator.Part}\n{indicator.Total}\n{promise.Good}", promise))
        {
            import.Loss(at, "said-again",
                $"nothing, {_counted[$"{indicator.Part}\n{indicator.Total}\n{promise.Good}"].Title} promises the same of the same events", "");
            return;
        }
        var (service, name) = promise.IsOfHeading ? (Slug(_stem), Slug(promise.Subject))
            : (Slug(promise.Subject.Length > 0 ? promise.Subject : _stem), Slug(promise.Name.Length > 0 ? promise.Name : promise.Measure.ToString()));
        name = name is ['p', >= '0' and <= '9', ..] ? $"latency-{name}" : name;
        name = promise.Measure == Measure.Latency && !name.Contains("p9", StringComparison.Ordinal)
            ? $"{name}-p{promise.Good * 100:0.##}".Replace('.', '-') : name;
        for (var (i, plain) = (2, name); !_names.Add($"{service}/{name}"); i++)
        {
            name = $"{plain}-{i}";
        }
        import.NeedService(at, service, isOwn: true);
        var slo = Slo(at, promise, service, name, indicator);
        if (indicator is null)
        {
            import.Loss(at, "no-query", $"{service}/{name}: no text and no rule says which query counts {Counted(promise)}",
                $"written as a comment in {_stem}.yaml; put the queries in and uncomment it");
            _comments.Append(_comments.Length == 0 ? "# Objectives whose queries the document does not give. Put them in, and uncomment.\n" : "")
                .AppendJoin('\n', TreeWriter.Write([slo]).Text.TrimEnd('\n').Split('\n').Prepend("---").Select(l => $"# {l}".TrimEnd())).Append('\n');
            return;
        }
        import.Made.Add(slo);
        import.Loss(at, "query-of-rule",
            $"nothing, but the queries of {service}/{name} are those of the rule {indicator.Rule.Name} at line {indicator.Rule.Position.Line}",
            indicator.Bound.Length == 0 ? "" : $"le=\"{indicator.Bound}\" must be a bound of the histogram");
    }

    /// <summary>The objective of the same thing that was stated before: under the same name, or the same figures without a service.</summary>
    private Promise? Before(Promise promise) =>
        document.Statements.Objectives.TakeWhile(o => !ReferenceEquals(o, promise)).FirstOrDefault(o => IsOne(o, promise))
        ?? document.Statements.Objectives.FirstOrDefault(o => !ReferenceEquals(o, promise) && promise.Subject.Length == 0 && o.Subject.Length > 0
            && o.Measure == promise.Measure && o.Good == promise.Good && o.Limit == promise.Limit);

    private static bool IsOne(Promise a, Promise b) => a.Measure == b.Measure && a.Limit == b.Limit && (a.Measure != Measure.Latency || a.Good == b.Good)
        && Promise.Words(a.Name).SetEquals(Promise.Words(b.Name)) && (a.Subject == b.Subject || (b.Subject.Length == 0 && a.Good == b.Good));

    private static string Counted(Promise promise) => promise.Measure switch
    {
        Measure.Latency => $"the events under {StatementLint.Length(promise.Limit!.Value)} and all events",
        Measure.Errors => "the failed and all requests",
        Measure.Availability when promise.IsUptime => "the probes or requests that succeed, and all of them",
        _ => "the good and all events",
    };

    private YamlMap Slo(YamlNode at, Promise promise, string service, string name, RuleIndicator? indicator)
    {
        var contract = document.Statements.Promises.FirstOrDefault(p => p.Role == PromiseRole.Contract && p.Subject == promise.Subject
            && p.Measure == promise.Measure && p.Limit is null && p.Good <= promise.Good);
        var annotations = contract is null ? null : Tree.Map(at, ("nines.dev/sla", Tree.Text(at, $"{contract.Good * 100:0.#####}%")));
        var part = Tree.Text(at, indicator?.Part ?? "QUERY");
        var total = Tree.Text(at, indicator?.Total ?? "QUERY");
        var isBad = indicator?.IsBad ?? promise.Measure == Measure.Errors;
        return Tree.Map(at, ("apiVersion", Tree.Text(at, "openslo/v1")), ("kind", Tree.Text(at, "SLO")),
            ("metadata", Tree.Map(at, ("name", Tree.Text(at, name)), ("displayName", Tree.Text(at, $"{promise.Title}: {promise.Text}")),
                ("annotations", annotations))),
            ("spec", Tree.Map(at, ("service", Tree.Text(at, service)), ("budgetingMethod", Tree.Text(at, "Occurrences")),
                ("timeWindow", Tree.List(at, [Tree.Map(at, ("duration", Tree.Text(at, $"{document.Statements.Days:0}d")),
                    ("isRolling", Tree.Plain(at, "true")))])),
                ("indicator", Tree.Map(at, ("metadata", Tree.Map(at, ("name", Tree.Text(at, name)))),
                    ("spec", Tree.Map(at, ("ratioMetric", Tree.Map(at, ("counter", Tree.Plain(at, "true")), (isBad ? "bad" : "good", SlothImport.Side(part)),
                        ("total", SlothImport.Side(total)))))))),
                ("objectives", Tree.List(at, [Tree.Map(at, ("target", Tree.Share(at, promise.Good!.Value)))])))));
    }

    /// <summary>Alerts that are stated and stand in no block of rules.</summary>
    private void Alerts()
    {
        foreach (var alert in document.Statements.Promises.Where(p => p.Role == PromiseRole.Alert))
        {
            var row = document.Text.Tables.SelectMany(t => t.Rows).FirstOrDefault(r => r.Any(c => ReferenceEquals(c, alert.At)));
            if (row is null || document.Rules.SelectMany(g => g.Rules).All(r => r.Name != row[0].Text.Trim()))
            {
                import.Document = $"\"{alert.Text}\"";
                import.Loss(At(alert), "no-rule", $"the alert \"{alert.Text}\", which no rule of the document is",
                    alert.Measure is Measure.Amount ? "write an alert rule" : "burn alerts of the objectives stand there");
            }
        }
    }

    private YamlText At(Promise? promise)
    {
        var position = promise is null ? new(document.Source.Path, 1, 1) : document.Position(promise.At.Line, promise.Column);
        return new(position.Line, position.Column, "", 0, default);
    }

    private static string Slug(string text)
    {
        var slug = new StringBuilder();
        foreach (var c in text.ToLowerInvariant())
        {
            _ = char.IsAsciiLetterOrDigit(c) || c == '_' ? slug.Append(c) : slug.Length > 0 && slug[^1] != '-' ? slug.Append('-') : slug;
        }
        return slug.ToString().Trim('-') is { Length: > 0 } name ? name[..Math.Min(name.Length, 60)].TrimEnd('-') : "objective";
    }
}
