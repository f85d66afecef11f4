using System.Diagnostics.Metrics;

namespace Nines.Server.Probes.Push;

/// <summary>What pushing tells of itself.</summary>
internal sealed class PushMeter : IDisposable
{
    private readonly Meter _meter = new("Nines");
    private readonly Counter<long> _events;
    private readonly Counter<long> _pings;
    private readonly Counter<long> _beats;

    public PushMeter()
    {
        _events = _meter.CreateCounter<long>("nines_probes_pushed_events_total", null,
            "Events that were pushed: accepted, of them late, duplicate, or refused.");
        _pings = _meter.CreateCounter<long>("nines_probes_heartbeat_pings_total", null, "Reports that heartbeats got: start, success or fail.");
        _beats = _meter.CreateCounter<long>("nines_probes_outbound_beats_total", null,
            "Signs of life sent outside: sent, or failed when they were held back or not taken.");
    }

    /// <summary>Watches how near the limits are.</summary>
    public void Watch(Func<long> series, Func<long> keys)
    {
        _meter.CreateObservableGauge("nines_probes_event_series", series, null, "Sets of labels that events are counted under; at most 2,000.");
        _meter.CreateObservableGauge("nines_probes_event_keys", keys, null,
            "Keys that are known, so that an event that comes again counts once; at most 5,000,000.");
    }

    public void Events(string result, long count)
    {
        if (count > 0)
        {
            _events.Add(count, new KeyValuePair<string, object?>("result", result));
        }
    }

    public void Ping(string kind) => _pings.Add(1, new KeyValuePair<string, object?>("kind", kind));

    public void Beat(string name, string result) =>
        _beats.Add(1, new KeyValuePair<string, object?>("beat", name), new KeyValuePair<string, object?>("result", result));

    public void Dispose() => _meter.Dispose();
}
