using System.Globalization;

namespace Nines.LoadRig;

/// <summary>The services of objectives: request counters by handler and code, 0.02 % of the requests failed. The same samples each time.</summary>
internal sealed class ServiceData(int services, int handlers, string[] codes) : ITickData
{
    /// <summary>Mean number of successes that a tick adds to a handler.</summary>
    public const double EventsOfTick = 599.5;

    /// <summary>What a handler answers.</summary>
    public static readonly string[] AllCodes = ["200", "201", "404", "500", "503"];

    private readonly Random _random = new(1);
    private readonly double[] _values = new double[services * handlers * codes.Length];

    /// <inheritdoc/>
    public IReadOnlyList<(string Name, string Value)[]> Labels { get; } =
    [
        .. from service in Enumerable.Range(0, services)
           from handler in Enumerable.Range(0, handlers)
           from code in codes
           select new[] { ("__name__", "http_requests_total"), ("code", code), ("handler", $"/h{handler}"), ("service", NameOf(service)) },
    ];

    public static string NameOf(int service) => $"svc-{service:0000}";

    /// <inheritdoc/>
    public ReadOnlySpan<double> Tick()
    {
        for (var i = 0; i < _values.Length; i++)
        {
            _values[i] += codes[i % codes.Length] switch
            {
                "200" => _random.Next(200, 1000),
                "201" => _random.Next(0, 100),
                "404" => _random.Next(0, 20),
                _ => _random.Next(0, 10) == 0 ? 1 : 0,
            };
        }
        return _values;
    }
}

/// <summary>What Sloth's rules would have recorded of the five-minute ratios of objectives: the series from which they take the mean of 30 days.</summary>
internal sealed class RecordedRatios(int objectives) : ITickData
{
    private readonly Random _random = new(2);
    private readonly double[] _values = new double[objectives];

    /// <inheritdoc/>
    public IReadOnlyList<(string Name, string Value)[]> Labels { get; } =
    [
        .. from i in Enumerable.Range(0, objectives)
           let service = ServiceData.NameOf(i)
           select new[]
           {
               ("__name__", "slo:sli_error:ratio_rate5m"), ("sloth_id", $"{service}-requests-0"), ("sloth_service", service), ("sloth_slo", "requests-0"),
               ("sloth_window", "5m"),
           },
    ];

    /// <inheritdoc/>
    public ReadOnlySpan<double> Tick()
    {
        for (var i = 0; i < _values.Length; i++)
        {
            _values[i] = _random.NextDouble() * 0.001;
        }
        return _values;
    }
}

/// <summary>Sloth documents over <see cref="ServiceData"/>: one a service, with some objectives of different targets each.</summary>
internal static class SlothDocuments
{
    private static readonly double[] Targets = [99.9, 99.5, 99, 99.8, 99.7, 99.6, 99.4, 99.3, 99.2, 99.1];

    /// <summary>Writes them into a directory.</summary>
    public static void Write(string directory, int services, int objectivesOfEach)
    {
        Directory.CreateDirectory(directory);
        for (var i = 0; i < services; i++)
        {
            var service = ServiceData.NameOf(i);
            var slos = Enumerable.Range(0, objectivesOfEach).Select(n => $$$"""
                  - name: requests-{{{n}}}
                    objective: {{{Targets[n].ToString(CultureInfo.InvariantCulture)}}}
                    sli:
                      events:
                        error_query: sum(rate(http_requests_total{service="{{{service}}}",code=~"5.."}[{{.window}}]))
                        total_query: sum(rate(http_requests_total{service="{{{service}}}"}[{{.window}}]))
                    alerting:
                      name: TooManyErrors

                """);
            File.WriteAllText(Path.Combine(directory, $"{service}.yaml"), $"version: prometheus/v1\nservice: {service}\nslos:\n{string.Concat(slos)}");
        }
    }
}
