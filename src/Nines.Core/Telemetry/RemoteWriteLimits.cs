namespace Nines.Core.Telemetry;

/// <summary>How large remote-write requests may be. What is larger is refused with 413, labels beyond their limit with 400.</summary>
public sealed record RemoteWriteLimits
{
    /// <summary>Largest body as sent, in bytes. Default 8 MiB; Prometheus sends some 200 KiB.</summary>
    public int BodyBytes { get; init; } = 8 << 20;

    /// <summary>Largest body when decoded, in bytes; read from the body's first bytes before memory is taken. Default 64 MiB.</summary>
    public int DecodedBytes { get; init; } = 64 << 20;

    /// <summary>Most samples in one request. Default 500,000.</summary>
    public int Samples { get; init; } = 500_000;

    /// <summary>Most labels of a series. Default 64.</summary>
    public int Labels { get; init; } = 64;

    /// <summary>Longest label name, in characters. Default 1,024.</summary>
    public int LabelNameLength { get; init; } = 1024;

    /// <summary>Longest label value, in characters. Default 16,384.</summary>
    public int LabelValueLength { get; init; } = 16_384;

    /// <summary>Most series whose raw labels are remembered. Default 2,000,000.</summary>
    public int CachedSeries { get; init; } = 2_000_000;

    /// <summary>Most bytes of raw labels remembered. Default 512 MiB.</summary>
    public long CachedBytes { get; init; } = 512L << 20;
}
