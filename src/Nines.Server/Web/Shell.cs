namespace Nines.Server.Web;

/// <summary>What the shell of every page shows.</summary>
/// <param name="Objectives">How many objectives there are.</param>
/// <param name="Firing">How many alerts fire and are not kept quiet.</param>
/// <param name="Paging">Whether one of them wakes people.</param>
/// <param name="Problems">How many problems the workspace's files have.</param>
/// <param name="Pending">Whether the files could not be activated, so that an older version runs.</param>
/// <param name="ClosedMs">To when the ledger is complete, ms since the Unix epoch; null before the first closed minute.</param>
/// <param name="User">Who is signed in; null for a visitor.</param>
/// <param name="StoreFailure">Why the store refuses writes; null when it does not.</param>
public sealed record ShellModel(int Objectives, int Firing, bool Paging, int Problems, bool Pending, long? ClosedMs, string? User, string? StoreFailure);
