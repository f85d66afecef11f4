namespace Nines.Tsdb;

/// <summary>What is wrong on purpose, so that the tests can show that they would notice.</summary>
internal enum TsdbFault
{
    /// <summary>Nothing.</summary>
    None,
    /// <summary>Checksums of chunks are not looked at.</summary>
    ChecksumIgnored,
    /// <summary>What a merged block was made of stays in use.</summary>
    SupersededKept,
    /// <summary>The head forgets its samples before the block made of them is in its place.</summary>
    HeadDroppedFirst,
    /// <summary>The log is cut by its oldest sample instead of its newest.</summary>
    LogCutEarly,
    /// <summary>The log is read again from its beginning, though its samples are in blocks.</summary>
    LogReplayedWhole,
    /// <summary>What the log refused is not written to it later.</summary>
    RefusedForgotten,
    /// <summary>A block is renamed before it is forced to disk.</summary>
    RenamedUnsynced,
    /// <summary>Retention does not ask who still needs the samples.</summary>
    WatermarkIgnored,
}
