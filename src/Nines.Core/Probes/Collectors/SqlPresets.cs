namespace Nines.Core.Probes.Collectors;

/// <summary>Queries that need not be written: what most people ask of their PostgreSQL.
/// Metrics are named as postgres_exporter names them where it has them.</summary>
public static class SqlPresets
{
    /// <summary>The queries by the preset's name.</summary>
    public static readonly IReadOnlyDictionary<string, IReadOnlyList<SqlQuery>> All = new Dictionary<string, IReadOnlyList<SqlQuery>>(StringComparer.Ordinal)
    {
        ["postgres-size"] =
        [
            Gauge("SELECT datname, pg_database_size(oid) AS value FROM pg_database WHERE datallowconn AND NOT datistemplate",
                "pg_database_size_bytes", "Size of the database on disk.", "bytes"),
            Gauge("""
                SELECT current_database() AS datname, schemaname, relname, pg_total_relation_size(relid) AS value FROM pg_stat_user_tables
                ORDER BY value DESC LIMIT 50
                """, "pg_table_total_size_bytes", "Size of the table with its indexes, of the 50 largest.", "bytes"),
            Gauge("SELECT current_database() AS datname, schemaname, relname, n_live_tup AS value FROM pg_stat_user_tables ORDER BY n_live_tup DESC LIMIT 50",
                "pg_stat_user_tables_n_live_tup", "Rows of the table, as estimated, of the 50 with the most.", ""),
        ],
        ["postgres-connections"] =
        [
            Gauge("""
                SELECT coalesce(datname, '') AS datname, coalesce(state, '') AS state, count(*) AS value FROM pg_stat_activity
                WHERE backend_type = 'client backend' GROUP BY 1, 2
                """, "pg_stat_activity_count", "Connections by database and state.", ""),
            Gauge("SELECT setting::float8 AS value FROM pg_settings WHERE name = 'max_connections'",
                "pg_settings_max_connections", "Most connections there may be.", ""),
            Gauge("""
                SELECT coalesce(max(extract(epoch FROM clock_timestamp() - xact_start)), 0)::float8 AS value FROM pg_stat_activity
                WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()
                """, "pg_stat_activity_max_tx_duration", "Age of the oldest transaction.", "seconds"),
        ],
    };

    private static SqlQuery Gauge(string sql, string name, string help, string unit) =>
        new(sql, new(name, help, unit, ValueMeaning.Number, IsCounter: false), ["value"]);
}
