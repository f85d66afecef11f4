using System.Text.RegularExpressions;

namespace Nines.Metrics;

/// <summary>How a matcher compares.</summary>
public enum MatchOp
{
    /// <summary><c>=</c></summary>
    Equal,
    /// <summary><c>!=</c></summary>
    NotEqual,
    /// <summary><c>=~</c>, anchored at both ends</summary>
    Regex,
    /// <summary><c>!~</c>, anchored at both ends</summary>
    NotRegex,
}

/// <summary>A condition on one label. An absent label has the empty value.</summary>
public sealed class Matcher : IEquatable<Matcher>
{
    private readonly Regex? _regex;

    /// <summary>Makes a matcher.</summary>
    /// <exception cref="ArgumentException">The regular expression is not one that RE2 accepts.</exception>
    public Matcher(string name, MatchOp op, string value)
    {
        (Name, Op, Value) = (name, op, value);
        if (op is MatchOp.Regex or MatchOp.NotRegex)
        {
            _regex = Re2.Anchored(value);
        }
    }

    /// <summary>The label's name.</summary>
    public string Name { get; }

    /// <summary>The comparison.</summary>
    public MatchOp Op { get; }

    /// <summary>The value or pattern compared with.</summary>
    public string Value { get; }

    /// <summary>Whether a label value satisfies the condition.</summary>
    public bool Matches(string value) => Op switch
    {
        MatchOp.Equal => value == Value,
        MatchOp.NotEqual => value != Value,
        MatchOp.Regex => _regex!.IsMatch(value),
        _ => !_regex!.IsMatch(value),
    };

    /// <summary>Whether labels satisfy the condition.</summary>
    public bool Matches(Labels labels) => Matches(labels[Name]);

    /// <summary>Whether labels satisfy all conditions.</summary>
    public static bool AllMatch(IReadOnlyList<Matcher> matchers, Labels labels)
    {
        for (var i = 0; i < matchers.Count; i++)
        {
            if (!matchers[i].Matches(labels))
            {
                return false;
            }
        }
        return true;
    }

    /// <inheritdoc/>
    public bool Equals(Matcher? other) => other is not null && Name == other.Name && Op == other.Op && Value == other.Value;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as Matcher);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Name, Op, Value);

    /// <summary>Prometheus' notation.</summary>
    public override string ToString()
    {
        var op = Op switch { MatchOp.Equal => "=", MatchOp.NotEqual => "!=", MatchOp.Regex => "=~", _ => "!~" };
        return $"{Name}{op}\"{Value.Replace(@"\", @"\\").Replace("\"", "\\\"").Replace("\n", @"\n")}\"";
    }
}
