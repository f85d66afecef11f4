using System.Text.Json;

namespace Nines.Tidy.Tests;

/// <summary>Something that breaks a rule.</summary>
/// <param name="Rule">The rule's name, as in eng/tidy.json.</param>
/// <param name="Path">The file.</param>
/// <param name="Line">The line, from 1; 0 for the whole file.</param>
/// <param name="Text">What is wrong.</param>
public sealed record Finding(string Rule, string Path, int Line, string Text)
{
    public override string ToString() => $"{Path}:{Line}: {Text} [{Rule}]";
}

/// <summary>A file, or all below a folder (its path ends with a slash), that may break a rule, with the reason; eng/tidy.json holds all of them.</summary>
public sealed record Exemption(string Rule, string Path, string Reason)
{
    public bool Covers(Finding finding) =>
        finding.Rule == Rule && (Path.EndsWith('/') ? finding.Path.StartsWith(Path, StringComparison.Ordinal) : finding.Path == Path);

    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web);

    public static IReadOnlyList<Exemption> Read(SourceTree tree) => JsonSerializer.Deserialize<Exemption[]>(tree.Files["eng/tidy.json"], Options)!;
}
