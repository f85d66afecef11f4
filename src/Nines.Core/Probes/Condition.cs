using System.Globalization;

namespace Nines.Core.Probes;

/// <summary>Why a text is no condition.</summary>
/// <param name="Offset">Where in the text, in characters.</param>
/// <param name="Message">What is wrong.</param>
/// <param name="Hint">What to write instead.</param>
public sealed record ConditionFault(int Offset, string Message, string Hint)
{
    /// <summary>The placeholder that there is not, so that a near one can be named; null for other faults.</summary>
    public string? Unknown { get; init; }
}

/// <summary>What came of a condition.</summary>
/// <param name="Text">The condition as written.</param>
/// <param name="Holds">Whether it holds.</param>
/// <param name="Shown">The condition with the values seen in parentheses: <c>[STATUS] (500) == 200</c>.</param>
public sealed record ConditionResult(string Text, bool Holds, string Shown);

/// <summary>
/// A condition in Gatus' language. It departs from Gatus where Gatus would call well what nobody saw: in <c>&lt;</c>, <c>&lt;=</c>, <c>&gt;</c> and
/// <c>&gt;=</c> a value that is missing or no number never holds (Gatus takes it for 0), and fractions are compared too (Gatus cuts them
/// off). What Gatus compares as a text by mistake, such as <c>[STATUSS]</c>, is a fault here.
/// </summary>
public sealed class Condition
{
    /// <summary>Most items of a list that <c>[*]</c> looks at.</summary>
    public const int MostItems = 1_000;

    private const int LongestShown = 80;
    private const int LongestBesidePattern = 25;
    private const string EachItem = "[*]";
    private static readonly string[] Operators = ["==", "!=", "<=", ">=", ">", "<"];

    private readonly ConditionOperand _left;
    private readonly ConditionOperand _right;
    private readonly string _operator;

    private Condition(string text, ConditionOperand left, string @operator, ConditionOperand right) =>
        (Text, _left, _operator, _right) = (text, left, @operator, right);

    /// <summary>The placeholders there are.</summary>
    public static IReadOnlyList<string> Placeholders { get; } = [.. ConditionOperand.Placeholders];

    /// <summary>The condition as written.</summary>
    public string Text { get; }

    /// <summary>Whether it looks at the body.</summary>
    public bool UsesBody => Uses(OperandKind.Body);

    /// <summary>Whether it looks at whether there was a connection.</summary>
    public bool UsesConnected => Uses(OperandKind.Connected);

    /// <summary>Reads a condition; null with a fault when it can mean nothing.</summary>
    public static Condition? Parse(string text, out ConditionFault? fault)
    {
        if (Array.Find(Operators, o => text.Contains($" {o} ", StringComparison.Ordinal)) is not { } found)
        {
            var tight = Array.Find(Operators, o => text.Contains(o, StringComparison.Ordinal));
            fault = new(0, $"this is no condition: {text}", tight is null ? "write a placeholder, an operator and a value, such as [STATUS] == 200"
                : $"put a blank on both sides of {tight}, and something on each side");
            return null;
        }
        var at = text.IndexOf($" {found} ", StringComparison.Ordinal);
        var after = at + found.Length + 2;
        if (text.IndexOf($" {found} ", after, StringComparison.Ordinal) is var again and >= 0)
        {
            fault = new(again + 1, $"a condition has one {found}", "write two conditions");
            return null;
        }
        if (ConditionOperand.Read(text[..at].Trim(), 0, out fault) is not { } left
            || ConditionOperand.Read(text[after..].Trim(), after, out fault) is not { } right)
        {
            return null;
        }
        if (found is not ("==" or "!="))
        {
            foreach (var (side, offset) in new[] { (left, 0), (right, after) })
            {
                if (side.IsLiteral && GoNumbers.Number(side.Text) is null)
                {
                    fault = new(offset, $"{found} compares numbers and durations, and {side.Text} is neither",
                        side.Text.EndsWith('d') && double.TryParse(side.Text[..^1], CultureInfo.InvariantCulture, out var days)
                        ? $"write {days * 24}h: there are no days" : "write 200, 500ms or 48h");
                    return null;
                }
            }
        }
        return new(text, left, found, right);
    }

    /// <summary>Judges what was seen.</summary>
    public ConditionResult Evaluate(Observation seen)
    {
        if (Each() is var (list, index))
        {
            return OfEach(seen, list, index);
        }
        var (left, right) = (_left.Resolve(seen), _right.Resolve(seen));
        return _operator switch
        {
            "==" => new(Text, AreEqual(left, right), Shown(left, right)),
            "!=" => new(Text, !AreEqual(left, right), Shown(left, right)),
            _ => Ordered(left, right),
        };
    }

    private bool Uses(OperandKind kind) => _left.Kind == kind || _right.Kind == kind;

    private ConditionResult Ordered(string? left, string? right)
    {
        var (a, b) = (left is null ? null : GoNumbers.Number(left), right is null ? null : GoNumbers.Number(right));
        var holds = _operator switch { "<" => a < b, "<=" => a <= b, ">" => a > b, _ => a >= b };
        return new(Text, holds, Shown(_left.IsDuration ? GoNumbers.Duration(a ?? 0) : left, _right.IsDuration ? GoNumbers.Duration(b ?? 0) : right));
    }

    // A missing value is not equal to anything, itself included: its text says (INVALID), as in Gatus.
    private bool AreEqual(string? left, string? right)
    {
        if (left is null || right is null)
        {
            return false;
        }
        if (_left.Pattern is not null != _right.Pattern is not null)
        {
            return _left.Pattern is { } first ? Wildcards.IsMatch(first, right) : Wildcards.IsMatch(_right.Pattern!, left);
        }
        if (_left.Choices is not null != _right.Choices is not null)
        {
            return _left.Choices is { } choices ? choices.Contains(right, StringComparer.Ordinal) : _right.Choices!.Contains(left, StringComparer.Ordinal);
        }
        return GoNumbers.TryWhole(left, out var a) && GoNumbers.TryWhole(right, out var b) ? a == b : left == right;
    }

    // Where a [*] stands, with the path of the list before it.
    private (string List, int Index)? Each()
    {
        var index = Text.IndexOf(EachItem, StringComparison.Ordinal);
        var body = index < 0 ? -1 : Text[..index].LastIndexOf("[BODY]", StringComparison.OrdinalIgnoreCase);
        return body < 0 || Text.AsSpan(body, index - body).Contains(' ') ? null : (Text[(body + 6)..index].TrimStart('.'), index);
    }

    private ConditionResult OfEach(Observation seen, string list, int index)
    {
        var found = BodyPath.Find(seen.Json, list);
        if (found is not { ValueKind: System.Text.Json.JsonValueKind.Array } items || items.GetArrayLength() == 0)
        {
            return new(Text, false, $"{Text} (no elements matched)");
        }
        var length = items.GetArrayLength();
        if (length > MostItems)
        {
            return new(Text, false, $"{Text} (more than {MostItems} elements)");
        }
        for (var i = 0; i < length; i++)
        {
            var one = Parse(string.Create(CultureInfo.InvariantCulture, $"{Text[..index]}[{i}]{Text[(index + EachItem.Length)..]}"), out _)!.Evaluate(seen);
            if (!one.Holds)
            {
                return one with { Text = Text };
            }
        }
        return new(Text, true, $"{Text} ({length} elements)");
    }

    private string Shown(string? left, string? right) => $"{Side(_left, left, _right)} {_operator} {Side(_right, right, _left)}";

    private static string Side(ConditionOperand side, string? value, ConditionOperand other)
    {
        var most = other.Pattern is null ? LongestShown : LongestBesidePattern;
        return side.IsLiteral ? side.Text : value is null ? $"{side.Text} (INVALID)"
            : $"{side.Text} ({(value.Length > most ? value[..most] + "...(truncated)" : value)})";
    }
}
