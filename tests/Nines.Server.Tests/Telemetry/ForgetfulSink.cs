using Nines.Metrics;

namespace Nines.Server.Tests.Telemetry;

/// <summary>A store that can be made to forget all references it gave, and to have no room.</summary>
internal sealed class ForgetfulSink(ISampleSink store) : ISampleSink
{
    private long _given = 1;

    public void Forget() => _given++;

    public bool Full { get; set; }

    public IAppend Begin() => new Append(this, store.Begin());

    private sealed class Append(ForgetfulSink sink, IAppend inner) : IAppend
    {
        public long Series(Labels labels, bool bornInKnownTarget, long intervalMs, out Refusal refusal)
        {
            refusal = Refusal.SeriesLimit;
            return !sink.Full && inner.Series(labels, bornInKnownTarget, intervalMs, out refusal) is > 0 and var reference ? (sink._given << 32) | reference : 0;
        }

        public Refusal Add(long series, CounterSample sample) =>
            series >> 32 == sink._given ? inner.Add((int)series, sample) : Refusal.UnknownSeries;

        public Committed Commit() => inner.Commit();

        public void Dispose() => inner.Dispose();
    }
}
