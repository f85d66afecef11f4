using System.Buffers;
using System.Diagnostics.Metrics;
using System.Net.Http.Headers;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Nines.Core.Telemetry;
using Nines.Core.Workspace;
using Nines.Metrics;
using Nines.Metrics.Exposition;
using Nines.Server.Telemetry;

namespace Nines.Server.Tests.Telemetry;

public class SelfTelemetryTests
{
    [Fact]
    public void WriteTo_InstrumentsOfEveryKind_AreValidInBothFormats()
    {
        using var meter = new Meter(SelfTelemetry.MeterName);
        using var self = new SelfTelemetry(TimeProvider.System);
        var counter = meter.CreateCounter<long>("nines_test_events_total", description: "Events.");
        var histogram = meter.CreateHistogram<double>("nines_test_wait_seconds");
        var balance = meter.CreateUpDownCounter<int>("nines_test_open");
        meter.CreateObservableGauge("nines_test_level", () => 7);
        meter.CreateObservableCounter("nines_test_seen_total", () => 9L);
        self.Listen();
        counter.Add(2, new KeyValuePair<string, object?>("kind", "x\"y"));
        counter.Add(3, new KeyValuePair<string, object?>("kind", "x\"y"));
        histogram.Record(0.02);
        histogram.Record(100);
        balance.Add(5);
        balance.Add(-1);
        foreach (var format in Enum.GetValues<ExpositionFormat>())
        {
            var output = new ArrayBufferWriter<byte>();
            self.WriteTo(output, format);
            self.WriteTo(output = new ArrayBufferWriter<byte>(), format);
            var rest = output.WrittenSpan;
            var (parser, read, created) = (new ExpositionParser(format), new Dictionary<string, double>(StringComparer.Ordinal), 0);
            while (parser.TryRead(ref rest, last: true, out var sample))
            {
                read.Add(SeriesText.Parse(sample.Series, parser.Line, new Utf8Names()).ToString(), sample.Value);
                created += sample.IsCreated ? 1 : 0;
            }
            parser.End();
            read["nines_test_events_total{kind=\"x\\\"y\"}"].ShouldBe(5);
            read["nines_test_wait_seconds_bucket{le=\"0.025\"}"].ShouldBe(1);
            read["nines_test_wait_seconds_bucket{le=\"+Inf\"}"].ShouldBe(2);
            read["nines_test_wait_seconds_sum"].ShouldBe(100.02, 1e-9);
            read["nines_test_open"].ShouldBe(4);
            read["nines_test_level"].ShouldBe(7);
            read["nines_test_seen_total"].ShouldBe(9);
            read["process_cpu_seconds_total"].ShouldBeGreaterThan(0);
            read["process_start_time_seconds"].ShouldBeGreaterThan(1_600_000_000);
            (created > 3).ShouldBe(format == ExpositionFormat.OpenMetrics);
        }
    }

    [Fact]
    public async Task Room_ServesMetricsAndTargets()
    {
        var stop = TestContext.Current.CancellationToken;
        using var directory = new TempDirectory();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddSingleton<ReadTargetFile>(TargetFileReader.Read);
        builder.Services.AddTelemetry(new NinesOptions { WorkspaceDirectory = directory.Path, DataDirectory = directory.Path });
        await using var app = builder.Build();
        app.MapTelemetry();
        await app.StartAsync(stop);
        using var http = new HttpClient { BaseAddress = new Uri(app.Urls.Single()) };
        var url = new Uri(http.BaseAddress, "/metrics?token=x");
        app.Services.GetRequiredService<ScrapeLoop>().Apply([Scraping.Make(new(url, Labels.Of(("job", "self"), ("instance", "me"))))]);
        (await http.GetStringAsync("/nines/v1/targets", stop)).ShouldContain("\"health\":\"unknown\"");
        http.DefaultRequestHeaders.Accept.Add(MediaTypeWithQualityHeaderValue.Parse("application/openmetrics-text"));
        var answer = await http.GetAsync("/metrics", stop);
        answer.Content.Headers.ContentType!.MediaType.ShouldBe("application/openmetrics-text");
        var body = Encoding.UTF8.GetString(await answer.Content.ReadAsByteArrayAsync(stop));
        body.ShouldContain("nines_tsdb_log_writable 1");
        body.ShouldEndWith("# EOF\n");
        await app.StopAsync(stop);
    }
}
