using System.Text;

namespace Nines.Core.Workspace.Statements;

/// <summary>A piece of text that was UTF-8, was read as something else, and was saved as UTF-8 again.</summary>
/// <param name="Line">Its line, from 1.</param>
/// <param name="Column">Its column in the file as it stands, from 1.</param>
/// <param name="Was">As it stands.</param>
/// <param name="Is">As it was meant.</param>
internal readonly record struct Repaired(int Line, int Column, string Was, string Is);

/// <summary>Undoes the two usual double encodings: UTF-8 that was read as Windows-1252, and as Mac Roman.</summary>
internal sealed class DoubleEncoding
{
    private static readonly (string Name, Encoding Encoding)[] Usual =
    [
        ("Windows-1252", Strict(1252)), ("Mac Roman", Strict(10000)),
    ];

    private static readonly UTF8Encoding Utf8 = new(false, true);

    private DoubleEncoding(string text, IReadOnlyList<Repaired> repairs, string readAs)
    {
        Text = text;
        Repairs = repairs;
        ReadAs = readAs;
    }

    /// <summary>The text as it was meant; it has the lines of the file.</summary>
    public string Text { get; }

    /// <summary>What was changed, in order of place.</summary>
    public IReadOnlyList<Repaired> Repairs { get; }

    /// <summary>What the text had been read as; empty when nothing was changed.</summary>
    public string ReadAs { get; }

    /// <summary>Repairs a text. Only whole runs of letters beyond ASCII that are valid UTF-8 when taken back are touched: a genuine é stays.</summary>
    public static DoubleEncoding Repair(string text)
    {
        var best = Usual.Select(u => Try(text, u.Name, u.Encoding)).MaxBy(r => r.Repairs.Count)!;
        return best.Repairs.Count > 0 ? best : new(text, [], "");
    }

    /// <summary>The column in the file of a column in the repaired text.</summary>
    public int ColumnInFile(int line, int column)
    {
        foreach (var repair in Repairs.Where(r => r.Line == line))
        {
            if (column <= repair.Column)
            {
                break;
            }
            column = Math.Max(repair.Column, column + repair.Was.Length - repair.Is.Length);
        }
        return column;
    }

    private static DoubleEncoding Try(string text, string name, Encoding encoding)
    {
        var (output, repairs) = (new StringBuilder(text.Length), new List<Repaired>());
        var (line, lineStart) = (1, 0);
        for (var i = 0; i < text.Length;)
        {
            if (text[i] < 0x80)
            {
                (line, lineStart) = text[i] == '\n' ? (line + 1, i + 1) : (line, lineStart);
                output.Append(text[i++]);
                continue;
            }
            var end = i;
            while (end < text.Length && text[end] >= 0x80)
            {
                end++;
            }
            var was = text[i..end];
            var meant = Back(was, encoding) ?? was;
            if (meant != was)
            {
                repairs.Add(new(line, i - lineStart + 1, was, meant));
            }
            output.Append(meant);
            i = end;
        }
        return new(output.ToString(), repairs, name);
    }

    private static string? Back(string text, Encoding encoding)
    {
        try
        {
            return Utf8.GetString(encoding.GetBytes(text));
        }
        catch (Exception e) when (e is EncoderFallbackException or DecoderFallbackException)
        {
            return null;
        }
    }

    private static Encoding Strict(int codePage) =>
        CodePagesEncodingProvider.Instance.GetEncoding(codePage, EncoderFallback.ExceptionFallback, DecoderFallback.ExceptionFallback)!;
}
