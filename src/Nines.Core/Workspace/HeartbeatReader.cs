using Nines.Core.Alerting.Routing;
using Nines.Core.Catalog;
using Nines.Core.Probes.Push;
using Nines.Metrics;
using Nines.PromQL;
using NodaTime;

namespace Nines.Core.Workspace;

/// <summary>A heartbeat whose service and environment are not looked up yet.</summary>
internal sealed record DraftHeartbeat(BindingFile File, YamlText? Service, YamlText? Environment, bool HasSeverity, Heartbeat Heartbeat);

/// <summary>Reads the spec of a Heartbeat: when something is expected to report, and what makes a report good.</summary>
internal static class HeartbeatReader
{
    private const long MinuteMs = 60_000, DayMs = 86_400_000;

    // Enough runs to see a change of clocks and the ends of months.
    private const int Looked = 400;

    public static void Read(Fields spec, YamlText? name, string? displayName, Found found)
    {
        var file = spec.File;
        if (spec.Map("send") is { } send)
        {
            Send(send, name, displayName, found);
            return;
        }
        var service = spec.Text("service");
        var environment = spec.Text("environment");
        var watchdog = spec.Map("watchdog");
        var schedule = ScheduleOf(spec, watchdog is not null);
        var grace = spec.Duration("grace", 0, 31 * DayMs) ?? 5 * MinuteMs;
        var maxRuntime = spec.Duration("maxRuntime", 1_000, 31 * DayMs);
        var evidence = spec.Map("evidence");
        var rows = evidence?.Map("rows", required: true);
        var least = rows?.Number("min", 1, long.MaxValue, required: true);
        rows?.Done();
        evidence?.Done();
        var severity = spec.Text("severity");
        var runbook = Runbook(spec);
        var matchers = watchdog is null ? [] : Watchdog(watchdog);
        if (schedule is CronSchedule && Shortest(schedule) is var gap && grace > gap - MinuteMs)
        {
            file.Error(spec.Any("grace") ?? spec.Node, "bad-value", $"grace {Durations.Format(grace)} reaches into the next run, {Durations.Format(gap)} later:"
                + " a report could not be told from one of that run",
                $"make it shorter than {Durations.Format(gap - MinuteMs)}");
        }
        if (name is null || !found.IsNew(file, name, "heartbeat", name.Value) || schedule is null)
        {
            return;
        }
        found.Heartbeats.Add(new(file, service, environment, severity is not null, new Heartbeat(name.Value, schedule, grace)
        {
            DisplayName = displayName ?? name.Value,
            Service = service?.Value ?? "",
            Environment = environment?.Value ?? DeploymentEnvironment.Default,
            MaxRuntimeMs = maxRuntime,
            MinRows = (long?)least,
            Severity = severity?.Value ?? "page",
            Runbook = runbook,
            Watchdog = matchers,
            Position = file.At(name),
        }));
    }

    /// <summary>Looks services and environments up, and makes those of environments that page nobody tickets.</summary>
    public static IReadOnlyList<Heartbeat> Link(Found found, Action<BindingFile, YamlText?, YamlText?> known) =>
        [.. found.Heartbeats.OrderBy(d => d.Heartbeat.Name, StringComparer.Ordinal).Select(draft =>
        {
            known(draft.File, draft.Service, draft.Environment);
            var pages = !found.Environments.TryGetValue(draft.Heartbeat.Environment, out var environment) || environment.Pages;
            return pages || draft.HasSeverity ? draft.Heartbeat : draft.Heartbeat with { Severity = "ticket" };
        })];

    /// <summary>A heartbeat that Nines itself sends.</summary>
    private static void Send(Fields send, YamlText? name, string? displayName, Found found)
    {
        var url = send.Secret("url", required: true, warnWhenLiteral: false);
        if (url is not null && !url.Reference.Contains("${", StringComparison.Ordinal)
            && !(Uri.TryCreate(url.Reference, UriKind.Absolute, out var parsed) && parsed.Scheme is "http" or "https"))
        {
            send.File.Error(send.Any("url")!, "bad-value", "url is not an http address", "write http://… or https://…, or ${env:NAME}");
            url = null;
        }
        var every = send.Duration("every", 10_000, DayMs, required: true);
        var access = HttpAccessReader.Read(send);
        send.Done();
        if (name is not null && found.IsNew(send.File, name, "heartbeat", name.Value) && url is not null && every is { } ms)
        {
            found.Beats.Add(new(name.Value, url, ms) { DisplayName = displayName ?? name.Value, Access = access });
        }
    }

    private static HeartbeatSchedule? ScheduleOf(Fields spec, bool isWatchdog)
    {
        var (every, cron) = (spec.Any("every"), spec.Text("cron"));
        var period = spec.Duration("every", 10_000, 366 * DayMs);
        var zone = spec.Zone("timezone");
        if (every is not null && cron is not null)
        {
            spec.File.Error(cron, "bad-value", "every and cron are both given", "drop one");
            return null;
        }
        if (cron is not null)
        {
            if (zone is null && spec.Any("timezone") is null)
            {
                spec.File.Warn(cron, "no-timezone", "the times of cron are UTC",
                    "write timezone: UTC if that is meant, or the zone of the job, such as Europe/Berlin");
            }
            var (schedule, problem) = CronSchedule.Of(cron.Value, zone ?? DateTimeZone.Utc);
            if (schedule is null)
            {
                spec.File.Error(cron, "bad-value", $"cron {cron.Value} is no schedule: {problem}", "such as \"0 3 * * 0\", Sundays at 03:00");
            }
            return schedule;
        }
        if (spec.Any("timezone") is { } unused)
        {
            spec.File.Warn(unused, "not-used", "timezone is not used with every", "drop it");
        }
        if (every is null && !isWatchdog)
        {
            spec.File.Error(spec.Node, "missing", "a heartbeat needs every or cron", "such as every: 1h, or cron: \"0 3 * * 0\"");
            return null;
        }
        // Alertmanager's clients repeat an alert at least every minute.
        return every is null ? new EverySchedule(MinuteMs) : period is { } ms ? new EverySchedule(ms) : null;
    }

    private static long Shortest(HeartbeatSchedule schedule)
    {
        // Any year shows it; this one begins with an ordinary week.
        var at = schedule.NextMs(Instant.FromUtc(2026, 1, 1, 0, 0).ToUnixTimeMilliseconds());
        var shortest = long.MaxValue;
        for (var i = 0; i < Looked && at != long.MaxValue; i++)
        {
            var next = schedule.NextMs(at);
            shortest = Math.Min(shortest, next - at);
            at = next;
        }
        return shortest;
    }

    private static Uri? Runbook(Fields spec)
    {
        Uri? address = null;
        if (spec.Text("runbook") is { } text && !(Uri.TryCreate(text.Value, UriKind.Absolute, out address) && address.Scheme is "http" or "https"))
        {
            spec.File.Error(text, "bad-value", "runbook must be an address", "such as https://wiki.example/scraper");
            return null;
        }
        return address;
    }

    private static List<Matcher> Watchdog(Fields watchdog)
    {
        var matchers = new List<Matcher>();
        if (watchdog.Text("alertname", required: true) is { } alert)
        {
            matchers.Add(new("alertname", MatchOp.Equal, alert.Value));
        }
        foreach (var node in watchdog.List("matchers"))
        {
            var reading = MatcherText.Read((node as YamlText)?.Value ?? "");
            if (reading.Matchers is not { Count: > 0 } read)
            {
                watchdog.File.Error(node, "bad-value", $"this is no matcher: {reading.Error ?? "nothing is said"}", "such as cluster=\"eu\"");
                continue;
            }
            matchers.AddRange(read);
        }
        watchdog.Done();
        return matchers;
    }
}
