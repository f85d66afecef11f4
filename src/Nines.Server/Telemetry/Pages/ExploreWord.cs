using System.Text.Json;
using Microsoft.AspNetCore.Components;
using Nines.PromQL;

namespace Nines.Server.Telemetry.Pages;

/// <summary>A word of the query language that the completion offers.</summary>
/// <param name="Name">The word.</param>
/// <param name="Is">What it is: a function with its arguments, or an aggregation.</param>
public sealed record ExploreWord(string Name, string Is)
{
    /// <summary>Every function and aggregation, as the text of a <c>script</c> element.</summary>
    public static readonly MarkupString Script = new(JsonSerializer.Serialize(
        [.. AggregateExpr.Operators.Select(o => new ExploreWord(o, "aggregation"))
            .Concat(Function.All.Values.Select(Of)).OrderBy(w => w.Name, StringComparer.Ordinal)],
        ExploreJson.Default.IReadOnlyListExploreWord));

    private static ExploreWord Of(Function function)
    {
        var required = function.Arguments.Count - Math.Abs(function.Optional);
        var arguments = function.Arguments.Select((kind, i) => Name(kind) + (i >= required ? "?" : "")).ToList();
        return new(function.Name, $"({string.Join(", ", arguments)}{(function.Optional < 0 ? " …" : "")})");

        static string Name(ValueKind kind) => kind switch
        {
            ValueKind.Scalar => "number", ValueKind.String => "text", ValueKind.Matrix => "range", _ => "vector",
        };
    }
}
