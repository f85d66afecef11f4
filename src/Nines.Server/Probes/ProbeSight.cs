using Nines.Core.Probes;

namespace Nines.Server.Probes;

/// <summary>What a run has seen so far; what it saw before it failed is part of what is shown.</summary>
internal sealed class ProbeSight
{
    public int Status { get; set; }

    public ReadOnlyMemory<byte> Body { get; set; }

    public string MediaType { get; set; } = "";

    public IReadOnlyDictionary<string, string> Headers { get; set; } = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);

    public bool Connected { get; set; }

    public string Ip { get; set; } = "";

    public string DnsRcode { get; set; } = "";

    public DateTimeOffset? CertificateEnds { get; set; }

    /// <summary>The observation, once the run is over.</summary>
    public Observation At(DateTimeOffset now, TimeSpan took, string? failure) => new()
    {
        Failure = failure,
        Status = Status,
        Body = Body,
        MediaType = MediaType,
        Headers = Headers,
        Connected = Connected,
        Ip = Ip,
        DnsRcode = DnsRcode,
        DurationMs = took.TotalMilliseconds,
        CertificateLeftMs = (CertificateEnds - now)?.TotalMilliseconds,
        TimeMs = now.ToUnixTimeMilliseconds(),
    };
}
