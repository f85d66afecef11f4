using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using Nines.Core.Journal;
using Nines.Core.Workspace;

namespace Nines.Server.State;

/// <summary>Keeps the files of every workspace that was activated, by content, so that each decision can be traced to what was configured.</summary>
internal sealed class WorkspaceArchive(IStateStore store, TimeProvider time)
{
    /// <summary>The fact that a workspace became the active one.</summary>
    public const string Activated = "workspace.activated/1";

    /// <summary>Stores the files and appends the fact, unless this workspace is the active one already. Can run later, and twice.</summary>
    public Action<StateTransaction> Activation(string hash, IReadOnlyList<WorkspaceFile> files, string actor)
    {
        var now = (time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * 100;
        return transaction =>
        {
            var active = transaction.Get("workspace", "active");
            if (active?.Key1 == hash)
            {
                return;
            }
            foreach (var file in files)
            {
                var blob = Convert.ToHexStringLower(SHA256.HashData(file.Content.Span));
                transaction.Execute("INSERT INTO workspace_blob (hash, content) VALUES (@p1, @p2) ON CONFLICT (hash) DO NOTHING", blob, file.Content.ToArray());
                transaction.Execute("INSERT INTO workspace_file (workspace, path, hash) VALUES (@p1, @p2, @p3) ON CONFLICT (workspace, path) DO NOTHING", hash,
                    file.Path, blob);
            }
            transaction.Put(new RowWrite("workspace", "active", active?.Version ?? 0, "{}", hash));
            transaction.Append(FactOf(hash, files.Count, actor, now));
        };
    }

    /// <summary>The hash of the workspace activated last, or null.</summary>
    public async Task<string?> ActiveHashAsync(CancellationToken cancellation) =>
        (await store.GetAsync("workspace", "active", cancellation))?.Key1;

    /// <summary>The files of a workspace in order of path; empty when it was never activated.</summary>
    public async Task<IReadOnlyList<WorkspaceFile>> FilesAsync(string hash, CancellationToken cancellation) =>
        await store.ReadAsync(reader => reader.Query(
            "SELECT f.path, b.content FROM workspace_file f JOIN workspace_blob b ON b.hash = f.hash WHERE f.workspace = @p1 ORDER BY f.path",
            row => new WorkspaceFile(row.GetString(0), row.GetFieldValue<byte[]>(1)), hash), cancellation);

    internal static Fact FactOf(string hash, int files, string actor, long nowNs) =>
        new(Activated, $"workspace/{hash}", nowNs, actor,
            JsonSerializer.SerializeToUtf8Bytes(new WorkspaceActivated(hash, files), StateJson.Default.WorkspaceActivated));
}

/// <summary>Payload of <c>workspace.activated/1</c>.</summary>
internal sealed record WorkspaceActivated(string Hash, int Files);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(WorkspaceActivated))]
internal sealed partial class StateJson : JsonSerializerContext;
