namespace Nines.Server.Tests.Telemetry;

/// <summary>A directory that goes with the test.</summary>
internal sealed class TempDirectory : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("nines-telemetry-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
