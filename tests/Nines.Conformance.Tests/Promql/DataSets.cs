using Nines.Metrics;
using Nines.PromQL;

namespace Nines.Conformance.Tests.Promql;

/// <summary>Series with sample times off the query grid, so that no question of a range's edge is decided by chance.</summary>
internal static class DataSets
{
    /// <summary>Begin of all data, in milliseconds since the Unix epoch: a whole hour.</summary>
    public const long StartMs = 1_700_002_800_000;

    private const long LengthMs = 90 * 60_000;

    /// <summary>The three data sets.</summary>
    public static readonly string[] Names = ["steady", "broken", "odd"];

    /// <summary>A data set; the same name gives the same samples.</summary>
    public static MemorySeriesSource Make(string name)
    {
        var source = new MemorySeriesSource();
        foreach (var (labels, samples) in Series(name))
        {
            foreach (var sample in samples)
            {
                source.Add(labels, sample);
            }
        }
        return source;
    }

    /// <summary>The series of a data set.</summary>
    public static IEnumerable<(Labels Labels, List<Sample> Samples)> Series(string name)
    {
        var random = new Random(name.Sum(c => c) * 31);
        foreach (var metric in (string[])["requests_total", "errors_total", "bytes_sum", "queue_depth", "temperature", "odd_values"])
        {
            foreach (var (job, instance, path) in Targets(metric))
            {
                var labels = Labels.Of(("__name__", metric), ("job", job), ("instance", instance), ("path", path));
                yield return (labels, [.. Samples(name, metric, random)]);
            }
        }
        foreach (var (job, instance, _) in Targets("queue_depth"))
        {
            var times = Times(name, random).ToList();
            var counts = Enumerable.Repeat(name == "broken" ? 5000d : 0, 5).ToArray();
            var buckets = counts.Select(_ => new List<Sample>()).ToArray();
            foreach (var time in times)
            {
                for (var b = 0; b < counts.Length; b++)
                {
                    counts[b] += random.Next(0, 4) + (b > 0 ? counts[b - 1] > counts[b] ? counts[b - 1] - counts[b] : 0 : 0);
                    buckets[b].Add(new Sample(time, counts[b]));
                }
            }
            string[] bounds = ["0.05", "0.1", "0.5", "2", "+Inf"];
            for (var b = 0; b < bounds.Length; b++)
            {
                yield return (Labels.Of(("__name__", "latency_seconds_bucket"), ("job", job), ("instance", instance), ("le", bounds[b])), buckets[b]);
            }
        }
    }

    private static IEnumerable<(string Job, string Instance, string Path)> Targets(string metric)
    {
        foreach (var job in (string[])["api", "web"])
        {
            foreach (var instance in (string[])["a-1", "a-2", "b-1"])
            {
                if (metric is "requests_total" or "errors_total")
                {
                    yield return (job, instance, "/login");
                    yield return (job, instance, "/x/pay");
                }
                else
                {
                    yield return (job, instance, "");
                }
            }
        }
    }

    private static IEnumerable<Sample> Samples(string set, string metric, Random random)
    {
        var value = (set == "broken" ? metric == "bytes_sum" ? 1e10 : 5000d : 0d) + random.Next(0, 50);
        foreach (var time in Times(set, random))
        {
            value = metric switch
            {
                // Never near zero beside a gap: how rate reaches for zero there is a named difference.
                "requests_total" or "errors_total" => set == "broken" && random.Next(40) == 0 ? 4000 + random.Next(0, 3) : value + random.Next(0, 20),
                "bytes_sum" => set == "broken" && random.Next(60) == 0 ? 1e9 : value + (random.NextDouble() * 1e6),
                "queue_depth" => random.Next(0, 30),
                "temperature" => Math.Round(20 + (8 * random.NextDouble()), 2),
                _ when set == "odd" => random.Next(12) switch
                {
                    0 => double.NaN,
                    1 => double.PositiveInfinity,
                    2 => double.NegativeInfinity,
                    3 => 0,
                    4 => -0.0,
                    5 => 1e300,
                    6 => -1e-300,
                    _ => (random.NextDouble() - 0.5) * 1e3,
                },
                _ => Math.Floor(100 * random.NextDouble()) - 50,
            };
            yield return new Sample(time, value);
        }
    }

    // Never at a millisecond at which a range of a query may begin or end.
    private static IEnumerable<long> Times(string set, Random random)
    {
        var from = StartMs + (set == "broken" ? random.Next(0, 40) * 60_000L : 0) + random.Next(1, 15_000);
        var until = StartMs + LengthMs - (set == "broken" ? random.Next(0, 30) * 60_000L : 0);
        for (var time = from; time < until; time += 15_000)
        {
            var at = time + (set == "steady" ? 0 : random.Next(-700, 700));
            yield return at % 10 is 0 or 3 or 7 ? at + 1 : at;
            if (set == "broken" && random.Next(50) == 0)
            {
                time += random.Next(1, 12) * 60_000L;
            }
        }
    }
}
