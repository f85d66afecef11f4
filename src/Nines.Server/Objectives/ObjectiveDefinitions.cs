using System.Text.Json;
using Microsoft.Extensions.Logging;
using Nines.Core.Objectives;
using Nines.Server.State;

namespace Nines.Server.Objectives;

/// <summary>
/// Remembers what each objective promised, so that an edit of the files is a fact: what changed, from what to what. An objective that leaves and returns
/// is held against what it was.
/// </summary>
internal sealed partial class ObjectiveDefinitions(IStateStore store, TimeProvider time, ILogger<ObjectiveDefinitions> logger)
{
    private const string Kind = "objective_definition";
    private const int BatchRows = 500;

    /// <summary>Holds an activated workspace's objectives against what they were. What the store refuses is told at the next activation.</summary>
    public async Task ApplyAsync(IReadOnlyList<Objective> objectives, CancellationToken cancellation)
    {
        try
        {
            var known = await LoadAsync(cancellation);
            var nowMs = time.GetUtcNow().ToUnixTimeMilliseconds();
            var changes = new List<(RowWrite Row, ObjectiveEdited? Edit)>();
            foreach (var definition in objectives.Select(ObjectiveDefinition.Of))
            {
                var json = JsonSerializer.Serialize(definition, PolicyJson.Default.ObjectiveDefinition);
                var (before, version, stored) = known.GetValueOrDefault(definition.Objective);
                if (json != stored)
                {
                    changes.Add((new RowWrite(Kind, definition.Objective, version, json), before?.EditOf(definition)));
                }
            }
            foreach (var batch in changes.Chunk(BatchRows))
            {
                var facts = batch.Select(c => c.Edit).OfType<ObjectiveEdited>().Select(e => PolicyFacts.Of(e, nowMs)).ToList();
                if (await store.CommitAsync(new([.. batch.Select(c => c.Row)], facts), cancellation) is not CommitOutcome.Committed)
                {
                    LogNotStored(batch.Length);
                }
            }
        }
#pragma warning disable CA1031 // An activation must not fail by what is only remembered of it.
        catch (Exception e) when (e is not OperationCanceledException)
#pragma warning restore CA1031
        {
            LogNotRead(e.Message);
        }
    }

    private async Task<Dictionary<string, (ObjectiveDefinition Definition, long Version, string Json)>> LoadAsync(CancellationToken cancellation)
    {
        var known = new Dictionary<string, (ObjectiveDefinition, long, string)>(StringComparer.Ordinal);
        for (var after = "";;)
        {
            var rows = await store.ListAsync(Kind, cancellation, after: after);
            foreach (var row in rows)
            {
                known[row.Id] = (JsonSerializer.Deserialize(row.Json, PolicyJson.Default.ObjectiveDefinition)!, row.Version, row.Json);
            }
            if (rows.Count < 1000)
            {
                return known;
            }
            after = rows[^1].Id;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "The definitions of {Count} objectives could not be stored; they are compared again at the next activation.")]
    private partial void LogNotStored(int count);

    [LoggerMessage(Level = LogLevel.Warning, Message = "What objectives promised before cannot be read: {Reason}. They are compared at the next activation.")]
    private partial void LogNotRead(string reason);
}
