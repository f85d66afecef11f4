using System.Buffers;
using Nines.Core.Telemetry;
using Nines.Metrics;
using Nines.Metrics.Exposition;
using Nines.Metrics.RemoteWrite;

namespace Nines.Server.Telemetry.RemoteWrite;

/// <summary>What came of a request.</summary>
/// <param name="Status">The HTTP status: 204, 400 or 413.</param>
/// <param name="Message">What was refused and why; empty when nothing was.</param>
internal readonly record struct WriteOutcome(int Status, string Message);

/// <summary>Takes remote-write requests into the store. What is good in a request is kept, what is not is named: a sender does not repeat a 400.</summary>
internal sealed class RemoteWriteReceiver(ISampleSink sink, MetadataStore metadata, RemoteWriteLimits limits, TimeProvider time)
{
    [ThreadStatic] private static Utf8Names? _names;

    private static readonly ArrayPool<byte> Bodies = ArrayPool<byte>.Create(64 << 20, 8);
    private readonly SeriesCache _cache = new(time, limits.CachedSeries, limits.CachedBytes);

    /// <summary>Series whose labels need not be decoded.</summary>
    public int CachedSeries => _cache.Count;

    /// <summary>Takes one request.</summary>
    /// <param name="body">The snappy block.</param>
    public WriteOutcome Take(ReadOnlySpan<byte> body)
    {
        byte[]? decoded = null;
        try
        {
            var length = Snappy.DecodedLength(body);
            if (length > limits.DecodedBytes)
            {
                return Counted(new(413, $"the body claims {length} bytes when decoded, the limit is {limits.DecodedBytes}"));
            }
            decoded = Bodies.Rent((int)length);
            var message = decoded.AsSpan(0, (int)length);
            Snappy.Decode(body, message);
            return Counted(Store(message));
        }
        catch (WireException e)
        {
            return Counted(new(400, e.Message));
        }
        finally
        {
            if (decoded is not null)
            {
                Bodies.Return(decoded);
            }
        }
    }

    private static WriteOutcome Counted(WriteOutcome outcome)
    {
        TelemetryMeter.RemoteWritten(outcome.Status == 204);
        return outcome;
    }

    private WriteOutcome Store(ReadOnlySpan<byte> message)
    {
        _cache.Turn();
        if (TooLarge(message) is { } limit)
        {
            return new(413, limit);
        }
        var taken = default(Tally);
        using var append = sink.Begin();
        var request = new ProtoReader(message);
        while (WriteRequest.TryReadSeries(ref request, out var series))
        {
            TakeSeries(append, series, ref taken);
        }
        taken.Committed(append.Commit());
        var about = new ProtoReader(message);
        while (WriteRequest.TryReadMetadata(ref about, out var one))
        {
            metadata.Note(one);
        }
        TelemetryMeter.RemoteSamples(taken.Samples, taken.Total, taken.Histograms);
        return taken.First is null ? new(204, "") : new(400, taken.ToString());
    }

    // Before anything is kept: the whole message is well-formed, and within its limit of samples.
    private string? TooLarge(ReadOnlySpan<byte> message)
    {
        var (samples, histograms) = (0, 0);
        var request = new ProtoReader(message);
        while (WriteRequest.TryReadSeries(ref request, out var series))
        {
            var rest = new ProtoReader(series.Rest);
            while (WriteRequest.TryReadSample(ref rest, ref histograms, out _))
            {
                samples++;
            }
            if (samples > limits.Samples)
            {
                return $"more than {limits.Samples} samples in one request";
            }
        }
        return null;
    }

    private void TakeSeries(IAppend append, in WrittenSeries series, ref Tally taken)
    {
        var reference = _cache.Find(series.Labels);
        if (reference == 0 && (reference = Resolve(append, series.Labels, ref taken)) == 0)
        {
            return;
        }
        var histograms = 0;
        var rest = new ProtoReader(series.Rest);
        while (WriteRequest.TryReadSample(ref rest, ref histograms, out var sample))
        {
            var counter = new CounterSample(sample.TimeMs, sample.Value, 0);
            var why = append.Add(reference, counter);
            if (why == Refusal.UnknownSeries)
            {
                // The store has forgotten the series since it was remembered here.
                if ((reference = Resolve(append, series.Labels, ref taken)) == 0)
                {
                    return;
                }
                why = append.Add(reference, counter);
            }
            if (why == Refusal.None)
            {
                taken.Samples++;
            }
            else
            {
                taken.Refuse(why, NameOf(series.Labels), sample.TimeMs);
            }
        }
        if (histograms > 0)
        {
            taken.Histograms += histograms;
            taken.First ??= $"native histograms are not stored: series {NameOf(series.Labels)}";
        }
    }

    private long Resolve(IAppend append, ReadOnlySpan<byte> bytes, ref Tally taken)
    {
        var labels = WriteRequest.ReadLabels(bytes, _names ??= new(), limits.Labels, out var problem);
        foreach (var (name, value) in labels is null ? [] : labels.Pairs)
        {
            problem = name.Length > limits.LabelNameLength ? $"a label name of {name.Length} characters, the limit is {limits.LabelNameLength}"
                : value.Length > limits.LabelValueLength ? $"a value of {value.Length} characters for label {name}, the limit is {limits.LabelValueLength}"
                : problem;
        }
        if (problem.Length > 0)
        {
            taken.RefuseLabels(problem, NameOf(bytes));
            return 0;
        }
        var reference = append.Series(labels!, bornInKnownTarget: false, intervalMs: 0, out var why);
        if (reference == 0)
        {
            taken.Refuse(why, NameOf(bytes), null);
            return 0;
        }
        _cache.Set(bytes, reference);
        return reference;
    }

    private string NameOf(ReadOnlySpan<byte> bytes)
    {
        var text = WriteRequest.ReadLabels(bytes, _names ??= new(), limits.Labels, out _)?.ToString() ?? "";
        return text.Length > 200 ? text[..200] + "…" : text;
    }

    private struct Tally
    {
        private Refusals _refused;
        private int _badLabels;

        public int Samples;
        public int Histograms;
        public string? First;

        public readonly int Total => _refused.Total + _badLabels + Histograms;

        public void Refuse(Refusal why, string series, long? timeMs)
        {
            _refused.Count(why);
            First ??= $"{Refusals.Words(why)}: series {series}" + (timeMs is { } at ? $" at {at}" : "");
        }

        public void RefuseLabels(string problem, string series)
        {
            _badLabels++;
            First ??= problem + (series.Length > 0 ? $": series {series}" : "");
        }

        // What was taken may still be refused, since others write at the same time.
        public void Committed(in Committed committed)
        {
            Samples -= committed.Refused.Total;
            _refused.Add(committed.Refused);
            First ??= committed.Refused.Total > 0 ? "another write to the same series came first" : null;
        }

        public override readonly string ToString()
        {
            string[] refused = [_refused.ToString(), _badLabels > 0 ? $"{_badLabels} series with bad labels" : "",
                Histograms > 0 ? $"{Histograms} native histograms" : ""];
            return $"{Samples} samples were stored; refused: {string.Join(", ", refused.Where(r => r.Length > 0))}; the first: {First}";
        }
    }
}
