namespace Nines.Metrics.Templates;

/// <summary>
/// Go's <c>text/template</c>: templates that may call each other. Add all of them, then execute; executing is safe for use by many threads.
/// </summary>
/// <param name="functionNames">Names of the functions that templates may call besides Go's own.</param>
public sealed class TemplateSet(IReadOnlySet<string> functionNames)
{
    /// <summary>Longest template, in characters.</summary>
    public const int MaxTextLength = 1 << 20;

    private readonly Dictionary<string, Tree> _trees = new(StringComparer.Ordinal);

    /// <summary>Adds a template and those it defines; later ones replace earlier ones of the same name.</summary>
    /// <returns>Null, or in Go's words why it cannot be read; then nothing was added.</returns>
    public string? Add(string name, string text)
    {
        if (text.Length > MaxTextLength)
        {
            return $"template: {name}:1: longer than {MaxTextLength} characters";
        }
        try
        {
            foreach (var tree in TemplateParser.Parse(name, text, f => functionNames.Contains(f) || TemplateBuiltins.All.ContainsKey(f)))
            {
                // As in Go, a definition that is empty does not replace one that is not.
                var empty = tree.Root.Nodes.All(n => n is TextNode t && string.IsNullOrWhiteSpace(t.Text));
                if (!empty || !_trees.ContainsKey(tree.Name))
                {
                    _trees[tree.Name] = tree;
                }
            }
            return null;
        }
        catch (TemplateException e)
        {
            return e.Message;
        }
    }

    /// <summary>Executes a template.</summary>
    /// <param name="name">Which.</param>
    /// <param name="data">The dot; see <see cref="TemplateMap"/> and <see cref="ITemplateObject"/>.</param>
    /// <param name="functions">The functions besides Go's own.</param>
    /// <param name="limits">How far it may go.</param>
    public TemplateOutcome Execute(string name, object? data, IReadOnlyDictionary<string, TemplateFunction> functions, TemplateLimits limits) =>
        Run(_trees.GetValueOrDefault, name, data, functions, limits, null);

    /// <summary>Executes a text that may call the templates of the set, which stays as it is.</summary>
    /// <param name="text">The template.</param>
    /// <param name="data">The dot.</param>
    /// <param name="functions">The functions besides Go's own.</param>
    /// <param name="limits">How far it may go.</param>
    /// <param name="html">Whether values are escaped by where in HTML they stand, as Go's <c>html/template</c> does.</param>
    public TemplateOutcome ExecuteText(
        string text, object? data, IReadOnlyDictionary<string, TemplateFunction> functions, TemplateLimits limits, bool html = false)
    {
        var own = new TemplateSet(functionNames);
        return own.Add("", text) is { } error ? new TemplateOutcome(null, error)
            : Run(name => own._trees.GetValueOrDefault(name) ?? _trees.GetValueOrDefault(name), "", data, functions, limits, html ? new HtmlContext() : null);
    }

    private static TemplateOutcome Run(Func<string, Tree?> trees, string name, object? data,
        IReadOnlyDictionary<string, TemplateFunction> functions, TemplateLimits limits, HtmlContext? html)
    {
        try
        {
            var run = new TemplateRun(
                trees, f => functions.GetValueOrDefault(f) ?? TemplateBuiltins.All.GetValueOrDefault(f), limits, html);
            return new TemplateOutcome(run.Execute(name, data), null);
        }
        catch (TemplateException e)
        {
            return new TemplateOutcome(null, e.Message);
        }
    }
}
