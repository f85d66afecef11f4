namespace Nines.Core.Alerting;

/// <summary>What the label <c>severity</c> says to people.</summary>
public static class AlertSeverity
{
    private static readonly HashSet<string> Pages = new(["page", "critical", "emergency", "p0", "p1", "sev0", "sev1", "sev-0", "sev-1"],
        StringComparer.OrdinalIgnoreCase);

    /// <summary>Whether somebody has to get up for it.</summary>
    public static bool IsPage(string severity) => Pages.Contains(severity);
}
