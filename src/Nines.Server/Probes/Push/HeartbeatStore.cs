using System.Text.Json;
using Nines.Core.Probes.Push;
using Nines.Server.State;

namespace Nines.Server.Probes.Push;

/// <summary>Heartbeats in the store.</summary>
internal static class HeartbeatStore
{
    /// <summary>Runs kept of each heartbeat.</summary>
    public const int KeptRuns = 1_000;

    public static Dictionary<string, HeartbeatState> Load(StateReader reader) => reader
        .Query("SELECT name, json FROM heartbeat",
            row => (Name: row.GetString(0), State: JsonSerializer.Deserialize(row.GetString(1), PushJson.Default.HeartbeatState)!))
        .ToDictionary(h => h.Name, h => h.State, StringComparer.Ordinal);

    /// <summary>Until when heartbeats could be heard, ms since the Unix epoch; 0 when there never was one.</summary>
    public static long Heard(StateReader reader) => reader.Query("SELECT until FROM heartbeat_heard", row => row.GetInt64(0)).FirstOrDefault();

    /// <summary>The last runs of a heartbeat, the latest first.</summary>
    public static List<BookedRun> Runs(StateReader reader, string name, int limit) => reader.Query(
        "SELECT json FROM heartbeat_run WHERE heartbeat = @p1 ORDER BY due DESC LIMIT @p2",
        row => JsonSerializer.Deserialize(row.GetString(0), PushJson.Default.BookedRun)!, name, (long)limit);

    public static void Put(StateTransaction transaction, string name, HeartbeatState state, IReadOnlyList<BookedRun> booked)
    {
        transaction.Execute("INSERT INTO heartbeat (name, json) VALUES (@p1, @p2) ON CONFLICT (name) DO UPDATE SET json = excluded.json",
            name, JsonSerializer.Serialize(state, PushJson.Default.HeartbeatState));
        foreach (var run in booked.TakeLast(KeptRuns))
        {
            transaction.Execute("INSERT INTO heartbeat_run (heartbeat, due, json) VALUES (@p1, @p2, @p3) ON CONFLICT (heartbeat, due) DO NOTHING",
                name, run.DueMs, JsonSerializer.Serialize(run, PushJson.Default.BookedRun));
        }
        if (booked.Count > 0)
        {
            transaction.Execute("""
                DELETE FROM heartbeat_run WHERE heartbeat = @p1 AND due <
                  (SELECT MIN(due) FROM (SELECT due FROM heartbeat_run WHERE heartbeat = @p1 ORDER BY due DESC LIMIT @p2) AS kept)
                """, name, (long)KeptRuns);
        }
    }

    public static void PutHeard(StateTransaction transaction, long untilMs) => transaction.Execute(
        "INSERT INTO heartbeat_heard (one, until) VALUES (1, @p1) ON CONFLICT (one) DO UPDATE SET until = excluded.until", untilMs);
}
