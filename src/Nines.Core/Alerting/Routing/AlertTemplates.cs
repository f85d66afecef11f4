namespace Nines.Core.Alerting.Routing;

/// <summary>What templates of notifications can use.</summary>
public static class AlertTemplates
{
    /// <summary>The functions beside Go's own.</summary>
    public static readonly IReadOnlySet<string> Functions = new HashSet<string>(StringComparer.Ordinal)
    {
        "toUpper", "toLower", "title", "trimSpace", "join", "match", "safeHtml", "safeUrl", "urlUnescape", "reReplaceAll", "stringSlice", "date", "tz", "since",
        "humanizeDuration", "toJson",
    };
}
