using System.Text.Json;
using Nines.Core.Alerting;
using Nines.Server.State;

namespace Nines.Server.Alerting;

/// <summary>Reads what the alerts of rules did from the recorded beginnings and ends.</summary>
internal sealed class RuleHistoryStore(IStateStore store)
{
    private const long KeptMs = 35L * 86_400_000;

    /// <summary>The history up to a moment, in ms since the Unix epoch.</summary>
    public Task<RuleHistory> ReadAsync(long nowMs, CancellationToken cancellation) => store.ReadAsync(reader =>
    {
        // The first fact tells since when this store records.
        var first = reader.Query("SELECT recorded_at FROM fact ORDER BY seq LIMIT 1", row => row.GetInt64(0) / 1_000_000).FirstOrDefault(nowMs);
        var history = new RuleHistory(Math.Max(first, nowMs - KeptMs), nowMs);
        reader.Each("SELECT fingerprint, resolved, at FROM alert_transition WHERE at >= @p1 ORDER BY at, resolved DESC",
            row => history.Add(row.GetString(0), row.GetInt64(1) != 0, row.GetInt64(2) / 1_000_000), (nowMs - KeptMs) * 1_000_000);
        reader.Each("SELECT fingerprint, json FROM alert",
            row => history.Name(row.GetString(0), JsonSerializer.Deserialize(row.GetString(1), AlertJson.Default.StoredAlert)!.State.Labels));
        return history;
    }, cancellation);
}
