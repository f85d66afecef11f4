using System.Text;
using Nines.Metrics.Exposition;
using Nines.Metrics.RemoteWrite;
using Nines.Server.Telemetry;

namespace Nines.Server.Tests.Telemetry;

public class TargetMetadataTests
{
    [Fact]
    public async Task Scrape_NotesWhatTheTargetTells_OnceItsBodyWasReadWhole()
    {
        await using var server = await TargetServer.StartAsync();
        server.Says("# HELP a Says \"a\" \\\\ and\\nb.\n# TYPE a counter\na 1\n#  TYPE\tb  untyped\nb 1\n# HELP\n# HELP \n# HELP c\n# a remark\n");
        await using var scraping = new Scraping(server.Url);
        await scraping.ScrapeAsync();
        Read(scraping).ShouldBe([new("a", "counter", "Says \"a\" \\ and\nb.", ""), new("b", "unknown", "", ""), new("c", "unknown", "", "")]);
        server.Says("# TYPE a gauge\nd x\n");
        await scraping.ScrapeAsync();
        Read(scraping).Count.ShouldBe(3, "the scrape failed");
        server.Says("# TYPE \"d.e\" gauge\n# UNIT \"d.e\" seconds\n# HELP \"d.e\" Two words.\n{\"d.e\"} 1\n# EOF\n", TargetServer.OpenMetrics);
        await scraping.ScrapeAsync();
        Read(scraping).ShouldContain(new MetricMetadata("d.e", "gauge", "Two words.", "seconds"));
        // A line that a failed body changed counts as soon as a whole one was read.
        Read(scraping).ShouldContain(new MetricMetadata("a", "gauge", "Says \"a\" \\ and\nb.", ""));
    }

    [Fact]
    public void Target_ThatTellsOtherNamesEachTime_IsNotedUpToALimit()
    {
        var (store, target) = (new MetadataStore(), new TargetMetadata());
        var help = Encoding.UTF8.GetBytes(new string('h', 1000));
        for (var i = 0; i < 5000; i++)
        {
            target.Take(MetadataKind.Help, Encoding.UTF8.GetBytes($"name{i:0000}"), help);
            target.TellTo(store);
        }
        store.Read(null, -1, 0).Count.ShouldBe(TargetMetadata.MaxBytes / (8 + 1000 + 100));
        // What is known may change all the same.
        target.Take(MetadataKind.Help, "name0000"u8, "short"u8);
        target.TellTo(store);
        store.Read("name0000", -1, 0)[0].Accounts[^1].Help.ShouldBe("short");
    }

    private static List<MetricMetadata> Read(Scraping scraping) => [.. scraping.Metadata.Read(null, -1, 0).SelectMany(f => f.Accounts)];
}
