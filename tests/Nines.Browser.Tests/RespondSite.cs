using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Nines.Core.Alerting;
using Nines.Metrics;

namespace Nines.Browser.Tests;

/// <summary>A site with routes, rules and messages: one receiver takes them, one refuses them, and one is not there.</summary>
internal sealed class RespondSite(Site site, WebApplication receivers) : IAsyncDisposable
{
    public const string Token = "xoxb-s3cr3t";

    /// <summary>The workspace, its receivers on a port where nobody listens.</summary>
    public static readonly (string, string)[] Files = FilesFor("http://127.0.0.1:9");

    public Site Site => site;

    public static async Task<RespondSite> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        var receivers = builder.Build();
        receivers.Urls.Add("http://127.0.0.1:0");
        receivers.MapPost("/takes", () => Results.Ok());
        receivers.MapPost("/refuses", () => Results.Json(new Dictionary<string, string[]> { ["errors"] = ["routing_key is unknown"] }, statusCode: 400));
        await receivers.StartAsync();
        var site = await Site.StartAsync(files: FilesFor(receivers.Urls.First()));
        await site.PostAsync(
            Alert("Slow", "critical", "mysql", "eu", "Queries of eu take longer than 2 s"), Alert("Slow", "critical", "mysql", "us", "Queries of us take longer than 2 s"),
            Alert("DiskFull", "ticket", "postgres", "eu", "The disk of eu is full on Sunday"));
        await site.UntilAsync(alerts => alerts.SelectMany(a => a.Deliveries).ToList() is { Count: >= 5 } told && told.TrueForAll(d => d.Receiver switch
        {
            "pager" => d.State == DeliveryState.Failed,
            "direct" => d.State == DeliveryState.Sent,
            _ => d.Attempts > 0,
        }));
        return new(site, receivers);
    }

    public async ValueTask DisposeAsync()
    {
        await site.DisposeAsync();
        await receivers.DisposeAsync();
    }

    private static PostedAlert Alert(string name, string severity, string service, string cluster, string summary) => new(
        Labels.Of(("alertname", name), ("severity", severity), ("service", service), ("cluster", cluster)), Labels.Of(("summary", summary)), 0, 0, "");

    private static (string, string)[] FilesFor(string receivers) =>
    [
        ("delivery.yaml", $$"""
            apiVersion: nines/v1
            kind: Delivery
            metadata: {name: all}
            spec:
              receivers:
                - name: direct
                  severities: [ticket]
                  webhook: {url: "{{receivers}}/takes"}
            """),
        ("alertmanager.yml", $$$"""
            route:
              receiver: team-chat
              group_by: [alertname, cluster]
              routes:
              - receiver: pager
                matchers: ['severity="critical"']
                group_wait: 0s
                continue: true
              - receiver: database
                matchers: ['service=~"mysql|postgres"', 'environment!="staging"']
                mute_time_intervals: [weekend]
                group_wait: 0s
                routes:
                - {receiver: archive, matchers: ['severity="info"'], repeat_interval: 24h}
              - receiver: team-chat
                matchers: ['service=~"mysql|a-rather-long-name-of-a-service-that-wraps-on-phones"']
                active_time_intervals: [office-hours]
            inhibit_rules:
            - {source_matchers: ['severity="critical"'], target_matchers: ['severity="warning"'], equal: [cluster]}
            receivers:
            - {name: team-chat, slack_configs: [{api_url: '{{{receivers}}}/{{{Token}}}', channel: '#ops'}]}
            - {name: pager, pagerduty_configs: [{url: '{{{receivers}}}/refuses', routing_key: '{{{Token}}}'}]}
            - {name: database, slack_configs: [{api_url: 'http://127.0.0.1:9/{{{Token}}}', channel: '#db'}]}
            - {name: archive}
            time_intervals:
            - {name: weekend, time_intervals: [{weekdays: [saturday, sunday]}]}
            - {name: office-hours, time_intervals: [{weekdays: ['monday:friday'], times: [{start_time: '09:00', end_time: '17:00'}], location: Europe/Berlin}]}
            """),
        ("rules.yml", """
            groups:
            - name: shop
              interval: 1s
              rules:
              - {record: 'job:up:sum', expr: sum by (job) (up)}
              - alert: NoRequests
                expr: sum by (job, instance, region) (rate(http_requests_total{job="shop", code!~"5..", environment="production"}[5m])) == 0 and on (job) up == 1
                for: 5m
                labels: {severity: page}
              - {alert: AlwaysOn, expr: vector(1), labels: {severity: none}}
              - alert: Twice
                expr: label_replace(vector(1), "a", "b", "", "") or vector(2)
                labels: {severity: none, a: c}
            """),
    ];
}
