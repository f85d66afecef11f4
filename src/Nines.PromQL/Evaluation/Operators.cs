namespace Nines.PromQL.Evaluation;

/// <summary>The arithmetic and comparison operators on two numbers.</summary>
internal static class Operators
{
    /// <summary>The operator's value; a comparison gives 1 or 0.</summary>
    public static Func<double, double, double> Scalar(string op)
    {
        switch (op)
        {
            case "+": return static (a, b) => a + b;
            case "-": return static (a, b) => a - b;
            case "*": return static (a, b) => a * b;
            case "/": return static (a, b) => a / b;
            case "%": return static (a, b) => a % b;
            case "^": return Math.Pow;
            case "atan2": return Math.Atan2;
            // Trims of native histograms: between numbers they have no value.
            case "</" or ">/": return static (_, _) => Absent.Value;
            default:
                var holds = Comparison(op);
                return (a, b) => holds(a, b) ? 1 : 0;
        }
    }

    /// <summary>Whether a comparison holds.</summary>
    public static Func<double, double, bool> Comparison(string op) => op switch
    {
        "==" => static (a, b) => a == b,
        "!=" => static (a, b) => a != b,
        "<" => static (a, b) => a < b,
        "<=" => static (a, b) => a <= b,
        ">" => static (a, b) => a > b,
        ">=" => static (a, b) => a >= b,
        _ => throw new InvalidOperationException($"no operator {op}"),
    };

    /// <summary>An operator between vectors: the value, or <see cref="Absent"/> where a comparison filters the left side out.</summary>
    public static Func<double, double, double> Vector(string op, bool returnBool)
    {
        if (returnBool || !Parser.IsComparison(op))
        {
            return Scalar(op);
        }
        var holds = Comparison(op);
        return (a, b) => holds(a, b) ? a : Absent.Value;
    }
}
