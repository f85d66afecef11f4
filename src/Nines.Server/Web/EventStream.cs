using System.Globalization;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace Nines.Server.Web;

/// <summary>The one event stream of a browser: named events say what changed, pages fetch it again.</summary>
internal sealed class EventStream(TimeProvider time)
{
    /// <summary>What a page is told when it may have missed something.</summary>
    private const string Everything = "workspace";
    private const string Beat = "hello";
    private const int MostListeners = 1000;
    private static readonly TimeSpan KeepAlive = TimeSpan.FromSeconds(20);

    private readonly Lock _gate = new();
    private readonly List<Channel<SseItem<string>>> _listeners = [];

    // Unlike after a restart, so that a page which comes back notices that it missed something.
    private long _last = time.GetUtcNow().Ticks;

    /// <summary>Tells every listener that something changed. A slow listener misses repeats, never the last.</summary>
    public void Publish(string name)
    {
        lock (_gate)
        {
            _last++;
            var item = Item(name);
            foreach (var listener in _listeners)
            {
                listener.Writer.TryWrite(item);
            }
        }
    }

    /// <summary>
    /// The events from now on; a <c>hello</c> at once and now and then, so that dead connections are noticed. Empty when too many listen.
    /// </summary>
    /// <param name="seen">The id of the last event a returning listener saw. It is told to fetch again when others came since.</param>
    /// <param name="cancellation">Ends it.</param>
    public async IAsyncEnumerable<SseItem<string>> Listen(string? seen, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var channel = Channel.CreateBounded<SseItem<string>>(new BoundedChannelOptions(16) { FullMode = BoundedChannelFullMode.DropOldest });
        lock (_gate)
        {
            if (_listeners.Count >= MostListeners)
            {
                yield break;
            }
            _listeners.Add(channel);
            channel.Writer.TryWrite(Item(string.IsNullOrEmpty(seen) || seen == Id() ? Beat : Everything));
        }
        // Ended by completing, not by throwing: that a browser leaves or the server stops is nothing to log.
        using var end = cancellation.Register(() => channel.Writer.TryComplete());
        using var beat = time.CreateTimer(_ => SendBeat(channel), null, KeepAlive, KeepAlive);
        try
        {
            await foreach (var item in channel.Reader.ReadAllAsync(CancellationToken.None))
            {
                yield return item;
            }
        }
        finally
        {
            lock (_gate)
            {
                _listeners.Remove(channel);
            }
        }
    }

    private void SendBeat(Channel<SseItem<string>> channel)
    {
        lock (_gate)
        {
            channel.Writer.TryWrite(Item(Beat));
        }
    }

    private SseItem<string> Item(string name) => new("", name) { EventId = Id() };

    private string Id() => _last.ToString(CultureInfo.InvariantCulture);
}
