namespace Nines.Core.Catalog;

/// <summary>A service that makes promises.</summary>
/// <param name="Name">Its name, unique in the workspace.</param>
/// <param name="DisplayName">What people call it; the name when nothing else is given.</param>
/// <param name="Description">What it is for; may be empty.</param>
/// <param name="Position">Where it is declared.</param>
public sealed record Service(string Name, string DisplayName, string Description, SourcePosition Position)
{
    /// <summary>The team or person it belongs to; empty when the workspace does not say.</summary>
    public string Owner { get; init; } = "";

    /// <summary>The address of its runbook; null when the workspace does not say.</summary>
    public Uri? Runbook { get; init; }

    /// <summary>Names of the services it needs; they need not be declared.</summary>
    public IReadOnlyList<string> DependsOn { get; init; } = [];
}

/// <summary>A place where services run, such as production.</summary>
/// <param name="Name">Its name.</param>
/// <param name="DisplayName">What people call it.</param>
/// <param name="Pages">Whether its alerts page people. By default only <c>production</c> does.</param>
/// <param name="Position">Where it is declared.</param>
public sealed record DeploymentEnvironment(string Name, string DisplayName, bool Pages, SourcePosition Position)
{
    /// <summary>The environment of objects that name none.</summary>
    public const string Default = "production";
}
