using System.Buffers;
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using Nines.Metrics;
using Nines.Metrics.Exposition;

namespace Nines.Server.Telemetry;

/// <summary>Collects what the instruments of the meter "Nines" measure, and writes it with a few figures of the process.</summary>
public sealed class SelfTelemetry : IDisposable
{
    /// <summary>The meter all rooms take their instruments from.</summary>
    public const string MeterName = "Nines";

    /// <summary>Most label sets of one instrument; what comes beyond is not kept.</summary>
    public const int MostSeries = 1000;

    private static readonly double[] Bounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, double.PositiveInfinity];

    private readonly MeterListener _listener = new();
    private readonly ConcurrentDictionary<string, Family> _families = new(StringComparer.Ordinal);
    private readonly Lock _collecting = new();
    private readonly DateTimeOffset _since;
    private readonly DateTimeOffset _processStart;

    /// <summary>Prepares the collection; <see cref="Listen"/> starts it.</summary>
    public SelfTelemetry(TimeProvider time)
    {
        _since = time.GetUtcNow();
        using (var process = Process.GetCurrentProcess())
        {
            _processStart = new DateTimeOffset(process.StartTime.ToUniversalTime(), TimeSpan.Zero);
        }
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name == MeterName)
            {
                listener.EnableMeasurementEvents(instrument, _families.GetOrAdd(FamilyName(instrument), _ => new Family(instrument)));
            }
        };
        _listener.SetMeasurementEventCallback<long>((_, value, tags, state) => ((Family)state!).Measure(value, tags));
        _listener.SetMeasurementEventCallback<int>((_, value, tags, state) => ((Family)state!).Measure(value, tags));
        _listener.SetMeasurementEventCallback<double>((_, value, tags, state) => ((Family)state!).Measure(value, tags));
    }

    /// <summary>Starts to listen. What was measured before is not seen.</summary>
    public void Listen() => _listener.Start();

    /// <summary>Writes all metrics.</summary>
    public void WriteTo(IBufferWriter<byte> output, ExpositionFormat format)
    {
        var writer = new ExpositionWriter(output, format);
        lock (_collecting)
        {
            _listener.RecordObservableInstruments();
            foreach (var (name, family) in _families.OrderBy(f => f.Key, StringComparer.Ordinal))
            {
                family.WriteTo(writer, name, _since);
            }
        }
        WriteProcess(writer);
        writer.End();
    }

    /// <inheritdoc/>
    public void Dispose() => _listener.Dispose();

    private static string FamilyName(Instrument instrument) =>
        instrument.Name.EndsWith("_total", StringComparison.Ordinal) ? instrument.Name[..^"_total".Length] : instrument.Name;

    private void WriteProcess(ExpositionWriter writer)
    {
        Counter("process_cpu_seconds", "Processor time used.", Environment.CpuUsage.TotalTime.TotalSeconds);
        Gauge("process_resident_memory_bytes", "Memory in use.", Environment.WorkingSet);
        Gauge("process_start_time_seconds", "When the process began, since the Unix epoch.", _processStart.ToUnixTimeMilliseconds() / 1000.0);
        Gauge("process_threads", "Threads of the thread pool.", ThreadPool.ThreadCount);
        Gauge("dotnet_gc_heap_bytes", "Managed memory in use.", GC.GetTotalMemory(forceFullCollection: false));
        Counter("dotnet_gc_allocated_bytes", "Managed memory allocated.", GC.GetTotalAllocatedBytes());
        Counter("dotnet_gc_pause_seconds", "Time all threads stood still for the garbage collector.", GC.GetTotalPauseDuration().TotalSeconds);
        writer.Family("dotnet_gc_collections", FamilyType.Counter, "Garbage collections, by generation.");
        for (var generation = 0; generation <= GC.MaxGeneration; generation++)
        {
            var labels = Labels.Of(("generation", $"{generation}"));
            writer.Sample(labels, GC.CollectionCount(generation));
            writer.Created(labels, _processStart);
        }

        void Gauge(string name, string help, double value)
        {
            writer.Family(name, FamilyType.Gauge, help);
            writer.Sample(Labels.Empty, value);
        }

        void Counter(string name, string help, double value)
        {
            writer.Family(name, FamilyType.Counter, help);
            writer.Sample(Labels.Empty, value);
            writer.Created(Labels.Empty, _processStart);
        }
    }

    private sealed class Family
    {
        private readonly ConcurrentDictionary<Labels, Cell> _cells = [];
        private readonly FamilyType _type;
        private readonly bool _adds;
        private readonly string _help;
        private readonly Cell _plain = new();
        private bool _plainUsed;

        public Family(Instrument instrument)
        {
            var kind = instrument.GetType().GetGenericTypeDefinition();
            _type = kind == typeof(Histogram<>) ? FamilyType.Histogram
                : kind == typeof(Counter<>) || kind == typeof(ObservableCounter<>) ? FamilyType.Counter
                : FamilyType.Gauge;
            _adds = kind == typeof(Counter<>) || kind == typeof(UpDownCounter<>);
            _help = instrument.Description ?? instrument.Name;
        }

        public void Measure(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            var cell = tags.IsEmpty ? _plain : CellOf(tags);
            _plainUsed |= tags.IsEmpty;
            cell?.Measure(value, _type == FamilyType.Histogram, _adds);
        }

        public void WriteTo(ExpositionWriter writer, string name, DateTimeOffset since)
        {
            writer.Family(name, _type, _help);
            if (_plainUsed)
            {
                Write(writer, Labels.Empty, _plain, since);
            }
            foreach (var (labels, cell) in _cells)
            {
                Write(writer, labels, cell, since);
            }
        }

        private Cell? CellOf(ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            var pairs = new (string, string)[tags.Length];
            for (var i = 0; i < tags.Length; i++)
            {
                pairs[i] = (tags[i].Key, tags[i].Value?.ToString() ?? "");
            }
            var labels = Labels.Of(pairs);
            return _cells.TryGetValue(labels, out var cell) ? cell
                : _cells.Count < MostSeries ? _cells.GetOrAdd(labels, _ => new Cell())
                : null;
        }

        private void Write(ExpositionWriter writer, Labels labels, Cell cell, DateTimeOffset since)
        {
            if (_type == FamilyType.Histogram)
            {
                var (counts, sum) = cell.Histogram();
                writer.Histogram(labels, [.. Bounds.Zip(counts)], sum);
            }
            else
            {
                writer.Sample(labels, cell.Value);
            }
            if (_type != FamilyType.Gauge)
            {
                writer.Created(labels, since);
            }
        }
    }

    private sealed class Cell
    {
        private readonly Lock _gate = new();
        private double _value;
        private long[]? _counts;

        public double Value
        {
            get
            {
                lock (_gate)
                {
                    return _value;
                }
            }
        }

        public void Measure(double value, bool histogram, bool adds)
        {
            lock (_gate)
            {
                _value = adds || histogram ? _value + value : value;
                if (histogram)
                {
                    var at = Array.FindIndex(Bounds, b => value <= b);
                    (_counts ??= new long[Bounds.Length])[at < 0 ? Bounds.Length - 1 : at]++;
                }
            }
        }

        public (long[] Counts, double Sum) Histogram()
        {
            lock (_gate)
            {
                return (_counts is null ? new long[Bounds.Length] : [.. _counts], _value);
            }
        }
    }
}
