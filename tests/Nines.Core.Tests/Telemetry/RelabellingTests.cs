using System.Text;
using Nines.Core.Telemetry;
using Nines.Core.Workspace;
using Nines.Metrics;

namespace Nines.Core.Tests.Telemetry;

public class RelabellingTests
{
    private static readonly Labels Before = Labels.Of(("a", "foo"), ("b", "bar"), ("c", "baz"));

    // Cases as Prometheus' documentation and its own tests of relabelling have them.
    [Theory]
    [InlineData("{source_labels: [a], regex: 'f(.*)', target_label: d, replacement: 'ch${1}-ch${1}'}", "a=foo b=bar c=baz d=choo-choo")]
    [InlineData("{source_labels: [a, b], regex: 'f(.*);(.*)r', target_label: a, replacement: 'b${1}${2}m'}", "a=boobam b=bar c=baz")]
    [InlineData("{source_labels: [a], regex: 'o', target_label: d}", "a=foo b=bar c=baz")]
    [InlineData("{source_labels: [a], target_label: d}", "a=foo b=bar c=baz d=foo")]
    [InlineData("{target_label: d, replacement: x$$1}", "a=foo b=bar c=baz d=x$1")]
    [InlineData("{target_label: b, replacement: ''}", "a=foo c=baz")]
    [InlineData("{source_labels: [a], regex: '(f).*', target_label: '${1}', replacement: 'x'}", "a=foo b=bar c=baz f=x")]
    [InlineData("{source_labels: [a], regex: '(f).*', target_label: '${1}-', replacement: 'x'}", "a=foo b=bar c=baz")]
    [InlineData("{source_labels: [a], regex: 'foo|bar', action: drop}", "dropped")]
    [InlineData("{source_labels: [a], regex: 'fo', action: drop}", "a=foo b=bar c=baz")]
    [InlineData("{source_labels: [a], regex: 'no-match', action: keep}", "dropped")]
    [InlineData("{source_labels: [a], regex: 'f.*', action: Keep}", "a=foo b=bar c=baz")]
    [InlineData("{source_labels: [a], target_label: b, action: keepequal}", "dropped")]
    [InlineData("{source_labels: [a], target_label: b, action: dropequal}", "a=foo b=bar c=baz")]
    [InlineData("{source_labels: [absent], target_label: also_absent, action: dropequal}", "dropped")]
    [InlineData("{regex: '(b.*|c)', replacement: 'x_$1', action: labelmap}", "a=foo b=bar c=baz x_b=bar x_c=baz")]
    [InlineData("{regex: '(b|c)', action: labeldrop}", "a=foo")]
    [InlineData("{regex: '(b|c)', action: labelkeep}", "b=bar c=baz")]
    [InlineData("{source_labels: [a], target_label: d, action: uppercase}", "a=foo b=bar c=baz d=FOO")]
    [InlineData("{source_labels: [c], separator: '', target_label: d, action: hashmod, modulus: 1000}", "a=foo b=bar c=baz d=976")]
    public void Rule_EachAction_AsInPrometheus(string rule, string expected)
    {
        var (rules, problems) = Read(rule);
        problems.ShouldBeEmpty();
        var after = Relabelling.Apply(rules, Before);
        (after is null ? "dropped" : string.Join(' ', after.Pairs.ToArray().Select(p => $"{p.Key}={p.Value}"))).ShouldBe(expected);
    }

    [Theory]
    [InlineData("{action: replacee}", "unknown relabel action \"replacee\"")]
    [InlineData("{action: replace}", "relabel action replace needs target_label")]
    [InlineData("{action: hashmod, target_label: a}", "relabel action hashmod needs a modulus above 0")]
    [InlineData("{action: keep, regex: '(?=a)'}", "invalid regular expression")]
    [InlineData("{target_label: 1a}", "\"1a\" is not a label name")]
    [InlineData("{action: labeldrop, regex: a, target_label: b}", "relabel action labeldrop takes no target_label")]
    [InlineData("{target_label: a, sauce_labels: [b]}", "relabel_config has no key sauce_labels")]
    public void Rule_ThatCannotBe_IsNamedWithItsPlace(string rule, string message)
    {
        var problem = Read(rule).Problems.ShouldHaveSingleItem();
        problem.Message.ShouldStartWith(message);
        problem.Position.Line.ShouldBe(5);
    }

    [Fact]
    public void Target_RelabellingDecides_AddressPathSchemeParametersIntervalAndLabels()
    {
        var model = Job("""
                scrape_interval: 15s
                params: {module: [http], other: [a, b]}
                relabel_configs:
                  - {source_labels: [__address__], target_label: __param_module}
                  - {source_labels: [__address__], target_label: instance}
                  - {target_label: __address__, replacement: 'prober:9115'}
                  - {target_label: __scheme__, replacement: https}
                  - {target_label: __metrics_path__, replacement: /probe}
                  - {target_label: __scrape_interval__, replacement: 1m}
                  - {source_labels: [__meta_zone], target_label: zone}
                static_configs: [{targets: ['example.com'], labels: {__meta_zone: b}}]
            """);
        var target = model.Targets.ShouldHaveSingleItem();
        target.Url.AbsoluteUri.ShouldBe("https://prober:9115/probe?module=example.com&other=a&other=b");
        target.Labels.ToString().ShouldBe("{instance=\"example.com\", job=\"j\", zone=\"b\"}");
        target.Interval.ShouldBe(TimeSpan.FromMinutes(1));
        target.Discovered["__address__"].ShouldBe("example.com");
        target.Discovered["__scrape_interval__"].ShouldBe("15s");
    }

    [Fact]
    public void Target_Dropped_IsKnownByWhatItWas()
    {
        var job = Job("""
                relabel_configs: [{source_labels: [__address__], regex: 'b:.*', action: drop}]
                static_configs: [{targets: ['a:1', 'b:1']}]
            """);
        job.Targets.ShouldHaveSingleItem().Labels["instance"].ShouldBe("a:1");
        job.Dropped.ShouldHaveSingleItem()["__address__"].ShouldBe("b:1");
    }

    [Fact]
    public void Access_EachWay_IsReadAndFilesAreFromTheWorkspace()
    {
        var access = Job("""
                basic_auth: {username: u, password_file: secrets/p}
                tls_config: {ca_file: /etc/ca.pem, cert_file: c.pem, key_file: k.pem, server_name: s, insecure_skip_verify: true, min_version: TLS12}
                static_configs: [{targets: ['a:1']}]
            """, "sub/scrape.yaml").Access;
        (access.Username, access.PasswordFile).ShouldBe(("u", "sub/secrets/p"));
        access.Tls.ShouldBe(new TlsTrust { CaFile = "/etc/ca.pem", CertFile = "sub/c.pem", KeyFile = "sub/k.pem", ServerName = "s", InsecureSkipVerify = true, MinVersion = "TLS12" });
        Job("    authorization: {credentials: '${env:TOKEN}'}\n    static_configs: [{targets: ['a:1']}]").Access.Credentials!.Reference.ShouldBe("${env:TOKEN}");
        Job("    bearer_token_file: t\n    static_configs: [{targets: ['a:1']}]").Access.CredentialsFile.ShouldBe("t");
        Problems("    bearer_token: '${env:A}'\n    basic_auth: {username: u}\n    static_configs: [{targets: ['a:1']}]").ShouldContain(p => p.Message.StartsWith("at most one of basic_auth"));
    }

    [Theory]
    [InlineData("[{\"targets\": [\"a:1\", \"b:2\"], \"labels\": {\"x\": \"y\"}}, {\"targets\": [\"c:3\"]}]")]
    [InlineData("- targets: [a:1, b:2]\n  labels: {x: y}\n- targets:\n  - c:3\n")]
    public void TargetFile_JsonOrYaml_GivesGroups(string text)
    {
        var file = TargetFileReader.Read("t", Encoding.UTF8.GetBytes(text));
        file.Problems.ShouldBeEmpty();
        file.Groups.Select(g => (string.Join(',', g.Addresses), g.Labels.ToString())).ShouldBe([("a:1,b:2", "{x=\"y\"}"), ("c:3", "{}")]);
    }

    [Theory]
    [InlineData("{\"targets\": []}", "t:1:1: error: a file of targets must be a list of groups")]
    [InlineData("[{\"targets\": [1], \"label\": {}}]", "t:1:19: error: the group has no key label")]
    [InlineData("[{", "t:2:1: error")]
    public void TargetFile_Bad_SaysWhere(string text, string expected)
    {
        var file = TargetFileReader.Read("t", Encoding.UTF8.GetBytes(text));
        file.Groups.ShouldBeEmpty();
        file.Problems[0].ToString().ShouldStartWith(expected);
    }

    [Fact]
    public void Workspace_HoldsAFileOfTargets_IsNotDisturbed() =>
        WorkspaceReader.Read([new("targets/a.yml", Encoding.UTF8.GetBytes("- targets: [a:1]\n"))]).Problems.ShouldBeEmpty();

    private static (IReadOnlyList<RelabelRule> Rules, IReadOnlyList<Problem> Problems) Read(string rule)
    {
        var reading = Reading($"    metric_relabel_configs:\n\n    - {rule}\n    static_configs: [{{targets: ['a:1']}}]", "s.yaml");
        return (reading.Model?.ScrapeJobs[0].MetricRelabelRules ?? [], reading.Problems);
    }

    private static ScrapeJob Job(string rest, string path = "s.yaml")
    {
        var reading = Reading(rest, path);
        reading.Problems.ShouldBeEmpty();
        return reading.Model!.ScrapeJobs.ShouldHaveSingleItem();
    }

    private static IReadOnlyList<Problem> Problems(string rest) => Reading(rest, "s.yaml").Problems;

    private static WorkspaceReading Reading(string rest, string path) =>
        WorkspaceReader.Read([new(path, Encoding.UTF8.GetBytes($"scrape_configs:\n  - job_name: j\n{rest}\n"))]);
}
