namespace Nines.Core.Alerting;

/// <summary>Somebody who takes alerts in hand.</summary>
/// <param name="Actor">Who, as the journal names them: <c>person:…</c>, <c>token:…</c>, <c>slack:U123</c>, <c>telegram:123</c>.</param>
/// <param name="Name">What people call them.</param>
/// <param name="Through">By which way: <c>page</c>, <c>api</c>, <c>slack</c>, <c>telegram</c>.</param>
public sealed record Responder(string Actor, string Name, string Through)
{
    /// <summary>The way in words that follow a verb: <c>in Slack</c>.</summary>
    public string Where => Through switch
    {
        "page" => "on its page",
        "api" => "through the API",
        "slack" => "in Slack",
        "telegram" => "in Telegram",
        _ => $"through {Through}",
    };
}

/// <summary>Somebody has taken an alert up. It holds for the stretch of firing in which it was given.</summary>
/// <param name="By">Who.</param>
/// <param name="AtNs">When, nanoseconds since the Unix epoch.</param>
public sealed record Acknowledgement(Responder By, long AtNs);

/// <summary>An alert as somebody saw it.</summary>
/// <param name="Fingerprint">16 hex digits.</param>
/// <param name="EpisodeNs">The stretch of firing that is meant (<see cref="AlertState.EpisodeNs"/>); 0 for whichever fires now.</param>
public sealed record AlertStretch(string Fingerprint, long EpisodeNs = 0);

/// <summary>What people can do about an alert.</summary>
public enum Handling
{
    /// <summary>Take it up: what goes on is not told again while all that fires in its group is taken up.</summary>
    Acknowledge,
    /// <summary>Say that it is over. When its source goes on to report it, it fires again, as a new stretch.</summary>
    Resolve,
}

/// <summary>What came of handling an alert.</summary>
public enum HandlingOutcome
{
    /// <summary>It is done.</summary>
    Done,
    /// <summary>Somebody had acknowledged it before; theirs stands.</summary>
    Already,
    /// <summary>It is over.</summary>
    Over,
    /// <summary>The stretch that was meant is over; the alert fires again, which nobody said anything about.</summary>
    Anew,
    /// <summary>There is no such alert, or it was over more than a day ago.</summary>
    Unknown,
}

/// <summary>An alert after it was handled.</summary>
/// <param name="Fingerprint">16 hex digits, as asked for.</param>
/// <param name="Outcome">What came of it.</param>
/// <param name="State">The alert now; null when it is not known.</param>
public sealed record HandledAlert(string Fingerprint, HandlingOutcome Outcome, AlertState? State);

/// <summary>That somebody handled an alert, for the record.</summary>
/// <param name="What">What they did.</param>
/// <param name="State">The alert from then on.</param>
/// <param name="By">Who.</param>
/// <param name="AtNs">When, nanoseconds since the Unix epoch.</param>
public sealed record AlertHandled(Handling What, AlertState State, Responder By, long AtNs);

/// <summary>Lets people take alerts in hand. When the task completes it is durable, or, if the store refuses, holds in memory and is recorded later.</summary>
public interface IAlertHandling
{
    /// <summary>Handles alerts, all at once.</summary>
    /// <param name="what">What is done.</param>
    /// <param name="which">The alerts.</param>
    /// <param name="by">Who does it.</param>
    /// <param name="cancellation">Ends the wait, not the change.</param>
    /// <returns>What came of it for each, in order.</returns>
    Task<IReadOnlyList<HandledAlert>> HandleAsync(Handling what, IReadOnlyList<AlertStretch> which, Responder by, CancellationToken cancellation);
}
