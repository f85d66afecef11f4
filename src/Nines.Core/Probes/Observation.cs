using System.Text;
using System.Text.Json;

namespace Nines.Core.Probes;

/// <summary>What one run of a probe saw.</summary>
public sealed record Observation
{
    private readonly Lazy<JsonElement?> _json;

    /// <summary>Nothing seen yet.</summary>
    public Observation() => _json = new(() => Parse(Body));

    // A copy reads its own body.
    private Observation(Observation other)
    {
        (Failure, Status, Body, MediaType, Headers) = (other.Failure, other.Status, other.Body, other.MediaType, other.Headers);
        (DurationMs, Connected, CertificateLeftMs) = (other.DurationMs, other.Connected, other.CertificateLeftMs);
        (DnsRcode, Ip, TimeMs) = (other.DnsRcode, other.Ip, other.TimeMs);
        _json = new(() => Parse(Body));
    }

    /// <summary>Why there is no complete answer, as a sentence without its full stop; null when there is one.</summary>
    public string? Failure { get; init; }

    /// <summary>The HTTP status, or the exit code of a script; 0 without one.</summary>
    public int Status { get; init; }

    /// <summary>The body as far as it was read.</summary>
    public ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>The body's media type in lower case; empty without one.</summary>
    public string MediaType { get; init; } = "";

    /// <summary>The headers; of one that came several times, the first.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);

    /// <summary>How long it took, in milliseconds.</summary>
    public double DurationMs { get; init; }

    /// <summary>Whether there was a connection.</summary>
    public bool Connected { get; init; }

    /// <summary>How long the other side's certificate holds, in milliseconds; negative when it is over; null without TLS.</summary>
    public double? CertificateLeftMs { get; init; }

    /// <summary>What the name server answered, such as <c>NXDOMAIN</c>; empty for other kinds.</summary>
    public string DnsRcode { get; init; } = "";

    /// <summary>The address that was connected to; empty without a connection.</summary>
    public string Ip { get; init; } = "";

    /// <summary>When it was seen, ms since the Unix epoch; what <c>age()</c> reckons from.</summary>
    public long TimeMs { get; init; }

    /// <summary>The body as text, without blanks around it.</summary>
    public string Text => Encoding.UTF8.GetString(Body.Span).Trim();

    /// <summary>The body as JSON; null when it is none.</summary>
    public JsonElement? Json => _json.Value;

    private static JsonElement? Parse(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            return document.RootElement.Clone();
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
