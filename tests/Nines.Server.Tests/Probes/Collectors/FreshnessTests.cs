using System.Text;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging.Abstractions;
using Nines.Core;
using Nines.Core.Objectives;
using Nines.Core.Probes.Collectors;
using Nines.Core.Workspace;
using Nines.PromQL;
using Nines.Server.Objectives;

namespace Nines.Server.Tests.Probes.Collectors;

/// <summary>The age of data as an objective, as the guide declares it.</summary>
public sealed partial class FreshnessTests : IDisposable
{
    private readonly CollectorWorld _world = new();

    public void Dispose() => _world.Dispose();

    [Fact]
    public async Task Age_OverItsLimit_IsBadMinutes_AndWhatIsNotReadIsUnknown()
    {
        var data = Directory.CreateDirectory(Path.Combine(_world.Path, "data")).FullName;
        var file = Path.Combine(data, "deals.csv");
        await File.WriteAllTextAsync(file, "x", TestContext.Current.CancellationToken);
        // It becomes too old ten minutes after the start.
        File.SetLastWriteTimeUtc(file, (_world.Clock.GetUtcNow() - TimeSpan.FromDays(8) + TimeSpan.FromMinutes(10)).UtcDateTime);
        var runner = _world.Runner(CollectorWorld.Collector(new FileWork([data + "/*.csv"])));
        var model = Guide().Replace("max(deals_age_seconds{collector=\"deals\"})", "max(file_newest_age_seconds{collector=\"c\"})", StringComparison.Ordinal);
        using var store = LedgerStore.Open(Path.Combine(_world.Path, "ledger.db"));
        using var engine = new LedgerEngine(_world.Store, new EngineQueries(new QueryEngine(_world.Store, new QueryOptions())), store, new Uri("http://nines/"), default, NullLogger<LedgerEngine>.Instance);
        engine.Apply(Read(model).Objectives);
        for (var minute = 0; minute < 40; minute++)
        {
            if (minute == 20)
            {
                Directory.Move(data, data + ".gone");
            }
            await runner.OnceAsync(_world.NowMs, TestContext.Current.CancellationToken);
            for (var quarter = 0; quarter < 4; quarter++)
            {
                _world.Time.Advance(TimeSpan.FromSeconds(15));
                engine.Step(_world.NowMs);
            }
        }
        var report = engine.Find("bot/fresh-deals@production")!;
        // At each edge one minute may belong to either side.
        ((double)report.Window.Good).ShouldBe(10, 1.5);
        ((double)report.Window.Bad).ShouldBe(10, 1.5);
        report.LostSinceMinute.ShouldNotBeNull();
    }

    // What the guide shows is what can be written.
    [Fact]
    public void Guide_EveryExampleIsAccepted()
    {
        var reading = WorkspaceReader.Read([new("guide.yaml", Encoding.UTF8.GetBytes("apiVersion: openslo/v1\nkind: Service\nmetadata: {name: bot}\nspec: {}\n---\n" + Guide()))]);
        reading.Problems.Where(p => p.Severity == ProblemSeverity.Error).ShouldBeEmpty();
        reading.Model!.Collectors.Select(c => c.Work.Type).ShouldBe(["file", "certificate", "sql", "host", "json"]);
    }

    private static WorkspaceModel Read(string text)
    {
        var reading = WorkspaceReader.Read([new("w.yaml", Encoding.UTF8.GetBytes("apiVersion: openslo/v1\nkind: Service\nmetadata: {name: bot}\nspec: {}\n---\n" + text))]);
        return reading.Model.ShouldNotBeNull(string.Join('\n', reading.Problems));
    }

    // The first host is told again, larger.
    private static string Guide() =>
        string.Join("\n---\n", Block().Matches(File.ReadAllText(Path.Combine(Root(), "docs/guide/collectors.md"))).Skip(1).Select(m => m.Groups["yaml"].Value));

    private static string Root()
    {
        var directory = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(directory, "Nines.slnx")))
        {
            directory = Path.GetDirectoryName(directory)!;
        }
        return directory;
    }

    [GeneratedRegex("```yaml\n(?<yaml>.*?)```", RegexOptions.Singleline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Block();
}
