namespace Nines.Integration.Tests;

internal static class Repository
{
    /// <summary>The repository's root: the first directory upwards that holds the solution.</summary>
    public static string Root { get; } = Find(AppContext.BaseDirectory);

    private static string Find(string directory) =>
        File.Exists(Path.Combine(directory, "Nines.slnx")) ? directory : Find(Path.GetDirectoryName(directory) ?? throw new InvalidOperationException("no Nines.slnx above the tests"));
}
