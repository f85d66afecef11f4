using Nines.Core;
using Nines.Core.Workspace;

namespace Nines.Server.Workspace;

/// <summary>What runs and what the files say. Immutable.</summary>
/// <param name="Model">The model that runs.</param>
/// <param name="ActivatedAt">When it was activated; null before the first.</param>
/// <param name="Problems">The problems of the last reading.</param>
/// <param name="Pending">Whether the running model is older than the files.</param>
public sealed record WorkspaceState(WorkspaceModel Model, DateTimeOffset? ActivatedAt, IReadOnlyList<Problem> Problems, bool Pending);

/// <summary>Takes a new model over. Called one at a time, in order of registration.</summary>
public delegate Task WorkspaceActivated(WorkspaceModel model, IReadOnlyList<WorkspaceFile> files, CancellationToken cancellation);

/// <summary>The files of the last good reading, kept by the state store; null when there are none.</summary>
public delegate Task<IReadOnlyList<WorkspaceFile>?> LastGoodFiles(CancellationToken cancellation);
