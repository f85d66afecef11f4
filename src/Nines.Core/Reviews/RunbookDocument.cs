using Nines.Core.Alerting;
using Nines.Core.Catalog;
using Nines.Core.Objectives;
using Nines.Core.Probes;
using Nines.Core.Probes.Collectors;
using Nines.Core.Probes.Push;
using Nines.PromQL;
using static Nines.Core.Reviews.MarkdownText;

namespace Nines.Core.Reviews;

/// <summary>An alert that may arrive, and what to look at first.</summary>
/// <param name="Alert">Its name.</param>
/// <param name="About">What it is about, where one name has several.</param>
/// <param name="Severity">Its severity as written.</param>
/// <param name="Service">The service it belongs to; empty for none.</param>
/// <param name="When">What has to happen for it.</param>
/// <param name="Look">What to look at, in order.</param>
/// <param name="Runbook">Where more stands; empty for nowhere.</param>
public sealed record RunbookEntry(string Alert, string About, string Severity, string Service, string When, IReadOnlyList<string> Look, string Runbook)
{
    /// <summary>The query that raises it; empty for none.</summary>
    public string Query { get; init; } = "";

    /// <summary>The alerts of rules.</summary>
    public static IEnumerable<RunbookEntry> Of(IReadOnlyList<RuleGroup> groups) => groups.SelectMany(g => g.Rules).Where(r => r.Alerts).Select(rule =>
        new RunbookEntry(rule.Name, "", Text(rule.Labels, "severity"), Text(rule.Labels, "service"),
            $"The query below gives something{(rule.ForMs > 0 ? $" for {Durations.Format(rule.ForMs)}" : "")}. {Text(rule.Annotations, "summary")}".TrimEnd(),
            ["`/explore` with the query: since when, and how far it is from the limit?",
            .. Text(rule.Annotations, "description") is { Length: > 0 } more ? [more] : Array.Empty<string>()],
            Text(rule.Annotations, "runbook_url") is { Length: > 0 } url ? url : Text(rule.Annotations, "runbook"))
        { Query = rule.Query });

    /// <summary>The alerts of objectives.</summary>
    public static IEnumerable<RunbookEntry> Of(IReadOnlyList<Objective> objectives, IReadOnlyList<Service> services) => objectives.SelectMany(objective =>
    {
        var severity = objective.Pages && objective.BurnPolicy.Rules.Any(r => r.Severity == BurnSeverity.Page) ? "page" : "ticket";
        var runbook = services.FirstOrDefault(s => s.Name == objective.Service)?.Runbook?.AbsoluteUri ?? "";
        return (RunbookEntry[])
        [
            new("ErrorBudgetBurn", objective.DisplayName, severity, objective.Service,
                $"The budget of \"{objective.DisplayName}\" ({Percent(objective.Target)}) is spent too fast; SLOs.md has the limits.",
                ["The objective's page, *What burned it*: one endpoint, one version, one host, or all?",
                "What was deployed or changed since it began?", "What does it depend on, and how is that?"], runbook),
            new("SliLost", objective.DisplayName, severity, objective.Service,
                $"Nobody knows any more how \"{objective.DisplayName}\" does: its signal is gone.",
                ["`/targets`, `/probes`, `/collectors`: does what gives the signal still answer?", "Does the service run at all?"], runbook),
        ];
    });

    /// <summary>The alerts of collectors.</summary>
    public static IEnumerable<RunbookEntry> Of(IReadOnlyList<Collector> collectors) => collectors.Select(collector =>
        new RunbookEntry(CollectorStanding.AlertName, collector.DisplayName, "ticket", collector.Service,
            $"The collector {collector.Name} ({collector.Work.Type}) failed three times in a row: rules on its figures see nothing.",
            [$"`/collectors/{collector.Name}`: what does it say?", $"`nines collect DIR --name {collector.Name}` runs it once."],
            collector.Runbook?.AbsoluteUri ?? ""));

    /// <summary>The alerts of probes.</summary>
    public static IEnumerable<RunbookEntry> Of(IReadOnlyList<Probe> probes) => probes.Select(probe =>
        new RunbookEntry(ProbeAlerts.Failing, probe.DisplayName, probe.Severity, probe.Service,
        $"{probe.FailuresBeforeDown} looks in a row at {probe.Check.Target} failed ({probe.Kind}); "
            + $"they have to find {string.Join(" and ", probe.Conditions.Select(c => c.Text))}.",
        [$"`/probes/{probe.Name}`: which condition fails, and what was seen?", $"`nines probe DIR --name {probe.Name}` looks once more, from here.",
            .. FirstLook(probe)], probe.Runbook));

    /// <summary>The alerts of heartbeats.</summary>
    public static IEnumerable<RunbookEntry> Of(IReadOnlyList<Heartbeat> heartbeats) => heartbeats.SelectMany(heartbeat =>
    {
        RunbookEntry About(string alert, string when, params string[] look) =>
            new(alert, heartbeat.DisplayName, heartbeat.Severity, heartbeat.Service, when, look, heartbeat.Runbook?.AbsoluteUri ?? "");
        return (RunbookEntry[])
        [
            About("HeartbeatMissed", $"{heartbeat.Name} was to report and did not.",
                $"`/heartbeats/{heartbeat.Name}`: which runs came, and how late?",
                "Does whatever starts it still run, and can it reach Nines?"),
            About("HeartbeatFailed", $"{heartbeat.Name} reported a failure{(heartbeat.MinRows is { } rows ? $", or fewer rows than {rows}" : "")}.",
                $"`/heartbeats/{heartbeat.Name}`: what did it say?", "Its own log."),
        ];
    });

    private static string[] FirstLook(Probe probe) => probe.Check switch
    {
        HttpCheck http => [$"`curl -iv {http.Url}` from the host itself: does it answer there?", "Does its process run, and what does its log say last?"],
        PostgresCheck => [$"`pg_isready -h {Host(probe)} -p {Port(probe)}`",
            "Is the disk full, are its connections used up, does something hold a lock? (`SELECT * FROM pg_stat_activity`)"],
        RedisCheck => [$"`redis-cli -h {Host(probe)} -p {Port(probe)} ping`", "Is its memory used up?"],
        RabbitMqCheck => ["`rabbitmq-diagnostics status` and `alarms`: is a queue full, or memory or disk short?"],
        DnsCheck => ["Does another resolver know the name?"],
        _ => ["Does its process run, and what does its log say last?"],
    };

    private static string Host(Probe probe) => probe.Check.Target[..probe.Check.Target.LastIndexOf(':')];

    private static string Port(Probe probe) => probe.Check.Target[(probe.Check.Target.LastIndexOf(':') + 1)..];

    private static string Text(IReadOnlyList<RuleText> texts, string name) => texts.FirstOrDefault(t => t.Name == name)?.Text ?? "";
}

/// <summary>RUNBOOK.md: every alert that may arrive, by service, each with what to look at first.</summary>
public static class RunbookDocument
{
    /// <summary>The document.</summary>
    public static string Of(IReadOnlyList<Service> services, IReadOnlyList<RunbookEntry> entries)
    {
        var text = new MarkdownText("Runbook");
        text.Paragraph("Every alert that this workspace can raise. `/alerts` shows those that fire; acknowledge what you take up, so that others know.");
        text.Table(["alert", "severity", "service"], entries.Select(e => (IReadOnlyList<string>)[Title(e), Plain(e.Severity), Plain(e.Service)]));
        var named = services.Select(s => s.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var service in services.Where(s => entries.Any(e => e.Service == s.Name)))
        {
            text.Heading(2, Plain(service.DisplayName)).Paragraph(Plain(service.Description));
            Entries(text, entries.Where(e => e.Service == service.Name));
        }
        if (entries.Any(e => !named.Contains(e.Service)))
        {
            text.Heading(2, "The host, and what belongs to no service");
            Entries(text, entries.Where(e => !named.Contains(e.Service)));
        }
        return text.ToString();
    }

    private static string Title(RunbookEntry entry) => entry.About.Length > 0 ? $"{Plain(entry.Alert)}: {Plain(entry.About)}" : Plain(entry.Alert);

    private static void Entries(MarkdownText text, IEnumerable<RunbookEntry> entries)
    {
        foreach (var entry in entries)
        {
            text.Heading(3, Title(entry)).Paragraph($"{(entry.Severity.Length > 0 ? $"Severity {Plain(entry.Severity)}. " : "")}{Plain(entry.When)}");
            if (entry.Query.Length > 0)
            {
                text.Code("promql", entry.Query);
            }
            text.List([.. entry.Look.Select(Plain), .. entry.Runbook.Length > 0 ? [$"More: <{entry.Runbook}>"] : Array.Empty<string>()]);
        }
    }
}
