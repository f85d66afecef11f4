using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Nines.Core.Probes;
using Nines.Server.Probes.Pages;
using Nines.Server.Web;

namespace Nines.Server.Probes;

/// <summary>The probes: pages and API.</summary>
internal static class ProbeEndpoints
{
    private const long HourMs = 3_600_000;
    private const int StretchesOfList = 48;
    private const int StretchesOfPage = 120;

    internal readonly record struct Parts(IProbeReports Reports, ProbeHistory History, TimeProvider Time)
    {
        public long NowMs => Time.GetUtcNow().ToUnixTimeMilliseconds();

        public ProbeReport? Find(string name) => Reports.All().FirstOrDefault(r => r.Probe.Name == name);

        public IReadOnlyList<ProbeStretch> Course(Probe probe, long hours, int count) => History.Course(probe, NowMs - hours * HourMs, NowMs, count);
    }

    /// <summary><c>GET /nines/v1/probes</c> and one of them.</summary>
    public static void MapProbes(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/nines/v1/probes").WithTags("Probes");
        group.MapGet("", ([AsParameters] Parts parts) => TypedResults.Ok(new ProbeList([.. parts.Reports.All().Select(ProbeItem.Of)])))
            .WithName("ListProbes").WithSummary("All probes: what is down first, then what is unknown.");
        group.MapGet("/{name}", Results<Ok<ProbeDetail>, NotFound> (string name, int? hours, [AsParameters] Parts parts) =>
                parts.Find(name) is { } found
                    ? TypedResults.Ok(ProbeDetail.Of(found, parts.Course(found.Probe, Math.Clamp(hours ?? 12, 1, 168), StretchesOfList)))
                    : TypedResults.NotFound())
            .WithName("GetProbe").WithSummary("A probe with its last run, and its last hours in 48 stretches. Query: hours (12; 1 to 168).");
    }

    /// <summary><c>/probes</c> and one of them.</summary>
    public static void MapProbePages(this IEndpointRouteBuilder pages)
    {
        pages.MapGet("/probes", ([AsParameters] Parts parts, ShellSource shell, HttpContext context) => new RazorComponentResult<ProbesPage>(new
        {
            Probes = parts.Reports.All().Select(r => (r, parts.Course(r.Probe, 12, StretchesOfList))).ToList(),
            parts.NowMs,
            Shell = shell.For(context),
        }));
        pages.MapGet("/probes/{name}", IResult (string name, string? range, [AsParameters] Parts parts, ShellSource shell, HttpContext context) =>
        {
            var shown = ProbeRange.All.FirstOrDefault(r => r.Word == range, ProbeRange.All[1]);
            return parts.Find(name) is not { } found ? TypedResults.NotFound() : new RazorComponentResult<ProbePage>(new
            {
                Report = found,
                Range = shown,
                Course = parts.Course(found.Probe, shown.Hours, StretchesOfPage),
                Durations = parts.History.Durations(found.Probe, parts.NowMs - shown.Hours * HourMs, parts.NowMs, StretchesOfPage),
                parts.NowMs,
                Shell = shell.For(context),
            });
        });
    }
}

/// <summary>How much of the past a probe's page shows.</summary>
/// <param name="Word">As in the address.</param>
/// <param name="Hours">Its length.</param>
/// <param name="Text">As people read it.</param>
public sealed record ProbeRange(string Word, int Hours, string Text)
{
    /// <summary>The choices.</summary>
    public static readonly IReadOnlyList<ProbeRange> All = [new("1h", 1, "1 hour"), new("24h", 24, "24 hours"), new("7d", 168, "7 days")];
}

/// <summary>A list of probes.</summary>
/// <param name="Items">The probes: what is down first, then what is unknown.</param>
public sealed record ProbeList(IReadOnlyList<ProbeItem> Items);

/// <summary>A probe.</summary>
/// <param name="Name">Its name.</param>
/// <param name="DisplayName">What people call it.</param>
/// <param name="Kind">What it does: http, tcp, dns, postgres, redis, rabbitmq or script.</param>
/// <param name="Target">What it looks at.</param>
/// <param name="Service">The service it is of; empty when the workspace does not say.</param>
/// <param name="Environment">The environment it is in.</param>
/// <param name="Severity">The severity of its alert.</param>
/// <param name="State">up, down or unknown.</param>
/// <param name="Since">Since when; null before the first run.</param>
/// <param name="IntervalSeconds">How far apart runs are.</param>
/// <param name="LastRun">Its last run; null before the first since the server's start.</param>
/// <param name="NextRun">When it runs next.</param>
/// <param name="MissedRuns">Runs that were left out since the server's start.</param>
public sealed record ProbeItem(string Name, string DisplayName, string Kind, string Target, string Service, string Environment, string Severity, string State,
    DateTimeOffset? Since, double IntervalSeconds, ProbeRunItem? LastRun, DateTimeOffset? NextRun, long MissedRuns)
{
    internal static ProbeItem Of(ProbeReport report) => new(
        report.Probe.Name, report.Probe.DisplayName, report.Probe.Kind, report.Probe.Check.Target, report.Probe.Service, report.Probe.Environment,
        report.Probe.Severity, report.Verdict.ToString().ToLowerInvariant(), At(report.State.SinceMs), report.Probe.IntervalMs / 1000.0,
        report.Last is { } last ? ProbeRunItem.Of(last) : null, At(report.NextMs), report.Missed);

    private static DateTimeOffset? At(long ms) => ms > 0 ? DateTimeOffset.FromUnixTimeMilliseconds(ms) : null;
}

/// <summary>A run of a probe.</summary>
/// <param name="Scheduled">When it was due.</param>
/// <param name="Started">When it began.</param>
/// <param name="Success">Whether it succeeded.</param>
/// <param name="Reason">Why it failed; empty after a success.</param>
/// <param name="DurationSeconds">How long it took.</param>
/// <param name="Ip">The address that was connected to; empty without a connection.</param>
/// <param name="CertificateSecondsLeft">How long the other side's certificate holds; null without TLS.</param>
public sealed record ProbeRunItem(
    DateTimeOffset Scheduled, DateTimeOffset Started, bool Success, string Reason, double DurationSeconds, string Ip, double? CertificateSecondsLeft)
{
    /// <summary>The item of a run.</summary>
    public static ProbeRunItem Of(ProbeRun run) => new(
        DateTimeOffset.FromUnixTimeMilliseconds(run.ScheduledMs), DateTimeOffset.FromUnixTimeMilliseconds(run.StartedMs), run.Success,
        run.Reason, run.Seen.DurationMs / 1000, run.Seen.Ip, run.Seen.CertificateLeftMs / 1000);
}

/// <summary>A probe with its last run and its past.</summary>
/// <param name="Probe">The probe.</param>
/// <param name="Conditions">What came of each condition at the last run.</param>
/// <param name="Components">The parts that the target's own health body names.</param>
/// <param name="History">Its last hours, oldest first.</param>
public sealed record ProbeDetail(
    ProbeItem Probe, IReadOnlyList<ConditionResult> Conditions, IReadOnlyList<ProbeComponent> Components, IReadOnlyList<ProbeStretchItem> History)
{
    internal static ProbeDetail Of(ProbeReport report, IReadOnlyList<ProbeStretch> course) => new(ProbeItem.Of(report), report.Last?.Conditions ?? [],
        report.Last?.Components ?? [],
        [.. course.Select(s => new ProbeStretchItem(DateTimeOffset.FromUnixTimeMilliseconds(s.FromMs), s.Good, s.Bad, s.Known))]);
}

/// <summary>A stretch of a probe's past.</summary>
/// <param name="From">Its begin.</param>
/// <param name="Succeeded">Runs in it that succeeded.</param>
/// <param name="Failed">Runs in it that failed.</param>
/// <param name="Known">Whether it was looked at; what was not is neither up nor down.</param>
public sealed record ProbeStretchItem(DateTimeOffset From, int Succeeded, int Failed, bool Known);
