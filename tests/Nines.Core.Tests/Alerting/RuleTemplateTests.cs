using System.Text.Json;
using Nines.Core.Alerting;
using Nines.Metrics;

namespace Nines.Core.Tests.Alerting;

public class RuleTemplateTests
{
    private static readonly string[] Templates =
    [
        "{{ $labels.instance }} is down, {{ $value }}", "{{ .Labels.job }} {{ .Value }} [{{ $labels.nope }}] {{ $externalLabels.region }} {{ $externalURL }}",
        "{{ humanize 0.0 }} {{ humanize 1.0 }} {{ humanize 1234567.0 }} {{ humanize .00001234 }} {{ humanize -1e30 }} {{ humanize 123456789012345.0 }} {{ humanize \"17\" }} {{ humanize 999.99 }} {{ humanize 1000.0 }}",
        "{{ humanize1024 0.0 }} {{ humanize1024 1.0 }} {{ humanize1024 1048576.0 }} {{ humanize1024 .12 }} {{ humanize1024 -5e9 }} {{ humanize1024 1e30 }}",
        "{{ humanizeDuration 0.0 }} {{ humanizeDuration 1.0 }} {{ humanizeDuration 1234567.0 }} {{ humanizeDuration .12345 }} {{ humanizeDuration 12.3456 }} {{ humanizeDuration -3661.0 }} {{ humanizeDuration 899.99 }} {{ humanizeDuration \"60\" }} {{ humanizeDuration 0.0000001 }}",
        "{{ humanizePercentage .01234 }} {{ humanizePercentage 1.0 }} {{ humanizePercentage 0.99999 }} {{ humanizePercentage -2 }}",
        "{{ humanizeTimestamp 1435065584.128 }} {{ humanizeTimestamp 0.0 }} {{ humanizeTimestamp -1.5 }} {{ humanizeTimestamp 1e9 }}", "{{ humanizeTimestamp 1e30 }}", "{{ humanize \"x\" }}",
        "{{ (1435065584.128 | toTime).Format \"2006-01-02T15:04:05.999Z\" }} {{ (toTime 1435065584.128).Year }} {{ (toTime 0.0).Weekday }} {{ (toTime 0.0).Month }} {{ toTime 1e9 }}",
        "{{ $value | humanize }} {{ $value | printf \"%.2f\" }} {{ $value | humanizePercentage }} {{ printf \"%v %s\" $value $labels.job }}",
        "{{ query \"sort(y)\" | first | value }} {{ query \"sort(y)\" | first | label \"a\" }} {{ with query \"nothing\" }}some{{ else }}none{{ end }} {{ len (query \"y\") }}",
        "{{ range query \"y\" | sortByLabel \"a\" }}{{ .Labels.a }}={{ .Value }};{{ end }}", "{{ query \"nothing\" | first }}", "{{ query \"1 + 1\" | first | value }} {{ query \"count(y) by (b)\" | first | value }}",
        "{{ range $i, $s := query \"sort_desc(y)\" }}{{ $i }}:{{ $s.Labels.a }}:{{ $s | value }} {{ end }}", "{{ query \"label_replace(y,'__value__','v-$1','a','(.*)')\" | sortByLabel \"a\" | first | strvalue }}",
        "{{ title \"aa bb-cc\" }} {{ toUpper \"aé\" }} {{ toLower \"AÉ\" }} {{ match \"a+\" \"baab\" }} {{ match \"^a+$\" \"baab\" }} {{ reReplaceAll \"(a)(b)\" \"$2${1}x$$\" \"abcab\" }} {{ reReplaceAll \"a*\" \"-\" \"baac\" }}",
        "{{ reReplaceAll \"localhost:.*\" \"my.domain\" $labels.instance }} {{ safeHtml \"<b>\" }} {{ \"<b>\" }}", "{{ reReplaceAll \"(\" \"\" \"x\" }}", "{{ match \"[\" \"x\" }}",
        "{{ graphLink \"up{a=\\\"b c\\\"} > 1\" }} {{ tableLink \"up\" }}", "{{ stripPort $labels.instance }} {{ stripPort \"[::1]:90\" }} {{ stripPort \"nohost\" }} {{ stripDomain $labels.instance }} {{ stripDomain \"1.2.3.4:5\" }} {{ stripDomain \"a.b.c\" }} {{ stripDomain \"[fe80::1]:5\" }}",
        "{{ parseDuration \"1h2m10ms\" }} {{ parseDuration \"5m\" | humanizeDuration }}", "{{ parseDuration \"1x\" }}", "{{ define \"t\" }}{{ .arg0 }}-{{ .arg1 }}{{ end }}{{ template \"t\" (args 1 \"two\") }}",
        "{{ if gt $value 0.01 }}high{{ else }}low{{ end }} {{ if eq $labels.job \"api\" }}api{{ end }} {{ $x := $value }}{{ $x }}", "{{ with $labels.nope }}a{{ else }}b{{ end }}{{ range $k, $v := $labels }}{{ $k }}={{ $v }} {{ end }}", "{{ $labels }} {{ len $labels }}",
        "{{ $labels.instance.x }}", "{{ .Nope }}", "{{ title 1 }}", "{{ humanize }}", "{{ humanize 1 2 }}", "{{ index $labels \"job\" }} {{ index $labels 1 }}", "{{ printf \"%d\" 1.5 }} {{ printf \"%.3g\" $value }} {{ 1e6 }} {{ 10000000.0 }}",
        "{{ $value }} {{ -0.5 }} {{ 1e21 }} {{ print $value 1 \"a\" }}", "{{ query \"vector(1e6)\" | first | value }} {{ query \"vector(NaN)\" | first | value | humanize }} {{ query \"vector(-Inf)\" | first | value | humanizeDuration }} {{ query \"vector(Inf)\" | first | value }}",
        "plain", "{{/* nothing */}}", "{{ \"a\" -}}   b", "é {{ `raw` }} {{ \"\\u00e9\" | printf \"%q\" }}", "{{ html \"<\" }} {{ js \"'\" }} {{ urlquery \"a b\" }}", "{{ slice \"abcdef\" 1 3 }} {{ lt 1 2 }} {{ and 1 0 }} {{ not 0 }}",
    ];

    private const string Input = """
        rule_files: [rules.yml]
        tests:
        - interval: 1m
          external_labels: {region: eu}
          external_url: http://host:9090/prefix
          input_series:
          - {series: 'x{instance="web.example.org:9090",job="api"}', values: "0.01234x10"}
          - {series: 'y{a="2",b="z"}', values: "5x10"}
          - {series: 'y{a="1",b="z"}', values: "7.5x10"}
          alert_rule_test:

        """;

    [Fact]
    public async Task EveryFunction_GivesPrometheusText()
    {
        Promtool.SkipUnlessThere();
        using var promtool = new Promtool();
        var rules = "groups:\n- name: g\n  rules:\n" + string.Concat(Templates.Select((t, i) =>
            $"  - alert: T{i}\n    expr: x\n    labels: {{severity: page, of: \"{{{{ $labels.job }}}}\"}}\n    annotations:\n      text: {JsonSerializer.Serialize(t)}\n"));
        var reading = Promtool.Rules(rules);
        reading.Problems.ShouldBeEmpty();
        promtool.Write("rules.yml", rules);
        // What we make of each template is what promtool has to expect.
        var expected = Templates.Select((_, i) =>
        {
            var file = Promtool.Tests(Input + $"  - {{eval_time: 1m, alertname: T{i}, exp_alerts: []}}\n");
            var got = RuleTestRunner.Run(file, file.Tests[0], reading.Groups).ShouldHaveSingleItem().Got;
            var at = got.IndexOf("Annotations:{text=\"", StringComparison.Ordinal);
            var text = at < 0 ? "" : Unescaped(got[(at + 19)..^3]);
            return $"  - eval_time: 1m\n    alertname: T{i}\n    exp_alerts:\n    - exp_labels: {{instance: web.example.org:9090, job: api, severity: page, of: api}}\n"
                + $"      exp_annotations: {{text: {JsonSerializer.Serialize(text)}}}\n";
        });
        var (ok, output) = await Promtool.RunAsync("test", "rules", promtool.Write("test.yml", Input + string.Concat(expected)));
        ok.ShouldBeTrue(output);
    }

    [Theory]
    [InlineData("{{ define \"t\" }}<{{ .arg0 }}>{{ end }}{{ tmpl \"t\" (args 1) }}", "<1>")]
    [InlineData("{{ now }} {{ (toDuration 90.0).Minutes }} {{ urlQueryEscape \"a b\" }}", "60.5 1.5 a+b")]
    [InlineData("{{ $labels.a }}{{ $value }}{{ externalURL }}{{ pathPrefix }}", "x2http://h:1/p/p")]
    public void NewerFunctions_AreThere(string text, string expected)
    {
        RuleTemplate.TryRead("A", text, out var template).ShouldBeNull();
        template!.Expand(Labels.Of(("a", "x")), 2, new RuleFunctions(_ => throw new NotSupportedException(), 60_500, "http://h:1/p", Labels.Empty)).ShouldBe(expected);
    }

    private static string Unescaped(string text) =>
        text.Replace(@"\\", "\u0001", StringComparison.Ordinal).Replace("\\\"", "\"", StringComparison.Ordinal).Replace(@"\n", "\n", StringComparison.Ordinal)
            .Replace("\u0001", @"\", StringComparison.Ordinal);
}
