using System.Data.Common;

namespace Nines.Server.State;

/// <summary>Where SQLite and PostgreSQL differ.</summary>
internal abstract class StateDialect
{
    /// <summary>Begins a transaction that is going to write.</summary>
    public abstract string Begin { get; }

    /// <summary>Begins a transaction that reads one snapshot.</summary>
    public abstract string BeginRead { get; }

    /// <summary>What a SELECT ends with to lock its rows.</summary>
    public abstract string LockRow { get; }

    /// <summary>The texts of the JSON array in the first parameter, as a table with the column <c>value</c>.</summary>
    public abstract string JsonTexts { get; }

    /// <summary>Keeps other processes from migrating at the same time, within the transaction.</summary>
    public abstract string LockSchema { get; }

    /// <summary>The schema's SQL in this dialect.</summary>
    public abstract string Schema(string sql);

    /// <summary>Whether an error means that the store cannot take writes (rather than that the statement is wrong).</summary>
    public abstract bool IsRefusal(DbException error);

    /// <summary>The name of the first column with a foreign storage class, or null.</summary>
    public abstract string? ForeignColumn(DbDataReader fact);
}
