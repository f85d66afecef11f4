using System.Globalization;
using System.Text.RegularExpressions;
using Nines.Metrics;

namespace Nines.PromQL.Scripts;

/// <summary>A script cannot be read.</summary>
/// <param name="line">The line, from 1.</param>
/// <param name="message">What is wrong with it.</param>
public sealed class ScriptException(int line, string message) : Exception(message)
{
    /// <summary>The line, from 1.</summary>
    public int Line { get; } = line;
}

/// <summary>Reads the scripts with which Prometheus tests its query language.</summary>
public sealed partial class ScriptReader
{
    private readonly string[] _lines;
    private int _at;

    private ScriptReader(string text) =>
        _lines = [.. text.Split('\n').Select(l => l.Trim()).Select(l => l.StartsWith('#') ? "" : l)];

    /// <summary>Reads a script.</summary>
    /// <exception cref="ScriptException">A line is not understood.</exception>
    public static IReadOnlyList<ScriptCommand> Read(string text) => [.. new ScriptReader(text).Commands()];

    private IEnumerable<ScriptCommand> Commands()
    {
        while (_at < _lines.Length)
        {
            var line = _lines[_at];
            if (line.Length == 0)
            {
                _at++;
            }
            else if (line == "clear")
            {
                yield return new ClearCommand(++_at);
            }
            else if (LoadLine().Match(line) is { Success: true } load)
            {
                yield return Load(load);
            }
            else if (line.StartsWith("eval", StringComparison.Ordinal))
            {
                yield return Eval(line);
            }
            else
            {
                throw new ScriptException(_at + 1, $"expected load, clear or eval, got \"{line}\"");
            }
        }
    }

    private LoadCommand Load(Match header)
    {
        var line = ++_at;
        var step = Time(header.Groups["step"].Value, line);
        var series = new List<(Labels, IReadOnlyList<NotedSample>)>();
        foreach (var (number, text) in Block())
        {
            // Start timestamps (@st) say nothing to a reader of values; an evaluation that needs them fails.
            if (!StartTimestamps().IsMatch(text))
            {
                series.Add(Checked(number, () => SeriesNotation.Parse(text)));
            }
        }
        return new LoadCommand(line, step, header.Groups["nhcb"].Length > 0, series);
    }

    private EvalCommand Eval(string line)
    {
        var number = ++_at;
        var instant = InstantLine().Match(line);
        var range = instant.Success ? Match.Empty : RangeLine().Match(line);
        var header = instant.Success ? instant : range;
        if (!header.Success)
        {
            throw new ScriptException(number, "expected eval instant [at TIME] QUERY or eval range from TIME to TIME step DURATION QUERY");
        }
        var expectations = new List<Expectation>();
        if (header.Groups["kind"].Value is { Length: > 0 } kind)
        {
            expectations.Add(new Expectation(kind switch
            {
                "_fail" => ExpectationKind.Fail,
                "_warn" => ExpectationKind.Warn,
                "_info" => ExpectationKind.Info,
                _ => ExpectationKind.Ordered,
            }));
        }
        var series = new List<ExpectedSeries>();
        double? scalar = null;
        foreach (var (at, text) in Block())
        {
            if (FailureLine().Match(text) is { Success: true } failure)
            {
                expectations.RemoveAll(e => e.Kind == ExpectationKind.Fail);
                expectations.Add(new Expectation(ExpectationKind.Fail, failure.Groups["text"].Value.Trim(), failure.Groups["how"].Value == "regexp"));
            }
            else if (text.StartsWith("expect", StringComparison.Ordinal) && !text.StartsWith("expect{", StringComparison.Ordinal))
            {
                expectations.Add(Expect(at, text));
            }
            else if (instant.Success && ScalarLine().IsMatch(text))
            {
                scalar = Checked(at, () => SeriesNotation.Number(text, text));
            }
            else
            {
                var (labels, samples) = Checked(at, () => SeriesNotation.Parse(text));
                series.Add(new ExpectedSeries(at, labels, samples));
            }
        }
        return instant.Success
            ? Once(number, Time(instant.Groups["at"].Value, number))
            : new EvalCommand(number, range.Groups["query"].Value, Time(range.Groups["from"].Value, number), Time(range.Groups["to"].Value, number),
                Time(range.Groups["step"].Value, number), expectations, series, scalar);

        EvalCommand Once(int at, long time) => new(at, instant.Groups["query"].Value, time, time, 0, expectations, series, scalar);
    }

    private static Expectation Expect(int line, string text)
    {
        if (ExpectedRange().Match(text) is { Success: true } range)
        {
            var (start, step) = (Time(range.Groups["from"].Value, line), Time(range.Groups["step"].Value, line));
            return new Expectation(ExpectationKind.RangeVector, StartMs: start, StepMs: step);
        }
        if (ExpectedText().Match(text) is { Success: true } quoted)
        {
            return new Expectation(ExpectationKind.Text, PromParser.Parse(quoted.Groups["text"].Value).Expr is StringLiteral literal
                ? literal.Value : throw new ScriptException(line, "expect string needs a quoted text"));
        }
        var match = ExpectLine().Match(text);
        if (!match.Success)
        {
            throw new ScriptException(line, $"not an expectation: \"{text}\"");
        }
        var kind = match.Groups["kind"].Value switch
        {
            "fail" => ExpectationKind.Fail,
            "warn" => ExpectationKind.Warn,
            "no_warn" => ExpectationKind.NoWarn,
            "info" => ExpectationKind.Info,
            "no_info" => ExpectationKind.NoInfo,
            _ => ExpectationKind.Ordered,
        };
        return new Expectation(kind, match.Groups["text"].Success ? match.Groups["text"].Value.Trim() : null, match.Groups["how"].Value == "regex");
    }

    // The lines that belong to a command: up to the next empty one.
    private IEnumerable<(int Line, string Text)> Block()
    {
        while (_at < _lines.Length && _lines[_at].Length > 0)
        {
            yield return (_at + 1, _lines[_at]);
            _at++;
        }
    }

    private static T Checked<T>(int line, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (FormatException e)
        {
            throw new ScriptException(line, e.Message);
        }
    }

    private static long Time(string text, int line)
    {
        var negative = text.StartsWith('-');
        var unsigned = negative ? text[1..] : text;
        return text.Length == 0 ? 0
            : Durations.TryParseMs(unsigned, out var ms) ? negative ? -ms : ms
            : double.TryParse(text, CultureInfo.InvariantCulture, out var seconds) ? (long)Math.Round(seconds * 1000)
            : throw new ScriptException(line, $"\"{text}\" is no time or duration");
    }

    [GeneratedRegex(@"^load(?<nhcb>_with_nhcb)?\s+(?<step>\S+)$", RegexOptions.None, 1000)]
    private static partial Regex LoadLine();

    [GeneratedRegex(@"^[^\s{]*(\{[^}]*\})?@st\s", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex StartTimestamps();

    [GeneratedRegex(@"^eval(?<kind>_fail|_warn|_info|_ordered)?\s+instant\s+(?:at\s+(?<at>\S+)\s+)?(?<query>.+)$", RegexOptions.None, 1000)]
    private static partial Regex InstantLine();

    [GeneratedRegex(@"^eval(?<kind>_fail|_warn|_info)?\s+range\s+from\s+(?<from>\S+)\s+to\s+(?<to>\S+)\s+step\s+(?<step>\S+)\s+(?<query>.+)$",
        RegexOptions.None, 1000)]
    private static partial Regex RangeLine();

    [GeneratedRegex(@"^expected_fail_(?<how>message|regexp)\s+(?<text>.+)$", RegexOptions.None, 1000)]
    private static partial Regex FailureLine();

    [GeneratedRegex(@"^expect\s+(?<kind>fail|warn|no_warn|info|no_info|ordered)(?:\s+(?<how>msg|regex):(?<text>.*))?$", RegexOptions.None, 1000)]
    private static partial Regex ExpectLine();

    [GeneratedRegex(@"^expect\s+range\s+vector\s+from\s+(?<from>\S+)\s+to\s+(?<to>\S+)\s+step\s+(?<step>\S+)$", RegexOptions.None, 1000)]
    private static partial Regex ExpectedRange();

    [GeneratedRegex(@"^expect\s+string\s+(?<text>.+)$", RegexOptions.None, 1000)]
    private static partial Regex ExpectedText();

    [GeneratedRegex(@"^[-+]?(\d|\.\d|inf$|nan$)\S*$", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex ScalarLine();
}
