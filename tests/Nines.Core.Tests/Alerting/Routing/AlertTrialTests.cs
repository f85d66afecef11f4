using System.Text;
using Nines.Core.Alerting;
using Nines.Core.Alerting.Routing;
using Nines.Core.Delivery;
using Nines.Core.Workspace;
using Nines.Core.Workspace.Alertmanager;
using Nines.Metrics;

namespace Nines.Core.Tests.Alerting.Routing;

public sealed class AlertTrialTests
{
    private const long Second = 1_000_000_000;

    // Saturday 21 November 2026, 10:00 UTC.
    private const long Saturday = 1_795_255_200 * Second;

    private const string Config = """
        route:
          receiver: chat
          group_by: [alertname, cluster]
          group_wait: 30s
          group_interval: 5m
          routes:
          - receiver: pager
            matchers: ['severity="critical"']
            group_wait: 0s
            continue: true
          - receiver: database
            matchers: ['service=~"mysql|postgres"']
            mute_time_intervals: [weekend]
            routes:
            - receiver: archive
              matchers: ['severity="info"', 'team!=""']
          - receiver: late
            matchers: ['service="mysql"']
        inhibit_rules:
        - source_matchers: ['alertname="ClusterDown"']
          target_matchers: ['severity="critical"']
          equal: [cluster]
        receivers: [{name: chat}, {name: pager}, {name: database}, {name: archive}, {name: late}]
        time_intervals:
        - name: weekend
          time_intervals: [{weekdays: ['saturday', 'sunday']}]
        """;

    private static readonly RoutingPlan Plan = Read(Config);

    [Theory]
    [InlineData("severity=critical service=mysql", "chat:Passes pager:Takes database:Takes archive:Differs late:Shadowed")]
    [InlineData("severity=info service=mysql", "chat:Passes pager:Differs database:Takes archive:Differs late:Shadowed")]
    [InlineData("severity=info service=mysql team=a", "chat:Passes pager:Differs database:Passes archive:Takes late:Shadowed")]
    [InlineData("severity=warning", "chat:Takes pager:Differs database:Differs archive:Unreached late:Differs")]
    [InlineData("severity=critical", "chat:Passes pager:Takes database:Differs archive:Unreached late:Differs")]
    public void Routes_EachHasItsFate(string alert, string fates) =>
        string.Join(' ', Try(alert).Routes.Select(r => $"{r.Route.Receiver}:{r.Fate}")).ShouldBe(fates);

    [Theory]
    [InlineData("severity=info service=mysql", "archive", "team!=\"\" does not hold: the alert has no team")]
    [InlineData("severity=warning", "pager", "severity=\"critical\" does not hold: severity is warning")]
    [InlineData("severity=warning", "archive", "the route above was not taken")]
    [InlineData("service=mysql", "late", "{service=~\"mysql|postgres\"} at am.yml:11:5 took it before and does not say continue")]
    public void Routes_ThatDoNotTakeIt_SayWhy(string alert, string receiver, string why) =>
        Try(alert).Routes.Where(r => r.Route.Receiver == receiver).Select(r => RouteText.Why(r, Of(alert))).ShouldBe([why]);

    [Fact]
    public void Routes_ThatTakeIt_AreThoseOfRouting()
    {
        string[] severities = ["", "critical", "info"], services = ["", "mysql", "web"], teams = ["", "a"];
        foreach (var labels in from s in severities from v in services from t in teams select Labels.Of(("severity", s), ("service", v), ("team", t)))
        {
            RouteTrial.Of(Plan.Roots[0], labels).Where(r => r.Fate == RouteFate.Takes).Select(r => r.Route).ShouldBe(Plan.Roots[0].Match(labels));
        }
    }

    [Fact]
    public void Tellings_SayWhenAndInWhichGroup()
    {
        // Wednesday 25 November 2026.
        var trial = Try("alertname=Slow severity=critical service=mysql cluster=eu", Saturday + 4 * 86_400 * Second);
        trial.Tellings.Select(t => (t.Receiver.Name, t.GroupKey, (t.ToldNs - trial.AtNs) / Second)).ShouldBe(
        [
            ("pager", "{}/{severity=\"critical\"}:{alertname=\"Slow\", cluster=\"eu\"}", 0),
            ("database", "{}/{service=~\"mysql|postgres\"}:{alertname=\"Slow\", cluster=\"eu\"}", 30),
        ]);
        var message = trial.Tellings[1].Notification(new("slack", 0, true, new Settings(new Dictionary<string, object>()), default), trial.Alert);
        (message.Reason, message.DecidedAtNs, message.Alerts.Single().Labels["alertname"]).ShouldBe((NoticeReason.First, trial.AtNs + 30 * Second, "Slow"));
    }

    [Fact]
    public void Telling_InAMutedTime_ComesWithTheFirstLookAfterIt()
    {
        var telling = Try("service=mysql").Tellings.Single();
        telling.QuietIn.Select(i => i.Name).ShouldBe(["weekend"]);
        RouteText.Quiet(telling.Route, telling.QuietIn).ShouldBe("muted in weekend");
        // Looks come every five minutes from 10:00:30 on; Monday begins 38 hours after 10:00.
        (telling.ToldNs - Saturday).ShouldBe((38 * 3600 + 30) * Second);
    }

    [Fact]
    public void Telling_Silenced_WaitsForTheEndAndForThatOfTheNextSilence()
    {
        var first = Silence("a", 0, 3600);
        var next = Silence("b", 3500, 7200);
        var other = Silence("c", 0, 9000) with { Matchers = [new("severity", MatchOp.Equal, "info")] };
        var telling = AlertTrial.Of(Plan, Alert("severity=warning"), Saturday, [first, next, other], [], []).Tellings.Single();
        telling.SilencedBy.Select(s => s.Id).ShouldBe(["a"]);
        // 30 s + 24 × 5 min is the first look after 7,200 s.
        (telling.ToldNs - Saturday).ShouldBe((30 + 24 * 300) * Second);
        AlertTrial.Of(Plan, Alert("severity=warning"), Saturday, [Silence("d", 0, 41 * 86_400)], [], []).Tellings.Single().ToldNs.ShouldBeNull();
    }

    [Theory]
    [InlineData("alertname=ClusterDown cluster=eu", true)]
    [InlineData("alertname=ClusterDown cluster=us", false)]
    [InlineData("alertname=Other cluster=eu", false)]
    public void Telling_Inhibited_HasNoTime(string firing, bool inhibits)
    {
        var trial = AlertTrial.Of(Plan, Alert("severity=critical cluster=eu"), Saturday, [], [Of(firing)], []);
        trial.InhibitedBy.Select(i => i.Source["alertname"]).ShouldBe(inhibits ? ["ClusterDown"] : []);
        (trial.Tellings.Single(t => t.Receiver.Name == "pager").ToldNs is null).ShouldBe(inhibits);
    }

    [Fact]
    public void Telling_OfAGroupThatIsThere_ComesWithItsNextLookAndItsAlerts()
    {
        var (loud, quiet) = (Standing("instance=a", AlertStanding.Active), Standing("instance=b", AlertStanding.Suppressed));
        var group = new GroupReport(Labels.Empty, "chat", "{}:{}", Saturday + 77 * Second, [loud, quiet]);
        var trial = AlertTrial.Of(Plan, Alert("severity=warning"), Saturday, [], [], [group]);
        var telling = trial.Tellings.Single();
        (telling.ToldNs - Saturday).ShouldBe(77 * Second);
        var message = telling.Notification(new("slack", 0, true, new Settings(new Dictionary<string, object>()), default), trial.Alert);
        message.Reason.ShouldBe(NoticeReason.NewAlerts);
        message.Alerts.Select(a => a.Labels.ToString()).ShouldBe(["{severity=\"warning\"}", "{instance=\"a\"}"]);
    }

    [Fact]
    public void DirectReceivers_AreToldAtOnceByTheirSeverities()
    {
        DirectReceiver Receiver(string name, params string[] severities) =>
            new(name, severities, new("webhook", 0, true, new Settings(new Dictionary<string, object>()), default));
        var plan = RoutingPlan.Of([Receiver("phone", "page"), Receiver("all")]);
        AlertTrial.Of(plan, Alert("severity=ticket"), Saturday, [], [], []).Tellings.Select(t => (t.Receiver.Name, t.ToldNs - Saturday)).ShouldBe([("all", 0L)]);
        AlertTrial.Of(plan, Alert("severity=page"), Saturday, [], [], []).Tellings.Select(t => t.Receiver.Name).ShouldBe(["phone", "all"]);
        AlertTrial.Of(RoutingPlan.Of([]), Alert("severity=page"), Saturday, [], [], []).Tellings.ShouldBeEmpty();
    }

    private static AlertTrial Try(string alert, long atNs = Saturday) => AlertTrial.Of(Plan, Alert(alert), atNs, [], [], []);

    private static Labels Of(string text) => AlertText.Read(text).Labels!;

    private static NotifiedAlert Alert(string text) => new(AlertMachine.FingerprintOf(Of(text)), Of(text), Labels.Empty, Saturday, 0, "");

    private static Silence Silence(string id, long from, long to) => new()
    {
        Id = id, Matchers = [new("severity", MatchOp.Equal, "warning")], StartsAtNs = Saturday + from * Second, EndsAtNs = Saturday + to * Second,
        UpdatedAtNs = Saturday, CreatedBy = "aiko", Comment = "moving",
    };

    private static RoutedAlert Standing(string labels, AlertStanding standing) => new(
        new AlertState
        {
            Labels = Of(labels), Annotations = Labels.Empty, StartsAtNs = Saturday - 60 * Second, EndsAtNs = Saturday + 240 * Second, UpdatedAtNs = Saturday,
            EpisodeNs = Saturday, Firing = true,
        }, ["chat"], standing, [], [], []);

    private static RoutingPlan Read(string text)
    {
        var reading = AlertmanagerReader.Read(new WorkspaceFile("am.yml", Encoding.UTF8.GetBytes(text)));
        return RoutingPlan.Of(reading.Config.ShouldNotBeNull(string.Join('\n', reading.Problems)), "");
    }
}
