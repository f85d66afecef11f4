using System.Collections.Concurrent;

namespace Nines.Server.Telemetry.RemoteWrite;

/// <summary>
/// From the raw bytes of a series' labels to its place in the store, so that labels are decoded once in a series' life and not with each sample.
/// Two generations: what was not asked for during a whole generation is forgotten, and both together are bounded.
/// </summary>
internal sealed class SeriesCache(TimeProvider time, int maxSeries, long maxBytes)
{
    private const int PerEntry = 100;
    private static readonly TimeSpan Generation = TimeSpan.FromHours(1);
    private readonly Lock _gate = new();
    private volatile Layer _young = new();
    private volatile Layer _old = new();
    private long _bytes;
    private long _since = time.GetTimestamp();

    /// <summary>Series held.</summary>
    public int Count => _young.Count + _old.Count;

    /// <summary>The reference of a series, or 0.</summary>
    public long Find(ReadOnlySpan<byte> labels)
    {
        var young = _young;
        if (young.Lookup.TryGetValue(labels, out var reference))
        {
            return reference;
        }
        if (_old.Lookup.TryGetValue(labels, out var bytes, out reference))
        {
            Put(young, bytes, reference);
            return reference;
        }
        return 0;
    }

    /// <summary>Notes the reference of a series.</summary>
    public void Set(ReadOnlySpan<byte> labels, long reference) => Put(_young, labels.ToArray(), reference);

    /// <summary>Begins a new generation when it is time. Called once a request.</summary>
    public void Turn()
    {
        if (time.GetElapsedTime(Volatile.Read(ref _since)) >= Generation)
        {
            Rotate(_young);
        }
    }

    private void Put(Layer young, byte[] labels, long reference)
    {
        young.References[labels] = reference;
        // Counting the dictionary itself would take all its locks.
        if (Interlocked.Increment(ref young.Size) > maxSeries / 2 || Interlocked.Add(ref _bytes, labels.Length + PerEntry) > maxBytes / 2)
        {
            Rotate(young);
        }
    }

    private void Rotate(Layer young)
    {
        lock (_gate)
        {
            if (_young == young)
            {
                (_old, _young) = (young, new Layer());
                Volatile.Write(ref _since, time.GetTimestamp());
                Interlocked.Exchange(ref _bytes, 0);
            }
        }
    }

    private sealed class Layer
    {
        public readonly ConcurrentDictionary<byte[], long> References = new(ByteText.Comparer);
        public readonly ConcurrentDictionary<byte[], long>.AlternateLookup<ReadOnlySpan<byte>> Lookup;
        public int Size;

        public Layer() => Lookup = References.GetAlternateLookup<ReadOnlySpan<byte>>();

        public int Count => Volatile.Read(ref Size);
    }
}
