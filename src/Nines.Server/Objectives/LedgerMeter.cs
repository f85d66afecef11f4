using System.Diagnostics.Metrics;
using Nines.Core.Objectives;

namespace Nines.Server.Objectives;

/// <summary>What the ledger tells of itself.</summary>
internal sealed class LedgerMeter : IDisposable
{
    private readonly Meter _meter = new("Nines");
    private readonly Histogram<double> _steps;

    public LedgerMeter(LedgerEngine engine)
    {
        _steps = _meter.CreateHistogram<double>("nines_objectives_step_seconds", "s", "Time to read, close, judge and store all objectives once.");
        _meter.CreateObservableGauge("nines_objectives_tracked", () => engine.Count, null, "Objectives that are counted.");
        _meter.CreateObservableGauge("nines_objectives_series", () => engine.SeriesCount, null, "Series that objectives count, once for each objective.");
        _meter.CreateObservableCounter("nines_objectives_revised_events_total", () => LedgerTime.ToEvents(engine.LateBooked), null,
            "Events that came after their minute had closed, but within the hour, so that it was counted anew; since the server started.");
        _meter.CreateObservableCounter("nines_objectives_late_events_total", () => LedgerTime.ToEvents(engine.LateDropped), null,
            "Events that came more than an hour after their minute had closed, so that they are in no account; since the server started.");
        _meter.CreateObservableCounter("nines_objectives_failed_commits_total", () => engine.FailedCommits, null,
            "Attempts to store the ledger that failed; what they held is stored by the next that succeeds.");
    }

    public void Stepped(TimeSpan took) => _steps.Record(took.TotalSeconds);

    public void Dispose() => _meter.Dispose();
}
