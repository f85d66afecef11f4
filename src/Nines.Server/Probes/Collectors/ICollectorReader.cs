using Nines.Core.Probes.Collectors;
using Nines.Server.Telemetry;

namespace Nines.Server.Probes.Collectors;

/// <summary>Reads the figures of one collector; one run at a time.</summary>
internal interface ICollectorReader
{
    /// <summary>Reads once. What was added before a failure counts.</summary>
    /// <exception cref="CollectException">Something could not be read. Other failures of the world may surface as they are.</exception>
    Task ReadAsync(CollectedSet set, CancellationToken stop);
}

/// <summary>Makes readers.</summary>
/// <param name="clients">Clients of HTTP.</param>
/// <param name="time">The clock.</param>
internal sealed class CollectorReaders(HttpAccessClients clients, TimeProvider time) : IDisposable
{
    /// <summary>The reader of a collector.</summary>
    public ICollectorReader For(Collector collector) => collector.Work switch
    {
        HostWork host => new HostReader(host, time),
        SqlWork { File: { } file } sql => new SqliteReader(sql, file, time),
        SqlWork sql => new PostgresReader(sql, collector, time),
        JsonWork json => new JsonReader(json, clients, time),
        FileWork files => new FileReader(files, time),
        CertificateWork certificates => new CertificateReader(certificates, time),
        _ => throw new NotSupportedException(collector.Work.Type),
    };

    /// <inheritdoc/>
    public void Dispose() => clients.Dispose();
}
