namespace Nines.LoadRig;

/// <summary>Series that have a value each at every tick.</summary>
internal interface ITickData
{
    /// <summary>The labels of each series, sorted by name.</summary>
    IReadOnlyList<(string Name, string Value)[]> Labels { get; }

    /// <summary>The values of all series at the next tick, in the order of <see cref="Labels"/>. Valid until the next call.</summary>
    ReadOnlySpan<double> Tick();
}

/// <summary>
/// What a fleet of services exposes, 100 series an instance: 20 request counters by handler and code, 56 of latency histograms, 5 of the process, 12 of CPU
/// seconds with two decimals, 7 gauges. The same seed gives the same samples, tick by tick.
/// </summary>
internal sealed class BenchData : ITickData
{
    public const int SeriesPerInstance = 100;
    public const int Jobs = 20;
    private static readonly string[] Bounds = ["0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "2.5", "5", "10", "+Inf"];

    private readonly Random _random;
    private readonly double[] _values;
    private readonly Kind[] _kinds;

    public BenchData(int series, int seed = 1)
    {
        var instances = Math.Max(1, series / SeriesPerInstance);
        _random = new Random(seed);
        Labels = [.. Enumerable.Range(0, instances).SelectMany(Instance)];
        _kinds = [.. Labels.Select(KindOf)];
        _values = [.. _kinds.Select(k => k is Kind.Gauge or Kind.Memory ? 50 : k == Kind.Constant ? 1d : _random.Next(0, 100_000))];
    }

    /// <inheritdoc/>
    public IReadOnlyList<(string Name, string Value)[]> Labels { get; }

    /// <inheritdoc/>
    public ReadOnlySpan<double> Tick()
    {
        for (var i = 0; i < _values.Length; i++)
        {
            ref var value = ref _values[i];
            switch (_kinds[i])
            {
                case Kind.Requests:
                    value += _random.Next(0, 40);
                    break;
                case Kind.Bucket:
                    // Cumulative: a bucket holds what the one below it holds.
                    value = (i % SeriesPerInstance - 20) % 12 == 0 ? value + _random.Next(0, 4) : Math.Max(value, _values[i - 1]) + _random.Next(0, 3);
                    break;
                case Kind.Seconds:
                    value = Math.Round(value + (_random.NextDouble() * 15), 2);
                    break;
                case Kind.Gauge:
                    value = _random.Next(0, 200);
                    break;
                case Kind.Memory:
                    value = Math.Round(20 + (_random.NextDouble() * 60), 1);
                    break;
            }
        }
        return _values;
    }

    private enum Kind
    {
        Requests,
        Bucket,
        Seconds,
        Gauge,
        Memory,
        Constant,
    }

    private static Kind KindOf((string Name, string Value)[] labels) => labels[0].Value switch
    {
        "http_requests_total" or "http_request_duration_seconds_count" => Kind.Requests,
        "http_request_duration_seconds_bucket" => Kind.Bucket,
        "http_request_duration_seconds_sum" or "process_cpu_seconds_total" or "node_cpu_seconds_total" => Kind.Seconds,
        "temperature_celsius" => Kind.Memory,
        "build_info" or "process_start_time_seconds" => Kind.Constant,
        _ => Kind.Gauge,
    };

    private static IEnumerable<(string, string)[]> Instance(int index)
    {
        var (job, instance) = ($"svc-{index % Jobs:00}", $"10.{index / 250}.{index % 250}.{index % 7}:9100");
        (string, string)[] Of(string name, params (string, string)[] more) =>
            [("__name__", name), .. more.Append(("job", job)).Append(("instance", instance)).OrderBy(p => p.Item1, StringComparer.Ordinal)];
        foreach (var handler in (string[])["/api/cart", "/api/orders", "/api/users", "/login", "/"])
        {
            foreach (var code in (string[])["200", "404", "500", "503"])
            {
                yield return Of("http_requests_total", ("handler", handler), ("code", code));
            }
        }
        foreach (var handler in (string[])["/api/cart", "/api/orders", "/api/users", "/login"])
        {
            foreach (var bound in Bounds)
            {
                yield return Of("http_request_duration_seconds_bucket", ("handler", handler), ("le", bound));
            }
        }
        foreach (var handler in (string[])["/api/cart", "/api/orders", "/api/users", "/login"])
        {
            yield return Of("http_request_duration_seconds_sum", ("handler", handler));
            yield return Of("http_request_duration_seconds_count", ("handler", handler));
        }
        string[] ofProcess =
        [
            "process_cpu_seconds_total", "process_resident_memory_bytes", "process_open_fds", "process_threads", "process_start_time_seconds",
        ];
        foreach (var name in ofProcess)
        {
            yield return Of(name);
        }
        foreach (var cpu in (string[])["0", "1", "2"])
        {
            foreach (var mode in (string[])["user", "system", "idle", "iowait"])
            {
                yield return Of("node_cpu_seconds_total", ("cpu", cpu), ("mode", mode));
            }
        }
        foreach (var queue in (string[])["mail", "orders", "images"])
        {
            yield return Of("queue_depth", ("queue", queue));
        }
        foreach (var sensor in (string[])["inlet", "outlet", "board"])
        {
            yield return Of("temperature_celsius", ("sensor", sensor));
        }
        yield return Of("build_info", ("version", $"1.{index % 3}.0"));
    }
}
