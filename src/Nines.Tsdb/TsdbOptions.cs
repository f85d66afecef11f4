namespace Nines.Tsdb;

/// <summary>How a store keeps its samples. Fixed until it is closed.</summary>
public sealed record TsdbOptions
{
    /// <summary>The store's own directory; created when absent.</summary>
    public required string Directory { get; init; }

    /// <summary>How long samples are kept. Default 15 days.</summary>
    public TimeSpan Retention { get; init; } = TimeSpan.FromDays(15);

    /// <summary>Most bytes of blocks and log together; the oldest blocks go first, but none that <see cref="TsdbStore.NeededSinceMs"/> needs.
    /// Default 64 GiB.</summary>
    public long MaxBytes { get; init; } = 64L << 30;

    /// <summary>Most series in memory at a time; further ones are refused and counted. Default 1,000,000.</summary>
    public int MaxSeries { get; init; } = 1_000_000;

    /// <summary>Size at which a log segment is closed, in bytes. Default 16 MiB.</summary>
    public int SegmentBytes { get; init; } = 16 << 20;

    /// <summary>Most bytes of log; the oldest segments go first. Only a store that cannot write blocks comes near it. Default 8 GiB.</summary>
    public long MaxLogBytes { get; init; } = 8L << 30;

    /// <summary>How often the log is forced to disk. Default 5 s.</summary>
    public TimeSpan SyncInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How often blocks are merged and dropped; the head is cut when it is due. Default 5 min.</summary>
    public TimeSpan MaintenanceInterval { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Told, in one sentence, when a limit can no longer be kept.</summary>
    public Action<string> Warn { get; init; } = _ => { };

    /// <summary>A planted fault.</summary>
    internal TsdbFault Fault { get; init; }
}

/// <summary>How a store is doing. Counts are since it was opened.</summary>
/// <param name="Series">Series in memory.</param>
/// <param name="AppendedSamples">Samples made visible.</param>
/// <param name="RefusedSamples">Samples refused: not newer than the series' newest, older than what is in memory, or of a refused series.</param>
/// <param name="RefusedSeries">Series refused because <see cref="TsdbOptions.MaxSeries"/> was reached, or because their labels are not Unicode.</param>
/// <param name="LogWritable">Whether the last attempt to write the log went well.</param>
/// <param name="FailedCommits">Commits that were visible before they were in the log.</param>
/// <param name="UnloggedSamples">Samples that are visible and not in the log; they are written to it as soon as it takes them.</param>
/// <param name="FailedSyncs">Attempts to force the log to disk that failed.</param>
/// <param name="LastError">The last failure to write, or null.</param>
/// <param name="LastErrorAt">When that was.</param>
/// <param name="LogBytes">Size of all segments.</param>
/// <param name="LogSegments">How many segments there are.</param>
/// <param name="ReplayedSamples">Samples read from the log at the start.</param>
/// <param name="LostSamples">Samples in the log whose series' record was damaged.</param>
/// <param name="Damages">What could not be read of the log at the start; the first hundred.</param>
/// <param name="Blocks">How many blocks there are.</param>
/// <param name="BlockBytes">Size of all blocks.</param>
/// <param name="OldestMs">Time of the oldest sample in a block, ms since the Unix epoch; 0 when there is no block.</param>
/// <param name="BlockDamages">What could not be read of blocks so far; the first hundred.</param>
/// <param name="FailedMaintenance">Attempts to cut the head, to merge or to drop blocks that failed; each is tried again.</param>
/// <param name="HeldBlocks">Blocks past the retention that are kept because <see cref="TsdbStore.NeededSinceMs"/> still needs them.</param>
/// <param name="BytesOverLimit">Bytes beyond <see cref="TsdbOptions.MaxBytes"/> that cannot be given back, because the samples are still needed.</param>
public sealed record TsdbHealth(
    int Series,
    long AppendedSamples,
    long RefusedSamples,
    long RefusedSeries,
    bool LogWritable,
    long FailedCommits,
    int UnloggedSamples,
    long FailedSyncs,
    string? LastError,
    DateTimeOffset? LastErrorAt,
    long LogBytes,
    int LogSegments,
    long ReplayedSamples,
    long LostSamples,
    IReadOnlyList<LogDamage> Damages,
    int Blocks,
    long BlockBytes,
    long OldestMs,
    IReadOnlyList<BlockDamage> BlockDamages,
    long FailedMaintenance,
    int HeldBlocks,
    long BytesOverLimit);

/// <summary>Bytes of the log that could not be read.</summary>
/// <param name="Segment">The segment's path in the store's directory.</param>
/// <param name="Offset">Where they begin.</param>
/// <param name="Length">How many there are.</param>
/// <param name="What">What became of them.</param>
public sealed record LogDamage(string Segment, long Offset, long Length, string What)
{
    /// <summary>One line for a log.</summary>
    public override string ToString() => $"{Segment}: {Length} bytes at {Offset}: {What}";
}

/// <summary>A chunk of a block, or a whole block, that could not be read.</summary>
/// <param name="Block">The block's path in the store's directory.</param>
/// <param name="Series">The series whose samples they are; empty when the whole block is meant.</param>
/// <param name="FromMs">Time of the first of them, ms since the Unix epoch.</param>
/// <param name="ToMs">Time of the last of them.</param>
/// <param name="Samples">How many there are.</param>
/// <param name="What">What is wrong.</param>
public sealed record BlockDamage(string Block, string Series, long FromMs, long ToMs, long Samples, string What)
{
    /// <summary>One line for a log.</summary>
    public override string ToString() => Series.Length == 0 ? $"{Block}: {What}"
        : $"{Block}: {Samples} samples of {Series} from {Time(FromMs)} to {Time(ToMs)}: {What}";

    private static string Time(long ms) =>
        ms is >= -62_135_596_800_000 and <= 253_402_300_799_999 ? $"{DateTimeOffset.FromUnixTimeMilliseconds(ms):yyyy-MM-ddTHH:mm:ss.fffZ}" : $"{ms} ms";
}
