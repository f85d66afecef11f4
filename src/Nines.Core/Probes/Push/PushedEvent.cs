using Nines.Metrics;

namespace Nines.Core.Probes.Push;

/// <summary>What a push may hold.</summary>
public static class PushLimits
{
    /// <summary>Events of one request.</summary>
    public const int MaxEvents = 5_000;

    /// <summary>Bytes of one request.</summary>
    public const int MaxBytes = 4 << 20;

    /// <summary>Labels of one event, beside its service and environment.</summary>
    public const int MaxLabels = 8;

    /// <summary>Characters of a name, a label's value or a key.</summary>
    public const int MaxText = 128;

    /// <summary>The largest value of one event.</summary>
    public const double MaxValue = 1e12;

    /// <summary>Sets of labels that are counted apart; events with a further one are refused.</summary>
    public const int MaxSeries = 2_000;

    /// <summary>How far the sender's clock may be ahead.</summary>
    public const long AheadMs = 60_000;

    /// <summary>How late an event may come.</summary>
    public const long LateMs = 3_600_000;

    /// <summary>For how long a key is known, so that an event that comes again counts once.</summary>
    public const long KeyMs = 7 * 86_400_000L;

    /// <summary>How many keys are kept; the oldest go first.</summary>
    public const int MaxKeys = 5_000_000;
}

/// <summary>An event that can be counted.</summary>
/// <param name="Index">Which of its request, from 0.</param>
/// <param name="Labels">What it is counted under: event, service, environment, outcome when it has one, and its own labels.</param>
/// <param name="Value">What it adds to the sum of values, at least 0; null when it has none.</param>
/// <param name="Key">Two events of one name with the same key count once; null for an event that always counts.</param>
/// <param name="IsLate">Whether it happened in an earlier minute than the one it is counted in.</param>
public sealed record PushedEvent(int Index, Labels Labels, double? Value, string? Key, bool IsLate);

/// <summary>An event that is not counted.</summary>
/// <param name="Index">Which of its request, from 0.</param>
/// <param name="Code">Why, as a stable word.</param>
/// <param name="Field">The field that is wrong; empty when it is the whole.</param>
/// <param name="Message">What is wrong.</param>
/// <param name="Hint">What to do; may be empty.</param>
public sealed record RefusedEvent(int Index, string Code, string Field, string Message, string Hint);

/// <summary>What came of reading a request.</summary>
/// <param name="Events">The events that can be counted.</param>
/// <param name="Refused">The others.</param>
/// <param name="Unreadable">Why nothing of it can be counted; null when it can be read.</param>
public sealed record PushReading(IReadOnlyList<PushedEvent> Events, IReadOnlyList<RefusedEvent> Refused, RefusedEvent? Unreadable);
