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
        try
        {
            var expr = new Parser(query).Query();
            var problems = new List<PromProblem>();
            new TypeCheck(query, problems).Check(expr);
            return problems.Count == 0 ? new(expr, []) : new(null, problems);
        }
        catch (ParseStop stop)
        {
            return new(null, [stop.Problem]);
        }
    }
}
