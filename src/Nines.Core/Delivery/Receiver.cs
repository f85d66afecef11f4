namespace Nines.Core.Delivery;

/// <summary>Where messages go.</summary>
/// <param name="Name">The receiver's name, unique.</param>
/// <param name="Severities">The alert severities it takes (<c>page</c>, <c>ticket</c>); empty takes all.</param>
/// <param name="SendResolved">Whether it is told that an alert is over.</param>
/// <param name="Position">Where it is declared.</param>
public abstract record Receiver(string Name, IReadOnlyList<string> Severities, bool SendResolved, SourcePosition Position);

/// <summary>A chat of a Telegram bot (Bot API, <c>sendMessage</c>).</summary>
/// <param name="ApiUrl">Root of the Bot API; <c>https://api.telegram.org</c> unless a compatible server is meant.</param>
/// <param name="BotToken">The bot's token.</param>
/// <param name="ChatId">Chat id or <c>@channel</c>.</param>
public sealed record TelegramReceiver(string Name, IReadOnlyList<string> Severities, bool SendResolved, SourcePosition Position, Uri ApiUrl, Secret BotToken,
    string ChatId)
    : Receiver(Name, Severities, SendResolved, Position);

/// <summary>An HTTP endpoint that takes Alertmanager's webhook payload, version 4.</summary>
/// <param name="Url">Where to POST; a secret, since such addresses carry tokens.</param>
/// <param name="BearerToken">Sent as <c>Authorization: Bearer</c>; null sends none.</param>
public sealed record WebhookReceiver(string Name, IReadOnlyList<string> Severities, bool SendResolved, SourcePosition Position, Secret Url, Secret? BearerToken)
    : Receiver(Name, Severities, SendResolved, Position);
