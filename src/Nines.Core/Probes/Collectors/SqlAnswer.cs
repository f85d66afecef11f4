using System.Globalization;
using Nines.Metrics;

namespace Nines.Core.Probes.Collectors;

/// <summary>What a column of an answer holds.</summary>
public enum ColumnKind
{
    /// <summary>Numbers.</summary>
    Number,
    /// <summary>Texts.</summary>
    Text,
    /// <summary>Points in time.</summary>
    Time,
    /// <summary>What can be neither a label nor a value.</summary>
    Other,
    /// <summary>What each row's own value says: SQLite's columns have no type.</summary>
    Any,
}

/// <summary>A column of an answer.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Kind">What it holds.</param>
public sealed record SqlColumn(string Name, ColumnKind Kind);

/// <summary>Makes samples of what a database answers.</summary>
public static class SqlAnswer
{
    /// <summary>Adds the samples of an answer: columns that are text are labels; a NULL value is no sample, a NULL text no label.</summary>
    /// <param name="query">What was asked.</param>
    /// <param name="columns">The columns.</param>
    /// <param name="rows">The rows: each cell a <see cref="double"/>, a <see cref="string"/>, a <see cref="DateTimeOffset"/> or null.</param>
    /// <param name="nowMs">Now, ms since the Unix epoch; what ages are counted to.</param>
    /// <param name="set">Where they go.</param>
    /// <exception cref="CollectException">The answer does not have the shape that the query declares.</exception>
    public static void Read(SqlQuery query, IReadOnlyList<SqlColumn> columns, IReadOnlyList<object?[]> rows, long nowMs, CollectedSet set)
    {
        if (columns.Count == 0)
        {
            throw new CollectException("it answers no rows: only a query does");
        }
        var kinds = columns.Select((c, i) => c.Kind == ColumnKind.Any ? KindOf(rows, i) : c.Kind).ToArray();
        var values = Values(query, columns, kinds);
        var labels = Enumerable.Range(0, columns.Count).Where(i => kinds[i] == ColumnKind.Text && !values.Contains(i)).ToList();
        foreach (var i in labels.Where(i => !IsLabel(columns[i].Name)))
        {
            throw new CollectException($"the column {columns[i].Name} cannot be a label: call it AS something of letters, digits and _");
        }
        foreach (var i in Enumerable.Range(0, columns.Count).Where(i => !values.Contains(i) && kinds[i] != ColumnKind.Text))
        {
            throw new CollectException(query.Values.Count > 0
                ? $"the column {columns[i].Name} is neither a text nor one of values" : $"the column {columns[i].Name} is neither a text nor a number");
        }
        foreach (var row in rows)
        {
            var own = Labels.Of(labels.Select(i => (columns[i].Name, row[i] as string ?? "")));
            foreach (var i in values)
            {
                if (row[i] is { } cell)
                {
                    var metric = query.Metric;
                    // Of several values each is a metric of its own.
                    var name = query.Values.Count > 1 ? $"{metric.Name}_{columns[i].Name}" : metric.Name;
                    set.Add(new(name, metric.IsCounter, metric.Help, metric.Unit), own, Value(cell, metric.Meaning, columns[i].Name, nowMs));
                }
            }
        }
    }

    /// <summary>A value as a sample.</summary>
    /// <param name="cell">A <see cref="double"/>, a <see cref="string"/> or a <see cref="DateTimeOffset"/>.</param>
    /// <param name="meaning">What it is meant to be.</param>
    /// <param name="where">What holds it, for the message.</param>
    /// <param name="nowMs">Now, ms since the Unix epoch.</param>
    /// <exception cref="CollectException">It is not what it is meant to be.</exception>
    internal static double Value(object cell, ValueMeaning meaning, string where, long nowMs)
    {
        if (meaning == ValueMeaning.Age)
        {
            var at = cell switch
            {
                DateTimeOffset time => time.ToUnixTimeMilliseconds(),
                string text when DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
                    => time.ToUnixTimeMilliseconds(),
                double seconds when double.IsFinite(seconds) => seconds * 1000,
                _ => throw new CollectException($"{where} is no time: {Shown(cell)}"),
            };
            return (nowMs - at) / 1000;
        }
        return cell switch
        {
            double number => number,
            string text when double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) => number,
            DateTimeOffset => throw new CollectException($"{where} is a time: write as: age for the seconds since"),
            _ => throw new CollectException($"{where} is no number: {Shown(cell)}"),
        };
    }

    private static string Shown(object cell) =>
        cell is string { Length: > 40 } text ? text[..40] + "…" : Convert.ToString(cell, CultureInfo.InvariantCulture) ?? "";

    private static List<int> Values(SqlQuery query, IReadOnlyList<SqlColumn> columns, ColumnKind[] kinds)
    {
        if (query.Values.Count > 0)
        {
            return [.. query.Values.Select(name => columns.Select((c, i) => (c.Name, i)).Where(c => c.Name == name).Select(c => (int?)c.i).FirstOrDefault()
                ?? throw new CollectException($"the answer has no column {name}, only {string.Join(", ", columns.Select(c => c.Name))}"))];
        }
        var (wanted, what) = query.Metric.Meaning == ValueMeaning.Age ? (ColumnKind.Time, "times") : (ColumnKind.Number, "numbers");
        var found = Enumerable.Range(0, columns.Count)
            .Where(i => kinds[i] == wanted || (columns[i].Kind == ColumnKind.Any && wanted == ColumnKind.Time)).ToList();
        return found.Count switch
        {
            1 => found,
            0 when columns.Count == 1 => [0],
            0 => throw new CollectException($"none of the columns {string.Join(", ", columns.Select(c => c.Name))} holds {what}"),
            _ => throw new CollectException($"{string.Join(" and ", found.Select(i => columns[i].Name))} all hold {what}: "
                + "name those that are meant under values, and cast the others to text"),
        };
    }

    // What SQLite gives for a column of nothing but NULL says nothing: it is taken for a value that is not there.
    private static ColumnKind KindOf(IReadOnlyList<object?[]> rows, int column) =>
        rows.Any(r => r[column] is string) ? ColumnKind.Text : ColumnKind.Number;

    private static bool IsLabel(string name) => name.Length > 0 && !char.IsAsciiDigit(name[0]) && !name.StartsWith("__", StringComparison.Ordinal)
        && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_');
}
