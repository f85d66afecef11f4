using Microsoft.Data.Sqlite;
using Nines.Core.Objectives;
using Nines.Server.State;

namespace Nines.Server.Objectives;

/// <summary>What one objective generation adds to the store in one commit.</summary>
internal sealed record LedgerChanges(
    long Generation,
    IReadOnlyList<(long Hour, byte[] Packed)> Hours,
    IReadOnlyList<LedgerSpan> Spans,
    IReadOnlyList<LedgerRevision> Revisions,
    byte[] Cursors)
{
    /// <summary>Both in one commit; where they tell of the same thing, the later tells.</summary>
    public LedgerChanges FollowedBy(LedgerChanges later) => later with
    {
        Hours = [.. Hours.Where(h => later.Hours.All(s => s.Hour != h.Hour)), .. later.Hours],
        Spans = [.. Spans.Where(f => later.Spans.All(s => (s.FromMs, s.ToMs, s.Kind) != (f.FromMs, f.ToMs, f.Kind))), .. later.Spans],
        Revisions = [.. Revisions, .. later.Revisions],
    };
}

/// <summary>A generation of an objective's account as the store knows it.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Objective">The objective's key.</param>
/// <param name="Indicator">What it counts, canonical.</param>
/// <param name="StartedMs">When it was made, ms since the Unix epoch.</param>
/// <param name="FirstHour">The first hour it has entries in, Unix hours; null without any.</param>
/// <param name="LastHour">The last one.</param>
internal sealed record StoredGeneration(long Id, string Objective, string Indicator, long StartedMs, long? FirstHour, long? LastHour);

/// <summary>
/// The ledger on disk, <c>ledger.db</c>: hours, spans and revisions of each generation and, in the same transaction, the cursors they were counted with,
/// so that a crash at any moment neither loses nor repeats an event. Format: docs/formats/ledger.md.
/// </summary>
internal sealed class LedgerStore : IDisposable
{
    private const int Version = 1;
    private readonly string _path;
    private SqliteConnection _connection;
    private SqliteCommand? _hour;
    private bool _suspect;

    private LedgerStore(string path)
    {
        _path = path;
        _connection = Connect();
    }

    /// <summary>Opens or creates the database.</summary>
    /// <exception cref="SqliteException">The file cannot be opened or is no database.</exception>
    /// <exception cref="InvalidDataException">The file is of a newer version.</exception>
    public static LedgerStore Open(string path)
    {
        SqliteLibrary.Use();
        var store = new LedgerStore(path);
        var version = (long)store.Scalar("pragma user_version")!;
        if (version > Version)
        {
            throw new InvalidDataException($"{path} is of ledger version {version}; this server knows {Version}. Start the newer server again.");
        }
        store.Execute($"""
            create table if not exists generation (id integer primary key, objective text not null, indicator text not null, started_ms integer not null,
                unique (objective, indicator));
            create table if not exists cursor (generation integer primary key, packed blob not null);
            create table if not exists hour (generation integer not null, hour integer not null, packed blob not null,
                primary key (generation, hour)) without rowid;
            create table if not exists span (generation integer not null, from_ms integer not null, to_ms integer not null, kind integer not null,
                good real not null, bad real not null, unseen real not null, primary key (generation, to_ms, from_ms, kind)) without rowid;
            create table if not exists revision (generation integer not null, minute integer not null, good integer not null, bad integer not null,
                recorded_ms integer not null);
            pragma user_version = {Version};
            """);
        return store;
    }

    /// <summary>The same file once more, for reading beside the thread that writes.</summary>
    /// <exception cref="StoreRefusedException">It cannot be opened now.</exception>
    public LedgerStore Reopen()
    {
        try
        {
            return new LedgerStore(_path);
        }
        catch (SqliteException e)
        {
            throw new StoreRefusedException(e.Message, e);
        }
    }

    /// <summary>The number of the generation that counts an objective by an indicator, made when there is none.</summary>
    /// <exception cref="StoreRefusedException">The file cannot be written now.</exception>
    public (long Id, long StartedMs) Generation(string objective, string indicator, long nowMs) => Guarded(() =>
    {
        using (var insert = Command("insert into generation (objective, indicator, started_ms) values ($o, $i, $t) on conflict do nothing",
            ("$o", objective), ("$i", indicator), ("$t", nowMs)))
        {
            insert.ExecuteNonQuery();
        }
        using var select = Command("select id, started_ms from generation where objective = $o and indicator = $i", ("$o", objective), ("$i", indicator));
        using var row = select.ExecuteReader();
        row.Read();
        return (row.GetInt64(0), row.GetInt64(1));
    });

    /// <summary>The objectives that have accounts and whose key begins with a text.</summary>
    /// <exception cref="StoreRefusedException">The file cannot be read now.</exception>
    public IReadOnlyList<string> Keys(string prefix) => Guarded(() =>
    {
        var keys = new List<string>();
        using var select = Command("select distinct objective from generation where substr(objective, 1, length($p)) = $p order by id", ("$p", prefix));
        using var row = select.ExecuteReader();
        while (row.Read())
        {
            keys.Add(row.GetString(0));
        }
        return keys;
    });

    /// <summary>The generations of an objective's account, the latest first.</summary>
    /// <exception cref="StoreRefusedException">The file cannot be read now.</exception>
    public IReadOnlyList<StoredGeneration> Generations(string objective) => Guarded(() => Read("where objective = $k", objective));

    /// <summary>One generation; null when there is none of this number.</summary>
    /// <exception cref="StoreRefusedException">The file cannot be read now.</exception>
    public StoredGeneration? Find(long generation) => Guarded(() => Read("where id = $k", generation).FirstOrDefault());

    /// <summary>Fills a fresh ledger with what is stored of a generation since an hour.</summary>
    /// <exception cref="StoreRefusedException">The file cannot be read now.</exception>
    public void Load(long generation, long sinceHour, ObjectiveLedger ledger) => Guarded(() =>
    {
        using (var cursor = Command("select packed from cursor where generation = $g", ("$g", generation)))
        {
            if (cursor.ExecuteScalar() is byte[] packed)
            {
                ledger.LoadCursors(packed);
            }
        }
        using (var hours = Command("select hour, packed from hour where generation = $g and hour >= $h order by hour", ("$g", generation), ("$h", sinceHour)))
        {
            using var row = hours.ExecuteReader();
            while (row.Read())
            {
                ledger.Events.LoadHour(row.GetInt64(0), row.GetFieldValue<byte[]>(1));
            }
        }
        using var spans = Command("select from_ms, to_ms, good, bad, kind, unseen from span where generation = $g and to_ms > $t order by to_ms",
            ("$g", generation), ("$t", sinceHour * 60 * LedgerTime.MinuteMs));
        using var span = spans.ExecuteReader();
        while (span.Read())
        {
            ledger.Events.AddSpan(new LedgerSpan(span.GetInt64(0), span.GetInt64(1), span.GetDouble(2), span.GetDouble(3), (SpanKind)span.GetInt32(4),
                span.GetDouble(5)));
        }
        return ledger.Events.TakeSpanChanges();
    });

    /// <summary>A stored hour of a generation; empty when there is none.</summary>
    /// <exception cref="StoreRefusedException">The file cannot be read now.</exception>
    public byte[] Hour(long generation, long hour) => Guarded(() =>
    {
        _hour ??= Command("select packed from hour where generation = $g and hour = $h", ("$g", generation), ("$h", hour));
        (_hour.Parameters[0].Value, _hour.Parameters[1].Value) = (generation, hour);
        return _hour.ExecuteScalar() as byte[] ?? [];
    });

    /// <summary>Stores changes in one transaction.</summary>
    /// <exception cref="StoreRefusedException">Nothing was stored; the same changes can be handed over again.</exception>
    public void Commit(IReadOnlyCollection<LedgerChanges> changes, long nowMs) => Guarded(() =>
    {
        // Not a SqliteTransaction: one whose commit the disk refused can be neither rolled back nor replaced.
        Execute("begin immediate");
        using var hour = Command("insert into hour values ($g, $h, $p) on conflict do update set packed = excluded.packed", ("$g", 0L), ("$h", 0L),
            ("$p", Array.Empty<byte>()));
        using var cursor = Command("insert into cursor values ($g, $p) on conflict do update set packed = excluded.packed", ("$g", 0L),
            ("$p", Array.Empty<byte>()));
        using var span = Command("""
            insert into span (generation, from_ms, to_ms, kind, good, bad, unseen) values ($g, $f, $t, $k, $o, $b, $u)
            on conflict do update set good = excluded.good, bad = excluded.bad, unseen = excluded.unseen
            """, ("$g", 0L), ("$f", 0L), ("$t", 0L), ("$k", 0L), ("$o", 0.0), ("$b", 0.0), ("$u", 0.0));
        using var revision = Command("insert into revision values ($g, $m, $o, $b, $t)", ("$g", 0L), ("$m", 0L), ("$o", 0L), ("$b", 0L), ("$t", nowMs));
        foreach (var change in changes)
        {
            foreach (var (at, packed) in change.Hours)
            {
                Run(hour, change.Generation, at, packed);
            }
            foreach (var s in change.Spans)
            {
                Run(span, change.Generation, s.FromMs, s.ToMs, (long)s.Kind, s.Good, s.Bad, s.UnseenAtMost);
            }
            foreach (var r in change.Revisions)
            {
                Run(revision, change.Generation, r.Minute, r.Good, r.Bad, nowMs);
            }
            Run(cursor, change.Generation, change.Cursors);
        }
        Execute("commit");
        return changes.Count;
    });

    public void Dispose()
    {
        if (SqliteFiles.Refusal(_path) is null)
        {
            _connection.Dispose();
        }
    }

    private SqliteConnection Connect()
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = _path, Pooling = false, DefaultTimeout = 2 }.ToString());
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "pragma journal_mode = wal; pragma synchronous = normal;";
        command.ExecuteNonQuery();
        return connection;
    }

    /// <summary>Works on the connection. One on which anything failed is replaced before the next work: what it still holds is not worth guessing.</summary>
    private T Guarded<T>(Func<T> work)
    {
        if (SqliteFiles.Refusal(_path) is { } reason)
        {
            throw new StoreRefusedException(reason, null);
        }
        try
        {
            if (_suspect)
            {
                _hour = null;
                _connection.Dispose();
                _connection = Connect();
                _suspect = false;
            }
            _suspect = true;
            var done = work();
            _suspect = false;
            return done;
        }
        catch (SqliteException e)
        {
            throw new StoreRefusedException(e.Message, e);
        }
    }

    private List<StoredGeneration> Read(string where, object key)
    {
        var found = new List<StoredGeneration>();
        using var select = Command($"""
            select id, objective, indicator, started_ms, (select min(hour) from hour where generation = id), (select max(hour) from hour where generation = id)
            from generation {where} order by started_ms desc, id desc
            """, ("$k", key));
        using var row = select.ExecuteReader();
        while (row.Read())
        {
            found.Add(new(row.GetInt64(0), row.GetString(1), row.GetString(2), row.GetInt64(3), row.IsDBNull(4) ? null : row.GetInt64(4),
                row.IsDBNull(5) ? null : row.GetInt64(5)));
        }
        return found;
    }

    private static void Run(SqliteCommand command, params ReadOnlySpan<object> values)
    {
        for (var i = 0; i < values.Length; i++)
        {
            command.Parameters[i].Value = values[i];
        }
        command.ExecuteNonQuery();
    }

    private SqliteCommand Command(string text, params ReadOnlySpan<(string Name, object Value)> parameters)
    {
        var command = _connection.CreateCommand();
        command.CommandText = text;
        foreach (var (name, value) in parameters)
        {
            command.Parameters.AddWithValue(name, value);
        }
        return command;
    }

    private void Execute(string text)
    {
        using var command = Command(text);
        command.ExecuteNonQuery();
    }

    private object? Scalar(string text)
    {
        using var command = Command(text);
        return command.ExecuteScalar();
    }
}
