using Nines.Metrics;

namespace Nines.Core.Alerting;

/// <summary>An alert as pages and the API show it.</summary>
/// <param name="Fingerprint">16 hex digits.</param>
/// <param name="Labels">Its identity.</param>
/// <param name="Annotations">What was last told about it.</param>
/// <param name="Firing">Whether it fires.</param>
/// <param name="SinceNs">Since when it fires or fired, nanoseconds since the Unix epoch.</param>
/// <param name="EndedNs">When it was over; null while it fires.</param>
/// <param name="UpdatedNs">When it was last heard of.</param>
/// <param name="GeneratorUrl">The page that explains it; may be empty.</param>
/// <param name="Explanation">Why it is in its state, in a sentence; empty when that is no longer known.</param>
/// <param name="Deliveries">Who was told, the latest first.</param>
public sealed record AlertReport(
    string Fingerprint, Labels Labels, Labels Annotations, bool Firing, long SinceNs, long? EndedNs, long UpdatedNs,
    string GeneratorUrl, string Explanation, IReadOnlyList<DeliveryReport> Deliveries)
{
    /// <summary>The stretch of firing (<see cref="AlertState.EpisodeNs"/>).</summary>
    public long EpisodeNs { get; private init; }

    /// <summary>Who has taken it up; null when nobody has.</summary>
    public Acknowledgement? Acknowledged { get; private init; }

    /// <summary>How urgent it is on the one scale of all ladders; null for a word that is in none.</summary>
    public int? Rank { get; private init; }

    /// <summary>Whether somebody has to get up for it.</summary>
    public bool Pages { get; private init; }

    /// <summary>By when it is to be acknowledged; null when it is over, acknowledged, or its level does not say so.</summary>
    public ResponseDue? Response { get; private init; }

    /// <summary>The report with who has taken it up, and what its severity means.</summary>
    public AlertReport By(SeverityLadders ladders, AlertState state) => this with
    {
        EpisodeNs = state.EpisodeNs,
        Acknowledged = state.Acknowledged,
        Rank = ladders.RankOf(Labels),
        Pages = ladders.IsPage(Labels),
        Response = Firing && state.Acknowledged is null ? ResponseClock.DueOf(state, ladders) : null,
    };
}

/// <summary>How far a message is.</summary>
public enum DeliveryState
{
    /// <summary>It waits for its first or next attempt.</summary>
    Pending,
    /// <summary>An attempt is under way, or its outcome is not known.</summary>
    Sending,
    /// <summary>The receiver took it.</summary>
    Sent,
    /// <summary>The receiver refuses it for good, or it was given up.</summary>
    Failed,
    /// <summary>A later message tells the same and more.</summary>
    Collapsed,
    /// <summary>The receiver refuses it for good, or it was given up, and another was told in its place.</summary>
    FailedOver,
}

/// <summary>A message to one receiver.</summary>
/// <param name="Key">Its idempotency key.</param>
/// <param name="Receiver">Name of the receiver.</param>
/// <param name="Resolved">Whether it tells the end, or the beginning.</param>
/// <param name="State">How far it is.</param>
/// <param name="Attempts">How often it was tried.</param>
/// <param name="AtNs">When it was decided, nanoseconds since the Unix epoch.</param>
/// <param name="Detail">What the receiver last said, without secrets: its error, or its proof; empty when there is nothing yet.</param>
/// <param name="Recorded">Whether the store had it before it was sent.</param>
public sealed record DeliveryReport(
    string Key, string Receiver, bool Resolved, DeliveryState State, int Attempts, long AtNs, string Detail, bool Recorded);

/// <summary>Reads alerts for pages, the API and other rooms. Answers from memory.</summary>
public interface IAlertReports
{
    /// <summary>Counts up whenever a report changed; what live pages watch.</summary>
    long Version { get; }

    /// <summary>The firing alerts, the latest first.</summary>
    IReadOnlyList<AlertReport> Firing();

    /// <summary>The firing alerts and those over for less than a day, firing ones first, then the latest first.</summary>
    IReadOnlyList<AlertReport> All();

    /// <summary>One of them; null when there is none with this fingerprint.</summary>
    AlertReport? Find(string fingerprint);
}
