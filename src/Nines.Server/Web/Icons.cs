using System.Collections.Frozen;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Components;

namespace Nines.Server.Web;

/// <summary>The drawings of the icons that the build took from lucide-static.</summary>
internal static partial class Icons
{
    private static readonly FrozenDictionary<string, MarkupString> Drawings = Load();

    /// <summary>What stands inside an icon's <c>svg</c> element.</summary>
    /// <exception cref="KeyNotFoundException">The project file does not list the icon.</exception>
    public static MarkupString Drawing(string name) => Drawings[name];

    private static FrozenDictionary<string, MarkupString> Load()
    {
        var assembly = typeof(Icons).Assembly;
        var drawings = new Dictionary<string, MarkupString>(StringComparer.Ordinal);
        foreach (var resource in assembly.GetManifestResourceNames().Where(n => n.StartsWith("icon.", StringComparison.Ordinal)))
        {
            using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)!);
            drawings[resource["icon.".Length..]] = new MarkupString(Inner().Match(reader.ReadToEnd()).Groups["inner"].Value.Trim());
        }
        return drawings.ToFrozenDictionary(StringComparer.Ordinal);
    }

    [GeneratedRegex(@"<svg[^>]*>(?<inner>.*)</svg>", RegexOptions.Singleline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Inner();
}
