using Nines.Core.Alerting;
using Nines.Metrics;
using Nines.PromQL;

namespace Nines.Core.Probes;

/// <summary>The alerts of a probe. Pure.</summary>
public static class ProbeAlerts
{
    /// <summary>The name of the alert of a probe that is down.</summary>
    public const string Failing = "ProbeFailing";

    /// <summary>The name of the alert of a certificate that ends soon.</summary>
    public const string Certificate = "TlsCertificateExpiresSoon";

    private const long LeastLastsMs = 300_000;
    private const long Ns = 1_000_000;

    /// <summary>The labels of the alert of a probe that is down.</summary>
    public static Labels FailingLabels(Probe probe) => LabelsOf(probe, Failing, probe.Severity);

    /// <summary>The labels of the alert of a certificate that ends soon.</summary>
    public static Labels CertificateLabels(Probe probe) => LabelsOf(probe, Certificate, "ticket");

    /// <summary>What is posted after a run: that the probe is down, or that it is no longer.</summary>
    /// <param name="probe">The probe.</param>
    /// <param name="before">Its state before the run.</param>
    /// <param name="after">Its state after it.</param>
    /// <param name="run">The run; null for what an earlier process left down.</param>
    /// <param name="nowMs">The moment.</param>
    /// <param name="publicUrl">Where pages are.</param>
    public static PostedAlert? OfState(Probe probe, ProbeState before, ProbeState after, ProbeRun? run, long nowMs, Uri publicUrl)
    {
        var down = after.Verdict == ProbeVerdict.Down;
        if (!down && before.Verdict != ProbeVerdict.Down)
        {
            return null;
        }
        var why = run is null ? "it was down when Nines was last running" : run.Success
            ? $"it answers again, {after.Streak} of {probe.SuccessesBeforeUp} times in a row" : run.Reason;
        return new(FailingLabels(probe),
            down ? Told(probe, $"{probe.DisplayName} is down: {why}", $"The {probe.Kind} probe of {probe.Check.Target} fails. {Sentence(why)}")
                : Told(probe, $"{probe.DisplayName} is up again", $"The {probe.Kind} probe of {probe.Check.Target} succeeds."),
            (down ? after.SinceMs : Math.Min(before.SinceMs, nowMs)) * Ns, (down ? nowMs + LastsMs(probe) : nowMs) * Ns, UrlOf(probe, publicUrl));
    }

    /// <summary>That a probe is gone, so that nothing of it is down any more.</summary>
    public static PostedAlert Gone(Probe probe, string name, long sinceMs, long nowMs, Uri publicUrl) => new(
        name == Failing ? FailingLabels(probe) : CertificateLabels(probe),
        Told(probe, $"{probe.DisplayName} is no longer probed", "The workspace no longer has it."),
        Math.Min(sinceMs, nowMs) * Ns, nowMs * Ns, UrlOf(probe, publicUrl));

    /// <summary>What is posted of a certificate; null when there is nothing to tell.</summary>
    /// <param name="probe">The probe.</param>
    /// <param name="endsMs">When the certificate ends, ms since the Unix epoch.</param>
    /// <param name="told">Whether people were told that it ends soon.</param>
    /// <param name="nowMs">The moment.</param>
    /// <param name="publicUrl">Where pages are.</param>
    public static PostedAlert? OfCertificate(Probe probe, long endsMs, bool told, long nowMs, Uri publicUrl)
    {
        var soon = probe.WarnBeforeMs is { } before && endsMs - nowMs < before;
        if (!soon && !told)
        {
            return null;
        }
        var left = endsMs - nowMs;
        var day = DateTimeOffset.FromUnixTimeMilliseconds(endsMs).ToString("d MMMM yyyy HH:mm", System.Globalization.CultureInfo.InvariantCulture);
        return new(CertificateLabels(probe), Told(probe,
                left <= 0 ? $"The certificate of {probe.DisplayName} ended on {day} UTC"
                    : $"The certificate of {probe.DisplayName} ends in {Durations.Format(Math.Max(3_600_000, left / 3_600_000 * 3_600_000))}",
                $"The TLS certificate that {probe.Check.Target} shows ends on {day} UTC."),
            Math.Min(nowMs, endsMs - (probe.WarnBeforeMs ?? 0)) * Ns, (soon ? nowMs + LastsMs(probe) : nowMs) * Ns, UrlOf(probe, publicUrl));
    }

    // Longer than the next runs take, so that a late one does not end what goes on.
    private static long LastsMs(Probe probe) => Math.Max(LeastLastsMs, 3 * probe.IntervalMs + probe.TimeoutMs);

    private static Labels LabelsOf(Probe probe, string name, string severity) => probe.Identity.With("alertname", name).With("severity", severity);

    private static Labels Told(Probe probe, string summary, string description) => Labels.Of([
        ("summary", summary), ("description", description), .. probe.Runbook.Length > 0 ? [("runbook_url", probe.Runbook)] : Array.Empty<(string, string)>()]);

    private static string Sentence(string text) => text.Length == 0 ? "" : char.ToUpperInvariant(text[0]) + text[1..] + ".";

    private static string UrlOf(Probe probe, Uri publicUrl) => $"{publicUrl.ToString().TrimEnd('/')}/probes/{Uri.EscapeDataString(probe.Name)}";
}
