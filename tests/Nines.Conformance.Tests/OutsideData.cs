using System.Runtime.CompilerServices;

namespace Nines.Conformance.Tests;

/// <summary>Test data written by others. It is not part of the repository.</summary>
internal static class OutsideData
{
    /// <summary>Where it is: <c>NINES_CONFORMANCE</c>, or a folder beside the repository.</summary>
    public static string Root { get; } = Find();

    /// <summary>A folder of it; the test is skipped, by name, when it is absent.</summary>
    public static string Folder(string name)
    {
        var path = Path.Combine(Root, name);
        Assert.SkipUnless(Directory.Exists(path), $"no outside data at {path}; set NINES_CONFORMANCE");
        return path;
    }

    private static string Find([CallerFilePath] string here = "") => Environment.GetEnvironmentVariable("NINES_CONFORMANCE")
        ?? Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "../../../shared/conformance"));
}
