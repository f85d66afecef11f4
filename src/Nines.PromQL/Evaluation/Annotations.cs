namespace Nines.PromQL.Evaluation;

/// <summary>What is noticed during an evaluation, each thing once, with its place in the query.</summary>
internal sealed class Annotations
{
    private readonly HashSet<Annotation> _seen = [];
    private readonly List<(AnnotationLevel Level, string Text, int At)> _found = [];

    public void Info(string text, Expr at) => Add(AnnotationLevel.Info, text, at);

    public void Warn(string text, Expr at) => Add(AnnotationLevel.Warning, text, at);

    /// <summary>The annotations with line and column.</summary>
    public IReadOnlyList<Annotation> In(string query)
    {
        var list = new List<Annotation>();
        foreach (var (level, text, at) in _found)
        {
            list.Add(new Annotation(level, $"PromQL {(level == AnnotationLevel.Info ? "info" : "warning")}: {text} ({LineColumn.Of(query, at)})"));
        }
        return list;
    }

    private void Add(AnnotationLevel level, string text, Expr at)
    {
        if (_seen.Add(new Annotation(level, $"{text}@{at.Span.Start}")))
        {
            _found.Add((level, text, at.Span.Start));
        }
    }
}
