namespace Nines.PromQL;

/// <summary>Reads queries.</summary>
public static class PromParser
{
    /// <summary>Longest query that is read, in characters.</summary>
    public const int MaxLength = 64 * 1024;

    /// <summary>Reads a query. A bad one is an answer, not an exception.</summary>
    public static PromParseResult Parse(string query)
    {
        if (query.Length > MaxLength)
        {
            return new(null, [new($"query is longer than {MaxLength} characters", MaxLength, query.Length)]);
        }
        var lexer = new Lexer(query);
        lexer.Run();
        if (lexer.Problem is { } problem)
        {
            return new(null, [problem]);
        }
        try
        {
            var parser = new Parser(lexer.Tokens);
            var expr = parser.Query();
            var problems = new List<PromProblem>();
            new TypeCheck(problems).Check(expr);
            return problems.Count == 0 ? new(expr, []) : new(null, [.. problems.OrderBy(p => p.Start)]);
        }
        catch (Parser.StopException stop)
        {
            return new(null, [stop.Problem]);
        }
    }
}
