using Microsoft.Data.Sqlite;
using Nines.Server.State;

namespace Nines.Server.Journal;

/// <summary>A byte of a stored fact that was changed on purpose.</summary>
/// <param name="Directory">The data directory of the copy it was changed in.</param>
/// <param name="Seq">The fact's number before the change.</param>
/// <param name="Column">The column.</param>
/// <param name="SeqAfter">The fact's number after the change: another one when <paramref name="Column"/> is <c>seq</c>.</param>
public sealed record FlippedByte(string Directory, long Seq, string Column, long SeqAfter);

/// <summary>Damages copies of a journal in SQLite, so that a proof can show that it is found.</summary>
public static class JournalProofs
{
    private static readonly string[] Columns = [.. JournalCommands.Columns.Split(", ")];

    /// <summary>Makes copies of a data directory's state, each with one byte of one fact flipped: every column in turn, facts and bytes by chance.</summary>
    /// <param name="dataDirectory">A data directory that no server uses.</param>
    /// <param name="into">Where the copies go, as <c>0</c>, <c>1</c>, …</param>
    /// <param name="count">How many.</param>
    /// <param name="random">Chooses.</param>
    public static IEnumerable<FlippedByte> Flip(string dataDirectory, string into, int count, Random random)
    {
        SqliteLibrary.Use();
        for (var i = 0; i < count; i++)
        {
            var copy = Directory.CreateDirectory(Path.Combine(into, $"{i}")).FullName;
            File.Copy(DataDirectory.StateFileOf(Path.GetFullPath(dataDirectory)), DataDirectory.StateFileOf(copy), overwrite: true);
            yield return FlipOne(copy, Columns[i % Columns.Length], random);
        }
    }

    private static FlippedByte FlipOne(string directory, string column, Random random)
    {
        using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = DataDirectory.StateFileOf(directory),
            Pooling = false }.ToString());
        connection.Open();
        while (true)
        {
            var seq = random.NextInt64(1, (long)Ask(connection, "select max(seq) from fact", 0)! + 1);
            var value = Ask(connection, $"select {column} from fact where seq = $seq", seq)!;
            object changed = value is long number ? number ^ (1L << random.Next(63)) : WithOneByteChanged(value, random);
            if (column == "seq" && (changed is < 1L || Ask(connection, "select seq from fact where seq = $seq", changed) is not null))
            {
                // Two facts cannot have one number: the database itself refuses.
                continue;
            }
            using var update = connection.CreateCommand();
            // A text stays a text, whatever bytes it holds.
            update.CommandText = $"update fact set {column} = {(value is string ? "cast($value as text)" : "$value")} where seq = $seq";
            update.Parameters.AddWithValue("$value", changed);
            update.Parameters.AddWithValue("$seq", seq);
            update.ExecuteNonQuery();
            return new FlippedByte(directory, seq, column, column == "seq" ? (long)changed : seq);
        }
    }

    private static byte[] WithOneByteChanged(object value, Random random)
    {
        var bytes = value is string text ? System.Text.Encoding.UTF8.GetBytes(text) : (byte[])value;
        bytes[random.Next(bytes.Length)] ^= (byte)random.Next(1, 256);
        return bytes;
    }

    private static object? Ask(SqliteConnection connection, string text, object seq)
    {
        using var command = connection.CreateCommand();
        command.CommandText = text;
        command.Parameters.AddWithValue("$seq", seq);
        return command.ExecuteScalar();
    }
}
