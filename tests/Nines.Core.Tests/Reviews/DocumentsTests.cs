using System.Text;
using Nines.Core.Reviews;
using Nines.Core.Workspace;

namespace Nines.Core.Tests.Reviews;

public sealed class DocumentsTests
{
    private const string Workspace = """
        apiVersion: openslo/v1
        kind: Service
        metadata: {name: api, displayName: The API}
        spec: {description: Answers the web page.}
        ---
        apiVersion: openslo/v1
        kind: SLO
        metadata: {name: requests, displayName: Requests are answered}
        spec:
          service: api
          description: 'Errors | timeouts fail.'
          budgetingMethod: Occurrences
          timeWindow: [{duration: 28d, isRolling: true}]
          indicator:
            metadata: {name: requests}
            spec:
              ratioMetric:
                counter: true
                bad: {metricSource: {type: Prometheus, spec: {query: 'http_requests_total{code=~"5.."}'}}}
                total: {metricSource: {type: Prometheus, spec: {query: 'http_requests_total'}}}
          objectives: [{target: 0.999}]
        ---
        apiVersion: openslo/v1
        kind: SLO
        metadata: {name: uptime, displayName: Up}
        spec:
          service: api
          budgetingMethod: Timeslices
          timeWindow: [{duration: 30d, isRolling: true}]
          indicator: {metadata: {name: uptime}, spec: {thresholdMetric: {metricSource: {type: Nines, spec: {query: 'probe_success{probe="api"}'}}}}}
          objectives: [{target: 0.99, op: gte, value: 1, timeSliceWindow: 1m, timeSliceTarget: 1}]
        ---
        apiVersion: nines/v1
        kind: SeverityLadder
        metadata: {name: alerts}
        spec:
          levels:
            - {name: P1, rank: 90, aliases: [page, critical], pages: true, respondWithin: 15m}
            - {name: P3, rank: 20, aliases: [ticket]}
        ---
        apiVersion: nines/v1
        kind: Delivery
        metadata: {name: d}
        spec:
          receivers: [{name: phone, severities: [page], webhook: {url: 'http://127.0.0.1/'}}, {name: mail, webhook: {url: 'http://127.0.0.1/'}}]
          failover: [{receiver: phone, to: mail, after: 5m}]
          wishes: [{receiver: mail, urgent: 'severity="P1"', digest: {at: [Mon-Fri 09:00], timezone: Europe/Berlin}, cooldown: 15m}]
        """;

    private static readonly WorkspaceModel Model = WorkspaceReader.Read([new("w.yaml", Encoding.UTF8.GetBytes(Workspace))]) is var reading
        ? reading.Model ?? throw new InvalidOperationException(string.Join('\n', reading.Problems)) : null!;

    [Fact]
    public void Objectives_SayTargetAllowanceRulesAndPolicy()
    {
        var text = ObjectivesDocument.Of(Model.Services, Model.Objectives);
        text.ShouldContain("| api | Requests are answered | 99.9 % | 28 days | 1 of 1000 events |");
        text.ShouldContain("| api | Up | 99 % | 30 days | 7 h 12 min of 30 days |");
        text.ShouldContain("Errors \\| timeouts fail.");
        text.ShouldContain("http_requests_total{code=~\"5..\"}");
        // 2 % of 28 days' budget in an hour is 13.44 times the even rate; all failing, that is spent after 48 s, and judged within 15 s.
        text.ShouldContain("| page | 2 % of the budget, 13.44 times the even rate | 1 h | 5 min | 1 min 3 s |");
        text.ShouldContain("| caution | above 25 %, up to 50 % |");
    }

    [Fact]
    public void OnCall_SaysPrioritiesAndWhoIsTold()
    {
        var text = OnCallDocument.Of(Model.Routing);
        text.ShouldContain("| P1 | page, critical | yes | 15 min |");
        text.ShouldContain("| P3 | ticket | no | no time set |");
        text.ShouldContain("| mail | webhook | all alerts | at once: {severity=\"P1\"}; the rest in a digest, Mon-Fri 09:00 Europe/Berlin; not again within 15 min |");
        text.ShouldContain("mail stands in");
    }

    [Fact]
    public void Postmortem_SpeaksTheWordsOfTheLadder() => PostmortemDocument.Of(Model.Services, Model.Routing.Ladders).ShouldContain("| Severity | one of P1, P3 |");

    [Fact]
    public void Runbook_HasEveryAlertOfTheWorkspace()
    {
        var model = WorkspaceReader.Read([
            new("w.yaml", Encoding.UTF8.GetBytes(Workspace)), new("c.yaml", "apiVersion: nines/v1\nkind: Collector\nmetadata: {name: host}\nspec: {type: host}\n---\napiVersion: nines/v1\nkind: Probe\nmetadata: {name: web}\nspec: {http: {url: 'http://127.0.0.1:8080/'}, service: api}\n---\napiVersion: nines/v1\nkind: Heartbeat\nmetadata: {name: scrape}\nspec: {every: 1h, service: api}\n"u8.ToArray()),
            new("r.yml", """
                groups:
                - name: host
                  rules:
                  - alert: DiskFull
                    expr: node_filesystem_avail_bytes < 1
                    for: 5m
                    labels: {severity: ticket, service: api}
                    annotations: {summary: 'Nothing | left', runbook_url: 'https://wiki.test/disk'}
                """u8.ToArray()),
        ]).Model.ShouldNotBeNull();
        var text = RunbookDocument.Of(model.Services,
            [.. RunbookEntry.Of(model.Objectives, model.Services), .. RunbookEntry.Of(model.RuleGroups), .. RunbookEntry.Of(model.Probes), .. RunbookEntry.Of(model.Collectors), .. RunbookEntry.Of(model.Heartbeats)]);
        foreach (var heading in new[] { "### ErrorBudgetBurn: Up", "### SliLost: Requests are answered", "### DiskFull", "### CollectorFailing: host", "### ProbeFailing: web", "### HeartbeatMissed: scrape", "### HeartbeatFailed: scrape" })
        {
            text.ShouldContain(heading + "\n");
        }
        text.ShouldContain("Severity ticket. The query below gives something for 5m. Nothing \\| left\n\n```promql\nnode_filesystem_avail_bytes < 1\n```\n");
        text.ShouldContain("- More: <https://wiki.test/disk>");
        text.ShouldContain("| CollectorFailing: host | ticket |  |");
    }

    [Fact]
    public void Documents_RenderedTwice_AreTheSame() =>
        ObjectivesDocument.Of(Model.Services, Model.Objectives).ShouldBe(ObjectivesDocument.Of(Model.Services, Model.Objectives));
}
