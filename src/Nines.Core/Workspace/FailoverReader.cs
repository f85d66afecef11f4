using Nines.Core.Alerting.Routing;

namespace Nines.Core.Workspace;

/// <summary>Reads who stands in for which receiver.</summary>
internal static class FailoverReader
{
    private const long DefaultAfterMs = 120_000;
    private const long DayMs = 86_400_000;

    public static void Read(Fields spec, Found found)
    {
        foreach (var item in spec.Maps("failover", "failover"))
        {
            var receiver = item.Text("receiver", required: true);
            var to = item.Text("to", required: true);
            var afterMs = item.Duration("after", 1000, DayMs) ?? DefaultAfterMs;
            item.Done();
            if (receiver is not null && to is not null)
            {
                found.Failovers.Add(new(item.File, receiver, to, afterMs));
            }
        }
    }

    /// <summary>Looks the names up, when all files are read.</summary>
    public static Dictionary<string, Failover> Link(Found found)
    {
        var failovers = new Dictionary<string, Failover>(StringComparer.Ordinal);
        foreach (var draft in found.Failovers)
        {
            var known = IsKnown(draft, draft.Receiver, found) & IsKnown(draft, draft.To, found);
            if (known && !failovers.TryAdd(draft.Receiver.Value, new(draft.To.Value, draft.AfterMs)))
            {
                draft.File.Error(draft.Receiver, "duplicate", $"{draft.Receiver.Value} has a receiver that stands in for it already");
            }
        }
        foreach (var draft in found.Failovers.Where(d => Way(d.Receiver.Value, failovers).Contains(d.Receiver.Value, StringComparer.Ordinal)))
        {
            var way = string.Join(" → ", Way(draft.Receiver.Value, failovers).Prepend(draft.Receiver.Value));
            draft.File.Error(draft.To, "bad-value", $"in the end {draft.Receiver.Value} stands in for itself: {way}", "let the last of them have no failover");
        }
        return failovers;
    }

    /// <summary>Who is told after a receiver, one after another, until one comes again.</summary>
    private static List<string> Way(string receiver, Dictionary<string, Failover> failovers)
    {
        var way = new List<string>();
        while (failovers.TryGetValue(receiver, out var next) && !way.Contains(next.To, StringComparer.Ordinal))
        {
            way.Add(receiver = next.To);
        }
        return way;
    }

    private static bool IsKnown(DraftFailover draft, YamlText name, Found found)
    {
        if (found.IsDeclared("receiver", name.Value))
        {
            return true;
        }
        var names = found.Receivers.Select(r => r.Name).Concat(found.Alertmanager?.Config.Receivers.Select(r => r.Name) ?? []);
        draft.File.Error(name, "unknown-receiver", $"there is no receiver {name.Value}", Near.Hint(name.Value, names));
        return false;
    }
}

/// <summary>A failover whose names are not looked up yet.</summary>
internal sealed record DraftFailover(BindingFile File, YamlText Receiver, YamlText To, long AfterMs);
