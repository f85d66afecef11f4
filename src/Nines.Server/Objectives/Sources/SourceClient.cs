using System.Buffers;
using System.Globalization;
using System.IO.Compression;
using System.Text.Json;
using Nines.Core.Objectives.Sources;
using Nines.Server.Telemetry;

namespace Nines.Server.Objectives.Sources;

/// <summary>Asks one source over Prometheus' HTTP API, a few requests at a time, and remembers how that went.</summary>
internal sealed class SourceClient : IDisposable
{
    /// <summary>Largest answer in bytes, uncompressed.</summary>
    public const int MaxBytes = 64 << 20;

    private const int LongestAddress = 2000;

    private readonly HttpAccessClients _clients;
    private readonly TimeProvider _time;
    private readonly SemaphoreSlim _turns;
    private long _requests;
    private long _failures;
    private long _samples;
    private long _lastSuccessMs;
    private volatile string? _error;

    public SourceClient(MetricsSource source, HttpAccessClients clients, TimeProvider time)
    {
        (Source, _clients, _time) = (source, clients, time);
        _turns = new(source.MaxConcurrent);
    }

    public MetricsSource Source { get; }

    public long Requests => Interlocked.Read(ref _requests);

    public long Failures => Interlocked.Read(ref _failures);

    public long Samples => Interlocked.Read(ref _samples);

    /// <summary>When an answer last came, ms since the Unix epoch; 0 before the first.</summary>
    public long LastSuccessMs => Interlocked.Read(ref _lastSuccessMs);

    /// <summary>Why the last request failed; null when it succeeded.</summary>
    public string? Error => _error;

    /// <summary>The raw samples of a selector over a piece.</summary>
    /// <exception cref="SourceException">There is no complete answer.</exception>
    public Task<List<RawSeries>> ReadAsync(string selector, RawPiece piece, CancellationToken stop) =>
        AskAsync("api/v1/query", [("query", $"{selector}[{Math.Max(1, piece.ToMs - piece.FromMs)}ms]"), ("time", Seconds(piece.ToMs))], stop);

    /// <summary>The values of a query at each step of a range.</summary>
    /// <exception cref="SourceException">There is no complete answer.</exception>
    public Task<List<RawSeries>> RangeAsync(string query, long fromMs, long toMs, long stepMs, CancellationToken stop) =>
        AskAsync("api/v1/query_range", [("query", query), ("start", Seconds(fromMs)), ("end", Seconds(toMs)), ("step", Seconds(stepMs))], stop);

    public void Dispose() => _turns.Dispose();

    private static string Seconds(long ms) => (ms / 1000m).ToString(CultureInfo.InvariantCulture);

    private async Task<List<RawSeries>> AskAsync(string path, (string Name, string Value)[] parameters, CancellationToken stop)
    {
        await _turns.WaitAsync(stop);
        using var timeout = new CancellationTokenSource(Source.Timeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, stop);
        try
        {
            Interlocked.Increment(ref _requests);
            var series = await AnswerAsync(path, parameters, either.Token);
            Interlocked.Add(ref _samples, series.Sum(s => (long)s.Samples.Count));
            Interlocked.Exchange(ref _lastSuccessMs, _time.GetUtcNow().ToUnixTimeMilliseconds());
            _error = null;
            return series;
        }
        catch (Exception e) when (!stop.IsCancellationRequested)
        {
            var failure = timeout.IsCancellationRequested ? new SourceException($"no complete answer within {Source.Timeout.TotalSeconds:0.###} s", true)
                : e as SourceException ?? e switch
                {
                    AccessFileException or SecretMissingException => new SourceException(e.Message, false),
                    JsonException => new SourceException($"the answer cannot be read: {e.Message}", false),
                    HttpRequestException or IOException or InvalidDataException => new SourceException(e.InnerException?.Message ?? e.Message, false),
                    _ => null,
                };
            if (failure is null)
            {
                throw;
            }
            Interlocked.Increment(ref _failures);
            _error = failure.Message;
            throw failure;
        }
        finally
        {
            _turns.Release();
        }
    }

    private async Task<List<RawSeries>> AnswerAsync(string path, (string Name, string Value)[] parameters, CancellationToken stop)
    {
        using var request = Request(path, parameters);
        using var response = await _clients.For(Source.Access).SendAsync(request, HttpCompletionOption.ResponseHeadersRead, stop);
        var gzip = response.Content.Headers.ContentEncoding.Contains("gzip", StringComparer.OrdinalIgnoreCase);
        await using var body = await response.Content.ReadAsStreamAsync(stop);
        await using var plain = gzip ? new GZipStream(body, CompressionMode.Decompress) : body;
        var buffer = ArrayPool<byte>.Shared.Rent(64 * 1024);
        try
        {
            var filled = 0;
            int read;
            while ((read = await plain.ReadAsync(buffer.AsMemory(filled), stop)) > 0)
            {
                filled += read;
                if (filled > MaxBytes)
                {
                    throw new SourceException($"the answer is larger than {MaxBytes >> 20} MiB", true);
                }
                if (filled == buffer.Length)
                {
                    var larger = ArrayPool<byte>.Shared.Rent(filled * 2);
                    buffer.AsSpan(0, filled).CopyTo(larger);
                    ArrayPool<byte>.Shared.Return(buffer);
                    buffer = larger;
                }
            }
            return response.IsSuccessStatusCode ? RawAnswer.Read(buffer.AsSpan(0, filled), Source.MaxSamples)
                : throw Refusal(response, buffer.AsSpan(0, filled));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private HttpRequestMessage Request(string path, (string Name, string Value)[] parameters)
    {
        var query = string.Join('&', parameters.Select(p => $"{p.Name}={Uri.EscapeDataString(p.Value)}"));
        var url = new Uri(Source.Url, path);
        // Proxies that only let reading through may refuse POST, so it is left to what is too long for an address.
        var request = query.Length < LongestAddress ? new HttpRequestMessage(HttpMethod.Get, $"{url}?{query}")
            : new HttpRequestMessage(HttpMethod.Post, url)
            {
                Content = new FormUrlEncodedContent(parameters.Select(p => KeyValuePair.Create(p.Name, p.Value))),
            };
        request.Headers.TryAddWithoutValidation("Accept", "application/json");
        request.Headers.TryAddWithoutValidation("Accept-Encoding", "gzip");
        request.Headers.TryAddWithoutValidation("User-Agent", "Nines");
        _clients.Sign(request, Source.Access);
        foreach (var (name, value) in Source.Headers)
        {
            request.Headers.TryAddWithoutValidation(name, SecretReader.Resolve(value));
        }
        return request;
    }

    // 422 is a query that needs more than the source allows; so are some timeouts.
    private static SourceException Refusal(HttpResponseMessage response, ReadOnlySpan<byte> body)
    {
        var status = (int)response.StatusCode;
        var reason = response.ReasonPhrase ?? "";
        try
        {
            RawAnswer.Read(body, 0);
        }
        catch (SourceException e)
        {
            reason = e.Message.Length > 300 ? e.Message[..300] : e.Message;
        }
        catch (JsonException)
        {
            // A proxy's page: the status says enough.
        }
        return new($"HTTP status {status}: {reason}", status is 413 or 422 or 504 || (status == 503 && reason.Contains("timed out", StringComparison.Ordinal)));
    }
}
