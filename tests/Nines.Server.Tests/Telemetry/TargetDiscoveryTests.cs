using Microsoft.Extensions.Logging.Abstractions;
using Nines.Core;
using Nines.Core.Telemetry;
using Nines.Core.Workspace;
using Nines.Server.Telemetry;
using Nines.Tsdb;

namespace Nines.Server.Tests.Telemetry;

public sealed class TargetDiscoveryTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("nines-sd-").FullName;
    private readonly ManualTime _time = new();
    private readonly TsdbStore _store;
    private readonly ScrapeLoop _loop;
    private readonly TargetDiscovery _discovery;

    public TargetDiscoveryTests()
    {
        _store = new TsdbStore(new TsdbOptions { Directory = Path.Combine(_directory, "tsdb"), Time = _time });
        _loop = new ScrapeLoop(_store, _store, new MetadataStore(), new NinesOptions { WorkspaceDirectory = _directory, DataDirectory = _directory }, _time, NullLogger<ScrapeLoop>.Instance);
        _discovery = new TargetDiscovery(_loop, TargetFileReader.Read, _directory, _time, NullLogger<TargetDiscovery>.Instance);
    }

    [Fact]
    public void Apply_FilesOfAGlob_AreTargetsAndFollowTheirFiles()
    {
        Write("a.json", """[{"targets": ["a:1"], "labels": {"zone": "x"}}]""");
        _discovery.Apply([Job("targets/*.json")]);
        Labels().ShouldBe(["{instance=\"a:1\", job=\"files\", zone=\"x\"}"]);

        Write("b.json", """[{"targets": ["b:1", "b:2"]}]""");
        Write("c.txt", "not looked at");
        _discovery.LookAgain();
        Labels().Count.ShouldBe(3);

        File.Delete(Path.Combine(_directory, "targets", "a.json"));
        _discovery.LookAgain();
        Labels().ShouldBe(["{instance=\"b:1\", job=\"files\"}", "{instance=\"b:2\", job=\"files\"}"]);
    }

    [Fact]
    public void LookAgain_BadFile_KeepsTheLastGoodAndShowsIt()
    {
        Write("a.json", """[{"targets": ["a:1"]}]""");
        _discovery.Apply([Job("targets/a.json")]);
        Write("a.json", """[{"targets": ["a:1", ]""");
        _discovery.LookAgain();
        Labels().Count.ShouldBe(1);
        _discovery.Problems.ShouldHaveSingleItem().File.ShouldEndWith("targets/a.json");
        Write("a.json", """[{"targets": ["z:1"]}]""");
        _discovery.LookAgain();
        Labels().ShouldBe(["{instance=\"z:1\", job=\"files\"}"]);
        _discovery.Problems.ShouldBeEmpty();
    }

    [Fact]
    public void LookAgain_SameStamp_IsReadAgainAtTheRefreshInterval()
    {
        var (file, stamp) = (Write("a.json", """[{"targets": ["a:1"]}]"""), new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        File.SetLastWriteTimeUtc(file, stamp);
        _discovery.Apply([Job("targets/a.json")]);
        Write("a.json", """[{"targets": ["b:1"]}]""");
        File.SetLastWriteTimeUtc(file, stamp);
        _discovery.LookAgain();
        Labels().ShouldBe(["{instance=\"a:1\", job=\"files\"}"]);
        _time.Advance(TimeSpan.FromMinutes(5));
        _discovery.LookAgain();
        Labels().ShouldBe(["{instance=\"b:1\", job=\"files\"}"]);
    }

    [Fact]
    public void Apply_RelabellingDropsSome_TheyAreListed()
    {
        Write("a.json", """[{"targets": ["a:1", "b:1"]}]""");
        var rule = WorkspaceReader.Read([new("s.yaml", System.Text.Encoding.UTF8.GetBytes(
            "scrape_configs: [{job_name: files, file_sd_configs: [{files: [targets/*.json]}], relabel_configs: [{source_labels: [__address__], regex: 'b:1', action: drop}, {source_labels: [__meta_filepath], regex: '.*/(.*)', target_label: file}]}]"))]);
        rule.Problems.ShouldBeEmpty();
        _discovery.Apply(rule.Model!.ScrapeJobs);
        Labels().ShouldBe(["{file=\"a.json\", instance=\"a:1\", job=\"files\"}"]);
        _loop.Jobs.Single().Dropped.ShouldHaveSingleItem()["__address__"].ShouldBe("b:1");
    }

    public void Dispose()
    {
        _discovery.Dispose();
        _loop.Dispose();
        _store.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    private List<string> Labels() => [.. _loop.Targets.Select(t => t.Labels.ToString())];

    private string Write(string name, string text)
    {
        Directory.CreateDirectory(Path.Combine(_directory, "targets"));
        var path = Path.Combine(_directory, "targets", name);
        File.WriteAllText(path, text);
        return path;
    }

    private static ScrapeJob Job(string pattern) => Scraping.Make(new(new Uri("http://unused:1/metrics"), Nines.Metrics.Labels.Empty)) with
    {
        Name = "files",
        Targets = [],
        Files = [new FileDiscovery([pattern], TimeSpan.FromMinutes(5), new SourcePosition("scrape.yaml", 1, 1))],
    };
}
