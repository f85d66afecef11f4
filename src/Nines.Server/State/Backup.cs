using System.Formats.Tar;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Data.Sqlite;
using Nines.Core.Journal;
using Nines.Server.Journal;
using Nines.Tsdb;

namespace Nines.Server.State;

/// <summary>What is in a backup.</summary>
/// <param name="Format">Format of the data directory.</param>
/// <param name="CreatedAt">When it was made.</param>
/// <param name="State"><c>included</c>, or a sentence that says where the state is.</param>
/// <param name="Files">Each file with its size in bytes and SHA-256.</param>
public sealed record BackupManifest(int Format, DateTimeOffset CreatedAt, string State, IReadOnlyList<BackupFile> Files);

/// <summary>A file in a backup.</summary>
/// <param name="Path">Relative to the data directory, with forward slashes.</param>
/// <param name="Size">Bytes.</param>
/// <param name="Sha256">Hex, lower case.</param>
public sealed record BackupFile(string Path, long Size, string Sha256);

/// <summary>What came of restoring.</summary>
/// <param name="Manifest">What the backup says it holds.</param>
/// <param name="Journal">The journal's verification; null when it was not asked for, or the state is elsewhere.</param>
public sealed record Restored(BackupManifest Manifest, JournalVerification? Journal);

/// <summary>The backup cannot be made or restored; the message says why.</summary>
public class BackupException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>The journal in a backup is not as it was written; the message names the first place.</summary>
public sealed class JournalDamagedException(string message) : BackupException(message);

/// <summary>Saves a data directory to one file, while a server may be running on it, and restores it.</summary>
public static class Backup
{
    private const string ManifestName = "manifest.json";
    private const string StateElsewhere = "not included: it is in PostgreSQL; save it with pg_dump and restore it with pg_restore";
    private static readonly string[] Databases = ["state.db", "ledger.db"];
    private static readonly string[] Directories = ["keys", "spool"];

    /// <summary>Writes a tar.gz: consistent copies of the databases, the metrics engine's files, keys, and a manifest.</summary>
    /// <param name="stateInPostgres">Whether the state is in PostgreSQL, so not in the backup.</param>
    public static async Task<BackupManifest> BackupAsync(
        string dataDirectory, bool stateInPostgres, Stream to, TimeProvider time, CancellationToken cancellation)
    {
        var root = Path.GetFullPath(dataDirectory);
        if (!File.Exists(Path.Combine(root, "format")))
        {
            throw new BackupException($"{root} is no data directory");
        }
        DataDirectory.CheckFormat(root);
        var staging = Directory.CreateTempSubdirectory("nines-backup-").FullName;
        try
        {
            Stage(root, staging, stateInPostgres, cancellation);
            var manifest = new BackupManifest(DataDirectory.FormatVersion, time.GetUtcNow(),
                stateInPostgres ? StateElsewhere : "included", await ListAsync(staging, cancellation));
            await using var zip = new GZipStream(to, CompressionLevel.Fastest, leaveOpen: true);
            await using var tar = new TarWriter(zip, leaveOpen: true);
            using var text = new MemoryStream(JsonSerializer.SerializeToUtf8Bytes(manifest, BackupJson.Default.BackupManifest));
            await tar.WriteEntryAsync(new PaxTarEntry(TarEntryType.RegularFile, ManifestName) { DataStream = text }, cancellation);
            foreach (var file in manifest.Files)
            {
                await tar.WriteEntryAsync(Path.Combine(staging, file.Path), file.Path, cancellation);
            }
            return manifest;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or SqliteException)
        {
            throw new BackupException($"the backup failed: {e.Message}", e);
        }
        finally
        {
            Directory.Delete(staging, true);
        }
    }

    /// <summary>Restores into a directory that is empty or absent. What was written is removed when it fails.</summary>
    /// <param name="verify">Whether to verify the journal's chain as well; sizes and hashes of files always are.</param>
    public static async Task<Restored> RestoreAsync(string file, string targetDirectory, bool verify, TimeProvider time, CancellationToken cancellation)
    {
        var root = Path.GetFullPath(targetDirectory);
        if (File.Exists(root) || (Directory.Exists(root) && Directory.EnumerateFileSystemEntries(root).Any()))
        {
            throw new BackupException($"{root} is not empty: restore into a new directory, and move it into place afterwards");
        }
        DataDirectory.Create(root);
        try
        {
            var manifest = await ExtractAsync(file, root, cancellation);
            await CheckAsync(manifest, root, cancellation);
            JournalVerification? journal = null;
            if (verify && manifest.State == "included")
            {
                journal = await JournalCommands.VerifyAsync(root, null, time, cancellation);
                if (!journal.Whole)
                {
                    var first = journal.Findings[0];
                    throw new JournalDamagedException($"the journal in the backup is damaged at fact {first.Seq}: {first.Column} {first.Explanation}");
                }
            }
            return new Restored(manifest, journal);
        }
        catch (Exception e)
        {
            foreach (var entry in new DirectoryInfo(root).EnumerateFileSystemInfos())
            {
                if (entry is DirectoryInfo directory)
                {
                    directory.Delete(true);
                }
                else
                {
                    entry.Delete();
                }
            }
            if (e is IOException or UnauthorizedAccessException or JsonException or InvalidDataException or SqliteException)
            {
                throw new BackupException($"{file} cannot be restored: {e.Message}", e);
            }
            throw;
        }
    }

    private static void Stage(string root, string staging, bool stateInPostgres, CancellationToken cancellation)
    {
        File.Copy(Path.Combine(root, "format"), Path.Combine(staging, "format"));
        SqliteLibrary.Use();
        foreach (var name in Databases)
        {
            var source = Path.Combine(root, name);
            if (!File.Exists(source) || (stateInPostgres && name == "state.db"))
            {
                continue;
            }
            var connectionString = new SqliteConnectionStringBuilder { DataSource = source, Pooling = false, Mode = SqliteOpenMode.ReadWrite,
                DefaultTimeout = 30 };
            using var connection = new SqliteConnection(connectionString.ToString());
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText = "VACUUM INTO $to";
            command.Parameters.AddWithValue("$to", Path.Combine(staging, name));
            command.ExecuteNonQuery();
        }
        TsdbStore.Copy(Path.Combine(root, "tsdb"), Path.Combine(staging, "tsdb"));
        cancellation.ThrowIfCancellationRequested();
        foreach (var name in Directories)
        {
            var source = Path.Combine(root, name);
            foreach (var path in Directory.Exists(source) ? Directory.EnumerateFiles(source, "*", SearchOption.AllDirectories) : [])
            {
                cancellation.ThrowIfCancellationRequested();
                var copy = Path.Combine(staging, Path.GetRelativePath(root, path));
                Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
                CopyGrowing(path, copy);
            }
        }
    }

    /// <summary>Copies what is there now. The spool only grows, and its records carry checksums, so a prefix is a consistent copy.</summary>
    private static void CopyGrowing(string path, string copy)
    {
        try
        {
            using var from = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using var to = new FileStream(copy, FileMode.CreateNew);
            var left = from.Length;
            var buffer = new byte[1 << 16];
            while (left > 0 && from.Read(buffer, 0, (int)Math.Min(left, buffer.Length)) is > 0 and var read)
            {
                to.Write(buffer, 0, read);
                left -= read;
            }
        }
        catch (FileNotFoundException)
        {
            // A file that is gone since it was listed belongs to no backup.
            File.Delete(copy);
        }
    }

    private static async Task<List<BackupFile>> ListAsync(string root, CancellationToken cancellation)
    {
        var files = new List<BackupFile>();
        foreach (var path in Directory.EnumerateFiles(root, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            await using var content = File.OpenRead(path);
            var hash = await SHA256.HashDataAsync(content, cancellation);
            files.Add(new BackupFile(Path.GetRelativePath(root, path).Replace('\\', '/'), content.Length, Convert.ToHexStringLower(hash)));
        }
        return files;
    }

    private static async Task<BackupManifest> ExtractAsync(string file, string root, CancellationToken cancellation)
    {
        await using var content = File.OpenRead(file);
        await using var zip = new GZipStream(content, CompressionMode.Decompress);
        await using var tar = new TarReader(zip);
        BackupManifest? manifest = null;
        while (await tar.GetNextEntryAsync(false, cancellation) is { } entry)
        {
            if (manifest is null)
            {
                manifest = entry.Name == ManifestName && entry.DataStream is { Length: < 64 << 20 } text
                    ? await JsonSerializer.DeserializeAsync(text, BackupJson.Default.BackupManifest, cancellation)
                    : null;
                _ = manifest ?? throw new BackupException($"{file} is no backup of Nines: it does not begin with a manifest");
                if (manifest.Format > DataDirectory.FormatVersion)
                {
                    throw new BackupException($"{file} was written by a newer version of Nines (format {manifest.Format})");
                }
                continue;
            }
            var path = Path.GetFullPath(Path.Combine(root, entry.Name));
            if (entry.EntryType is not (TarEntryType.RegularFile or TarEntryType.V7RegularFile)
                || !path.StartsWith(root + Path.DirectorySeparatorChar, StringComparison.Ordinal)
                || manifest.Files.All(f => f.Path != entry.Name))
            {
                throw new BackupException($"{file} holds {entry.Name}, which its manifest does not name");
            }
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            await entry.ExtractToFileAsync(path, false, cancellation);
        }
        return manifest ?? throw new BackupException($"{file} is empty");
    }

    private static async Task CheckAsync(BackupManifest manifest, string root, CancellationToken cancellation)
    {
        var found = (await ListAsync(root, cancellation)).ToDictionary(f => f.Path, StringComparer.Ordinal);
        foreach (var file in manifest.Files)
        {
            if (!found.TryGetValue(file.Path, out var actual) || actual != file)
            {
                throw new BackupException(actual is null ? $"the backup lacks {file.Path}"
                    : $"{file.Path} in the backup is damaged: its hash differs from the manifest");
            }
        }
        DataDirectory.CheckFormat(root);
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(BackupManifest))]
internal sealed partial class BackupJson : JsonSerializerContext;
