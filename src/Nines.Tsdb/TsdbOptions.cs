namespace Nines.Tsdb;

/// <summary>How a store keeps its samples. Fixed until it is closed.</summary>
public sealed record TsdbOptions
{
    /// <summary>The store's own directory; created when absent.</summary>
    public required string Directory { get; init; }

    /// <summary>How long samples are kept. Default 15 days.</summary>
    public TimeSpan Retention { get; init; } = TimeSpan.FromDays(15);

    /// <summary>Most series at a time; further ones are refused and counted. Default 1,000,000.</summary>
    public int MaxSeries { get; init; } = 1_000_000;

    /// <summary>Size at which a log segment is closed, in bytes. Default 16 MiB.</summary>
    public int SegmentBytes { get; init; } = 16 << 20;

    /// <summary>Most bytes of log; the oldest segments, and the samples in them, go first. Default 8 GiB.</summary>
    public long MaxLogBytes { get; init; } = 8L << 30;

    /// <summary>How often the log is forced to disk. Default 5 s.</summary>
    public TimeSpan SyncInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How often what is too old is dropped. Default 10 min.</summary>
    public TimeSpan RetentionInterval { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}

/// <summary>How a store is doing. Counts are since it was opened.</summary>
/// <param name="Series">Series held.</param>
/// <param name="AppendedSamples">Samples made visible.</param>
/// <param name="RefusedSamples">Samples refused: not newer than the series' newest, or of a refused series.</param>
/// <param name="RefusedSeries">Series refused because <see cref="TsdbOptions.MaxSeries"/> was reached.</param>
/// <param name="LogWritable">Whether the last attempt to write the log went well.</param>
/// <param name="FailedCommits">Commits that are visible but not in the log.</param>
/// <param name="FailedSyncs">Attempts to force the log to disk that failed.</param>
/// <param name="LastError">The last failure to write, or null.</param>
/// <param name="LastErrorAt">When that was.</param>
/// <param name="LogBytes">Size of all segments.</param>
/// <param name="LogSegments">How many segments there are.</param>
/// <param name="ReplayedSamples">Samples read from the log at the start.</param>
/// <param name="LostSamples">Samples in the log whose series' record was damaged.</param>
/// <param name="Damages">What could not be read at the start; the first hundred.</param>
public sealed record TsdbHealth(
    int Series,
    long AppendedSamples,
    long RefusedSamples,
    long RefusedSeries,
    bool LogWritable,
    long FailedCommits,
    long FailedSyncs,
    string? LastError,
    DateTimeOffset? LastErrorAt,
    long LogBytes,
    int LogSegments,
    long ReplayedSamples,
    long LostSamples,
    IReadOnlyList<LogDamage> Damages);

/// <summary>Bytes of the log that could not be read.</summary>
/// <param name="Segment">The segment's file name.</param>
/// <param name="Offset">Where they begin.</param>
/// <param name="Length">How many there are.</param>
/// <param name="What">What became of them.</param>
public sealed record LogDamage(string Segment, long Offset, long Length, string What)
{
    /// <summary>One line for a log.</summary>
    public override string ToString() => $"{Segment}: {Length} bytes at {Offset}: {What}";
}
