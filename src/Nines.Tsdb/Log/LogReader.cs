using System.Buffers.Binary;
using System.Text;
using Nines.Metrics;
using Nines.Tsdb.Bytes;
using Nines.Tsdb.Head;

namespace Nines.Tsdb.Log;

/// <summary>Reads the log back at the start.</summary>
internal sealed class LogReader(SeriesRegistry registry, long oldestMs)
{
    private const int MostDamages = 100;
    private const int MostOrphans = 1_000_000;

    private readonly Dictionary<string, string> _texts = [];
    private readonly Dictionary<long, List<CounterSample>> _orphans = [];
    private readonly HashSet<long> _known = [];
    private int _orphaned;

    /// <summary>What could not be read.</summary>
    public List<LogDamage> Damages { get; } = [];

    /// <summary>Samples read.</summary>
    public long Samples { get; private set; }

    /// <summary>Samples whose series is not known.</summary>
    public long Lost { get; private set; }

    /// <summary>Reads one segment.</summary>
    /// <returns>Where the last valid record ends, and the time of the newest sample.</returns>
    /// <exception cref="InvalidDataException">A newer version wrote it.</exception>
    public (int End, long NewestMs) Read(string name, ReadOnlySpan<byte> bytes)
    {
        var (at, end) = (ReadHeader(name, bytes), 0);
        var newest = long.MinValue;
        end = at;
        while (at < bytes.Length)
        {
            var size = RecordAt(bytes[at..]);
            if (size == 0)
            {
                var skipped = Resync(bytes[(at + 1)..]) + 1;
                Damage(name, at, skipped, at + skipped < bytes.Length ? "damaged, skipped" : "damaged or torn end");
                at += skipped;
                continue;
            }
            newest = Math.Max(newest, Take(name, at, bytes.Slice(at, size)));
            at += size;
            end = at;
        }
        return (end, newest);
    }

    /// <summary>Says which samples never found their series.</summary>
    public void Finish()
    {
        foreach (var (reference, samples) in _orphans)
        {
            Lost += samples.Count;
            registry.Reserve(reference);
        }
        _orphans.Clear();
    }

    private int ReadHeader(string name, ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < LogFormat.SegmentHeader
            || Crc32C.Of(bytes[..12]) != BinaryPrimitives.ReadUInt32LittleEndian(bytes[12..])
            || !bytes[..8].SequenceEqual(LogFormat.Magic))
        {
            Damage(name, 0, Math.Min(bytes.Length, LogFormat.SegmentHeader), "damaged segment header");
            return Math.Min(bytes.Length, LogFormat.SegmentHeader);
        }
        var version = BinaryPrimitives.ReadInt32LittleEndian(bytes[8..]);
        return version <= LogFormat.Version ? LogFormat.SegmentHeader
            : throw new InvalidDataException($"{name} was written by a newer version of Nines (log version {version}; this one knows {LogFormat.Version})");
    }

    private static int RecordAt(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < LogFormat.RecordHeader || !bytes.StartsWith(LogFormat.Mark))
        {
            return 0;
        }
        var length = BinaryPrimitives.ReadInt32LittleEndian(bytes[4..]);
        if (length is < 0 or > LogFormat.MaxPayload || length > bytes.Length - LogFormat.RecordHeader)
        {
            return 0;
        }
        var crc = LogFormat.RecordCrc(bytes, bytes.Slice(LogFormat.RecordHeader, length));
        return crc == BinaryPrimitives.ReadUInt32LittleEndian(bytes[9..]) ? LogFormat.RecordHeader + length : 0;
    }

    // How far it is to the next valid record.
    private static int Resync(ReadOnlySpan<byte> bytes)
    {
        for (var at = 0; ; at++)
        {
            var next = bytes[at..].IndexOf(LogFormat.Mark);
            if (next < 0)
            {
                return bytes.Length;
            }
            at += next;
            if (RecordAt(bytes[at..]) > 0)
            {
                return at;
            }
        }
    }

    private long Take(string name, int at, ReadOnlySpan<byte> record)
    {
        try
        {
            var payload = new ByteReader(record[LogFormat.RecordHeader..]);
            switch (record[8])
            {
                case LogFormat.Series:
                    TakeSeries(ref payload);
                    return long.MinValue;
                case LogFormat.Samples:
                    return TakeSamples(ref payload);
                default:
                    Damage(name, at, record.Length, $"unknown record type {record[8]}, skipped");
                    return long.MinValue;
            }
        }
        catch (Exception e) when (e is InvalidDataException or ArgumentException)
        {
            Damage(name, at, record.Length, $"record without sense: {e.Message}");
            return long.MinValue;
        }
    }

    private void TakeSeries(ref ByteReader payload)
    {
        var reference = (long)payload.Varint();
        if (reference is <= 0 or > SeriesRegistry.MaxReference)
        {
            throw new InvalidDataException($"reference {reference}");
        }
        var born = (payload.Varint() & 1) != 0;
        var interval = (long)payload.Varint();
        if (!_known.Add(reference) && registry[reference] is not null)
        {
            return;
        }
        var pairs = new (string, string)[Math.Min(payload.Varint(), 10_000)];
        for (var i = 0; i < pairs.Length; i++)
        {
            pairs[i] = (Shared(payload.Text()), Shared(payload.Text()));
        }
        var series = registry.Restore(reference, Labels.Of(pairs), born, interval);
        series.EverLogged = true;
        if (_orphans.Remove(reference, out var waiting))
        {
            _orphaned -= waiting.Count;
            foreach (var sample in waiting)
            {
                Apply(series, sample);
            }
        }
    }

    private long TakeSamples(ref ByteReader payload)
    {
        var count = payload.Varint();
        var (reference, time, start, newest) = (0L, 0L, 0L, long.MinValue);
        for (var i = 0UL; i < count; i++)
        {
            var key = payload.Varint();
            reference += ByteReader.Unzigzag(key >> 2);
            time = unchecked(time + payload.Zigzag());
            var value = (key & 1) != 0 ? payload.Zigzag() : payload.Double();
            if ((key & 2) != 0)
            {
                start = unchecked(start + payload.Zigzag());
            }
            newest = Math.Max(newest, time);
            var sample = new CounterSample(time, value, start);
            if (registry[reference] is { } series)
            {
                Apply(series, sample);
            }
            else
            {
                Orphan(reference, sample);
            }
        }
        return newest;
    }

    private void Apply(MemSeries series, in CounterSample sample)
    {
        if (sample.TimeMs < oldestMs)
        {
            series.MarkTrimmed();
        }
        else
        {
            series.Judge(sample, out var isNew);
            if (isNew)
            {
                series.Append(sample);
                registry.List(series);
                Samples++;
            }
        }
    }

    private void Orphan(long reference, CounterSample sample)
    {
        if (_orphaned == MostOrphans || reference is <= 0 or > SeriesRegistry.MaxReference)
        {
            Lost++;
            return;
        }
        if (!_orphans.TryGetValue(reference, out var waiting))
        {
            _orphans[reference] = waiting = [];
        }
        waiting.Add(sample);
        _orphaned++;
    }

    private string Shared(ReadOnlySpan<byte> bytes)
    {
        var text = Encoding.UTF8.GetString(bytes);
        if (_texts.TryGetValue(text, out var known))
        {
            return known;
        }
        return _texts[text] = text;
    }

    private void Damage(string segment, long offset, long length, string what)
    {
        if (Damages.Count < MostDamages)
        {
            Damages.Add(new LogDamage(segment, offset, length, what));
        }
    }
}
