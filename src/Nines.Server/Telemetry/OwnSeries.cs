using Nines.Metrics;

namespace Nines.Server.Telemetry;

/// <summary>A sample of a series that Nines makes itself.</summary>
/// <param name="Labels">The identity, metric name included.</param>
/// <param name="Value">The value.</param>
/// <param name="StartMs">Of a counter: when it was at zero, milliseconds since the Unix epoch, so that its first reading counts whole;
/// 0 for anything else.</param>
public readonly record struct OwnSample(Labels Labels, double Value, long StartMs = 0);

/// <summary>
/// The series of one thing that Nines measures itself: a probe, a collector, what is pushed. Each write is a whole: a series of the last write that
/// is missing from this one ends. Not for use from several threads.
/// </summary>
/// <param name="sink">Where they go.</param>
/// <param name="intervalMs">How far apart writes are meant to be.</param>
public sealed class OwnSeries(ISampleSink sink, long intervalMs)
{
    private Dictionary<Labels, long> _written = [];

    /// <summary>Writes samples of one time.</summary>
    /// <returns>What the store refused, by reason.</returns>
    public Refusals Write(long timeMs, IReadOnlyCollection<OwnSample> samples)
    {
        var refused = new Refusals();
        var written = new Dictionary<Labels, long>(samples.Count);
        using var append = sink.Begin();
        foreach (var sample in samples)
        {
            _written.Remove(sample.Labels, out var reference);
            refused.Count(Add(append, sample.Labels, ref reference, new CounterSample(timeMs, sample.Value, sample.StartMs)));
            written[sample.Labels] = reference;
        }
        foreach (var (labels, ended) in _written)
        {
            var reference = ended;
            Add(append, labels, ref reference, new CounterSample(timeMs, StaleMarker.Value, 0));
        }
        _written = written;
        refused.Add(append.Commit().Refused);
        return refused;
    }

    /// <summary>Ends all series, because what they measure is gone from the workspace. Not for a stop of the server: a restart is no end.</summary>
    public void End(long timeMs) => Write(timeMs, []);

    private Refusal Add(IAppend append, Labels labels, ref long reference, in CounterSample sample)
    {
        var refusal = reference == 0 ? Refusal.UnknownSeries : append.Add(reference, sample);
        if (refusal == Refusal.UnknownSeries)
        {
            reference = append.Series(labels, bornInKnownTarget: false, intervalMs, out refusal);
            refusal = reference == 0 ? refusal : append.Add(reference, sample);
        }
        return refusal;
    }
}
