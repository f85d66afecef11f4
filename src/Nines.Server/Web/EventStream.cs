using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace Nines.Server.Web;

/// <summary>The one event stream of a browser: named events say what changed, pages fetch it again.</summary>
internal sealed class EventStream(TimeProvider time)
{
    private static readonly TimeSpan KeepAlive = TimeSpan.FromSeconds(20);
    private const int MostListeners = 1000;

    private readonly Lock _gate = new();
    private readonly List<Channel<string>> _listeners = [];

    /// <summary>Tells every listener that something changed. A slow listener misses repeats, never the last.</summary>
    public void Publish(string name)
    {
        lock (_gate)
        {
            foreach (var listener in _listeners)
            {
                listener.Writer.TryWrite(name);
            }
        }
    }

    /// <summary>The events from now on; a <c>hello</c> at once and when nothing else happens, so that dead connections are noticed. Empty when too many listen.</summary>
    public async IAsyncEnumerable<SseItem<string>> Listen([EnumeratorCancellation] CancellationToken cancellation)
    {
        var channel = Channel.CreateBounded<string>(new BoundedChannelOptions(16) { FullMode = BoundedChannelFullMode.DropOldest });
        lock (_gate)
        {
            if (_listeners.Count >= MostListeners)
            {
                yield break;
            }
            _listeners.Add(channel);
        }
        using var beat = time.CreateTimer(_ => channel.Writer.TryWrite("hello"), null, TimeSpan.Zero, KeepAlive);
        try
        {
            await foreach (var name in channel.Reader.ReadAllAsync(cancellation))
            {
                yield return new SseItem<string>("", name);
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
}
