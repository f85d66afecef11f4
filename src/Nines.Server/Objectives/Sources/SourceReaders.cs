using System.Diagnostics.Metrics;
using Nines.Core.Objectives.Sources;
using Nines.Server.Telemetry;

namespace Nines.Server.Objectives.Sources;

/// <summary>The external sources of the workspace, and who reads from them.</summary>
internal sealed class SourceReaders : IDisposable
{
    private readonly Lock _gate = new();
    private readonly HttpAccessClients _http;
    private readonly Dictionary<string, SourceClient> _clients = new(StringComparer.Ordinal);
    private readonly Dictionary<RemoteReader, string> _readers = [];
    private readonly Meter _meter = new("Nines");
    private long _hurriedMs;

    /// <param name="directory">Where relative paths of certificates and credentials begin.</param>
    /// <param name="time">The clock.</param>
    public SourceReaders(string directory, TimeProvider time)
    {
        _http = new(directory);
        Time = time;
        _meter.CreateObservableCounter("nines_objectives_source_requests_total", () => Measured(c => c.Requests), null, "Requests to an external source.");
        _meter.CreateObservableCounter("nines_objectives_source_failed_requests_total", () => Measured(c => c.Failures), null,
            "Requests to an external source without a complete answer.");
        _meter.CreateObservableCounter("nines_objectives_source_samples_total", () => Measured(c => c.Samples), null,
            "Samples that external sources answered, repeated ones included.");
        _meter.CreateObservableGauge("nines_objectives_source_lag_seconds", () => Lags(), "s",
            "How far the reader of a source that is furthest behind is behind.");
    }

    public TimeProvider Time { get; }

    public long NowMs => Time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>Steps the ledger soon, since it has to book before more can be read.</summary>
    public Action StepSoon { get; set; } = () => { };

    /// <summary>The sources of an activated workspace.</summary>
    public void Apply(IReadOnlyList<MetricsSource> sources)
    {
        lock (_gate)
        {
            foreach (var source in sources)
            {
                // What is in flight ends with the client it began with.
                _clients[source.Name] = new(source, _http, Time);
            }
            foreach (var gone in _clients.Keys.Except(sources.Select(s => s.Name), StringComparer.Ordinal).ToList())
            {
                _clients.Remove(gone);
            }
        }
    }

    /// <summary>The client of a source.</summary>
    /// <exception cref="SourceException">The workspace has no such source any more.</exception>
    public SourceClient Client(string name)
    {
        lock (_gate)
        {
            return _clients.GetValueOrDefault(name) ?? throw new SourceException($"there is no source {name}", false);
        }
    }

    public void Add(string source, RemoteReader reader)
    {
        lock (_gate)
        {
            _readers[reader] = source;
        }
    }

    public void Remove(RemoteReader reader)
    {
        lock (_gate)
        {
            _readers.Remove(reader);
        }
    }

    /// <summary>Asks for a step of the ledger, at most one a second.</summary>
    public void Hurry()
    {
        lock (_gate)
        {
            if (Math.Abs(NowMs - _hurriedMs) < 1000)
            {
                return;
            }
            _hurriedMs = NowMs;
        }
        StepSoon();
    }

    /// <summary>All sources, in order of name.</summary>
    public SourceList Status()
    {
        lock (_gate)
        {
            var now = NowMs;
            return new([.. _clients.Values.OrderBy(c => c.Source.Name, StringComparer.Ordinal).Select(client =>
            {
                var readings = ReadersOf(client.Source.Name).Select(r => r.Reading(now)).OrderBy(r => r.Objective, StringComparer.Ordinal).ToList();
                return new SourceItem(client.Source.Name, client.Source.Url.GetComponents(UriComponents.HttpRequestUrl, UriFormat.UriEscaped),
                    client.Requests == 0 ? "unknown" : client.Error is null ? "up" : "down",
                    client.LastSuccessMs > 0 ? DateTimeOffset.FromUnixTimeMilliseconds(client.LastSuccessMs) : null, client.Error,
                    LagSeconds(client.Source.Name, now), client.Requests, client.Failures, readings);
            })]);
        }
    }

    public void Dispose()
    {
        _meter.Dispose();
        foreach (var reader in _readers.Keys.ToList())
        {
            reader.Dispose();
        }
        _http.Dispose();
    }

    private IEnumerable<RemoteReader> ReadersOf(string source) => _readers.Where(r => r.Value == source).Select(r => r.Key);

    private double LagSeconds(string source, long nowMs) =>
        ReadersOf(source).Select(r => Math.Max(0, nowMs - r.ReadToMs) / 1000.0).DefaultIfEmpty(0).Max();

    private List<Measurement<long>> Measured(Func<SourceClient, long> of)
    {
        lock (_gate)
        {
            return [.. _clients.Values.Select(c => new Measurement<long>(of(c), new KeyValuePair<string, object?>("source", c.Source.Name)))];
        }
    }

    private List<Measurement<double>> Lags()
    {
        lock (_gate)
        {
            var now = NowMs;
            return [.. _clients.Keys.Select(n => new Measurement<double>(LagSeconds(n, now), new KeyValuePair<string, object?>("source", n)))];
        }
    }
}

/// <summary>The answer of <c>GET /nines/v1/sources</c>.</summary>
/// <param name="Items">The external sources, in order of name.</param>
public sealed record SourceList(IReadOnlyList<SourceItem> Items);

/// <summary>An external source.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Url">Its address, without credentials.</param>
/// <param name="State"><c>up</c>, <c>down</c>, or <c>unknown</c> before the first answer.</param>
/// <param name="LastSuccess">When it last answered completely.</param>
/// <param name="Error">Why the last request failed; null when it succeeded.</param>
/// <param name="LagSeconds">How far the reader furthest behind is behind.</param>
/// <param name="Requests">Requests since the source was last declared.</param>
/// <param name="FailedRequests">Those without a complete answer.</param>
/// <param name="Objectives">How far each objective was read.</param>
public sealed record SourceItem(
    string Name, string Url, string State, DateTimeOffset? LastSuccess, string? Error, double LagSeconds, long Requests, long FailedRequests,
    IReadOnlyList<SourceReading> Objectives);
