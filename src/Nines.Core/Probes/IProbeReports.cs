namespace Nines.Core.Probes;

/// <summary>A probe and how it does.</summary>
/// <param name="Probe">The probe.</param>
/// <param name="State">Its state after its last run.</param>
/// <param name="Verdict">What may be said of it now.</param>
/// <param name="Last">Its last run; null before the first since the server's start.</param>
/// <param name="NextMs">When it runs next, ms since the Unix epoch.</param>
/// <param name="Missed">Runs that were left out since the server's start.</param>
public sealed record ProbeReport(Probe Probe, ProbeState State, ProbeVerdict Verdict, ProbeRun? Last, long NextMs, long Missed);

/// <summary>Reads how probes do, for pages, the API and other rooms. Answers from memory.</summary>
public interface IProbeReports
{
    /// <summary>All probes: what is down first, then what is unknown, each in order of name.</summary>
    IReadOnlyList<ProbeReport> All();
}
