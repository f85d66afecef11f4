using Nines.Core.Alerting;
using Nines.Core.Alerting.Routing;
using Nines.Core.Delivery;
using Nines.Server.Web;

namespace Nines.Server.Delivery.Pages;

/// <summary>The words for what becomes of messages.</summary>
internal static class DeliveryWords
{
    /// <summary>The states people filter by, with their words.</summary>
    public static readonly IReadOnlyList<(string State, string Word)> States =
        [("pending", "Waiting"), ("sending", "Sending or in doubt"), ("sent", "Sent"), ("failed", "Failed"), ("collapsed", "Told by a later one")];

    /// <summary>Word, icon and look of a message's state. A state that is not known here is shown as it is.</summary>
    public static (string Word, string Icon, string Look) Of(DeliveryEntry entry) => entry.State switch
    {
        "sent" when entry.Attempts.Count > 1 => ($"Sent at attempt {entry.Attempts[^1].Number}", "circle-check", "ok"),
        "sent" => ("Sent", "circle-check", "ok"),
        "pending" when entry.Attempts.Count > 0 => ("Waits to try again", "history", "caution"),
        "pending" => ("Waiting", "circle-dashed", "unknown"),
        "sending" => ("Sending or in doubt", "circle-dashed", "caution"),
        "failed" => ("Failed", "octagon-x", "exhausted"),
        "collapsed" => ("Told by a later one", "history", "unknown"),
        var other => (Format.Capital(other), "circle-dashed", "unknown"),
    };

    /// <summary>Word and look of an attempt's outcome.</summary>
    public static (string Word, string Icon, string Look) Of(DeliveryAttempt attempt) => attempt.Outcome switch
    {
        "sent" => ("Sent", "circle-check", "ok"),
        "retry" => ("Did not arrive", "triangle-alert", "caution"),
        "indoubt" => ("May have arrived", "triangle-alert", "caution"),
        "failed" => ("Refused", "octagon-x", "exhausted"),
        "unknown" => ("Outcome not known", "circle-dashed", "unknown"),
        var other => (Format.Capital(other), "circle-dashed", "unknown"),
    };

    /// <summary>Why a message was decided.</summary>
    public static string Of(NoticeReason reason) => reason switch
    {
        NoticeReason.First => "first of its group",
        NoticeReason.NewAlerts => "new alerts",
        NoticeReason.SomeResolved => "some are over",
        NoticeReason.AllResolved => "all are over",
        NoticeReason.Repeat => "still firing, told again",
        NoticeReason.Digest => "digest",
        var other => other.ToString(),
    };

    /// <summary>What a message tells of, short.</summary>
    public static string About(GroupNotification notification)
    {
        var names = notification.Alerts.Select(a => a.Labels["alertname"] is { Length: > 0 } name ? name : a.Fingerprint)
            .Distinct(StringComparer.Ordinal).ToList();
        return names.Count <= 2 ? string.Join(", ", names) : $"{names[0]} and {names.Count - 1} others";
    }

    /// <summary>A length of time: <c>38 ms</c>, <c>1.4 s</c>, <c>12 min</c>.</summary>
    public static string Took(long ns) => ns < 950_000_000 ? $"{Math.Max(0, ns / 1_000_000)}\u00a0ms" : Format.Short(ns / 60e9);

    /// <summary>A moment for people, with its second: <c>Thu 12 Mar 03:14:05</c>.</summary>
    public static string Moment(long ns) => $"{Format.Moment(ns / 1_000_000)}:{DateTimeOffset.FromUnixTimeMilliseconds(ns / 1_000_000).Second:00}";
}
