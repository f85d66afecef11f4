using System.Buffers;
using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using Nines.Core.Telemetry;
using Nines.Metrics.Exposition;

namespace Nines.Server.Telemetry;

/// <summary>Fetches a target's body and reads it as it comes, so that a body of any size takes one small buffer.</summary>
internal sealed class ScrapeClient(TimeProvider time) : IDisposable
{
    /// <summary>Longest line of a body in bytes.</summary>
    public const int LongestLine = 64 * 1024;

    private const string Accept = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";

    private readonly HttpClient _http = new(new SocketsHttpHandler
    {
        UseProxy = false,
        UseCookies = false,
        AutomaticDecompression = DecompressionMethods.None,
        MaxAutomaticRedirections = 3,
        MaxResponseDrainSize = 0,
        MaxResponseHeadersLength = 32,
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        // A trace header on each scrape would cost more than the scrape.
        ActivityHeadersPropagator = null,
    })
    {
        Timeout = Timeout.InfiniteTimeSpan,
    };

    /// <summary>Scrapes a target into its series.</summary>
    /// <returns>Why it failed, or null.</returns>
    public async Task<string?> FetchAsync(ScrapeJob job, ScrapeTarget target, TargetSeries series, CancellationToken stop)
    {
        using var timeout = new CancellationTokenSource(job.Timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, stop);
        try
        {
            return await FetchAsync(job, target, series, either, either.Token);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            return $"no complete answer within {job.Timeout.TotalSeconds:0.###} s";
        }
        catch (ExpositionException e)
        {
            return e.Message;
        }
        catch (Exception e) when (e is HttpRequestException or IOException or InvalidDataException)
        {
            // A read that the timeout cut off may also surface as a failure of the connection.
            return timeout.IsCancellationRequested ? $"no complete answer within {job.Timeout.TotalSeconds:0.###} s" : e.InnerException?.Message ?? e.Message;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private async Task<string?> FetchAsync(ScrapeJob job, ScrapeTarget target, TargetSeries series, CancellationTokenSource abort, CancellationToken stop)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, target.Url);
        request.Headers.TryAddWithoutValidation("Accept", Accept);
        request.Headers.TryAddWithoutValidation("Accept-Encoding", "gzip");
        request.Headers.TryAddWithoutValidation("User-Agent", "Nines");
        request.Headers.TryAddWithoutValidation("X-Prometheus-Scrape-Timeout-Seconds", job.Timeout.TotalSeconds.ToString("0.###"));
        using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, stop);
        var problem = await ReadAsync(response, job, target, series, stop);
        if (problem is not null)
        {
            // The rest of the body is not wanted: cut the connection rather than read on.
            await abort.CancelAsync();
        }
        return problem;
    }

    private static async Task<string?> ReadAsync(HttpResponseMessage response, ScrapeJob job, ScrapeTarget target, TargetSeries series, CancellationToken stop)
    {
        if (!response.IsSuccessStatusCode)
        {
            return $"HTTP status {(int)response.StatusCode} {response.ReasonPhrase}";
        }
        var type = response.Content.Headers.ContentType;
        if (type?.MediaType is "text/html" or "application/xhtml+xml" or "application/json")
        {
            return $"the answer is {type.MediaType}, not metrics";
        }
        var encodings = response.Content.Headers.ContentEncoding;
        var gzip = encodings.Contains("gzip", StringComparer.OrdinalIgnoreCase);
        if (encodings.Any(e => !e.Equals("gzip", StringComparison.OrdinalIgnoreCase) && !e.Equals("identity", StringComparison.OrdinalIgnoreCase)))
        {
            return $"content encoding {string.Join(", ", encodings)} was not asked for";
        }
        await using var body = await response.Content.ReadAsStreamAsync(stop);
        await using var plain = gzip ? new GZipStream(body, CompressionMode.Decompress) : body;
        var buffer = ArrayPool<byte>.Shared.Rent(LongestLine);
        try
        {
            return await ParseAsync(plain, buffer, new ExpositionParser(FormatOf(type)), job, target, series, stop);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static ExpositionFormat FormatOf(MediaTypeHeaderValue? type) =>
        type?.MediaType == "application/openmetrics-text" ? ExpositionFormat.OpenMetrics : ExpositionFormat.Text;

    private static async Task<string?> ParseAsync(
        Stream body, byte[] buffer, ExpositionParser parser, ScrapeJob job, ScrapeTarget target, TargetSeries series, CancellationToken stop)
    {
        var (filled, total) = (0, 0L);
        while (true)
        {
            var read = await body.ReadAsync(buffer.AsMemory(filled), stop);
            filled += read;
            total += read;
            if (total > job.BodySizeLimit)
            {
                return $"the body is larger than {job.BodySizeLimit} bytes";
            }
            var used = Parse(buffer.AsSpan(0, filled), read == 0, parser, job.SampleLimit, series);
            if (series.Samples > job.SampleLimit)
            {
                return $"more than {job.SampleLimit} samples";
            }
            if (read == 0)
            {
                parser.End();
                series.ReadLabels(job, target.Labels);
                return null;
            }
            buffer.AsSpan(used, filled - used).CopyTo(buffer);
            filled -= used;
            if (filled == buffer.Length)
            {
                return $"line {parser.Line + 1}: longer than {LongestLine} bytes";
            }
        }
    }

    private static int Parse(ReadOnlySpan<byte> bytes, bool last, ExpositionParser parser, int sampleLimit, TargetSeries series)
    {
        var rest = bytes;
        while (series.Samples <= sampleLimit && parser.TryRead(ref rest, last, out var sample))
        {
            series.Take(sample, parser.Line);
        }
        return bytes.Length - rest.Length;
    }
}
