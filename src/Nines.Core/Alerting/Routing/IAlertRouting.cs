using Nines.Core.Delivery;
using Nines.Metrics;

namespace Nines.Core.Alerting.Routing;

/// <summary>Routing as it stands: who is told of what, and what is kept quiet. Answers from memory.</summary>
public interface IAlertRouting
{
    /// <summary>The configuration in force.</summary>
    RoutingPlan Plan { get; }

    /// <summary>The alerts that are not over, by fingerprint.</summary>
    IReadOnlyList<RoutedAlert> Alerts();

    /// <summary>The groups with an alert that is not over, by labels, then by receiver.</summary>
    IReadOnlyList<GroupReport> Groups();

    /// <summary>The silences that are kept, those that are over included.</summary>
    IReadOnlyList<Silence> Silences();

    /// <summary>Sets a silence. When the task completes it is durable, or it is refused.</summary>
    /// <param name="id">The silence to change; empty for a new one.</param>
    /// <param name="asked">What it should be; its identity and time of change do not count.</param>
    /// <param name="by">Who asks.</param>
    /// <param name="cancellation">Ends the wait, not the change.</param>
    /// <returns>What came of it; null when there is no silence with that identity.</returns>
    Task<SilenceChange?> SetSilenceAsync(string id, Silence asked, Responder by, CancellationToken cancellation);

    /// <summary>Ends a silence now; one that is over stays as it is.</summary>
    /// <returns>False when there is no silence with that identity.</returns>
    Task<bool> ExpireSilenceAsync(string id, Responder by, CancellationToken cancellation);
}

/// <summary>Says why people were told of an alert, or were not. Answers from memory.</summary>
public interface IAlertExplanations
{
    /// <summary>The explanation as of now; null when no alert with this fingerprint fires or was over within a day.</summary>
    /// <param name="fingerprint">16 hex digits.</param>
    Explanation? Explain(string fingerprint);
}

/// <summary>How alerts are routed.</summary>
/// <param name="Roots">The routing trees; an alert goes through each.</param>
/// <param name="Receivers">The receivers, by name.</param>
/// <param name="InhibitRules">The inhibition rules, in order.</param>
/// <param name="ResolveTimeoutMs">After which an alert without an end ends when it is not posted again, in ms.</param>
/// <param name="Text">The <c>alertmanager.yml</c> with secrets hidden; empty when there is none.</param>
public sealed record RoutingPlan(
    IReadOnlyList<Route> Roots, IReadOnlyDictionary<string, AlertReceiver> Receivers, IReadOnlyList<InhibitRule> InhibitRules,
    long ResolveTimeoutMs, string Text)
{
    /// <summary>Nobody is told of anything.</summary>
    public static readonly RoutingPlan Empty =
        new([], new Dictionary<string, AlertReceiver>(StringComparer.Ordinal), [], AlertMachine.ResolveTimeoutNs / 1_000_000, "");

    /// <summary>The files that define templates, by name, in order.</summary>
    public IReadOnlyList<(string File, string Text)> Templates { get; init; } = [];

    /// <summary>What is wished of receivers, by name.</summary>
    public IReadOnlyDictionary<string, ReceiverWishes> Wishes { get; init; } = System.Collections.Frozen.FrozenDictionary<string, ReceiverWishes>.Empty;

    /// <summary>What is wished of a receiver.</summary>
    public ReceiverWishes WishesOf(string receiver) => Wishes.GetValueOrDefault(receiver, ReceiverWishes.None);

    /// <summary>The labels by which an alert is grouped on a route, and the times at which what gathers there is told; null for those of the route.</summary>
    public (Labels Labels, DigestTimes? Digest) GroupOf(Route route, Labels alert) =>
        WishesOf(route.Receiver) is { Digest: { } digest } wishes && !wishes.IsUrgent(alert) ? (digest.GroupLabels, digest) : (route.GroupOf(alert), null);

    /// <summary>Who stands in for receivers that cannot be reached, by their name. No receiver stands in for itself, not even over others.</summary>
    public IReadOnlyDictionary<string, Failover> Failover { get; init; } = System.Collections.Frozen.FrozenDictionary<string, Failover>.Empty;

    /// <summary>What words of severity mean.</summary>
    public SeverityLadders Ladders { get; init; } = SeverityLadders.Default;

    /// <summary>What an <c>alertmanager.yml</c> alone says.</summary>
    /// <param name="config">The file's configuration.</param>
    /// <param name="text">The file as it may be shown.</param>
    public static RoutingPlan Of(AlertmanagerConfig config, string text) =>
        new([config.Root], config.Receivers.ToDictionary(r => r.Name, StringComparer.Ordinal), config.InhibitRules, config.ResolveTimeoutMs, text);

    /// <summary>Receivers of Delivery documents, told of each alert by itself, and beside them an <c>alertmanager.yml</c>.</summary>
    /// <param name="receivers">The receivers; no name is one of the file's.</param>
    /// <param name="alertmanager">The file's configuration, and its text as it may be shown; null for none.</param>
    /// <param name="templates">The files that define templates, by name.</param>
    public static RoutingPlan Of(
        IReadOnlyList<DirectReceiver> receivers, (AlertmanagerConfig Config, string Text)? alertmanager = null,
        IReadOnlyList<(string File, string Text)>? templates = null)
    {
        var plan = alertmanager is var (config, text) ? Of(config, text) : Empty;
        return plan with
        {
            Roots = [DirectReceiver.RootOf(receivers), .. plan.Roots],
            Receivers = receivers.Select(r => r.Receiver).Concat(plan.Receivers.Values).ToDictionary(r => r.Name, StringComparer.Ordinal),
            Templates = templates ?? [],
        };
    }
}

/// <summary>An alert and what routing makes of it.</summary>
/// <param name="State">The alert.</param>
/// <param name="Receivers">Names of the receivers whose routes it takes, in order of the routes.</param>
/// <param name="Standing">Whether people are told.</param>
/// <param name="SilencedBy">The silences that keep it quiet, by identity.</param>
/// <param name="InhibitedBy">Fingerprints of the alerts that inhibit it.</param>
/// <param name="MutedBy">Names of the time intervals that keep all of its groups quiet.</param>
public sealed record RoutedAlert(
    AlertState State, IReadOnlyList<string> Receivers, AlertStanding Standing, IReadOnlyList<string> SilencedBy, IReadOnlyList<string> InhibitedBy,
    IReadOnlyList<string> MutedBy);

/// <summary>Whether people are told of an alert.</summary>
public enum AlertStanding
{
    /// <summary>Its groups were not looked at yet.</summary>
    Unprocessed,
    /// <summary>They are told.</summary>
    Active,
    /// <summary>A silence, another alert or a time keeps it quiet.</summary>
    Suppressed,
}

/// <summary>A group of alerts on one route.</summary>
/// <param name="Labels">The labels its alerts share.</param>
/// <param name="Receiver">Who is told.</param>
/// <param name="Key">Alertmanager's group key: the route's matchers from the root, and the labels.</param>
/// <param name="NextFlushNs">When it is looked at next, nanoseconds since the Unix epoch.</param>
/// <param name="Alerts">Its alerts, by fingerprint; <see cref="RoutedAlert.MutedBy"/> is that of this group's route.</param>
public sealed record GroupReport(Labels Labels, string Receiver, string Key, long NextFlushNs, IReadOnlyList<RoutedAlert> Alerts);
