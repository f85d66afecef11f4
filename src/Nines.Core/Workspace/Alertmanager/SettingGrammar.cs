namespace Nines.Core.Workspace.Alertmanager;

/// <summary>What a setting holds.</summary>
internal enum SettingKind
{
    /// <summary>A text.</summary>
    Text,
    /// <summary>A Go template that gives a text.</summary>
    Template,
    /// <summary>A text nobody may see.</summary>
    Hidden,
    /// <summary>A template nobody may see.</summary>
    HiddenTemplate,
    /// <summary>The path of a file.</summary>
    FilePath,
    /// <summary>An http or https address.</summary>
    Url,
    /// <summary>An address nobody may see.</summary>
    HiddenUrl,
    /// <summary>A secret by reference; written as it is, it gets a warning.</summary>
    Reference,
    /// <summary>An address nobody may see, by reference or as it is.</summary>
    AddressReference,
    /// <summary>host:port</summary>
    HostPort,
    /// <summary>true or false</summary>
    Flag,
    /// <summary>A whole number.</summary>
    Number,
    /// <summary>A whole number from 0.</summary>
    Count,
    /// <summary>A duration.</summary>
    Duration,
    /// <summary>Texts.</summary>
    Texts,
    /// <summary>Templates.</summary>
    Templates,
    /// <summary>Texts by name.</summary>
    TextMap,
    /// <summary>Templates by name.</summary>
    TemplateMap,
    /// <summary>Anything at all, given to the receiver as JSON.</summary>
    Json,
    /// <summary>A mapping with a grammar of its own.</summary>
    Nested,
    /// <summary>Several of them.</summary>
    NestedList,
}

/// <summary>One setting.</summary>
/// <param name="Name">Its key.</param>
/// <param name="Kind">What it holds.</param>
/// <param name="Default">Its value where the file says nothing.</param>
/// <param name="Global">The global setting that is its value where the file says nothing.</param>
/// <param name="Required">Whether it must have a value.</param>
/// <param name="Of">The grammar of what is nested.</param>
internal sealed record SettingField(
    string Name, SettingKind Kind, object? Default = null, string? Global = null, bool Required = false, SettingGrammar? Of = null)
{
    /// <summary>The only texts it may be; empty for any. A template may become any of them.</summary>
    public IReadOnlyList<string> OneOf { get; init; } = [];

    /// <summary>A setting of its own.</summary>
    public static SettingField F(string name, SettingKind kind = SettingKind.Text, object? otherwise = null, bool required = false) =>
        new(name, kind, otherwise, Required: required);

    /// <summary>A setting that a global one stands for.</summary>
    public static SettingField G(string name, SettingKind kind, string global) => new(name, kind, Global: global);
}

/// <summary>The settings of a mapping and how they go together.</summary>
/// <param name="What">What people call it.</param>
/// <param name="Fields">Its settings.</param>
internal sealed record SettingGrammar(string What, IReadOnlyList<SettingField> Fields)
{
    /// <summary>Sets of settings of which the file may give at most one.</summary>
    public IReadOnlyList<string[]> AtMostOne { get; init; } = [];

    /// <summary>Sets of settings of which at least one must have a value.</summary>
    public IReadOnlyList<string[]> AtLeastOne { get; init; } = [];
}
