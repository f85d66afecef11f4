using System.Text;

namespace Nines.PromQL.Evaluation;

/// <summary>Names and texts as Prometheus' messages show them.</summary>
internal static class PromText
{
    /// <summary>A text in quotes, as Go writes it (<c>%q</c>).</summary>
    public static string Quoted(string text)
    {
        var quoted = new StringBuilder("\"");
        foreach (var c in text)
        {
            _ = c switch
            {
                '"' => quoted.Append("\\\""),
                '\\' => quoted.Append(@"\\"),
                '\n' => quoted.Append(@"\n"),
                '\t' => quoted.Append(@"\t"),
                '\r' => quoted.Append(@"\r"),
                >= '\udc00' and <= '\udcff' => quoted.Append($"\\x{c - 0xdc00:x2}"),
                _ => quoted.Append(c),
            };
        }
        return quoted.Append('"').ToString();
    }

    /// <summary>Whether a text may name a label: it is not empty and has no byte that is not UTF-8.</summary>
    public static bool IsLabelName(string name) => name.Length > 0 && !name.AsSpan().ContainsAnyInRange('\udc00', '\udcff');
}
