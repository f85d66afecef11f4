using System.Globalization;
using Nines.Metrics;

namespace Nines.Core.Alerting;

/// <summary>An alert as the server knows it.</summary>
public sealed record AlertState
{
    /// <summary>Its identity.</summary>
    public required Labels Labels { get; init; }

    /// <summary>What was last told about it.</summary>
    public required Labels Annotations { get; init; }

    /// <summary>Since when it fires, nanoseconds since the Unix epoch; the earliest anyone told.</summary>
    public required long StartsAtNs { get; init; }

    /// <summary>When it ended, or is taken to end if nobody says otherwise.</summary>
    public required long EndsAtNs { get; init; }

    /// <summary>Whether nobody told an end, so that it is taken to end when it is not heard of for the resolve timeout.</summary>
    public bool EndIsTimeout { get; init; }

    /// <summary>When it was last heard of.</summary>
    public required long UpdatedAtNs { get; init; }

    /// <summary>Names this stretch of firing: fixed at its first notice, and never that of an earlier stretch.</summary>
    public required long EpisodeNs { get; init; }

    /// <summary>Whether it fires.</summary>
    public required bool Firing { get; init; }

    /// <summary>The page that explains it; may be empty.</summary>
    public string GeneratorUrl { get; init; } = "";

    /// <summary>Who has taken up this stretch of firing; null when nobody has.</summary>
    public Acknowledgement? Acknowledged { get; init; }

    /// <summary>Another alert of the same story; null when it stands alone. See <see cref="PostedAlert.ToldWith"/>.</summary>
    public Labels? ToldWith { get; init; }

    /// <summary>Alertmanager's fingerprint of the labels: 16 hex digits.</summary>
    public string Fingerprint => AlertMachine.FingerprintOf(Labels);
}

/// <summary>A change of an alert between firing and resolved.</summary>
/// <param name="Fingerprint">The alert.</param>
/// <param name="EpisodeNs">The stretch of firing.</param>
/// <param name="Resolved">Whether it is over, or began.</param>
/// <param name="AtNs">When it was decided, nanoseconds since the Unix epoch.</param>
/// <param name="Explanation">Why, in a sentence.</param>
public sealed record AlertTransition(string Fingerprint, long EpisodeNs, bool Resolved, long AtNs, string Explanation);

/// <summary>What a posted alert, or the passing of time, makes of an alert.</summary>
/// <param name="State">The alert from now on.</param>
/// <param name="Transition">The change, or null when it goes on as before.</param>
public sealed record AlertDecision(AlertState State, AlertTransition? Transition);

/// <summary>The one state machine of alerts.</summary>
public static class AlertMachine
{
    /// <summary>An alert of which nobody says anything for so long is over: 5 minutes.</summary>
    public const long ResolveTimeoutNs = 300_000_000_000;

    /// <summary>Alertmanager's fingerprint: the stable hash of the labels in 16 hex digits.</summary>
    public static string FingerprintOf(Labels labels) => labels.StableHash.ToString("x16");

    /// <summary>The hash that a fingerprint writes; null when the text is none.</summary>
    public static ulong? HashOf(string fingerprint) => fingerprint.Length == 16
        && ulong.TryParse(fingerprint, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var hash) ? hash : null;

    /// <summary>Takes in a posted alert; null when it changes nothing (the end of an alert that is not firing). Merges as Alertmanager does.</summary>
    /// <param name="before">The alert until now; null for a new one.</param>
    /// <param name="posted">What is told of it.</param>
    /// <param name="nowNs">The moment.</param>
    /// <param name="timeoutNs">After which it ends when no end is told.</param>
    public static AlertDecision? Receive(AlertState? before, PostedAlert posted, long nowNs, long timeoutNs = ResolveTimeoutNs)
    {
        var over = posted.EndsAtNs != 0 && posted.EndsAtNs <= nowNs;
        var decision = before is { Firing: true }
            ? over ? End(before, posted, nowNs) : Refresh(before, posted, nowNs, timeoutNs)
            : over ? EndAgain(before, posted, nowNs) : Begin(before, posted, nowNs, timeoutNs);
        return decision is null ? null : decision with { State = decision.State with { ToldWith = posted.ToldWith } };
    }

    /// <summary>Ends an alert of which nobody has said anything until its time ran out.</summary>
    public static AlertDecision Expire(AlertState before, long nowNs) =>
        new(before with { Firing = false, EndsAtNs = Math.Max(before.StartsAtNs, Math.Min(nowNs, before.EndsAtNs)) },
            new AlertTransition(before.Fingerprint, before.EpisodeNs, true, nowNs, before.EndIsTimeout
                ? $"nobody has reported it since {Clock.Text(before.UpdatedAtNs)}, so it is taken to be over"
                : $"nobody has reported it since {Clock.Text(before.UpdatedAtNs)}, and its source said that it would end at {Clock.Text(before.EndsAtNs)}"));

    /// <summary>Ends an alert that fires because somebody says so.</summary>
    public static AlertDecision EndByHand(AlertState before, Responder by, long nowNs) =>
        new(before with { Firing = false, EndsAtNs = Math.Max(before.StartsAtNs, nowNs), EndIsTimeout = false, UpdatedAtNs = nowNs },
            new AlertTransition(before.Fingerprint, before.EpisodeNs, true, nowNs, $"{by.Name} said {by.Where} that it is over"));

    private static AlertDecision Begin(AlertState? before, PostedAlert posted, long nowNs, long timeoutNs)
    {
        var starts = posted.StartsAtNs == 0 ? nowNs : posted.StartsAtNs;
        var again = before is not null && starts <= Math.Max(before.EpisodeNs, before.EndsAtNs);
        var state = new AlertState
        {
            Labels = posted.Labels,
            Annotations = posted.Annotations,
            StartsAtNs = again && starts > before!.StartsAtNs && starts < before.EndsAtNs ? before.StartsAtNs : starts,
            EndsAtNs = EndOf(posted, nowNs, timeoutNs),
            EndIsTimeout = posted.EndsAtNs == 0,
            UpdatedAtNs = nowNs,
            // A client that reports the old start after an end means a new stretch: it must not pass for a repeat of the old one.
            EpisodeNs = again ? Math.Max(nowNs, before!.EpisodeNs + 1) : starts,
            Firing = true,
            GeneratorUrl = posted.GeneratorUrl,
        };
        var text = before is null
            ? $"reported for the first time, firing since {Clock.Text(state.StartsAtNs)}"
            : $"reported again after it was over at {Clock.Text(before.EndsAtNs)}";
        return new AlertDecision(state, new AlertTransition(state.Fingerprint, state.EpisodeNs, false, nowNs, text));
    }

    private static AlertDecision Refresh(AlertState before, PostedAlert posted, long nowNs, long timeoutNs)
    {
        var ends = EndOf(posted, nowNs, timeoutNs);
        var keepsEnd = !before.EndIsTimeout && before.EndsAtNs > ends;
        return new(before with
        {
            Annotations = posted.Annotations,
            StartsAtNs = posted.StartsAtNs == 0 ? before.StartsAtNs : Math.Min(before.StartsAtNs, posted.StartsAtNs),
            EndsAtNs = keepsEnd ? before.EndsAtNs : ends,
            EndIsTimeout = !keepsEnd && posted.EndsAtNs == 0,
            UpdatedAtNs = nowNs,
            GeneratorUrl = posted.GeneratorUrl,
        }, null);
    }

    private static AlertDecision? End(AlertState before, PostedAlert posted, long nowNs) =>
        posted.EndsAtNs < before.StartsAtNs && posted.StartsAtNs < before.StartsAtNs
            ? null // A late word about an earlier stretch says nothing about this one. An end before its own start does: the clock was set back.
            : new(before with
            {
                Annotations = posted.Annotations.Count > 0 ? posted.Annotations : before.Annotations,
                StartsAtNs = posted.StartsAtNs == 0 ? before.StartsAtNs : Math.Min(before.StartsAtNs, posted.StartsAtNs),
                Firing = false,
                EndsAtNs = Math.Max(posted.EndsAtNs, before.StartsAtNs),
                EndIsTimeout = false,
                UpdatedAtNs = nowNs,
                GeneratorUrl = posted.GeneratorUrl,
            }, new AlertTransition(before.Fingerprint, before.EpisodeNs, true, nowNs, $"its source says that it ended at {Clock.Text(posted.EndsAtNs)}"));

    // Of several words about the end of one stretch, the latest end counts.
    private static AlertDecision? EndAgain(AlertState? before, PostedAlert posted, long nowNs) =>
        before is null || !Overlaps(before, posted) ? null
            : new(before with
            {
                Annotations = posted.Annotations.Count > 0 ? posted.Annotations : before.Annotations,
                StartsAtNs = posted.StartsAtNs == 0 ? before.StartsAtNs : Math.Min(before.StartsAtNs, posted.StartsAtNs),
                EndsAtNs = Math.Max(before.EndsAtNs, posted.EndsAtNs),
                UpdatedAtNs = nowNs,
                GeneratorUrl = posted.GeneratorUrl,
            }, null);

    private static bool Overlaps(AlertState before, PostedAlert posted) =>
        (posted.EndsAtNs > before.StartsAtNs && posted.EndsAtNs < before.EndsAtNs)
        || (posted.StartsAtNs > before.StartsAtNs && posted.StartsAtNs < before.EndsAtNs);

    private static long EndOf(PostedAlert posted, long nowNs, long timeoutNs) => posted.EndsAtNs == 0 ? nowNs + timeoutNs : posted.EndsAtNs;
}
