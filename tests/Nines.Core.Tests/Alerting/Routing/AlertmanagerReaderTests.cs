using System.Text;
using Nines.Core.Alerting.Routing;
using Nines.Core.Workspace;
using Nines.Core.Workspace.Alertmanager;
using Nines.Metrics;

namespace Nines.Core.Tests.Alerting.Routing;

public sealed class AlertmanagerReaderTests
{
    [Fact]
    public void Read_ARouteThatSaysNothing_HasAlertmanagersDefaults()
    {
        var config = Good("route: {receiver: d}\nreceivers: [{name: d}]\n");
        var root = config.Root;
        (root.Key, root.Receiver, root.GroupByAll, root.GroupWaitMs, root.GroupIntervalMs, root.RepeatIntervalMs)
            .ShouldBe(("{}", "d", false, 30_000, 300_000, 14_400_000));
        root.GroupBy.ShouldBeEmpty();
        config.ResolveTimeoutMs.ShouldBe(300_000);
    }

    [Fact]
    public void Read_Children_InheritReceiverGroupingAndTimersButNoTimes()
    {
        var config = Good("""
            route:
              receiver: d
              group_by: [cluster, alertname]
              group_wait: 0s
              repeat_interval: 1h
              routes:
              - matchers: ['z="1"', 'a=~"x|y"']
                mute_time_intervals: [nights]
                routes:
                - match: {severity: critical}
                  group_by: ['...']
                - match_re: {severity: warn.*}
                  group_by: []
            receivers: [{name: d}]
            time_intervals: [{name: nights, time_intervals: [{times: [{start_time: '22:00', end_time: '24:00'}]}]}]
            """);
        var child = config.Root.Routes.Single();
        (child.Key, child.GroupWaitMs, child.RepeatIntervalMs, child.MutedIn.Single().Name).ShouldBe(("{}/{a=~\"x|y\",z=\"1\"}", 0, 3_600_000, "nights"));
        child.GroupBy.ShouldBe(["cluster", "alertname"]);
        child.Routes[0].MutedIn.ShouldBeEmpty();
        child.Routes[0].GroupByAll.ShouldBeTrue();
        child.Routes[1].GroupBy.ShouldBeEmpty();
        child.Routes[1].Key.ShouldBe("{}/{a=~\"x|y\",z=\"1\"}/{severity=~\"warn.*\"}");
        child.Routes[1].Path.ShouldBe([0, 1]);
    }

    [Fact]
    public void Read_Integrations_HaveGlobalsAndDefaultsFilledIn()
    {
        var config = Good("""
            global:
              slack_api_url: https://slack.test/global
              smtp_from: nines@shop.test
              smtp_smarthost: mail.shop.test:587
              http_config: {proxy_url: 'http://proxy.test:3128'}
            route: {receiver: d}
            receivers:
            - name: d
              slack_configs:
              - {channel: '#ops'}
              - {channel: '#ops', api_url_file: /run/slack, send_resolved: yes, http_config: {follow_redirects: false}}
              email_configs: [{to: ops@shop.test, headers: {Subject: '{{ .Status }}'}}]
              pagerduty_configs: [{routing_key: k, details: {firing: mine, more: x}}]
              webhook_configs: [{url: 'http://hook.test/', timeout: 500ms, max_alerts: 3}]
            """);
        var all = config.Receivers.Single().Integrations;
        all.Select(i => (i.Kind, i.Index, i.SendsResolved)).ShouldBe(
            [("email", 0, false), ("pagerduty", 0, true), ("slack", 0, false), ("slack", 1, true), ("webhook", 0, true)]);
        var slack = all[2].Settings;
        (slack.Text("api_url"), slack.Text("title"), slack.Nested("http_config")!.Text("proxy_url"))
            .ShouldBe(("https://slack.test/global", "{{ template \"slack.default.title\" . }}", "http://proxy.test:3128"));
        // Its own file replaces the global address, and its own client the global one.
        (all[3].Settings.Text("api_url"), all[3].Settings.Text("api_url_file"), all[3].Settings.Nested("http_config")!.Text("proxy_url"))
            .ShouldBe((null, "/run/slack", null));
        all[0].Settings.Flag("require_tls").ShouldBeTrue();
        all[0].Settings.Map("headers")["Subject"].ShouldBe("{{ .Status }}");
        all[1].Settings.Map("details").Keys.Order().ShouldBe(["firing", "more", "num_firing", "num_resolved", "resolved"]);
        all[1].Settings.Map("details")["firing"].ShouldBe("mine");
        (all[4].Settings.Number("timeout"), all[4].Settings.Number("max_alerts")).ShouldBe((500L, 3L));
    }

    [Fact]
    public void Read_ManyMistakes_NamesAllWithTheirPlaces()
    {
        var problems = Read("""
            route:
              receiver: e
              continue: true
              matchers: [a=b]
              group_by: ['...', cluster]
              group_interval: 0s
              routes:
              - {receiver: d, matchers: ['a=~"("'], active_time_intervals: [never]}
              - {reciever: d}
            receivers:
            - name: d
              slack_configs: [{chanel: '#ops'}]
              webhook_configs: [{url: 'ftp://x', url_file: y}]
            - name: d
              telegram_configs: [{bot_token: x, chat_id: many, message: '{{ if }}'}]
            inhibit_rules:
            - equal: [a, a]
            mute_time_intervals: [{name: n}, {name: n}]
            """).Problems;
        problems.Select(p => $"{p.Position.Line}:{p.Position.Column} {p.Message}").ShouldBe(
        [
            "2:13 undefined receiver \"e\" used in route",
            "3:13 cannot have continue in root route",
            "4:13 root route must not have any matchers",
            "5:14 cannot have wildcard group_by (`...`) and other labels at the same time",
            "6:19 group_interval cannot be zero",
            "8:30 invalid regular expression \"(\": missing closing )",
            "8:65 undefined time interval \"never\" used in route",
            "9:6 a route has no key reciever",
            "12:19 slack_config needs api_url or api_url_file",
            "12:20 slack_config has no key chanel",
            "13:27 url must be an http or https address",
            "14:9 notification config name \"d\" is not unique",
            "15:46 chat_id must be a whole number, not many",
            "15:61 message is no template, so its notifications will fail: template: message:1: missing value for if",
            "17:14 duplicated label \"a\" in equal",
            "18:41 time interval \"n\" is not unique",
        ]);
    }

    [Theory]
    [InlineData("", "alertmanager.yml must be one mapping with a route")]
    [InlineData("global: {}\n", "no route provided in config")]
    [InlineData("route: {group_by: [a]}\n", "root route must specify a default receiver")]
    public void Read_NothingToRouteBy_IsAnError(string text, string message) => Read(text).Problems.ShouldContain(p => p.Message == message);

    [Fact]
    public void Inhibitor_AnyFiringSource_WillDoButNoneInhibitsItself()
    {
        var rule = Good("""
            route: {receiver: d}
            receivers: [{name: d}]
            inhibit_rules: [{source_matchers: ['severity=~"page|both"'], target_matchers: ['severity=~"ticket|both"'], equal: [service, zone]}]
            """).InhibitRules.Single();
        var ticket = Labels.Of(("severity", "ticket"), ("service", "a"));
        var page = Labels.Of(("severity", "page"), ("service", "a"));
        var both = Labels.Of(("severity", "both"), ("service", "a"));
        rule.InhibitorOf(ticket, [Labels.Of(("severity", "page"), ("service", "b")), page]).ShouldBe(page);
        rule.InhibitorOf(ticket, [page.With("zone", "1")]).ShouldBeNull();
        rule.InhibitorOf(page, [page, both]).ShouldBeNull();
        rule.InhibitorOf(both, [both]).ShouldBeNull();
        rule.InhibitorOf(both, [both, page]).ShouldBe(page);
        rule.InhibitorOf(ticket, [both]).ShouldBe(both);
    }

    private static AlertmanagerReading Read(string text) => AlertmanagerReader.Read(new WorkspaceFile("alertmanager.yml", Encoding.UTF8.GetBytes(text)));

    private static AlertmanagerConfig Good(string text)
    {
        var reading = Read(text);
        reading.Problems.ShouldBeEmpty();
        return reading.Config.ShouldNotBeNull();
    }
}
