using System.Data.Common;
using System.Globalization;
using Nines.Core.Probes.Collectors;

namespace Nines.Server.Probes.Collectors;

/// <summary>What both kinds of databases share: reading an answer within limits.</summary>
internal static class SqlReader
{
    /// <summary>Longest text that may be a label.</summary>
    public const int LongestText = 1_024;

    /// <summary>Reads rows of an answer.</summary>
    /// <param name="reader">The answer, read from left to right.</param>
    /// <param name="kindOf">What a column holds.</param>
    /// <param name="mostRows">Most rows.</param>
    /// <exception cref="CollectException">There are more rows, or a text is longer than a label may be.</exception>
    public static async Task<(List<SqlColumn> Columns, List<object?[]> Rows)> ReadAsync(
        DbDataReader reader, Func<int, ColumnKind> kindOf, int mostRows, CancellationToken stop)
    {
        var columns = Enumerable.Range(0, reader.FieldCount).Select(i => new SqlColumn(reader.GetName(i), kindOf(i))).ToList();
        var rows = new List<object?[]>();
        while (await reader.ReadAsync(stop))
        {
            if (rows.Count == mostRows)
            {
                throw new CollectException($"more than {mostRows} rows: let the query add them up, or raise maxRows");
            }
            var row = new object?[columns.Count];
            for (var i = 0; i < row.Length; i++)
            {
                row[i] = columns[i].Kind == ColumnKind.Other || await reader.IsDBNullAsync(i, stop) ? null : await CellAsync(reader, i, columns[i].Name, stop);
            }
            rows.Add(row);
        }
        return (columns, rows);
    }

    private static async Task<object?> CellAsync(DbDataReader reader, int column, string name, CancellationToken stop)
    {
        if (reader.GetFieldType(column) == typeof(string))
        {
            // What is longer is not read at all: one cell may hold a gigabyte.
            using var text = reader.GetTextReader(column);
            var buffer = new char[LongestText + 1];
            var length = await text.ReadBlockAsync(buffer, stop);
            return length <= LongestText ? new string(buffer, 0, length)
                : throw new CollectException($"a text in the column {name} is longer than {LongestText} characters");
        }
        return reader.GetValue(column) switch
        {
            bool flag => flag ? 1.0 : 0.0,
            DateTimeOffset at => at,
            // The database's infinities are the ends of the calendar here.
            DateTime at when at == DateTime.MaxValue || at == DateTime.MinValue => null,
            DateTime at => new DateTimeOffset(DateTime.SpecifyKind(at, DateTimeKind.Utc)),
            DateOnly day => new DateTimeOffset(day.ToDateTime(TimeOnly.MinValue), TimeSpan.Zero),
            TimeSpan span => span.TotalSeconds,
            Guid id => id.ToString(),
            System.Net.IPAddress address => address.ToString(),
            char letter => letter.ToString(),
            IConvertible number => number.ToDouble(CultureInfo.InvariantCulture),
            _ => null,
        };
    }
}
