namespace Nines.Tsdb.Chunks;

/// <summary>Room for one decoded chunk, for a thread.</summary>
internal sealed class ChunkScratch
{
    [ThreadStatic]
    private static ChunkScratch? _ofThread;

    public static ChunkScratch OfThread => _ofThread ??= new ChunkScratch();

    public long[] AllTimes { get; } = new long[ChunkFormat.MostSamples];

    public double[] AllValues { get; } = new double[ChunkFormat.MostSamples];

    public long[] AllStarts { get; } = new long[ChunkFormat.MostSamples];

    public Span<long> Times(int count) => AllTimes.AsSpan(0, count);

    public Span<double> Values(int count) => AllValues.AsSpan(0, count);

    public Span<long> Starts(int count) => AllStarts.AsSpan(0, count);
}
