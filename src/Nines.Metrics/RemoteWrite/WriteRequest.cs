using System.Text.Unicode;
using Nines.Metrics.Exposition;

namespace Nines.Metrics.RemoteWrite;

/// <summary>One series of a request, where it lies in the message.</summary>
public readonly ref struct WrittenSeries
{
    /// <summary>The bytes of its labels: equal bytes are the same series. See <see cref="WriteRequest.ReadLabels"/>.</summary>
    public ReadOnlySpan<byte> Labels { get; init; }

    /// <summary>The fields behind the labels: samples, exemplars, histograms. See <see cref="WriteRequest.TryReadSample"/>.</summary>
    public ReadOnlySpan<byte> Rest { get; init; }
}

/// <summary>What a metric is, as its source tells.</summary>
/// <param name="Family">The metric family's name.</param>
/// <param name="Type">counter, gauge, histogram, gaugehistogram, summary, info, stateset or unknown.</param>
/// <param name="Help">What it measures; may be empty.</param>
/// <param name="Unit">Its unit; may be empty.</param>
public readonly record struct MetricMetadata(string Family, string Type, string Help, string Unit);

/// <summary>
/// Reads Prometheus' remote-write request, version 1.0 (<c>prometheus.WriteRequest</c>), in one pass over the decoded bytes and without an object for
/// a series, label or sample.
/// </summary>
public static class WriteRequest
{
    private const int SeriesField = 1, MetadataField = 3;
    private const int LabelField = 1, SampleField = 2, HistogramField = 4;

    private static readonly string[] Types = ["unknown", "counter", "gauge", "histogram", "gaugehistogram", "summary", "info", "stateset"];

    /// <summary>Reads up to the next series.</summary>
    /// <exception cref="WireException">The message is damaged.</exception>
    public static bool TryReadSeries(ref ProtoReader request, out WrittenSeries series)
    {
        while (request.TryReadTag(out var field, out var kind))
        {
            if (field == SeriesField)
            {
                ProtoReader.Expect(WireKind.Bytes, kind, "timeseries");
                series = Split(request.ReadBytes());
                return true;
            }
            request.Skip(kind);
        }
        series = default;
        return false;
    }

    /// <summary>Reads up to the next sample of a series' <see cref="WrittenSeries.Rest"/>. Exemplars are passed over, native histograms counted.</summary>
    /// <param name="rest">A reader of the rest.</param>
    /// <param name="histograms">Counted up for each native histogram passed.</param>
    /// <param name="sample">The sample; its value is kept bit for bit, so that stale markers are.</param>
    /// <exception cref="WireException">The message is damaged.</exception>
    public static bool TryReadSample(ref ProtoReader rest, ref int histograms, out Sample sample)
    {
        while (rest.TryReadTag(out var field, out var kind))
        {
            if (field == SampleField)
            {
                ProtoReader.Expect(WireKind.Bytes, kind, "samples");
                sample = SampleOf(rest.ReadBytes());
                return true;
            }
            histograms += field == HistogramField ? 1 : 0;
            rest.Skip(kind);
        }
        sample = default;
        return false;
    }

    /// <summary>Reads labels.</summary>
    /// <param name="bytes">As <see cref="WrittenSeries.Labels"/> gives them.</param>
    /// <param name="names">Keeps one string for each name and value that occurs often.</param>
    /// <param name="maxLabels">Most labels, those with an empty value included.</param>
    /// <param name="problem">What is wrong with them when the answer is null.</param>
    /// <exception cref="WireException">The message is damaged.</exception>
    public static Labels? ReadLabels(ReadOnlySpan<byte> bytes, Utf8Names names, int maxLabels, out string problem)
    {
        var pairs = new List<(string Name, string Value)>();
        var reader = new ProtoReader(bytes);
        while (reader.TryReadTag(out _, out _))
        {
            var (name, value) = LabelOf(reader.ReadBytes());
            problem = name.IsEmpty ? "a label without a name"
                : !Utf8.IsValid(name) || !Utf8.IsValid(value) ? "a label that is not UTF-8"
                : pairs.Count == maxLabels ? $"more than {maxLabels} labels"
                : "";
            if (problem.Length > 0)
            {
                return null;
            }
            pairs.Add((names.Get(name), names.Get(value)));
        }
        problem = Wrong(pairs);
        return problem.Length == 0 ? Labels.Of(pairs) : null;
    }

    /// <summary>Reads up to the next metadata.</summary>
    /// <exception cref="WireException">The message is damaged.</exception>
    public static bool TryReadMetadata(ref ProtoReader request, out MetricMetadata metadata)
    {
        while (request.TryReadTag(out var field, out var kind))
        {
            if (field == MetadataField)
            {
                ProtoReader.Expect(WireKind.Bytes, kind, "metadata");
                metadata = MetadataOf(request.ReadBytes());
                return true;
            }
            request.Skip(kind);
        }
        metadata = default;
        return false;
    }

    private static string Wrong(List<(string Name, string Value)> pairs)
    {
        for (var i = 1; i < pairs.Count; i++)
        {
            var order = string.CompareOrdinal(pairs[i - 1].Name, pairs[i].Name);
            if (order >= 0)
            {
                return order == 0 ? $"label {pairs[i].Name} occurs twice" : $"labels out of order: {pairs[i].Name} after {pairs[i - 1].Name}";
            }
        }
        return pairs.Exists(p => p is { Name: Labels.MetricName, Value.Length: > 0 }) ? "" : "no metric name";
    }

    private static WrittenSeries Split(ReadOnlySpan<byte> message)
    {
        var reader = new ProtoReader(message);
        var end = 0;
        while (reader.TryReadTag(out var field, out var kind) && field == LabelField)
        {
            ProtoReader.Expect(WireKind.Bytes, kind, "labels");
            reader.ReadBytes();
            end = reader.At;
        }
        var series = new WrittenSeries { Labels = message[..end], Rest = message[end..] };
        return HoldsLabels(series.Rest) ? Gathered(message) : series;
    }

    // Every writer puts the labels first, but protobuf does not ask for it.
    private static bool HoldsLabels(ReadOnlySpan<byte> rest)
    {
        var reader = new ProtoReader(rest);
        while (reader.TryReadTag(out var field, out var kind))
        {
            if (field == LabelField)
            {
                return true;
            }
            reader.Skip(kind);
        }
        return false;
    }

    private static WrittenSeries Gathered(ReadOnlySpan<byte> message)
    {
        var (labels, rest) = (new List<byte>(), new List<byte>());
        var reader = new ProtoReader(message);
        for (var from = 0; reader.TryReadTag(out var field, out var kind); from = reader.At)
        {
            if (field == LabelField)
            {
                ProtoReader.Expect(WireKind.Bytes, kind, "labels");
            }
            reader.Skip(kind);
            (field == LabelField ? labels : rest).AddRange(message[from..reader.At]);
        }
        return new WrittenSeries { Labels = labels.ToArray(), Rest = rest.ToArray() };
    }

    private static Sample SampleOf(ReadOnlySpan<byte> message)
    {
        var (value, time) = (0d, 0L);
        var reader = new ProtoReader(message);
        while (reader.TryReadTag(out var field, out var kind))
        {
            switch (field)
            {
                case 1: ProtoReader.Expect(WireKind.Fixed64, kind, "value"); value = reader.ReadDouble(); break;
                case 2: ProtoReader.Expect(WireKind.Varint, kind, "timestamp"); time = (long)reader.ReadVarint(); break;
                default: reader.Skip(kind); break;
            }
        }
        return new Sample(time, value);
    }

    private static ByteLabel LabelOf(ReadOnlySpan<byte> message)
    {
        ReadOnlySpan<byte> name = [], value = [];
        var reader = new ProtoReader(message);
        while (reader.TryReadTag(out var field, out var kind))
        {
            switch (field)
            {
                case 1: ProtoReader.Expect(WireKind.Bytes, kind, "name"); name = reader.ReadBytes(); break;
                case 2: ProtoReader.Expect(WireKind.Bytes, kind, "value"); value = reader.ReadBytes(); break;
                default: reader.Skip(kind); break;
            }
        }
        return new ByteLabel { Name = name, Value = value };
    }

    private static MetricMetadata MetadataOf(ReadOnlySpan<byte> message)
    {
        var (type, family, help, unit) = (0UL, "", "", "");
        var reader = new ProtoReader(message);
        while (reader.TryReadTag(out var field, out var kind))
        {
            switch (field)
            {
                case 1: ProtoReader.Expect(WireKind.Varint, kind, "type"); type = reader.ReadVarint(); break;
                case 2: family = Text(ref reader, kind, "metric_family_name"); break;
                case 4: help = Text(ref reader, kind, "help"); break;
                case 5: unit = Text(ref reader, kind, "unit"); break;
                default: reader.Skip(kind); break;
            }
        }
        return new MetricMetadata(family, Types[type < (ulong)Types.Length ? (int)type : 0], help, unit);
    }

    private static string Text(ref ProtoReader reader, WireKind kind, string field)
    {
        ProtoReader.Expect(WireKind.Bytes, kind, field);
        return System.Text.Encoding.UTF8.GetString(reader.ReadBytes());
    }

    private readonly ref struct ByteLabel
    {
        public ReadOnlySpan<byte> Name { get; init; }

        public ReadOnlySpan<byte> Value { get; init; }

        public void Deconstruct(out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value)
        {
            name = Name;
            value = Value;
        }
    }
}
