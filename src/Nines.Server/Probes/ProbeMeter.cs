using System.Diagnostics.Metrics;

namespace Nines.Server.Probes;

/// <summary>What the probes tell of themselves.</summary>
internal sealed class ProbeMeter : IDisposable
{
    private static readonly KeyValuePair<string, object?> Succeeded = new("outcome", "success");
    private static readonly KeyValuePair<string, object?> Failed = new("outcome", "failure");
    private readonly Meter _meter = new("Nines");
    private readonly Counter<long> _runs;
    private readonly Counter<long> _missed;

    public ProbeMeter(Func<int> probes, Func<int> running)
    {
        _runs = _meter.CreateCounter<long>("nines_probes_runs_total", null, "Runs of probes, by outcome.");
        _missed = _meter.CreateCounter<long>("nines_probes_missed_runs_total", null,
            "Runs of probes that were left out: too many at once, or the machine slept or had its clock set.");
        _meter.CreateObservableGauge("nines_probes", () => probes(), null, "Probes of the workspace.");
        _meter.CreateObservableGauge("nines_probes_running", () => running(), null, $"Probes that run at this moment, at most {ProbeWorker.MostAtOnce}.");
    }

    public void Ran(bool success) => _runs.Add(1, success ? Succeeded : Failed);

    public void Missed(long runs)
    {
        if (runs > 0)
        {
            _missed.Add(runs);
        }
    }

    public void Dispose() => _meter.Dispose();
}
