using Nines.Core;
using Nines.Core.Telemetry;
using Nines.Metrics;
using Nines.Server.Telemetry;
using Nines.Tsdb;

namespace Nines.Server.Tests.Telemetry;

/// <summary>One target, a real store, and a clock that only the test moves.</summary>
internal sealed class Scraping : IAsyncDisposable
{
    public const long Interval = 15_000;

    private readonly string _directory = Directory.CreateTempSubdirectory("nines-scrape-").FullName;
    private ScrapeClient _client;
    private TargetScraper _scraper;

    public Scraping(Uri url, Func<ScrapeJob, ScrapeJob>? adjust = null, TimeProvider? time = null)
    {
        Clock = time ?? new SteppedClock();
        Target = new ScrapeTarget(url, Labels.Of(("job", "shop"), ("instance", "a:1")));
        Job = Make(Target, adjust);
        (Store, _client, _scraper) = Open();
    }

    public ScrapeTarget Target { get; }
    public ScrapeJob Job { get; }
    public TimeProvider Clock { get; }
    public TsdbStore Store { get; private set; }
    public MetadataStore Metadata { get; } = new();
    public ForgetfulSink Sink { get; private set; } = null!;
    public TargetStatus Status => _scraper.Status;
    public long NowMs => Clock.GetUtcNow().ToUnixTimeMilliseconds();

    public static ScrapeJob Make(ScrapeTarget target, Func<ScrapeJob, ScrapeJob>? adjust = null, TimeSpan? interval = null)
    {
        var job = new ScrapeJob("shop", [target], interval ?? TimeSpan.FromMilliseconds(Interval), TimeSpan.FromSeconds(10), false, true, 64 << 20, 100_000, 64, new SourcePosition("x.yml", 1, 1));
        return adjust is null ? job : adjust(job);
    }

    /// <summary>Scrapes now, then lets intervals pass.</summary>
    public async Task ScrapeAsync(double intervals = 1)
    {
        await _scraper.ScrapeAsync(NowMs, TestContext.Current.CancellationToken);
        (Clock as SteppedClock)?.Pass(TimeSpan.FromMilliseconds(Interval * intervals));
    }

    /// <summary>Closes everything and opens it again, as a new process would.</summary>
    public void Restart()
    {
        Store.Dispose();
        _client.Dispose();
        _scraper.Dispose();
        (Store, _client, _scraper) = Open();
    }

    public string DirectoryPath => _directory;

    public void Apply(Func<ScrapeJob, ScrapeJob> adjust) => _scraper.Apply(adjust(Job));

    public void End() => _scraper.End();

    public List<(string Series, long TimeMs, double Value)> All(string name) =>
        [.. Store.Select([new Matcher("__name__", MatchOp.Equal, name)], 0, long.MaxValue)
            .SelectMany(s => s.Samples().Select(v => (s.Labels.ToString(), v.TimeMs, v.Value)))];

    public List<double> Values(string name) => [.. All(name).Select(s => s.Value)];

    public ISeriesHandle Handle(string name)
    {
        using var tracked = Store.Track([new Matcher("__name__", MatchOp.Equal, name)]);
        return tracked.Handles.Single();
    }

    public List<CounterSample> Counted(string name)
    {
        var into = new CounterSample[100];
        return [.. into[..Handle(name).Read(0, long.MaxValue, into)]];
    }

    public ValueTask DisposeAsync()
    {
        Store.Dispose();
        _client.Dispose();
        _scraper.Dispose();
        Directory.Delete(_directory, recursive: true);
        return ValueTask.CompletedTask;
    }

    private (TsdbStore, ScrapeClient, TargetScraper) Open()
    {
        var store = new TsdbStore(new TsdbOptions { Directory = _directory, Time = Clock });
        var client = new ScrapeClient(TimeProvider.System, _directory);
        Sink = new ForgetfulSink(store);
        return (store, client, new TargetScraper(Job, Target, client, Sink, store, Metadata, Clock));
    }

    internal sealed class SteppedClock : TimeProvider
    {
        private DateTimeOffset _now = DateTimeOffset.FromUnixTimeMilliseconds(1_700_000_000_000);

        public void Pass(TimeSpan time) => _now += time;

        public override DateTimeOffset GetUtcNow() => _now;
    }
}

internal static class SelectedSeriesExtensions
{
    /// <summary>All samples of a series.</summary>
    public static IEnumerable<Sample> Samples(this ISelectedSeries series)
    {
        var columns = new SampleColumns();
        series.Read(long.MinValue, long.MaxValue, columns);
        return [.. columns.Times.ToArray().Zip(columns.Values.ToArray(), (time, value) => new Sample(time, value))];
    }
}
