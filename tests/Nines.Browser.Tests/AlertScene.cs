using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;
using Nines.Core.Alerting;
using Nines.Metrics;

namespace Nines.Browser.Tests;

/// <summary>A night with alerts: told, waiting, silenced, inhibited and over, and a receiver that takes what it is sent.</summary>
internal sealed class AlertScene : IAsyncDisposable
{
    private const long Minute = 60_000_000_000;
    private readonly WebApplication _receiver;

    private AlertScene(WebApplication receiver) => _receiver = receiver;

    /// <summary>One of the pages.</summary>
    public static Labels Outbox { get; } = Of("OrderOutboxNotDraining", "checkout", "page", ("instance", "outbox-0"));

    /// <summary>One that a silence keeps quiet.</summary>
    public static Labels Lag { get; } = Of("SearchReplicaLag", "search", "ticket", ("instance", "replica-1"));

    /// <summary>One that is over.</summary>
    public static Labels Certificate { get; } = Of("CertificateExpires", "gateway", "ticket");

    /// <summary>The workspace's files.</summary>
    public (string, string)[] Files =>
    [
        ("alertmanager.yml", $$"""
            route:
              receiver: team-data
              group_by: [alertname, service]
              group_wait: 0s
              group_interval: 5m
              repeat_interval: 4h
              routes:
                - matchers: [severity="page"]
                  receiver: phone
                  continue: true
                - matchers: [team="data"]
                  receiver: team-data
                - matchers: [service=~"checkout|payments"]
                  receiver: chat
            inhibit_rules:
              - name: dependency-down
                source_matchers: [alertname="PaymentDown"]
                target_matchers: [alertname=~".*ClientErrors"]
            receivers:
              - name: phone
                webhook_configs: [{url: '{{_receiver.Urls.First()}}/phone'}]
              - name: chat
                webhook_configs: [{url: '{{_receiver.Urls.First()}}/chat'}]
              - name: team-data
                webhook_configs: [{url: '{{_receiver.Urls.First()}}/gone'}]
            """),
    ];

    public static async Task<AlertScene> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        var app = builder.Build();
        app.MapPost("/{name}", (string name) => Microsoft.AspNetCore.Http.Results.StatusCode(name == "gone" ? 410 : 200));
        await app.StartAsync(TestContext.Current.CancellationToken);
        return new(app);
    }

    /// <summary>Raises all of them, and waits until the receiver has what it is to have.</summary>
    public static async Task PlayAsync(Site site)
    {
        await site.SilenceAsync("service=\"search\"", "Lucie Martin", "replica rebuild", 31);
        await site.SilenceAsync("service=\"imports\"", "Sam Okafor", "nightly import, slow until the index is built", -20);
        await site.SilenceAsync("alertname=~\"Backup.*\"", "Aiko Tanaka", "moving the backups to the other site", 600, 120);
        await site.PostAsync(
            Alert(Outbox, 2, "Order outbox is not draining", "Oldest message 9 min 01 s, limit 5 min"),
            Alert(Of("OrderOutboxNotDraining", "checkout", "page", ("instance", "outbox-1")), 2, "Order outbox is not draining", "Oldest message 8 min 48 s, limit 5 min"),
            Alert(Of("OrderOutboxNotDraining", "checkout", "page", ("instance", "outbox-2")), 2, "Order outbox is not draining", "Oldest message 8 min 53 s, limit 5 min"),
            Alert(Of("PaymentDown", "payments", "page", ("team", "payments")), 24, "The acquirer answers nobody", "0 of 6 probes succeed from two places", "https://runbooks.example/payments/down"),
            Alert(Of("PriceExporterMissing", "scraper", "ticket", ("team", "data")), 274, "Prices are not being measured", "Target price-exporter is expected and missing"),
            Alert(Lag, 41, "Replica is behind", "412 s behind its primary"),
            Alert(Of("SearchReplicaLag", "search", "ticket", ("instance", "replica-2")), 41, "Replica is behind", "388 s behind its primary"),
            Alert(Of("PaymentClientErrors", "checkout", "ticket", ("instance", "web-1")), 22, "Calls to payments fail", "97 % of calls fail"),
            Alert(Of("PaymentClientErrors", "checkout", "ticket", ("instance", "web-2")), 22, "Calls to payments fail", "98 % of calls fail"),
            Alert(Certificate, 300, "The certificate ends in 13 days", "shop.example, issued by the old authority"));
        // One receiver refuses, and the others are told so.
        await site.UntilAsync(reports => reports.Count(r => r.Deliveries.Any(d => d.State == DeliveryState.Sent)) == 5
            && reports.Any(r => r.Deliveries.Any(d => d.State == DeliveryState.Failed)));
        await site.PostAsync(Alert(Certificate, 300, "The certificate ends in 13 days", "shop.example, issued by the old authority") with { EndsAtNs = At(1) });
    }

    public ValueTask DisposeAsync() => _receiver.DisposeAsync();

    private static Labels Of(string name, string service, string severity, params (string, string)[] more) =>
        Labels.Of([("alertname", name), ("service", service), ("severity", severity), .. more]);

    private static PostedAlert Alert(Labels labels, int minutesAgo, string summary, string description, string runbook = "") =>
        new(labels, Labels.Of([("summary", summary), ("description", description), .. runbook.Length > 0 ? new[] { ("runbook_url", runbook) } : []]),
            At(minutesAgo), 0, "https://prometheus.example/graph?g0.expr=" + labels["alertname"]);

    private static long At(int minutesAgo) => ShiftedTime.Start.ToUnixTimeMilliseconds() * 1_000_000 - minutesAgo * Minute;
}
