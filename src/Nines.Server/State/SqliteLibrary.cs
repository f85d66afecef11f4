using System.Runtime.InteropServices;
using Microsoft.Data.Sqlite;

namespace Nines.Server.State;

/// <summary>Chooses the SQLite library once per process: the system's when there is one (it gets security updates), else the bundled one.</summary>
internal static class SqliteLibrary
{
    private static readonly Lazy<string> Loaded = new(Load);

    /// <summary>Loads it and tells which one, such as <c>SQLite 3.40.1 (system)</c>. Every user of SQLite calls this first.</summary>
    public static string Use() => Loaded.Value;

    private static string Load()
    {
        var system = false;
        try
        {
            NativeLibrary.SetDllImportResolver(typeof(SQLitePCL.SQLite3Provider_e_sqlite3).Assembly, (name, _, _) =>
            {
                if (name == "e_sqlite3" && NativeLibrary.TryLoad("libsqlite3.so.0", out var handle))
                {
                    system = true;
                    return handle;
                }
                return 0;
            });
        }
        catch (InvalidOperationException)
        {
            // The embedding process has chosen a library already; its choice stands.
            system = false;
        }
        SQLitePCL.Batteries_V2.Init();
        using var connection = new SqliteConnection("Data Source=:memory:");
        connection.Open();
        return $"SQLite {connection.ServerVersion} ({(system ? "system" : "bundled")})";
    }
}
