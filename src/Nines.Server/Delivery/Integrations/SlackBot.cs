using System.Collections.Concurrent;
using System.Text.Json;
using Nines.Core.Delivery;
using Nines.Core.Delivery.Integrations;

namespace Nines.Server.Delivery.Integrations;

/// <summary>Where a message stands in Slack.</summary>
/// <param name="Channel">The channel's id.</param>
/// <param name="Ts">The message's time stamp, which is its id.</param>
internal sealed record MessagePlace(string Channel, string Ts);

/// <summary>Remembers the message of a group that still fires, by receiver, integration and group.</summary>
internal interface IMessageMemory
{
    /// <summary>The message of a key; null when there is none.</summary>
    ValueTask<MessagePlace?> FindAsync(string key, CancellationToken cancellation);

    /// <summary>Sets or, with null, forgets the message of a key.</summary>
    ValueTask SetAsync(string key, MessagePlace? place, CancellationToken cancellation);
}

/// <summary>In memory: after a restart a group begins a new message.</summary>
internal sealed class MessageMemory : IMessageMemory
{
    private const int Max = 10_000;

    private readonly ConcurrentDictionary<string, MessagePlace> _places = new(StringComparer.Ordinal);

    public ValueTask<MessagePlace?> FindAsync(string key, CancellationToken cancellation) => ValueTask.FromResult(_places.GetValueOrDefault(key));

    public ValueTask SetAsync(string key, MessagePlace? place, CancellationToken cancellation)
    {
        if (place is null)
        {
            _places.TryRemove(key, out _);
        }
        else
        {
            if (_places.Count >= Max)
            {
                _places.Clear();
            }
            _places[key] = place;
        }
        return ValueTask.CompletedTask;
    }
}

/// <summary>
/// A Slack bot: one message for a group while it fires. News goes into its thread, where people are told of it, and then the message itself is brought up to
/// date in place. The news decides whether the attempt was a success.
/// </summary>
internal sealed class SlackBot(IMessageMemory memory)
{
    public async Task<SendOutcome> SendAsync(MessageScope scope, string url, Func<HttpMessage, Task<HttpAnswer>> send, CancellationToken cancellation)
    {
        var notification = scope.Notification;
        var key = $"{notification.Receiver}/{notification.Kind}/{notification.Index}:{notification.GroupKey}";
        var place = await memory.FindAsync(key, cancellation);
        var channel = place?.Channel ?? (scope.Text("channel") is { Length: > 0 } named ? named : throw new MessageException("channel has no value"));
        var news = await send(SlackMessage.OfBot(scope, url, channel, ts: null, thread: place?.Ts));
        if (place is not null && news.Outcome.Verdict == SendVerdict.Failed && news.Outcome.Detail.Contains("not_found", StringComparison.Ordinal))
        {
            // Somebody deleted the message or its channel: begin anew where the settings say.
            await memory.SetAsync(key, null, cancellation);
            place = null;
            news = await send(SlackMessage.OfBot(scope, url, scope.Text("channel"), ts: null, thread: null));
        }
        if (news.Outcome.Verdict != SendVerdict.Sent)
        {
            return news.Outcome;
        }
        if (place is null)
        {
            await memory.SetAsync(key, notification.Resolved ? null : PlaceOf(news.Body), cancellation);
            return news.Outcome;
        }
        var update = await send(SlackMessage.OfBot(scope, url.Replace("chat.postMessage", "chat.update", StringComparison.Ordinal), channel, place.Ts, null));
        if (notification.Resolved || update.Outcome.Verdict == SendVerdict.Failed)
        {
            await memory.SetAsync(key, null, cancellation);
        }
        return update.Outcome.Verdict == SendVerdict.Sent ? news.Outcome
            : news.Outcome with { Detail = $"told in the thread; the message was not changed: {update.Outcome.Detail}" };
    }

    private static MessagePlace? PlaceOf(string answer)
    {
        try
        {
            using var json = JsonDocument.Parse(answer);
            return json.RootElement.TryGetProperty("channel", out var channel) && json.RootElement.TryGetProperty("ts", out var ts)
                ? new MessagePlace(channel.GetString()!, ts.GetString()!) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
