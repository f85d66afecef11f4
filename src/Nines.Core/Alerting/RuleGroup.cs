using Nines.Metrics;
using Nines.PromQL;

namespace Nines.Core.Alerting;

/// <summary>Rules that are evaluated together, in order.</summary>
public sealed record RuleGroup
{
    /// <summary>How often a group is evaluated that does not say: 1 min.</summary>
    public const long DefaultIntervalMs = 60_000;

    /// <summary>Its name; unique in its file.</summary>
    public required string Name { get; init; }

    /// <summary>The file it stands in.</summary>
    public required string File { get; init; }

    /// <summary>Distance of two evaluations in milliseconds; 0 when the file does not say.</summary>
    public long IntervalMs { get; init; }

    /// <summary>How far before the time of an evaluation its queries look, in milliseconds; null when the file does not say.</summary>
    public long? QueryOffsetMs { get; init; }

    /// <summary>Most alerts or series a rule may make; 0 for no limit.</summary>
    public int Limit { get; init; }

    /// <summary>The rules, in order.</summary>
    public IReadOnlyList<Rule> Rules { get; init; } = [];

    /// <summary>What identifies the group over restarts and edits: file and name.</summary>
    public string Key => $"{File};{Name}";

    /// <summary>The first time of evaluation after a moment: whole intervals, moved by a part of one that depends on file and name, so that not all groups
    /// run at once. Each server gives a group the same times.</summary>
    /// <param name="afterMs">The moment, in milliseconds since the Unix epoch.</param>
    /// <param name="intervalMs">The group's interval, above 0.</param>
    public long NextMs(long afterMs, long intervalMs)
    {
        var offset = (long)(Labels.Of(("file", File), ("group", Name)).StableHash % (ulong)intervalMs);
        return afterMs - (afterMs - offset) % intervalMs + intervalMs;
    }
}

/// <summary>A rule: a recording rule keeps what its query gives as a series, an alerting rule makes an alert of each sample.</summary>
public sealed record Rule
{
    /// <summary>The alert's name, or that of the series.</summary>
    public required string Name { get; init; }

    /// <summary>Whether it makes alerts.</summary>
    public required bool Alerts { get; init; }

    /// <summary>The query as written.</summary>
    public required string Query { get; init; }

    /// <summary>The query, read.</summary>
    public required Expr Expr { get; init; }

    /// <summary>How long the query has to give a sample before its alert fires, in milliseconds.</summary>
    public long ForMs { get; init; }

    /// <summary>How long an alert goes on after the query gives no sample, in milliseconds.</summary>
    public long KeepFiringForMs { get; init; }

    /// <summary>Labels to add, those of the group included; templates in an alerting rule.</summary>
    public IReadOnlyList<RuleText> Labels { get; init; } = [];

    /// <summary>Annotations to add.</summary>
    public IReadOnlyList<RuleText> Annotations { get; init; } = [];

    /// <summary>Where it stands.</summary>
    public SourcePosition Position { get; init; }

    /// <summary>What makes it this rule rather than another: everything but its annotations and place.</summary>
    public string Identity =>
        $"{Alerts}\n{Name}\n{Expr}\n{ForMs}\n{KeepFiringForMs}\n{string.Join('\n', Labels.Select(l => $"{l.Name}={l.Text}"))}";
}

/// <summary>A label or annotation of a rule.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Text">Its value as written.</param>
/// <param name="Template">Its value, read; null when it is not a template.</param>
public sealed record RuleText(string Name, string Text, RuleTemplate? Template);
