using Nines.Core.Probes;
using Nines.Metrics;
using Nines.Server.Telemetry;

namespace Nines.Server.Probes;

/// <summary>The series of a probe. What is not known has no sample: a gap is neither up nor down.</summary>
internal static class ProbeSamples
{
    /// <summary>Whether a run succeeded, 1 or 0.</summary>
    public const string Success = "probe_success";

    /// <summary>Whether it is held to be up, after damping, 1 or 0.</summary>
    public const string Up = "probe_up";

    /// <summary>How long a run took.</summary>
    public const string Duration = "probe_duration_seconds";

    /// <summary>The samples of a run.</summary>
    public static List<OwnSample> Of(Probe probe, ProbeState state, ProbeRun run)
    {
        var identity = probe.Identity;
        var samples = new List<OwnSample>();
        void Add(string name, double value) => samples.Add(new(identity.With(Labels.MetricName, name), value));
        Add(Success, run.Success ? 1 : 0);
        if (state.Verdict != ProbeVerdict.Unknown)
        {
            Add(Up, state.Verdict == ProbeVerdict.Up ? 1 : 0);
        }
        Add(Duration, run.Seen.DurationMs / 1000);
        Add("probe_delay_seconds", run.DelayMs / 1000.0);
        if (probe.Check is HttpCheck && run.Seen.Status > 0)
        {
            Add("probe_http_status_code", run.Seen.Status);
        }
        if (run.Seen.CertificateLeftMs is { } left)
        {
            Add("probe_tls_expiry_seconds_left", Math.Floor(left / 1000));
        }
        foreach (var part in run.Components)
        {
            samples.Add(new(identity.With(Labels.MetricName, "probe_component_up").With("component", part.Name), part.Up ? 1 : 0));
        }
        return samples;
    }
}
