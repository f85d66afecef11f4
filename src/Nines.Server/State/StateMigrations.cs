using System.Data.Common;
using System.Security.Cryptography;
using System.Text;

namespace Nines.Server.State;

/// <summary>The database's schema is newer than this program, or was changed under it.</summary>
internal sealed class StateSchemaException(string message) : Exception(message);

/// <summary>A step of the schema.</summary>
internal sealed record StateMigration(int Number, string Name, string Sql)
{
    /// <summary>SHA-256 of the SQL as embedded, in hex.</summary>
    public string Checksum => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Sql)));
}

/// <summary>Brings a database to this program's schema: numbered steps, forward only, each with its checksum.</summary>
internal static class StateMigrations
{
    private const string Folder = "Nines.Server.State.Migrations.";

    /// <summary>The steps embedded in this program.</summary>
    public static IReadOnlyList<StateMigration> Embedded { get; } = Read();

    public static void Apply(DbConnection connection, StateDialect dialect, TimeProvider time, IReadOnlyList<StateMigration>? steps = null)
    {
        steps ??= Embedded;
        using var transaction = new StateTransaction(connection, dialect, time, _ => { });
        transaction.Execute(dialect.Begin);
        transaction.Query(dialect.LockSchema, _ => 0);
        transaction.Execute("CREATE TABLE IF NOT EXISTS schema_migration (number BIGINT PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL, applied_at BIGINT NOT NULL)");
        var applied = transaction.Query("SELECT number, name, checksum FROM schema_migration ORDER BY number",
            row => (Number: row.GetInt64(0), Name: row.GetString(1), Checksum: row.GetString(2)));
        foreach (var (number, name, checksum) in applied)
        {
            var known = steps.FirstOrDefault(s => s.Number == number)
                ?? throw new StateSchemaException($"the state was written by a newer version of Nines (migration {number} {name}); this version knows migrations up to {steps[^1].Number}. Start the newer version, or restore a backup.");
            if (known.Checksum != checksum)
            {
                throw new StateSchemaException($"migration {number} {name} of the state was applied with other SQL than this version has. Restore a backup.");
            }
        }
        var ahead = steps.Where(s => applied.All(a => a.Number != s.Number)).ToList();
        foreach (var step in ahead)
        {
            transaction.Execute(dialect.Schema(step.Sql));
            transaction.Execute("INSERT INTO schema_migration (number, name, checksum, applied_at) VALUES (@p1, @p2, @p3, @p4)",
                (long)step.Number, step.Name, step.Checksum, time.GetUtcNow().ToUnixTimeMilliseconds());
        }
        if (ahead.Count > 0 && steps.Any(s => s.Name == "lease"))
        {
            // A server of an older version must not write into what it does not know.
            transaction.Execute("UPDATE lease SET epoch = epoch + 1, expires_at = 0");
        }
        transaction.Execute("COMMIT");
    }

    private static List<StateMigration> Read()
    {
        var assembly = typeof(StateMigrations).Assembly;
        return [.. assembly.GetManifestResourceNames().Where(n => n.StartsWith(Folder, StringComparison.Ordinal)).Order(StringComparer.Ordinal).Select(name =>
        {
            using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
            var file = name[Folder.Length..^".sql".Length];
            return new StateMigration(int.Parse(file[..4]), file[5..], reader.ReadToEnd());
        })];
    }
}
