namespace Nines.Core.Alerting.Routing;

/// <summary>What an <c>alertmanager.yml</c> says.</summary>
/// <param name="Root">The routing tree.</param>
/// <param name="Receivers">The receivers, in order.</param>
/// <param name="InhibitRules">The inhibition rules, in order.</param>
/// <param name="TimeIntervals">The named times, in order.</param>
/// <param name="Templates">Paths of template files, with wildcards in the last part.</param>
/// <param name="ResolveTimeoutMs">After which an alert without an end ends when it is not posted again, in ms.</param>
public sealed record AlertmanagerConfig(
    Route Root, IReadOnlyList<AlertReceiver> Receivers, IReadOnlyList<InhibitRule> InhibitRules, IReadOnlyList<TimeInterval> TimeIntervals,
    IReadOnlyList<string> Templates, long ResolveTimeoutMs);

/// <summary>A receiver: where notifications go.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Integrations">The ways it is told, in the order in which Alertmanager numbers them within a kind.</param>
/// <param name="Position">Where it is declared.</param>
public sealed record AlertReceiver(string Name, IReadOnlyList<Integration> Integrations, SourcePosition Position);

/// <summary>One way in which a receiver is told.</summary>
/// <param name="Kind">Which: <c>slack</c>, <c>webhook</c>, …</param>
/// <param name="Index">Its number among those of its kind within the receiver, from 0.</param>
/// <param name="SendsResolved">Whether the end of alerts is told too.</param>
/// <param name="Settings">What else it says, globals and defaults filled in.</param>
/// <param name="Position">Where it is declared.</param>
public sealed record Integration(string Kind, int Index, bool SendsResolved, Settings Settings, SourcePosition Position);

/// <summary>Settings by name: texts, flags, numbers, lists and mappings as the grammar of their integration says.</summary>
public sealed class Settings(IReadOnlyDictionary<string, object> values)
{
    /// <summary>The names that have a value.</summary>
    public IEnumerable<string> Names => values.Keys;

    /// <summary>A value of any kind; null when it has none.</summary>
    public object? Any(string name) => values.GetValueOrDefault(name);

    /// <summary>A text, a template or a secret; null when it has no value.</summary>
    public string? Text(string name) => values.GetValueOrDefault(name) as string;

    /// <summary>A secret: from <c>alertmanager.yml</c> a text to be taken as it is, from a Delivery document a <see cref="Secret"/> to be resolved when it is
    /// used; null when it has no value.</summary>
    public Secret? Secret(string name) => values.GetValueOrDefault(name) switch
    {
        Secret secret => secret,
        string text => new Secret(text, Verbatim: true),
        _ => null,
    };

    /// <summary>A flag; false when it has no value.</summary>
    public bool Flag(string name) => values.GetValueOrDefault(name) is true;

    /// <summary>A whole number or a duration in ms; null when it has no value.</summary>
    public long? Number(string name) => values.GetValueOrDefault(name) as long?;

    /// <summary>Texts; empty when there are none.</summary>
    public IReadOnlyList<string> Texts(string name) => values.GetValueOrDefault(name) as IReadOnlyList<string> ?? [];

    /// <summary>Texts by name; empty when there are none.</summary>
    public IReadOnlyDictionary<string, string> Map(string name) =>
        values.GetValueOrDefault(name) as IReadOnlyDictionary<string, string> ?? System.Collections.Frozen.FrozenDictionary<string, string>.Empty;

    /// <summary>Nested settings; null when there are none.</summary>
    public Settings? Nested(string name) => values.GetValueOrDefault(name) as Settings;

    /// <summary>Several nested settings; empty when there are none.</summary>
    public IReadOnlyList<Settings> NestedList(string name) => values.GetValueOrDefault(name) as IReadOnlyList<Settings> ?? [];
}
