using System.Collections.Immutable;
using Nines.Core.Alerting;
using Nines.Core.Alerting.Routing;
using Nines.Core.Delivery;

namespace Nines.Simulation;

/// <summary>The rows of the database.</summary>
internal sealed class Rows
{
    public ImmutableDictionary<string, (AlertState State, string Explanation)> Alerts { get; private set; } =
        ImmutableDictionary<string, (AlertState, string)>.Empty;

    public ImmutableDictionary<string, Silence> Silences { get; private set; } = ImmutableDictionary<string, Silence>.Empty;

    public ImmutableDictionary<(string, string, int, string), GroupNotice> Notices { get; private set; } =
        ImmutableDictionary<(string, string, int, string), GroupNotice>.Empty;

    public ImmutableDictionary<string, OutboxEntry> Outbox { get; private set; } = ImmutableDictionary<string, OutboxEntry>.Empty;

    /// <summary>The messages as they are loaded: an attempt that began and did not end is in doubt.</summary>
    public List<OutboxEntry> Entries => [.. Outbox.Values.OrderBy(e => e.Notification.DecidedAtNs).ThenBy(e => e.Notification.Key, StringComparer.Ordinal)
        .Select(e => e with { InDoubt = e.InDoubt || e.State == DeliveryState.Sending })];

    public Rows Copy() => (Rows)MemberwiseClone();

    public void Put(BoardChanges changes)
    {
        changes.Alerts.ForEach(a => Alerts = Alerts.SetItem(a.State.Fingerprint, a));
        changes.Silences.ForEach(s => Silences = Silences.SetItem(s.Id, s));
        changes.Notices.ForEach(Put);
        changes.Notifications.ForEach(n => Put(new MessageAdded(n, true)));
    }

    public void Put(GroupNotice notice) => Notices = Notices.SetItem((notice.Receiver, notice.Kind, notice.Index, notice.GroupKey), notice);

    public void Put(OutboxRecord record)
    {
        if (record is MessageAdded added)
        {
            Outbox = Outbox.ContainsKey(record.Key) ? Outbox
                : Outbox.Add(record.Key, new(added.Notification, DeliveryState.Pending, 0, "", added.Recorded));
            return;
        }
        if (Outbox.TryGetValue(record.Key, out var row))
        {
            Outbox = Outbox.SetItem(record.Key, record switch
            {
                MessageRewritten rewritten => row with { Notification = rewritten.Notification },
                MessageMoved moved => row with { State = moved.State, Detail = moved.Detail },
                MessageUnrecorded => row with { Recorded = false },
                // Until an outcome says otherwise. What one attempt left in doubt, the next one does not clear.
                AttemptBegun begun => row with
                {
                    State = DeliveryState.Sending, Attempts = begun.Number, InDoubt = row.InDoubt || row.State == DeliveryState.Sending,
                },
                AttemptEnded { Outcome.Verdict: SendVerdict.InDoubt } => row with { InDoubt = true },
                _ => row,
            });
        }
    }
}

/// <summary>The database: what it says is durable outlives the process.</summary>
internal sealed class SimulatedStore(Mutant mutant, Random random)
{
    private Rows _before = new();

    public StoreMode Mode { get; set; }

    public Rows Rows { get; private set; } = new();

    /// <summary>Counts the leaders.</summary>
    public int Epoch { get; private set; }

    /// <summary>Another server leads from now on.</summary>
    public int Take() => ++Epoch;

    /// <summary>Asks who leads, before something goes out of which the store does not know.</summary>
    /// <exception cref="LeaseLostException">Another server does.</exception>
    public void Ask(int epoch)
    {
        if (Mode is StoreMode.Works or StoreMode.Full && epoch != Epoch && mutant != Mutant.IgnoredEpoch)
        {
            throw new LeaseLostException();
        }
    }

    /// <summary>Whether it took the write, as far as the caller learns.</summary>
    /// <exception cref="LeaseLostException">Another server leads.</exception>
    public bool Write(int epoch, Action<Rows> work)
    {
        if (Mode == StoreMode.Works && epoch != Epoch && mutant != Mutant.IgnoredEpoch)
        {
            throw new LeaseLostException();
        }
        // A write of which nothing was heard in time may have been done all the same.
        if (Mode == StoreMode.Works || (Mode == StoreMode.Hangs && random.Next(2) == 0 && (epoch == Epoch || mutant == Mutant.IgnoredEpoch)))
        {
            _before = Rows;
            Rows = Rows.Copy();
            work(Rows);
        }
        return Mode == StoreMode.Works;
    }

    /// <summary>The machine lost its power.</summary>
    public void Crash()
    {
        if (mutant == Mutant.SkippedFsync)
        {
            Rows = _before;
        }
    }
}

/// <summary>Another server leads.</summary>
public sealed class LeaseLostException : Exception
{
}

/// <summary>The file whose space was reserved, so that a full disk does not matter to it.</summary>
internal sealed class SimulatedSpool
{
    private readonly Dictionary<string, GroupNotification> _notifications = new(StringComparer.Ordinal);
    private readonly HashSet<string> _settled = new(StringComparer.Ordinal);

    public bool Broken
    {
        get;
        set
        {
            field = value;
            WasBroken |= value;
        }
    }

    /// <summary>Whether it ever was: then nobody can know what went out while the store refused.</summary>
    public bool WasBroken { get; private set; }

    public SpoolContent Content => new(
        new Dictionary<string, GroupNotification>(_notifications, StringComparer.Ordinal), new HashSet<string>(_settled, StringComparer.Ordinal));

    public void Append(GroupNotification notification)
    {
        if (!Broken)
        {
            _notifications[notification.Key] = notification;
        }
    }

    public void AppendSent(string key)
    {
        if (!Broken)
        {
            _settled.Add(key);
        }
    }

    public void Clear()
    {
        if (!Broken)
        {
            _notifications.Clear();
            _settled.Clear();
        }
    }
}
