using System.Runtime.CompilerServices;
using Nines.Metrics;

namespace Nines.PromQL.Evaluation;

/// <summary>
/// One series of an intermediate result over all steps. Whoever is handed a row owns it: writes into it, passes it on, or gives it back to the pool.
/// </summary>
internal sealed class Row
{
    /// <summary>The identity so far.</summary>
    public Labels Labels = Labels.Empty;

    /// <summary>Whether what was done to the values takes the metric name away. It is taken away lazily, since most readers do not look at it.</summary>
    public bool DropName;

    /// <summary>A value a step, or <see cref="Absent"/>.</summary>
    public double[] Values = [];
}

/// <summary>The value of a step at which a series has none: a stale marker, which no function and no operator can yield.</summary>
internal static class Absent
{
    public static readonly double Value = StaleMarker.Value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Is(double value) => BitConverter.DoubleToUInt64Bits(value) == 0x7ff0000000000002UL;
}

/// <summary>The rows of one evaluation, used again and again, and the count of samples they may hold together.</summary>
internal sealed class RowPool(int maxSamples, QueryBudget? budget) : IDisposable
{
    // Samples are taken from the shared budget by the portion, so that queries do not wait for each other at every row.
    private const int Portion = 65_536;
    private readonly Dictionary<int, Stack<Row>> _free = [];
    private long _held;
    private long _taken;

    /// <summary>Gives back what was taken from the budget.</summary>
    public void Dispose()
    {
        budget?.Give(_taken);
        _taken = 0;
    }

    /// <summary>A row whose values are not set.</summary>
    public Row Rent(int count)
    {
        Hold(count);
        return _free.TryGetValue(count, out var rows) && rows.TryPop(out var row) ? row : new Row { Values = new double[count] };
    }

    /// <summary>A row without values.</summary>
    public Row RentAbsent(Labels labels, bool dropName, int count)
    {
        var row = Rent(count);
        (row.Labels, row.DropName) = (labels, dropName);
        Array.Fill(row.Values, Absent.Value);
        return row;
    }

    public void Return(Row row)
    {
        _held -= row.Values.Length;
        if (!_free.TryGetValue(row.Values.Length, out var rows))
        {
            _free[row.Values.Length] = rows = new Stack<Row>();
        }
        rows.Push(row);
    }

    /// <summary>Counts samples held elsewhere; a negative count gives them back.</summary>
    public void Hold(int samples)
    {
        _held += samples;
        if (_held > maxSamples || (_held > _taken && budget is not null && !Take(_held - _taken)))
        {
            throw new QueryException(QueryErrorKind.Execution, "query processing would load too many samples into memory in query execution");
        }
    }

    private bool Take(long samples)
    {
        var portion = (samples + Portion - 1) / Portion * Portion;
        var took = budget!.TryTake(portion);
        _taken += took ? portion : 0;
        return took;
    }
}

/// <summary>Ends an evaluation. Never leaves <see cref="QueryEngine"/>.</summary>
internal sealed class QueryException(QueryErrorKind kind, string message) : Exception(message)
{
    public QueryErrorKind Kind { get; } = kind;

    public static QueryException Execution(string message) => new(QueryErrorKind.Execution, message);
}
