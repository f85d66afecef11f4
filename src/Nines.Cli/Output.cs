using System.CommandLine;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Nines.PromQL.Scripts;
using Nines.Cli.Verbs;
using Nines.Server.Objectives;
using Nines.Server.State;
using Nines.Server.Workspace;
using Nines.Tsdb;

namespace Nines.Cli;

/// <summary>How a command answers: with <c>--format json</c> standard output carries one JSON document and nothing else.</summary>
public static class Output
{
    /// <summary>The option every command has.</summary>
    public static Option<string> Format()
    {
        var option = new Option<string>("--format") { Description = "text or json", DefaultValueFactory = _ => "text" };
        option.AcceptOnlyFromAmong("text", "json");
        return option;
    }

    /// <summary>Writes a JSON document to standard output.</summary>
    public static void Json<T>(TextWriter output, T value, JsonTypeInfo<T> type) => output.WriteLine(JsonSerializer.Serialize(value, type));

    /// <summary>Runs a verb; what the world or the settings refuse becomes a sentence and an exit code instead of a trace.</summary>
    public static async Task<int> Guard(ParseResult command, Func<Task<int>> verb)
    {
        try
        {
            return await verb();
        }
        catch (SettingsException e)
        {
            return Fail(command, ExitCode.Usage, e.Message);
        }
        catch (JournalDamagedException e)
        {
            return Fail(command, ExitCode.Problems, e.Message);
        }
        catch (Exception e) when (e is DataDirectoryException or BackupException or StoreRefusedException or IOException or UnauthorizedAccessException
            or System.Net.Sockets.SocketException or System.Data.Common.DbException or InvalidDataException)
        {
            return Fail(command, ExitCode.Unavailable, e.Message);
        }
    }

    /// <summary>Says what is wrong, to standard error, and returns the exit code.</summary>
    public static int Fail(ParseResult command, int exitCode, string message)
    {
        command.InvocationConfiguration.Error.WriteLine("nines: " + message);
        return exitCode;
    }
}

/// <summary>What <c>nines check --format json</c> answers.</summary>
/// <param name="Ok">Whether the workspace could be activated.</param>
/// <param name="Hash">Hash of the files; empty when there are errors.</param>
/// <param name="Objectives">How many objectives it declares.</param>
/// <param name="Problems">All problems.</param>
public sealed record CheckResult(bool Ok, string Hash, int Objectives, IReadOnlyList<ProblemItem> Problems);

/// <summary>What <c>nines config --format json</c> answers.</summary>
/// <param name="Settings">Each setting with its origin.</param>
public sealed record ConfigResult(IReadOnlyList<ConfigItem> Settings);

/// <summary>One setting.</summary>
public sealed record ConfigItem(string Name, string Value, string Origin);

/// <summary>What <c>nines version --format json</c> answers.</summary>
public sealed record VersionResult(string Version, string Runtime);

/// <summary>What <c>nines journal verify --format json</c> answers.</summary>
/// <param name="Ok">Whether every fact is as it was written and none is missing.</param>
/// <param name="Facts">How many facts there are.</param>
/// <param name="Problems">What is wrong.</param>
public sealed record JournalResult(bool Ok, long Facts, IReadOnlyList<string> Problems);

/// <summary>What <c>nines backup</c> and <c>nines restore</c> answer.</summary>
/// <param name="File">The backup.</param>
/// <param name="State">Whether the state is in it, or where it is.</param>
/// <param name="Files">How many files it holds.</param>
/// <param name="Bytes">Their size.</param>
/// <param name="VerifiedFacts">How many facts of the journal were verified; null when none were.</param>
public sealed record BackupResult(string File, string State, int Files, long Bytes, long? VerifiedFacts);

/// <summary>What <c>nines promql run --format json</c> answers.</summary>
/// <param name="Passed">Evaluations that came as expected.</param>
/// <param name="Failed">Those that did not.</param>
/// <param name="Skipped">Those not tried.</param>
/// <param name="Evaluations">All that did not pass.</param>
public sealed record ScriptResult(int Passed, int Failed, int Skipped, IReadOnlyList<ScriptEvaluation> Evaluations);

[JsonSourceGenerationOptions(UseStringEnumConverter = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(CheckResult))]
[JsonSerializable(typeof(ConfigResult))]
[JsonSerializable(typeof(VersionResult))]
[JsonSerializable(typeof(JournalResult))]
[JsonSerializable(typeof(BackupResult))]
[JsonSerializable(typeof(ObjectiveList))]
[JsonSerializable(typeof(RuleCheckResult))]
[JsonSerializable(typeof(TextCheckResult))]
[JsonSerializable(typeof(RuleTestResult))]
[JsonSerializable(typeof(AlertmanagerCheckResult))]
[JsonSerializable(typeof(RouteTree))]
[JsonSerializable(typeof(RouteTestResult))]
[JsonSerializable(typeof(TsdbVerification))]
[JsonSerializable(typeof(TsdbInventory))]
[JsonSerializable(typeof(ScriptResult))]
[JsonSerializable(typeof(ImportReport))]
[JsonSerializable(typeof(InitReport))]
[JsonSerializable(typeof(DocsReport))]
[JsonSerializable(typeof(System.Text.Json.Nodes.JsonObject))]
[JsonSerializable(typeof(CollectResults))]
[JsonSerializable(typeof(ProbeResults))]
internal sealed partial class CliJson : JsonSerializerContext
{
    /// <summary>Texts for people keep their letters and signs.</summary>
    public static readonly CliJson Readable = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}
