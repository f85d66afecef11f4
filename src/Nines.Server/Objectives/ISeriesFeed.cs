using Nines.Core.Objectives;
using Nines.Metrics;

namespace Nines.Server.Objectives;

/// <summary>The series an indicator counts, kept up to date. All but reading from afar happens on the ledger's thread.</summary>
internal interface ISeriesFeed : IDisposable
{
    /// <summary>Counts up whenever the series are others.</summary>
    int Version { get; }

    /// <summary>The series of each term of the total.</summary>
    IReadOnlyList<IReadOnlyList<ISeriesHandle>> Total { get; }

    /// <summary>The series of each term of the good or bad part.</summary>
    IReadOnlyList<IReadOnlyList<ISeriesHandle>> Part { get; }

    /// <summary>Whether and how far samples come from afar; null when they are all here.</summary>
    ICatchUp? CatchUp { get; }

    /// <summary>Takes in what is new.</summary>
    void Refresh();

    /// <summary>Tells that everything taken in was booked.</summary>
    void Booked();

    /// <summary>The selectors that match nothing, and for a bucket that is not there the bounds that are.</summary>
    IReadOnlyList<EmptySelector> Empty();
}

/// <summary>How far something was read that comes from afar.</summary>
internal interface ICatchUp : IDisposable
{
    /// <summary>Starts to read what comes after a time.</summary>
    /// <param name="startMs">Where the objective's window begins.</param>
    /// <param name="fromMs">Up to here it is booked already.</param>
    void Begin(long startMs, long fromMs);

    /// <summary>Everything up to here was taken in, ms since the Unix epoch.</summary>
    long ReadToMs { get; }

    /// <summary>When the last piece arrived, ms since the Unix epoch; 0 before the first.</summary>
    long ProgressMs { get; }

    /// <summary>Why the last piece did not arrive; null when it did.</summary>
    string? Failure { get; }

    /// <summary>What is shown of it.</summary>
    SourceReading Reading(long nowMs);
}

/// <summary>How far one objective was read from a source.</summary>
/// <param name="Objective">The objective's key.</param>
/// <param name="State"><c>live</c>, <c>catching-up</c> (history or a gap is being read) or <c>failing</c>.</param>
/// <param name="From">Start of the objective's window.</param>
/// <param name="ReadTo">Everything up to here was read; null before the first answer.</param>
/// <param name="Progress">Share of the stretch that was read, 0 to 1.</param>
/// <param name="OldestSample">The oldest sample the source had, of those read since the start of this server.</param>
/// <param name="Series">How many series are followed.</param>
/// <param name="Error">Why the last reading failed.</param>
public sealed record SourceReading(
    string Objective, string State, DateTimeOffset From, DateTimeOffset? ReadTo, double Progress, DateTimeOffset? OldestSample, int Series, string? Error);
