using System.Globalization;
using System.Text;

namespace Nines.Metrics.Templates;

/// <summary>The functions every template has.</summary>
internal static class TemplateBuiltins
{
    public static readonly IReadOnlyDictionary<string, TemplateFunction> All = new Dictionary<string, TemplateFunction>(StringComparer.Ordinal)
    {
        // These two are computed by the execution, which leaves out arguments.
        ["and"] = Of([ArgumentKind.Any, ArgumentKind.Any], a => a[0], repeats: true),
        ["or"] = Of([ArgumentKind.Any, ArgumentKind.Any], a => a[0], repeats: true),
        ["not"] = Of([ArgumentKind.Any], a => !IsTrue(a[0])),
        ["len"] = Of([ArgumentKind.Any], a => Length(a[0])),
        ["index"] = Of([ArgumentKind.Any, ArgumentKind.Any], a => a.Skip(1).Aggregate(a[0], Index), repeats: true),
        ["slice"] = Of([ArgumentKind.Any, ArgumentKind.Any], a => Slice(a[0], a[1..]), repeats: true),
        ["print"] = new([ArgumentKind.Any], (run, a) => GoFormat.Print(a, run.MaxLength), true),
        ["println"] = new([ArgumentKind.Any], (run, a) => GoFormat.PrintLine(a, run.MaxLength), true),
        ["printf"] = new([ArgumentKind.Text, ArgumentKind.Any], (run, a) => GoFormat.Printf((string)a[0]!, a[1..], run.MaxLength), true),
        ["html"] = new([ArgumentKind.Any], (run, a) => GoText.HtmlEscape(Joined(a, run)), true),
        ["js"] = new([ArgumentKind.Any], (run, a) => JsEscape(Joined(a, run)), true),
        ["urlquery"] = new([ArgumentKind.Any], (run, a) => GoText.QueryEscape(Joined(a, run)), true),
        ["call"] = new([ArgumentKind.Any, ArgumentKind.Any], Call, true),
        ["eq"] = Of([ArgumentKind.Any, ArgumentKind.Any], a => Equal(a), repeats: true),
        ["ne"] = Of([ArgumentKind.Any, ArgumentKind.Any], a => !Equal(a)),
        ["lt"] = Of([ArgumentKind.Any, ArgumentKind.Any], a => Compare(a[0], a[1]) < 0),
        ["le"] = Of([ArgumentKind.Any, ArgumentKind.Any], a => Compare(a[0], a[1]) is < 0 or 0),
        ["gt"] = Of([ArgumentKind.Any, ArgumentKind.Any], a => Compare(a[0], a[1]) > 0),
        ["ge"] = Of([ArgumentKind.Any, ArgumentKind.Any], a => Compare(a[0], a[1]) is > 0 or 0),
    };

    /// <summary>Whether a value counts as true: not its type's zero, and not empty.</summary>
    public static bool IsTrue(object? value) => value switch
    {
        null => false,
        bool flag => flag,
        string text => text.Length > 0,
        long number => number != 0,
        double number => number != 0,
        GoDuration duration => duration.Nanoseconds != 0,
        TemplateMap map => map.Entries.Count > 0,
        IReadOnlyList<object?> list => list.Count > 0,
        _ => true,
    };

    private static TemplateFunction Of(IReadOnlyList<ArgumentKind> kinds, Func<object?[], object?> call, bool repeats = false) =>
        new(kinds, (_, arguments) => call(arguments), repeats);

    private static object? Call(ITemplateRun run, object?[] arguments)
    {
        if (arguments[0] is not TemplateFunction function)
        {
            throw new TemplateCallException(arguments[0] is null ? "call of nil" : $"non-function of type {GoFormat.TypeName(arguments[0])}");
        }
        var given = arguments.Length - 1;
        return (function.Repeats ? given >= function.Arguments.Count - 1 : given == function.Arguments.Count) ? function.Call(run, arguments[1..])
            : throw new TemplateCallException($"wrong number of args: got {given} want {function.Arguments.Count}");
    }

    private static string Joined(object?[] values, ITemplateRun run) =>
        values is [string text] ? text : GoFormat.Print([.. values.Select(v => v ?? "<no value>")], run.MaxLength);

    private static long Length(object? value) => value switch
    {
        string text => Encoding.UTF8.GetByteCount(text),
        TemplateMap map => map.Entries.Count,
        IReadOnlyList<object?> list => list.Count,
        null => throw new TemplateCallException("len of nil pointer"),
        _ => throw new TemplateCallException($"len of type {GoFormat.TypeName(value)}"),
    };

    private static object? Index(object? value, object? index) => (value, index) switch
    {
        (null, _) => throw new TemplateCallException("index of untyped nil"),
        (TemplateMap map, string key) => map[key],
        (TemplateMap, null) => throw new TemplateCallException("value is nil; should be of type string"),
        (TemplateMap, _) => throw new TemplateCallException($"value has type {GoFormat.TypeName(index)}; should be string"),
        (IReadOnlyList<object?> list, long at) => at >= 0 && at < list.Count ? list[(int)at] : throw OutOfRange(at),
        (string text, long at) => Encoding.UTF8.GetBytes(text) is var bytes && at >= 0 && at < bytes.Length ? (long)bytes[at] : throw OutOfRange(at),
        (string or IReadOnlyList<object?>, null) => throw new TemplateCallException("cannot index slice/array with nil"),
        (string or IReadOnlyList<object?>, _) => throw new TemplateCallException($"cannot index slice/array with type {GoFormat.TypeName(index)}"),
        _ => throw new TemplateCallException($"can't index item of type {GoFormat.TypeName(value)}"),
    };

    private static TemplateCallException OutOfRange(long at) => new($"index out of range: {at.ToString(CultureInfo.InvariantCulture)}");

    private static object? Slice(object? value, object?[] bounds)
    {
        if (bounds.Length > 3 || (bounds.Length == 3 && value is string))
        {
            throw new TemplateCallException(bounds.Length > 3 ? $"too many slice indexes: {bounds.Length}" : "cannot 3-index slice a string");
        }
        var bytes = value is string text ? Encoding.UTF8.GetBytes(text) : null;
        var length = bytes?.Length ?? (value as IReadOnlyList<object?>)?.Count ?? throw new TemplateCallException(
            value is null ? "slice of untyped nil" : $"can't slice item of type {GoFormat.TypeName(value)}");
        long[] at = [0, length, length];
        for (var i = 0; i < bounds.Length; i++)
        {
            at[i] = bounds[i] is long bound ? bound : throw new TemplateCallException($"cannot index slice/array with type {GoFormat.TypeName(bounds[i])}");
            if (at[i] < 0 || at[i] > length)
            {
                throw OutOfRange(at[i]);
            }
        }
        if (at[0] > at[1] || at[1] > at[2])
        {
            throw new TemplateCallException($"invalid slice index: {(at[0] > at[1] ? at[0] : at[1])} > {(at[0] > at[1] ? at[1] : at[2])}");
        }
        return bytes is not null ? Encoding.UTF8.GetString(bytes, (int)at[0], (int)(at[1] - at[0]))
            : ((IReadOnlyList<object?>)value!).Skip((int)at[0]).Take((int)(at[1] - at[0])).ToArray();
    }

    private static bool Equal(object?[] values)
    {
        if (values.Length == 1)
        {
            throw new TemplateCallException("missing argument for comparison");
        }
        var first = Comparable(values[0]);
        return values.Skip(1).Any(v => (first, Comparable(v)) switch
        {
            (null, var other) => other is null,
            (_, null) => false,
            var (a, b) when a.GetType() == b.GetType() => a.Equals(b),
            _ => throw new TemplateCallException("incompatible types for comparison"),
        });
    }

    private static object? Comparable(object? value) => value is TemplateMap or IReadOnlyList<object?> or TemplateFunction
        ? throw new TemplateCallException($"uncomparable type {GoFormat.TypeName(value)}: "
            + $"{(value is TemplateFunction ? "func" : GoFormat.Print([value], 1000))}")
        : value is GoDuration duration ? duration.Nanoseconds : value;

    /// <summary>Below, at or above 0; null when one is not a number.</summary>
    private static int? Compare(object? a, object? b) => (a is GoDuration x ? x.Nanoseconds : a, b is GoDuration y ? y.Nanoseconds : b) switch
    {
        (long left, long right) => left.CompareTo(right),
        (double left, double right) => double.IsNaN(left) || double.IsNaN(right) ? null : left.CompareTo(right),
        (string left, string right) => string.CompareOrdinal(left, right),
        (not (long or double or string or bool), _) or (_, not (long or double or string or bool)) or (bool, bool) =>
            throw new TemplateCallException("invalid type for comparison"),
        _ => throw new TemplateCallException("incompatible types for comparison"),
    };

    private static string JsEscape(string text)
    {
        var escaped = new StringBuilder();
        foreach (var rune in text.EnumerateRunes())
        {
            _ = rune.Value switch
            {
                '\\' => escaped.Append(@"\\"),
                '\'' => escaped.Append(@"\'"),
                '"' => escaped.Append("\\\""),
                '<' or '>' or '&' or '=' or < ' ' => escaped.Append($"\\u{rune.Value:X4}"),
                _ when GoQuote.IsPrintable(rune) => escaped.Append(rune),
                _ => escaped.Append($"\\u{rune.Value:X4}"),
            };
        }
        return escaped.ToString();
    }
}
