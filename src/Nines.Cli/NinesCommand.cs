using System.CommandLine;
using Nines.Cli.Verbs;

namespace Nines.Cli;

/// <summary>The <c>nines</c> command; one verb a file.</summary>
public static class NinesCommand
{
    /// <summary>The command with all its verbs.</summary>
    public static RootCommand Create() => new("Keeps service-level objectives as an exact account and pages when a promise breaks.")
    {
        InitVerb.Create(),
        ServeVerb.Create(),
        AlertmanagerVerb.Create(),
        DemoVerb.Create(),
        CheckVerb.Create(),
        RulesVerbs.CreateTest(),
        RoutesVerb.Create(),
        ImportVerb.Create(),
        GenerateVerb.Create(),
        CollectVerb.Create(),
        ObjectivesVerb.Create(),
        ProbeVerb.Create(),
        ExplainVerb.Create(),
        DocsVerb.Create(),
        PushVerb.Create(),
        JournalVerb.Create(),
        TsdbVerb.Create(),
        BackupVerb.Create(),
        RestoreVerb.Create(),
        PromqlVerb.Create(),
        ConfigVerb.Create(),
        VersionVerb.Create(),
        DemoVerb.CreateShop(),
        ProveVerb.Create(),
    };
}
