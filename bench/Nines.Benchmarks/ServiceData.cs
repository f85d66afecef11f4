using Nines.Metrics;

namespace Nines.Benchmarks;

/// <summary>
/// A hundred series an instance, as services and their hosts expose them: 20 request counters, a histogram of 56 series, 5 of the process, 12 of processors
/// with two decimals, and 7 gauges. The seed is the world.
/// </summary>
internal sealed class ServiceData
{
    public const int PerInstance = 100;
    private static readonly string[] Buckets = ["0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "2.5", "5", "10", "+Inf"];

    private readonly Random _random = new(1);
    private readonly List<Func<double>> _next = [];

    public List<Labels> Series { get; } = [];

    public ServiceData(int instances)
    {
        for (var i = 0; i < instances; i++)
        {
            var (job, instance) = ($"svc-{i % 20:D2}", $"10.0.{i / 250}.{i % 250}:9100");
            Labels Of(string name, params (string, string)[] more) => Labels.Of([("__name__", name), ("job", job), ("instance", instance), .. more]);
            Requests(Of);
            Histogram(Of);
            Process(Of);
        }
    }

    /// <summary>The next value of a series.</summary>
    public double Next(int series) => _next[series]();

    private void Requests(Func<string, (string, string)[], Labels> of)
    {
        for (var k = 0; k < 20; k++)
        {
            var rate = k % 5 == 4 ? 1 : _random.Next(5, 400);
            Counter(of("http_requests_total", [("handler", $"/api/{k / 5}"), ("code", k % 5 == 4 ? "500" : $"20{k % 5}")]), () => _random.Next(rate + 1));
        }
    }

    private void Histogram(Func<string, (string, string)[], Labels> of)
    {
        for (var handler = 0; handler < 4; handler++)
        {
            var counts = new double[Buckets.Length];
            var sum = 0.0;
            var rate = _random.Next(10, 200);
            for (var b = 0; b < Buckets.Length; b++)
            {
                var bucket = b;
                Add(of("http_request_duration_seconds_bucket", [("handler", $"/api/{handler}"), ("le", Buckets[b])]), () =>
                {
                    if (bucket == 0)
                    {
                        var requests = _random.Next(rate);
                        for (var k = 0; k < counts.Length; k++)
                        {
                            counts[k] += k == counts.Length - 1 ? requests : Math.Floor(requests * (k + 1.0) / counts.Length);
                        }
                        sum = Math.Round((sum + requests * 0.001 * _random.Next(1, 400)) * 1000) / 1000;
                    }
                    return counts[bucket];
                });
            }
            Add(of("http_request_duration_seconds_count", [("handler", $"/api/{handler}")]), () => counts[^1]);
            Add(of("http_request_duration_seconds_sum", [("handler", $"/api/{handler}")]), () => sum);
        }
    }

    private void Process(Func<string, (string, string)[], Labels> of)
    {
        Decimals(of("process_cpu_seconds_total", []), 900);
        Add(of("process_start_time_seconds", []), () => 1_700_000_000.25);
        Gauge(of("process_resident_memory_bytes", []), 200e6, 4096, 500);
        Gauge(of("process_open_fds", []), 40, 1, 5);
        Gauge(of("process_threads", []), 20, 1, 2);
        for (var k = 0; k < 12; k++)
        {
            Decimals(of("node_cpu_seconds_total", [("cpu", $"{k / 6}"), ("mode", $"m{k % 6}")]), k % 6 == 0 ? 1500 : 200);
        }
        Gauge(of("queue_depth", []), 100, 1, 30);
        Gauge(of("goroutines", []), 300, 1, 20);
        Gauge(of("temperature_celsius", []), 45, 0.1, 5);
        Gauge(of("load1", []), 1, 0.01, 20);
        Gauge(of("memory_free_bytes", []), 4e9, 4096, 2000);
        Add(of("ratio", []), () => _random.NextDouble());
        Add(of("build_info", [("version", "1.2.3")]), () => 1);
    }

    private void Counter(Labels labels, Func<int> increment)
    {
        var value = 0.0;
        Add(labels, () => value += increment());
    }

    private void Decimals(Labels labels, int most)
    {
        var hundredths = 0L;
        Add(labels, () => (hundredths += _random.Next(most)) / 100.0);
    }

    private void Gauge(Labels labels, double around, double unit, int steps)
    {
        var at = Math.Round(around / unit);
        Add(labels, () => Math.Round((at += _random.Next(-steps, steps + 1)) * unit * 100) / 100);
    }

    private void Add(Labels labels, Func<double> next)
    {
        Series.Add(labels);
        _next.Add(next);
    }
}
