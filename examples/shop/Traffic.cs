using System.Text.Json;

namespace Nines.Shop;

/// <summary>
/// What the customers saw, by route: the truth that the ledger is held against. A request that got no answer at all is in neither count of the service,
/// so it is in neither here, and counted apart.
/// </summary>
public sealed record RouteTally
{
    /// <summary>Answers that were not a server error.</summary>
    public long Good { get; set; }

    /// <summary>Answers.</summary>
    public long Total { get; set; }

    /// <summary>Requests without an answer.</summary>
    public long Unanswered { get; set; }
}

/// <summary>Customers of the shop: a daily curve of requests, spread over routes, each answer tallied on the client's side.</summary>
/// <param name="targets">The replicas, used in turn.</param>
/// <param name="rate">Requests a second at the day's mean.</param>
/// <param name="flat">Whether the rate stays the same all day.</param>
/// <param name="tallyFile">Where the tally is kept, added to what stands there; null for nowhere.</param>
/// <param name="time">The clock.</param>
/// <param name="random">Chance.</param>
public sealed class Traffic(IReadOnlyList<Uri> targets, int rate, bool flat, string? tallyFile, TimeProvider time, Random random)
{
    private static readonly (string Method, string Path, double Share)[] Mix =
        [("GET", "/catalogue", 0.5), ("GET", "/search", 0.25), ("POST", "/cart", 0.15), ("POST", "/checkout", 0.1)];

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    private readonly Dictionary<string, RouteTally> _tally = Load(tallyFile);

    /// <summary>Sends requests for a number of seconds, or until cancelled when 0; then waits for the last answer and writes the tally.</summary>
    public async Task RunAsync(int seconds, CancellationToken cancellation)
    {
        using var client = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = 256 }) { Timeout = TimeSpan.FromSeconds(15) };
        using var turn = new PeriodicTimer(TimeSpan.FromMilliseconds(50), time);
        var started = time.GetTimestamp();
        var open = new List<Task>();
        var (due, sent, written) = (0.0, 0, 0.0);
        var last = 0.0;
        while (!cancellation.IsCancellationRequested)
        {
            var elapsed = time.GetElapsedTime(started).TotalSeconds;
            if (seconds > 0 && elapsed >= seconds)
            {
                break;
            }
            due += (elapsed - last) * rate * (flat ? 1 : Curve(time.GetUtcNow()));
            last = elapsed;
            for (; sent < due; sent++)
            {
                open.Add(SendAsync(client, targets[sent % targets.Count], Pick(random.NextDouble())));
            }
            open.RemoveAll(t => t.IsCompleted);
            if (elapsed - written >= 1)
            {
                written = elapsed;
                Write();
            }
            try
            {
                await turn.WaitForNextTickAsync(cancellation);
            }
            catch (OperationCanceledException)
            {
                break;
            }
        }
        await Task.WhenAll(open);
        Write();
    }

    /// <summary>The rate at a time of day against the day's mean: least at 04:00 UTC, most at 16:00.</summary>
    public static double Curve(DateTimeOffset at) => 1 - 0.6 * Math.Cos((at.TimeOfDay.TotalHours - 4) / 24 * 2 * Math.PI);

    private static (string Method, string Path) Pick(double luck)
    {
        foreach (var (method, path, share) in Mix)
        {
            if ((luck -= share) < 0)
            {
                return (method, path);
            }
        }
        return ("GET", "/catalogue");
    }

    private async Task SendAsync(HttpClient client, Uri target, (string Method, string Path) what)
    {
        try
        {
            using var request = new HttpRequestMessage(new HttpMethod(what.Method), new Uri(target, what.Path + (what.Path == "/search" ? "?q=s" : "")));
            using var response = await client.SendAsync(request);
            await response.Content.ReadAsByteArrayAsync();
            Count(what.Path, t =>
            {
                t.Total++;
                t.Good += (int)response.StatusCode < 500 ? 1 : 0;
            });
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
        {
            Count(what.Path, t => t.Unanswered++);
        }
    }

    private void Count(string route, Action<RouteTally> count)
    {
        lock (_tally)
        {
            if (!_tally.TryGetValue(route, out var tally))
            {
                _tally[route] = tally = new RouteTally();
            }
            count(tally);
        }
    }

    private static Dictionary<string, RouteTally> Load(string? file) =>
        file is not null && File.Exists(file)
            ? JsonSerializer.Deserialize<Dictionary<string, RouteTally>>(File.ReadAllText(file), Json)!
            : new Dictionary<string, RouteTally>(StringComparer.Ordinal);

    private void Write()
    {
        if (tallyFile is null)
        {
            return;
        }
        string text;
        lock (_tally)
        {
            text = JsonSerializer.Serialize(_tally, Json);
        }
        File.WriteAllText(tallyFile + ".new", text);
        File.Move(tallyFile + ".new", tallyFile, overwrite: true);
    }
}
