using Nines.Core.Telemetry;

namespace Nines.Core.Probes.Push;

/// <summary>A sign of life that Nines sends to somebody outside, who misses it when this host is gone.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Url">Where it goes; often a secret.</param>
/// <param name="EveryMs">How often.</param>
public sealed record OutboundBeat(string Name, Secret Url, long EveryMs)
{
    /// <summary>What people read.</summary>
    public string DisplayName { get; init; } = Name;

    /// <summary>How the receiver is asked.</summary>
    public HttpAccess Access { get; init; } = new();
}
