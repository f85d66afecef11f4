using Nines.Core.Alerting;
using Nines.Core.Alerting.Routing;

namespace Nines.Core.Delivery;

/// <summary>The buttons of our own messages by which people take alerts in hand.</summary>
public static class MessageButtons
{
    /// <summary>Whether an integration is set up to hear of buttons that are pressed.</summary>
    public static bool AreOn(Integration integration) => integration.Kind switch
    {
        "slack" => integration.Settings.Any("signing_secret") is not null,
        "telegram" => integration.Settings.Flag("buttons"),
        _ => false,
    };

    /// <summary>The buttons of a message, in order.</summary>
    public static IReadOnlyList<ButtonPress> Of(GroupNotification notification)
    {
        var firing = notification.Alerts.Where(a => a.EndsAtNs == 0).ToList();
        return firing.Count == 0 ? []
            : firing.TrueForAll(a => a.AcknowledgedBy.Length > 0) ? [new(Handling.Resolve, notification.Key)]
            : [new(Handling.Acknowledge, notification.Key), new(Handling.Resolve, notification.Key)];
    }

    /// <summary>The alerts that a press is about: those that fired when the message was made.</summary>
    public static IReadOnlyList<AlertStretch> Meant(GroupNotification notification) =>
        [.. notification.Alerts.Where(a => a.EndsAtNs == 0).Select(a => new AlertStretch(a.Fingerprint, a.EpisodeNs))];
}

/// <summary>A button that is pressed.</summary>
/// <param name="What">What is asked for.</param>
/// <param name="Key">The key of the message that has the button.</param>
public sealed record ButtonPress(Handling What, string Key)
{
    private const int KeyLength = 32;

    /// <summary>What people read on it.</summary>
    public string Title => What.ToString();

    /// <summary>What the button does, in one word: <c>acknowledge</c> or <c>resolve</c>.</summary>
    public string Word => What.ToString().ToLowerInvariant();

    /// <summary>What the receiver gives back when it is pressed: at most 44 bytes, where Telegram takes 64.</summary>
    public string Data => $"{Word}:{Key}";

    /// <summary>Reads <see cref="Data"/>; null when the text is no button of ours.</summary>
    public static ButtonPress? Read(string? data) =>
        data?.Split(':') is [{ } word, { Length: KeyLength } key] && key.All(char.IsAsciiHexDigitLower)
        && Enum.GetValues<Handling>().Select(what => new ButtonPress(what, key)).FirstOrDefault(p => p.Word == word) is { } press ? press : null;
}

/// <summary>What a press came to.</summary>
/// <param name="Text">That in a sentence, without the full stop.</param>
/// <param name="Left">What the message's buttons may still ask for; null when the message stays as it is.</param>
public sealed record ButtonAnswer(string Text, IReadOnlyList<Handling>? Left)
{
    /// <summary>The answer to a press.</summary>
    /// <param name="what">What was asked for.</param>
    /// <param name="by">Who pressed.</param>
    /// <param name="handled">What came of it, for each alert of the message; at least one.</param>
    /// <param name="nowNs">The moment, nanoseconds since the Unix epoch.</param>
    public static ButtonAnswer Of(Handling what, Responder by, IReadOnlyList<HandledAlert> handled, long nowNs)
    {
        var mine = handled.Where(h => h.Outcome == HandlingOutcome.Done).ToList();
        var before = handled.Where(h => h.Outcome == HandlingOutcome.Already).ToList();
        var over = handled.Where(h => h.Outcome is HandlingOutcome.Over or HandlingOutcome.Unknown).ToList();
        var text = what == Handling.Resolve && mine.Count > 0 ? $"{Part("Resolved", mine)} by {by.Name}, {At(nowNs)}. What its source still reports fires again"
            : mine.Count > 0 ? $"{Part("Acknowledged", mine)} by {By(mine)}"
            : before.Count > 0 ? $"{Part("Acknowledged", before)} by {By(before)}"
            : handled.Any(h => h.Outcome == HandlingOutcome.Anew) ? "It was over and fires anew: a newer message tells of it"
            : over.Max(h => h.State?.EndsAtNs ?? 0) is var end and > 0 ? $"{(handled.Count > 1 ? "They are" : "It is")} over since {At(end)}"
            : "It is over; when is no longer known";
        return new(text, what == Handling.Acknowledge && mine.Count + before.Count > 0 ? [Handling.Resolve] : []);

        string Part(string verb, List<HandledAlert> of) => of.Count == handled.Count ? verb : $"{verb} ({of.Count} of {handled.Count}; {Rest(of)})";

        string Rest(List<HandledAlert> of) => over.Count > 0 ? $"{over.Count} over" : $"{handled.Count - of.Count} were before, or fire anew";

        string By(List<HandledAlert> of) => of[0].State!.Acknowledged is { } taken ? $"{taken.By.Name}, {At(taken.AtNs)}" : "";

        string At(long ns) => Clock.Text(ns)[..10] == Clock.Text(nowNs)[..10] ? $"{Clock.Minute(ns)} UTC" : Clock.Text(ns);
    }
}
