using System.Globalization;
using System.IO.Pipelines;
using System.Text.Encodings.Web;
using System.Text.Json;
using Nines.Metrics;

namespace Nines.Server.Telemetry.Api;

/// <summary>
/// Writes an answer as it is made, straight to the connection: a result of any size takes one buffer. Numbers, times and labels are written as Prometheus
/// writes them.
/// </summary>
internal sealed class ApiJson(PipeWriter output) : IDisposable
{
    private const int FlushAt = 64 * 1024;
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    /// <summary>The writer.</summary>
    public Utf8JsonWriter Json { get; } = new(output, Options);

    /// <summary>Sends what was written when it is much. Called between items.</summary>
    public async ValueTask BreatheAsync(CancellationToken stop)
    {
        if (Json.BytesPending + output.UnflushedBytes > FlushAt)
        {
            await FlushAsync(stop);
        }
    }

    /// <summary>Sends what was written.</summary>
    public async ValueTask FlushAsync(CancellationToken stop)
    {
        Json.Flush();
        await output.FlushAsync(stop);
    }

    /// <inheritdoc/>
    public void Dispose() => Json.Dispose();

    /// <summary>Labels as an object.</summary>
    public void Labels(string property, Labels labels)
    {
        Json.WritePropertyName(property);
        Labels(labels);
    }

    /// <summary>Labels as an object.</summary>
    public void Labels(Labels labels)
    {
        Json.WriteStartObject();
        foreach (var (name, value) in labels.Pairs)
        {
            Json.WriteString(name, value);
        }
        Json.WriteEndObject();
    }

    /// <summary>A sample: <c>[seconds, "value"]</c>.</summary>
    public void Sample(Sample sample)
    {
        Json.WriteStartArray();
        Time(sample.TimeMs);
        Span<byte> text = stackalloc byte[ApiNumber.MaxLength];
        Json.WriteStringValue(text[..ApiNumber.Format(sample.Value, text)]);
        Json.WriteEndArray();
    }

    /// <summary>A time: seconds, with three digits behind the point unless they are all zero.</summary>
    public void Time(long timeMs)
    {
        Span<byte> text = stackalloc byte[32];
        var (seconds, rest) = Math.DivRem(Math.Abs(timeMs), 1000);
        var used = 0;
        if (timeMs < 0)
        {
            text[used++] = (byte)'-';
        }
        seconds.TryFormat(text[used..], out var written, default, CultureInfo.InvariantCulture);
        used += written;
        if (rest != 0)
        {
            text[used++] = (byte)'.';
            rest.TryFormat(text[used..], out written, "000", CultureInfo.InvariantCulture);
            used += written;
        }
        Json.WriteRawValue(text[..used], skipInputValidation: true);
    }

    /// <summary>A time as RFC 3339; year 1 for none.</summary>
    public static string Rfc3339(long? timeMs) => timeMs is not { } ms ? "0001-01-01T00:00:00Z"
        : DateTimeOffset.FromUnixTimeMilliseconds(Math.Clamp(ms, -62_135_596_800_000, 253_402_300_799_999))
            .ToString("yyyy-MM-dd'T'HH:mm:ss.FFF'Z'", CultureInfo.InvariantCulture);
}
