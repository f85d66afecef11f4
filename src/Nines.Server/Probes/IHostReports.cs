using Nines.Core.Probes.Collectors.Host;

namespace Nines.Server.Probes;

/// <summary>Tells other rooms how the hosts do that collectors read.</summary>
public interface IHostReports
{
    /// <summary>The hosts that were read, in order of their collector's name.</summary>
    IReadOnlyList<HostReport> Hosts();
}
