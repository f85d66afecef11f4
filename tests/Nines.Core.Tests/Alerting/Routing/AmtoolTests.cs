using System.Text;
using Nines.Core.Alerting.Routing;
using Nines.Core.Workspace;
using Nines.Core.Workspace.Alertmanager;
using Nines.Metrics;

namespace Nines.Core.Tests.Alerting.Routing;

/// <summary>Our routing tree and our grammar against Debian's amtool 0.25, which knows the classic matchers only.</summary>
public sealed class AmtoolTests : IDisposable
{
    private const string Tool = "/usr/bin/amtool";
    private static readonly string[] Values = ["", "a", "b", "ab", "a b", "x\"y", "b,c"];
    private readonly string _directory = Directory.CreateTempSubdirectory("nines-amtool-").FullName;

    [Fact]
    public async Task Match_RandomTreesAndAlerts_ReachesTheSameReceivers()
    {
        Assert.SkipUnless(File.Exists(Tool), "amtool is not installed (Debian: prometheus-alertmanager)");
        var random = new Random(5);
        var several = 0;
        for (var tree = 0; tree < 25; tree++)
        {
            var text = new StringBuilder("route:\n  receiver: r0\n");
            AppendRoutes(text, random, "  ", 0);
            text.Append("receivers: [").AppendJoin(',', Enumerable.Range(0, 10).Select(i => $"{{name: r{i}}}")).Append("]\n");
            var root = Read(text.ToString()).Config.ShouldNotBeNull(text.ToString()).Root;
            var path = Write(text.ToString());
            for (var i = 0; i < 8; i++)
            {
                var alert = new[] { "team", "severity", "zone" }.Select(n => (Name: n, Value: Values[random.Next(4)])).Where(l => l.Value.Length > 0).ToList();
                var ours = root.Match(Labels.Of(alert)).Select(r => r.Receiver).ToList();
                var (ok, output, error) = await Promtool.RunToolAsync(
                    Tool, ["config", "routes", "test", "--config.file", path, .. alert.Select(l => $"{l.Name}={l.Value}")]);
                ok.ShouldBeTrue(error);
                string.Join(',', ours).ShouldBe(output.Trim(), $"{string.Join(' ', alert)} in\n{text}");
                several += ours.Count > 1 ? 1 : 0;
            }
        }
        several.ShouldBeGreaterThan(10, "alerts that take several routes");
    }

    [Fact]
    public async Task Read_MangledFiles_AreRefusedWhereAmtoolRefusesThem()
    {
        Assert.SkipUnless(File.Exists(Tool), "amtool is not installed (Debian: prometheus-alertmanager)");
        var lines = Everything.Split('\n');
        var (refused, differences) = (0, new List<string>());
        foreach (var (line, at) in lines.Select((l, i) => (l, i)).Where(l => l.l.Contains(": ") || l.l.EndsWith(':')))
        {
            var colon = line.IndexOf(": ", StringComparison.Ordinal);
            foreach (var mangled in (string[])
            [
                "",
                line.Replace(":", "_bogus:", StringComparison.Ordinal),
                .. colon < 0 ? [] : new[] { "''", "0", "nonsense", "[x]", "'{{ .Status }}'", "-5" }.Select(v => line[..(colon + 2)] + v),
            ])
            {
                string[] changed = [.. lines[..at], .. mangled.Length > 0 ? [mangled] : Array.Empty<string>(), .. lines[(at + 1)..]];
                var text = string.Join('\n', changed);
                var (ok, output, error) = await Promtool.RunToolAsync(Tool, "check-config", Write(text));
                var ours = Read(text).Problems.Where(p => p.Severity == ProblemSeverity.Error).ToList();
                refused += ok ? 0 : 1;
                if (ok != (ours.Count == 0))
                {
                    differences.Add($"line {at + 1} \"{line.Trim()}\" → \"{mangled.Trim()}\": amtool {(ok ? "accepts" : output.Trim() + error.Trim())}; "
                        + $"we {(ours.Count == 0 ? "accept" : ours[0].Message)}");
                }
            }
        }
        refused.ShouldBeGreaterThan(300);
        differences.ShouldBeEmpty(string.Join('\n', differences));
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private const string Everything = """
        global:
          resolve_timeout: 5m
          slack_api_url: https://slack.test/x
          smtp_smarthost: mail.test:587
          smtp_from: a@b.test
          opsgenie_api_key: k
        route:
          receiver: all
          group_by: [cluster]
          group_wait: 1s
          group_interval: 1m
          repeat_interval: 1h
          routes:
          - receiver: one
            continue: true
            match:
              a: b
            match_re:
              c: d|e
            matchers:
            - f="g"
            mute_time_intervals:
            - nights
            active_time_intervals:
            - days
        receivers:
        - name: one
        - name: all
          webhook_configs:
          - url: http://hook.test/
            send_resolved: false
            max_alerts: 3
            http_config:
              follow_redirects: true
              basic_auth:
                username: u
                password: p
          slack_configs:
          - channel: ops
            title: t
            short_fields: true
            fields:
            - title: t
              value: v
              short: false
            actions:
            - type: button
              text: t
              url: http://x.test/
          email_configs:
          - to: ops@shop.test
            require_tls: false
            headers:
              Subject: s
          pagerduty_configs:
          - routing_key: k
            severity: error
            details:
              x: y
            links:
            - href: h
              text: t
          opsgenie_configs:
          - message: m
            update_alerts: true
            responders:
            - name: n
              type: team
          pushover_configs:
          - user_key: u
            token: t
            retry: 1m
            expire: 1h
          victorops_configs:
          - api_key: k
            routing_key: r
          wechat_configs:
          - api_secret: s
            corp_id: c
          telegram_configs:
          - bot_token: t
            chat_id: 5
            parse_mode: HTML
          sns_configs:
          - topic_arn: t
            sigv4:
              region: r
          webex_configs:
          - room_id: r
            http_config:
              authorization:
                credentials: c
          discord_configs:
          - webhook_url: http://discord.test/
        inhibit_rules:
        - source_match:
            a: b
          source_matchers:
          - a="b"
          target_match_re:
            a: c
          equal: [x]
        time_intervals:
        - name: days
          time_intervals:
          - weekdays: ['monday:friday']
            times:
            - start_time: '09:00'
              end_time: '17:00'
            days_of_month: ['1:5', '-3:-1']
            months: ['may:august']
            years: ['2026']
            location: Europe/Berlin
        mute_time_intervals:
        - name: nights
          time_intervals:
          - times:
            - start_time: '22:00'
              end_time: '24:00'
        templates:
        - none/*.tmpl
        """;

    private static void AppendRoutes(StringBuilder text, Random random, string indent, int depth)
    {
        var count = depth > 2 ? 0 : random.Next(depth == 0 ? 2 : 0, 4);
        if (count > 0)
        {
            text.Append(indent).Append("routes:\n");
        }
        for (var i = 0; i < count; i++)
        {
            text.Append(indent).Append($"- receiver: r{random.Next(10)}\n");
            var label = new[] { "team", "severity", "zone" }[random.Next(3)];
            var value = Values[random.Next(Values.Length)];
            text.Append(indent).Append("  ").Append(random.Next(4) switch
            {
                0 => $"match: {{{label}: {Quoted(value)}}}\n",
                1 => $"match_re: {{{label}: 'a|b|{random.Next(3)}'}}\n",
                2 => $"matchers: [{Quoted($"{label}!=\"{value.Replace("\"", "\\\"", StringComparison.Ordinal)}\"")}, 'zone=~\"a?b*\"']\n",
                _ => $"matchers: [{Quoted($"{{{label}=~\".*{(char)('a' + random.Next(3))}.*\", zone!~\"b\"}}")}]\n",
            });
            if (random.Next(3) == 0)
            {
                text.Append(indent).Append("  continue: true\n");
            }
            AppendRoutes(text, random, indent + "  ", depth + 1);
        }
    }

    private static string Quoted(string text) => "'" + text.Replace("'", "''", StringComparison.Ordinal) + "'";

    private static AlertmanagerReading Read(string text) =>
        AlertmanagerReader.Read(new WorkspaceFile("alertmanager.yml", Encoding.UTF8.GetBytes(text)), MatcherMode.Classic);

    private string Write(string text)
    {
        var path = Path.Combine(_directory, "alertmanager.yml");
        File.WriteAllText(path, text);
        return path;
    }
}
