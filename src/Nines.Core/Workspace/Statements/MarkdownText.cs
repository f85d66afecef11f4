using System.Text;
using Markdig;
using Markdig.Extensions.Tables;
using Markdig.Syntax;

namespace Nines.Core.Workspace.Statements;

/// <summary>A line of a paragraph, the first lines of a list item, or a cell of a table; its markup is blanked, so that columns stay.</summary>
/// <param name="Text">What it says.</param>
/// <param name="Line">Its line, from 1.</param>
/// <param name="Column">The column of its first character, from 1.</param>
/// <param name="Heading">The nearest heading.</param>
/// <param name="Intro">The line before its list or table, where that ends in a colon.</param>
/// <param name="Block">Number of its list, table or paragraph.</param>
/// <param name="Parent">The list item that it hangs under.</param>
internal sealed record Passage(string Text, int Line, int Column, Heading Heading, string Intro, int Block, Passage? Parent)
{
    /// <summary>Whether it is an item of a list.</summary>
    public bool IsItem { get; init; }

    /// <summary>Whether it is a cell of a table.</summary>
    public bool IsCell { get; init; }
}

/// <summary>A heading with those above it.</summary>
/// <param name="Text">What it says.</param>
/// <param name="Level">1 for the title.</param>
/// <param name="Above">The heading it is under; null for none.</param>
internal sealed record Heading(string Text, int Level, Heading? Above);

/// <summary>A table. Each row has as many cells as there are headers.</summary>
internal sealed record TextTable(IReadOnlyList<Passage> Headers, IReadOnlyList<IReadOnlyList<Passage>> Rows)
{
    /// <summary>The number of the first column whose header matches; -1 when none does.</summary>
    public int Find(Func<string, bool> isIt)
    {
        for (var i = 0; i < Headers.Count; i++)
        {
            if (isIt(Headers[i].Text.Trim().ToLowerInvariant()))
            {
                return i;
            }
        }
        return -1;
    }
}

/// <summary>A block of code.</summary>
/// <param name="Info">What its fence says it is.</param>
/// <param name="Text">The code.</param>
/// <param name="Line">The line of its first line.</param>
internal sealed record Fence(string Info, string Text, int Line)
{
    /// <summary>Its lines, without those that are too long to be read.</summary>
    public IEnumerable<Passage> Lines => Text.Split('\n').Select((l, i) => new Passage(l, Line + i, 1, new("", 0, null), "", 0, null))
        .Where(p => p.Text.Length <= MarkdownText.MaxLine);
}

/// <summary>A Markdown document as a flat row of passages, tables and blocks of code, each with its place.</summary>
internal sealed class MarkdownText
{
    /// <summary>Most characters of a line that is read; a longer one is no statement to people.</summary>
    public const int MaxLine = 4000;

    // Later passages and rows are not read; real documents have a tenth of them.
    private const int MaxPassages = 10_000;
    private const int MaxRows = 5000;
    private const int MaxDepth = 4;

    private static readonly MarkdownPipeline Pipeline = new MarkdownPipelineBuilder().UsePipeTables().UseYamlFrontMatter().Build();
    private readonly string _text;
    private readonly string[] _lines;
    private readonly int _firstLine;
    private readonly int _depth;
    private Heading _heading;
    private int _blocks;
    private int _rows;

    private MarkdownText(string text, int firstLine, Heading heading, MarkdownText? outer)
    {
        _text = text;
        _lines = text.Split('\n');
        _firstLine = firstLine;
        _heading = heading;
        Passages = outer?.Passages ?? [];
        Tables = outer?.Tables ?? [];
        Fences = outer?.Fences ?? [];
        _blocks = outer?._blocks ?? 0;
        _rows = outer?._rows ?? 0;
        _depth = outer is null ? 0 : outer._depth + 1;
        try
        {
            Blocks(Markdown.Parse(text, Pipeline), null);
        }
        catch (ArgumentException) when (TooDeep(text) is { } line)
        {
            TooDeepLine = firstLine + line - 1;
        }
    }

    public List<Passage> Passages { get; }

    public List<TextTable> Tables { get; }

    public List<Fence> Fences { get; }

    /// <summary>The line whose quotes or lists are nested deeper than the parser goes; null when none is. Nothing of such a document is read.</summary>
    public int? TooDeepLine { get; private set; }

    /// <summary>Reads a document. Everything else is some Markdown, so nothing is refused.</summary>
    public static MarkdownText Read(string text) => new(text.ReplaceLineEndings("\n"), 1, new("", 0, null), null);

    /// <summary>The first line up to which a text cannot be parsed; null when all of it can.</summary>
    private static int? TooDeep(string text)
    {
        if (Parses(text))
        {
            return null;
        }
        var lines = text.Split('\n');
        var (good, bad) = (0, lines.Length);
        while (bad - good > 1)
        {
            var middle = (good + bad) / 2;
            (good, bad) = Parses(string.Join('\n', lines.Take(middle))) ? (middle, bad) : (good, middle);
        }
        return bad;
    }

    private static bool Parses(string text)
    {
        try
        {
            Markdown.Parse(text, Pipeline);
            return true;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    private void Blocks(ContainerBlock container, Passage? parent)
    {
        var intro = "";
        foreach (var block in container)
        {
            switch (block)
            {
                case HeadingBlock heading:
                    var above = _heading;
                    while (above.Level >= heading.Level && above.Above is not null)
                    {
                        above = above.Above;
                    }
                    _heading = new(Blank(_lines[heading.Line]).Trim('#', ' '), heading.Level, above);
                    intro = "";
                    break;
                case Table table:
                    Add(table, intro);
                    break;
                case LeafBlock code when code is CodeBlock:
                    Add((CodeBlock)code);
                    break;
                case ParagraphBlock paragraph:
                    intro = Add(paragraph, intro, parent).TrimEnd() is var last && last.EndsWith(':') ? last : "";
                    break;
                case ListBlock list:
                    var number = ++_blocks;
                    foreach (var item in list.OfType<ListItemBlock>())
                    {
                        Item(item, number, intro, parent);
                    }
                    break;
                case ContainerBlock inner:
                    Blocks(inner, parent);
                    break;
            }
        }
    }

    private void Item(ListItemBlock item, int number, string intro, Passage? parent)
    {
        var own = parent;
        var rest = false;
        foreach (var block in item)
        {
            if (block is ParagraphBlock paragraph && !rest)
            {
                foreach (var passage in Lines(paragraph, intro, number, parent))
                {
                    Add(passage with { IsItem = true });
                    own = passage;
                }
                rest = true;
            }
            else if (block is ListBlock inner)
            {
                var innerNumber = ++_blocks;
                foreach (var innerItem in inner.OfType<ListItemBlock>())
                {
                    Item(innerItem, innerNumber, intro, own);
                }
            }
            else if (block is CodeBlock code)
            {
                Add(code);
            }
        }
    }

    private string Add(ParagraphBlock paragraph, string intro, Passage? parent)
    {
        var lines = Lines(paragraph, intro, ++_blocks, parent).ToList();
        lines.ForEach(Add);
        return lines.Count > 0 ? lines[^1].Text : "";
    }

    private void Add(Passage passage)
    {
        if (Passages.Count < MaxPassages && passage.Text.Length <= MaxLine)
        {
            Passages.Add(passage);
        }
    }

    private IEnumerable<Passage> Lines(ParagraphBlock paragraph, string intro, int number, Passage? parent)
    {
        // The library lets go of a paragraph's lines once it has read them; its extent stays.
        var count = _text.AsSpan(paragraph.Span.Start, paragraph.Span.Length).Count('\n') + 1;
        for (var i = 0; i < count; i++)
        {
            var line = paragraph.Line + i;
            var at = i == 0 ? paragraph.Column : 0;
            yield return new(Blank(_lines[line])[Math.Min(at, _lines[line].Length)..], _firstLine + line, at + 1, _heading, intro, number, parent);
        }
    }

    private void Add(Table table, string intro)
    {
        var number = ++_blocks;
        // A row is a line, and the second line is the rule under the headers.
        var headers = Cells(table.Line, number, intro);
        var rows = Enumerable.Range(table.Line + 2, Math.Clamp(table.Count - 1, 0, MaxRows - _rows)).Where(l => l < _lines.Length)
            .Select(l => Cells(l, number, intro))
            .Where(r => r.Count >= headers.Count).ToList();
        _rows += rows.Count;
        if (headers.Count > 0)
        {
            Tables.Add(new(headers, rows));
        }
    }

    private List<Passage> Cells(int line, int number, string intro)
    {
        var cells = new List<Passage>();
        var text = _lines[line].Length <= MaxLine ? _lines[line] : "";
        var start = text.IndexOf('|', StringComparison.Ordinal) is var first && text.AsSpan(0, Math.Max(first, 0)).IsWhiteSpace() ? first + 1 : 0;
        var isCode = false;
        for (var i = start; i <= text.Length; i++)
        {
            isCode ^= i < text.Length && text[i] == '`';
            if (i == text.Length ? i > start && !text.AsSpan(start).IsWhiteSpace() : text[i] == '|' && !isCode && text[i - 1] != '\\')
            {
                cells.Add(new(Blank(text[start..i]), _firstLine + line, start + 1, _heading, intro, number, null) { IsCell = true });
                start = i + 1;
            }
        }
        return cells;
    }

    private void Add(CodeBlock code)
    {
        var info = (code as FencedCodeBlock)?.Info ?? "";
        var line = code.Line + (code is FencedCodeBlock ? 1 : 0);
        var text = string.Join('\n', _lines.Skip(line).Take(code.Lines.Count));
        Fences.Add(new(info, text, _firstLine + line));
        // A fence within a fence ends it, and what follows is taken for code: headings give it away.
        if (_depth < MaxDepth && (info is "markdown" or "md" || (info.Length == 0 && text.Contains("\n## ", StringComparison.Ordinal))))
        {
            var inner = new MarkdownText(text, _firstLine + line, _heading, this);
            (_blocks, _rows, TooDeepLine) = (inner._blocks, inner._rows, TooDeepLine ?? inner.TooDeepLine);
        }
    }

    // What only marks up becomes blank, so that each character keeps its column.
    private static string Blank(string line)
    {
        var blank = new StringBuilder(line.TrimEnd('\r'));
        for (var i = 0; i < blank.Length; i++)
        {
            // A star between blanks multiplies.
            var isTimes = blank[i] == '*' && i > 0 && i + 1 < line.Length && line[i - 1] == ' ' && line[i + 1] == ' ';
            blank[i] = blank[i] is '*' or '`' && !isTimes ? ' ' : blank[i];
        }
        return blank.ToString();
    }
}
