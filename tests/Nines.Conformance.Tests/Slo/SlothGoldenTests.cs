using Nines.Core.Objectives.Generate;
using Nines.Core.Tests.Alerting;
using Nines.Core.Workspace;
using Nines.Core.Workspace.Import;
using Nines.PromQL;
using YamlDotNet.Serialization;

namespace Nines.Conformance.Tests.Slo;

/// <summary>Sloth's own examples: what it generates is what we generate.</summary>
public sealed class SlothGoldenTests
{
    private static readonly SlothOptions Options = new(SlothWindows.Google, new(StringComparer.Ordinal) { ["cmd"] = "examplesgen.sh" }, true, true, "dev");

    // The others need no Go plugin; victoria-metrics names a plugin that only checks.
    private static readonly Dictionary<string, string[]> Refused = new()
    {
        ["contrib-slo-plugins.yml"] = ["14:15 sloth-plugin sloth.dev/contrib/info_labels/v1", "45:15 sloth-plugin sloth.dev/contrib/rule_intervals/v1"],
        ["plugin-k8s-getting-started.yml"] = ["28:15 sloth-plugin getting_started_availability"],
    };

    public static TheoryData<string> Pairs() => [.. Directory.Exists(Path.Combine(OutsideData.Root, "sloth", "specs"))
        ? Directory.EnumerateFiles(Path.Combine(OutsideData.Root, "sloth", "specs")).Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal).ToArray() : ["absent"]];

    [Theory]
    [MemberData(nameof(Pairs))]
    public void Generate_LikeSloth_GivesTheSameRules(string name)
    {
        var folder = OutsideData.Folder("sloth");
        var (documents, problems) = Importer.ReadSloth([Read(Path.Combine(folder, "specs", name))], ImportOptions.Default);
        if (Refused.TryGetValue(name, out var refused))
        {
            problems.Select(p => $"{p.Position.Line}:{p.Position.Column} {p.Code} {refused.FirstOrDefault(r => p.Message.Contains(r.Split(' ')[2]))?.Split(' ')[2]}").ShouldBe(refused);
            return;
        }
        problems.ShouldBeEmpty();
        var expected = Documents(File.ReadAllText(Path.Combine(folder, "expected", name)));
        var written = Documents(string.Concat(documents.Select(d => "---\n" + Text(d, Options))));
        written.Count.ShouldBe(expected.Count);
        for (var i = 0; i < expected.Count; i++)
        {
            Facts(written[i]).ShouldBe(Facts(expected[i]));
        }
    }

    [Fact]
    public void Generate_WithoutRecordingsOrAlerts_GivesTheOtherGroups()
    {
        var (documents, _) = Importer.ReadSloth([Read(Path.Combine(OutsideData.Folder("sloth"), "specs", "home-wifi.yml"))], ImportOptions.Default);
        SlothRules.Of(documents[0], Options with { Recordings = false }).Select(g => g.Name).ShouldAllBe(n => n.StartsWith("sloth-slo-alerts-"));
        SlothRules.Of(documents[0], Options with { Alerts = false }).Count.ShouldBe(4);
    }

    [Fact]
    public void Generate_For28Days_NamesTheWindowAsPrometheusDoesAndScalesTheFactors()
    {
        var (documents, problems) = Importer.ReadSloth([Read(Path.Combine(OutsideData.Folder("sloth"), "specs", "home-wifi.yml"))],
            new(28 * 86_400_000L, SlothWindows.Google));
        problems.ShouldBeEmpty();
        var text = Text(documents[0], Options);
        text.ShouldContain("record: slo:sli_error:ratio_rate4w");
        text.ShouldContain("expr: vector(28)");
        foreach (var factor in (string[])["(13.44 * 0.05)", "(5.6000000000000005 * 0.05)", "(2.8000000000000003 * 0.05)", "(0.9333333333333333 * 0.05)"])
        {
            text.ShouldContain(factor);
        }
    }

    [Fact]
    public async Task KuadrantsTests_PassOnOurRules()
    {
        Promtool.SkipUnlessThere();
        var folder = OutsideData.Folder("kuadrant");
        var (documents, _) = Importer.ReadSloth([Read(Path.Combine(folder, "availability-sloth.yaml"))], new(28 * 86_400_000L, SlothWindows.Google));
        using var promtool = new Promtool();
        // What the Kubernetes object wraps is a rule file.
        var rules = promtool.Write("rules.yaml", RuleFileWriter.Write(SlothRules.Of(documents[0], Options with { ExtraLabels = new(StringComparer.Ordinal) })));
        var tests = promtool.Write("test.yaml", File.ReadAllText(Path.Combine(folder, "availability-promtool-test.yaml"))
            .Replace("/prometheus/availability-rules.yaml", rules, StringComparison.Ordinal));
        var (ok, output) = await Promtool.RunAsync("test", "rules", tests);
        ok.ShouldBeTrue(output);
    }

    private static string Text(SlothDocument document, SlothOptions options)
    {
        var groups = SlothRules.Of(document, options);
        return document.Kubernetes is { } metadata ? RuleFileWriter.Write(groups, SlothRules.MetadataOf(metadata)) : RuleFileWriter.Write(groups);
    }

    internal static WorkspaceFile Read(string path) => new(path, File.ReadAllBytes(path));

    private static List<Dictionary<object, object>> Documents(string text) => [.. text.Split("\n---").Select(t => t.TrimStart('-', '\n'))
        .Select(t => new DeserializerBuilder().Build().Deserialize<Dictionary<object, object>?>(t)).OfType<Dictionary<object, object>>()];

    /// <summary>Everything a document says, one line each; expressions as their syntax tree prints, which keeps every digit of a number.</summary>
    private static List<string> Facts(object? node, string path = "") => node switch
    {
        Dictionary<object, object> map => [.. map.OrderBy(e => (string)e.Key, StringComparer.Ordinal)
            .Where(e => (string)e.Key != "creationTimestamp").SelectMany(e => Facts(e.Value, $"{path}/{e.Key}"))],
        List<object> list => [.. list.SelectMany((item, i) => Facts(item, $"{path}[{i}]"))],
        string text when path.EndsWith("/expr", StringComparison.Ordinal) => [$"{path} = {PromParser.Parse(text).Expr?.ToString() ?? text.Trim()}"],
        _ => [$"{path} = {node}"],
    };
}
