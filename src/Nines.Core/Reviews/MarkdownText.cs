using System.Globalization;
using System.Text;

namespace Nines.Core.Reviews;

/// <summary>Writes Markdown whose lines stay the same while what they say does, so that a change of a rendered file is a change of the practice.</summary>
internal sealed class MarkdownText
{
    private readonly StringBuilder _text = new();

    public MarkdownText(string title)
    {
        _text.Append("# ").Append(title).Append("\n\n<!-- Rendered by nines docs from the workspace. Change that, not this file. -->\n");
    }

    public MarkdownText Heading(int level, string text) => Block($"{new string('#', level)} {text}");

    public MarkdownText Paragraph(string text) => text.Length == 0 ? this : Block(text);

    public MarkdownText Code(string language, string text) => Block($"```{language}\n{text.TrimEnd()}\n```");

    public MarkdownText List(IEnumerable<string> items) => items.ToList() is { Count: > 0 } all ? Block(string.Join('\n', all.Select(i => "- " + i))) : this;

    /// <summary>A table; nothing when it has no rows.</summary>
    public MarkdownText Table(IReadOnlyList<string> heads, IEnumerable<IReadOnlyList<string>> rows) =>
        rows.Select(Row).ToList() is { Count: > 0 } all ? Block($"{Row(heads)}\n{Row([.. heads.Select(_ => "---")])}\n{string.Join('\n', all)}") : this;

    public override string ToString() => _text.ToString();

    /// <summary>Text of a definition, which may hold anything, as one line.</summary>
    public static string Plain(string text) =>
        text.ReplaceLineEndings(" ").Replace("|", "\\|", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal).Trim();

    public static string Quoted(string code) => $"`{code.ReplaceLineEndings(" ").Replace("|", "\\|", StringComparison.Ordinal)}`";

    public static string Percent(decimal share) => string.Create(CultureInfo.InvariantCulture, $"{share * 100:0.######} %");

    /// <summary>A length of time in its two largest units: <c>7 h 12 min</c>.</summary>
    public static string Minutes(double minutes)
    {
        var seconds = (long)Math.Round(minutes * 60);
        (long Size, string Unit)[] units = [(86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")];
        var parts = new List<string>();
        foreach (var (size, unit) in units)
        {
            if (seconds >= size)
            {
                parts.Add($"{seconds / size} {unit}");
                seconds %= size;
            }
        }
        return parts.Count == 0 ? "0 s" : string.Join(' ', parts.Take(2));
    }

    private static string Row(IReadOnlyList<string> cells) => $"| {string.Join(" | ", cells)} |";

    private MarkdownText Block(string text)
    {
        _text.Append('\n').Append(text).Append('\n');
        return this;
    }
}
