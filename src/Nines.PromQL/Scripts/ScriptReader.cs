using System.Globalization;
using System.Text.RegularExpressions;
using Nines.Metrics;

namespace Nines.PromQL.Scripts;

/// <summary>Reads the scripts with which Prometheus tests its query language. What it does not understand costs only the command it stands in.</summary>
public sealed partial class ScriptReader
{
    private readonly string[] _lines;
    private int _at;

    private ScriptReader(string text) => _lines = [.. text.Split('\n').Select(l => l.Trim())];

    /// <summary>Reads a script.</summary>
    public static IReadOnlyList<ScriptCommand> Read(string text) => [.. new ScriptReader(text).Commands()];

    private IEnumerable<ScriptCommand> Commands()
    {
        while (_at < _lines.Length)
        {
            var line = _lines[_at];
            if (line.Length == 0 || line[0] == '#')
            {
                _at++;
            }
            else if (ClearLine().IsMatch(line))
            {
                yield return new ClearCommand(++_at);
            }
            else if (LoadLine().Match(line) is { Success: true } load)
            {
                foreach (var command in Load(load))
                {
                    yield return command;
                }
            }
            else
            {
                yield return Eval(line);
            }
        }
    }

    private List<ScriptCommand> Load(Match header)
    {
        var line = ++_at;
        var block = Block().ToList();
        var commands = new List<ScriptCommand>();
        var series = new List<(Labels, IReadOnlyList<NotedSample>)>();
        if (!TryTime(header.Groups["step"].Value, out var step))
        {
            return [new UnreadableCommand(line, header.Value, $"\"{header.Groups["step"].Value}\" is no duration")];
        }
        foreach (var (number, text) in block)
        {
            try
            {
                // Start timestamps (@st) say nothing to a reader of values; an evaluation that needs them fails.
                if (!StartTimestamps().IsMatch(text))
                {
                    series.Add(SeriesNotation.Parse(Bare(text)));
                }
            }
            catch (FormatException e)
            {
                commands.Add(new UnreadableCommand(number, text, e.Message));
            }
        }
        commands.Insert(0, new LoadCommand(line, step, header.Groups["nhcb"].Length > 0, series));
        return commands;
    }

    private ScriptCommand Eval(string line)
    {
        var number = ++_at;
        var block = Block().ToList();
        var instant = InstantLine().Match(line);
        var header = instant.Success ? instant : RangeLine().Match(line);
        if (!header.Success)
        {
            return new UnreadableCommand(number, line,
                "expected load STEP, clear, eval instant [at TIME] QUERY, or eval range from TIME to TIME step DURATION QUERY");
        }
        try
        {
            return Eval(number, header, instant.Success, block);
        }
        catch (FormatException e)
        {
            return new UnreadableCommand(number, line, e.Message);
        }
    }

    private static EvalCommand Eval(int number, Match header, bool isInstant, List<(int Line, string Text)> block)
    {
        var expectations = new List<Expectation>();
        if (header.Groups["kind"].Value is { Length: > 0 } kind)
        {
            expectations.Add(new Expectation(kind.ToLowerInvariant() switch
            {
                "_fail" => ExpectationKind.Fail,
                "_warn" => ExpectationKind.Warn,
                "_info" => ExpectationKind.Info,
                _ => ExpectationKind.Ordered,
            }));
        }
        var series = new List<ExpectedSeries>();
        double? scalar = null;
        foreach (var (at, text) in block)
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
            else if (isInstant && ScalarLine().IsMatch(Bare(text)))
            {
                scalar = SeriesNotation.Number(Bare(text), text);
            }
            else
            {
                var (labels, samples) = SeriesNotation.Parse(Bare(text));
                series.Add(new ExpectedSeries(at, labels, samples));
            }
        }
        var query = header.Groups["query"].Value;
        if (isInstant)
        {
            var at = Time(header.Groups["at"].Value, number);
            return new EvalCommand(number, query, at, at, 0, expectations, series, scalar);
        }
        return new EvalCommand(number, query, Time(header.Groups["from"].Value, number), Time(header.Groups["to"].Value, number),
            Time(header.Groups["step"].Value, number), expectations, series, scalar);
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
                ? literal.Value : throw new FormatException($"line {line}: expect string needs a quoted text"));
        }
        var match = ExpectLine().Match(text);
        if (!match.Success)
        {
            throw new FormatException($"line {line}: not an expectation: \"{text}\"");
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

    // The lines that belong to a command: up to the next empty one, or the next command.
    private IEnumerable<(int Line, string Text)> Block()
    {
        for (; _at < _lines.Length && _lines[_at].Length > 0; _at++)
        {
            var line = _lines[_at];
            if (ClearLine().IsMatch(line) || LoadLine().IsMatch(line) || InstantLine().IsMatch(line) || RangeLine().IsMatch(line))
            {
                yield break;
            }
            if (line[0] != '#')
            {
                yield return (_at + 1, line);
            }
        }
    }

    // A line of samples without the comment at its end.
    private static string Bare(string line)
    {
        char? quote = null;
        for (var i = 0; i < line.Length; i++)
        {
            if (quote is not null)
            {
                i += line[i] == '\\' && quote != '`' ? 1 : 0;
                quote = i < line.Length && line[i] == quote && line[i - 1] != '\\' ? null : quote;
            }
            else if (line[i] is '"' or '\'' or '`')
            {
                quote = line[i];
            }
            else if (line[i] == '#')
            {
                return line[..i].TrimEnd();
            }
        }
        return line;
    }

    private static long Time(string text, int line) => TryTime(text, out var ms) ? ms
        : throw new FormatException($"line {line}: \"{text}\" is no time or duration");

    private static bool TryTime(string text, out long ms)
    {
        var negative = text.StartsWith('-');
        if (Durations.TryParseMs(text.TrimStart('+', '-'), out ms))
        {
            ms = negative ? -ms : ms;
            return true;
        }
        var ok = text.Length == 0 | double.TryParse(text, CultureInfo.InvariantCulture, out var seconds) && Math.Abs(seconds) < 9e15;
        ms = (long)Math.Round(ok ? seconds * 1000 : 0);
        return ok;
    }

    [GeneratedRegex(@"^clear\s*(#.*)?$", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex ClearLine();

    [GeneratedRegex(@"^load(?<nhcb>_with_nhcb)?\s+(?<step>\S+)(\s+#.*)?$", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex LoadLine();

    [GeneratedRegex(@"^[^\s{]*(\{[^}]*\})?@st\s", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex StartTimestamps();

    [GeneratedRegex(@"^eval(?<kind>_fail|_warn|_info|_ordered)?\s+instant\s+(?:at\s+(?<at>\S+)\s+)?(?<query>.+)$",
        RegexOptions.IgnoreCase, 1000)]
    private static partial Regex InstantLine();

    [GeneratedRegex(@"^eval(?<kind>_fail|_warn|_info)?\s+range\s+from\s+(?<from>\S+)\s+to\s+(?<to>\S+)\s+step\s+(?<step>\S+)\s+(?<query>.+)$",
        RegexOptions.IgnoreCase, 1000)]
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
