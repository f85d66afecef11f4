using Nines.Core.Alerting;
using Nines.Metrics;
using Nines.Metrics.Templates;
using Nines.PromQL.Scripts;

namespace Nines.Core.Workspace;

/// <summary>Reads promtool's files of unit tests of rules.</summary>
public static class RuleTestReader
{
    private const long MostMs = 40_000L * 86_400_000;

    /// <summary>Reads a file; what it holds counts only without problems that are errors.</summary>
    public static (RuleTestFile File, IReadOnlyList<Problem> Problems) Read(WorkspaceFile source)
    {
        var problems = new List<Problem>();
        var root = RuleFileReader.Documents(source, problems, out var file)?.FirstOrDefault()?.Root;
        if (root is not YamlMap)
        {
            file.Error(root ?? new YamlText(1, 1, "", 0, default), "wrong-type", "a file of unit tests must be a mapping with rule_files and tests");
            return (new RuleTestFile(), problems);
        }
        var top = new Fields(file, root, "the file of unit tests");
        var interval = Duration(top, "evaluation_interval");
        interval = interval is null or 0 ? 60_000 : interval;
        var order = Texts(top, "group_eval_order");
        foreach (var twice in order.GroupBy(o => o.Value, StringComparer.Ordinal).Where(g => g.Count() > 1))
        {
            file.Error(twice.Last(), "duplicate", $"group name repeated in evaluation order: {twice.Key}");
        }
        var read = new RuleTestFile
        {
            RuleFiles = [.. Texts(top, "rule_files").Select(t => t.Value)],
            IntervalMs = interval.Value,
            GroupOrder = [.. order.Select(o => o.Value).Distinct(StringComparer.Ordinal)],
            Fuzzy = top.Flag("fuzzy_compare", false),
            Tests = [.. top.Maps("tests", "test").Select(t => Test(t, interval.Value)).ToList()],
        };
        top.Done();
        return (read, [.. problems.OrderBy(p => p.Position.Line).ThenBy(p => p.Position.Column)]);
    }

    private static RuleTest Test(Fields fields, long evaluation)
    {
        var interval = Duration(fields, "interval");
        var test = new RuleTest
        {
            Name = fields.Text("name")?.Value ?? "",
            Position = fields.File.At(fields.Node),
            IntervalMs = interval is null or 0 ? evaluation : interval.Value,
            Series = [.. fields.Maps("input_series", "input series").Select(Series).OfType<(Labels, IReadOnlyList<NotedSample>)>().ToList()],
            Alerts = [.. fields.Maps("alert_rule_test", "alert_rule_test").Select(Alert).ToList()],
            Queries = [.. fields.Maps("promql_expr_test", "promql_expr_test").Select(Query).ToList()],
            ExternalLabels = Map(fields, "external_labels"),
            ExternalUrl = fields.Text("external_url")?.Value ?? "",
        };
        fields.Done();
        return test;
    }

    private static (Labels, IReadOnlyList<NotedSample>)? Series(Fields fields)
    {
        var (series, values) = (fields.Text("series", required: true), fields.Text("values"));
        fields.Done();
        if (series is null)
        {
            return null;
        }
        var at = series;
        try
        {
            var labels = SeriesNotation.ParseLabels(series.Value);
            at = values ?? series;
            var samples = SeriesNotation.ParseSamples(values?.Value ?? "");
            if (samples.Any(s => s.IsHistogram))
            {
                fields.File.Error(at, "unsupported", "native histograms ({{schema:…}}) are not supported in this version");
                return null;
            }
            return (labels, samples);
        }
        catch (FormatException e)
        {
            fields.File.Error(at, "series", e.Message, "write values as 1 2 3, 0+10x5, _x3 or stale");
            return null;
        }
    }

    private static AlertExpectation Alert(Fields fields)
    {
        var at = Duration(fields, "eval_time") ?? 0;
        var name = fields.Text("alertname", required: true);
        var alerts = new List<(Labels, Labels)>();
        foreach (var expected in fields.Maps("exp_alerts", "expected alert"))
        {
            alerts.Add((Map(expected, "exp_labels"), Map(expected, "exp_annotations")));
            expected.Done();
        }
        fields.Done();
        return new AlertExpectation(fields.File.At(fields.Node), at, name?.Value ?? "", alerts);
    }

    private static QueryExpectation Query(Fields fields)
    {
        var query = fields.Text("expr");
        var at = Duration(fields, "eval_time") ?? 0;
        var samples = new List<(Labels, double)>();
        foreach (var expected in fields.Maps("exp_samples", "expected sample"))
        {
            var (labels, value) = (expected.Text("labels"), expected.Text("value"));
            if (expected.Any("histogram") is { } histogram)
            {
                fields.File.Error(histogram, "unsupported", "native histograms are not supported in this version");
            }
            expected.Done();
            try
            {
                samples.Add((SeriesNotation.ParseLabels(labels?.Value ?? ""), Number(expected, value)));
            }
            catch (FormatException e)
            {
                fields.File.Error(labels!, "series", $"labels \"{labels!.Value}\": {e.Message}");
            }
        }
        fields.Done();
        return new QueryExpectation(fields.File.At(fields.Node), at, query?.Value ?? "", samples);
    }

    // YAML writes .inf and .nan.
    private static double Number(Fields fields, YamlText? text)
    {
        var written = text?.Value ?? "0";
        var plain = written.TrimStart('+', '-') is [ '.', 'i' or 'I' or 'n' or 'N', ..] ? written.Replace(".", "", StringComparison.Ordinal) : written;
        if (!GoFloat.TryParse(plain, out var value))
        {
            fields.File.Error(text!, "wrong-type", $"value must be a number, not {written}");
        }
        return value;
    }

    private static long? Duration(Fields fields, string key) => fields.Any(key) is YamlText { Value: "0" } ? 0 : fields.Duration(key, 0, MostMs);

    private static List<YamlText> Texts(Fields fields, string key)
    {
        var texts = new List<YamlText>();
        foreach (var node in fields.List(key))
        {
            if (node is YamlText text)
            {
                texts.Add(text);
            }
            else
            {
                fields.File.Error(node, "wrong-type", $"{key} is a list of texts");
            }
        }
        return texts;
    }

    private static Labels Map(Fields fields, string key)
    {
        var labels = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, node) in (fields.Map(key)?.Node as YamlMap)?.Entries ?? [])
        {
            if (node is YamlText text)
            {
                labels[name.Value] = text.IsNull ? "" : text.Value;
            }
            else
            {
                fields.File.Error(node, "wrong-type", $"{name.Value} must be a text");
            }
        }
        return Labels.Of(labels.Select(l => (l.Key, l.Value)));
    }
}
