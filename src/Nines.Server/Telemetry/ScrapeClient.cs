using System.Buffers;
using System.IO.Compression;
using System.Net.Http.Headers;
using System.Security.Authentication;
using Nines.Core.Telemetry;
using Nines.Metrics.Exposition;

namespace Nines.Server.Telemetry;

/// <summary>Fetches a target's body and reads it as it comes, so that a body of any size takes one small buffer.</summary>
/// <param name="time">The clock of the timeout.</param>
/// <param name="directory">Where relative paths of certificates and credentials begin.</param>
internal sealed class ScrapeClient(TimeProvider time, string directory) : IDisposable
{
    /// <summary>Longest line of a body in bytes.</summary>
    public const int LongestLine = 64 * 1024;

    private const string Accept = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";

    private readonly HttpAccessClients _clients = new(directory);

    /// <summary>Scrapes a target into its series.</summary>
    /// <returns>Why it failed, or null.</returns>
    public async Task<string?> FetchAsync(ScrapeJob job, ScrapeTarget target, TargetSeries series, CancellationToken stop)
    {
        using var timeout = new CancellationTokenSource(target.Timeout ?? job.Timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, stop);
        try
        {
            return await FetchAsync(job, target, series, either, either.Token);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            return $"no complete answer within {(target.Timeout ?? job.Timeout).TotalSeconds:0.###} s";
        }
        catch (Exception e) when (e is ExpositionException or AccessFileException or SecretMissingException)
        {
            return e.Message;
        }
        catch (Exception e) when (e is HttpRequestException or IOException or InvalidDataException)
        {
            // A read that the timeout cut off may also surface as a failure of the connection.
            return timeout.IsCancellationRequested ? $"no complete answer within {(target.Timeout ?? job.Timeout).TotalSeconds:0.###} s"
                : e.InnerException is AuthenticationException tls ? TlsProblem(tls.Message, job.Access.Tls, target.Url)
                : e.InnerException?.Message ?? e.Message;
        }
    }

    // What the platform says of a certificate names none of what the workspace could change.
    private static string TlsProblem(string message, TlsTrust tls, Uri url) =>
        message.Contains("NameMismatch", StringComparison.Ordinal) ? $"the certificate is not for {tls.ServerName ?? url.Host} ({message})"
        : message.Contains("UntrustedRoot", StringComparison.Ordinal) || message.Contains("PartialChain", StringComparison.Ordinal)
            ? $"the certificate is of no authority in {tls.CaFile ?? "the system's store; ca_file names others"} ({message})"
        : message;

    /// <inheritdoc/>
    public void Dispose() => _clients.Dispose();

    private async Task<string?> FetchAsync(ScrapeJob job, ScrapeTarget target, TargetSeries series, CancellationTokenSource abort, CancellationToken stop)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, target.Url);
        request.Headers.TryAddWithoutValidation("Accept", Accept);
        request.Headers.TryAddWithoutValidation("Accept-Encoding", "gzip");
        request.Headers.TryAddWithoutValidation("User-Agent", "Nines");
        request.Headers.TryAddWithoutValidation("X-Prometheus-Scrape-Timeout-Seconds", (target.Timeout ?? job.Timeout).TotalSeconds.ToString("0.###"));
        _clients.Sign(request, job.Access);
        using var response = await _clients.For(job.Access).SendAsync(request, HttpCompletionOption.ResponseHeadersRead, stop);
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
            return await ParseAsync(plain, buffer, new ExpositionParser(FormatOf(type)) { Metadata = series.Metadata.Take }, job, target, series, stop);
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
            // How many samples relabelling leaves is known once all were read; until then the size of the body is the limit.
            var most = job.MetricRelabelRules.Count > 0 ? int.MaxValue : job.SampleLimit;
            var used = Parse(buffer.AsSpan(0, filled), read == 0, parser, most, series);
            if (series.Samples > most)
            {
                return $"more than {job.SampleLimit} samples";
            }
            if (read == 0)
            {
                parser.End();
                series.ReadLabels(job, target.Labels);
                return series.Kept > job.SampleLimit ? $"more than {job.SampleLimit} samples" : null;
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
