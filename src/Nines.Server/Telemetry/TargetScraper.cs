using System.Diagnostics;
using Nines.Core.Telemetry;
using Nines.Metrics;

namespace Nines.Server.Telemetry;

/// <summary>Scrapes one target on its schedule. A failure of any kind costs this target's <c>up</c> and nothing else.</summary>
internal sealed class TargetScraper(
    ScrapeJob firstJob, ScrapeTarget target, ScrapeClient client, ISampleSink sink, ISeriesSource source, MetadataStore metadata, TimeProvider time)
    : IDisposable
{
    private static readonly string[] Reported =
        ["up", "scrape_duration_seconds", "scrape_samples_scraped", "scrape_samples_post_metric_relabeling", "scrape_series_added"];

    private readonly TargetSeries _series = new();
    private readonly long[] _reports = new long[Reported.Length];
    private volatile ScrapeJob _job = firstJob;
    private volatile TargetStatus _status = new(firstJob.Name, target.Url, target.Labels, TargetHealth.Unknown, null, TimeSpan.Zero, 0, null)
    {
        Discovered = target.Discovered,
        Interval = target.Interval ?? firstJob.Interval,
        Timeout = target.Timeout ?? firstJob.Timeout,
    };
    private CancellationTokenSource _rescheduled = new();
    private volatile bool _rulesChanged;
    private bool _asked;
    private long? _lastSuccessMs;

    /// <summary>How it goes.</summary>
    public TargetStatus Status => _status;

    /// <summary>Takes new settings for the same target; they hold from the next scrape, which a changed interval moves.</summary>
    public void Apply(ScrapeJob job)
    {
        var moved = job.Interval != _job.Interval;
        if (job.HonorLabels != _job.HonorLabels || !SameRules(job.MetricRelabelRules, _job.MetricRelabelRules))
        {
            _rulesChanged = true;
        }
        _job = job;
        if (moved)
        {
            Interlocked.Exchange(ref _rescheduled, new CancellationTokenSource()).Cancel();
        }
    }

    /// <summary>Scrapes until stopped.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        long? slot = null;
        while (!stop.IsCancellationRequested)
        {
            using var wake = CancellationTokenSource.CreateLinkedTokenSource(stop, Volatile.Read(ref _rescheduled).Token);
            var (current, now) = (_job, NowMs());
            var interval = IntervalMs(current);
            var next = ScrapeTiming.NextMs(now, slot, interval, ScrapeTiming.OffsetMs(current.Name, target, interval));
            try
            {
                await Task.Delay(TimeSpan.FromMilliseconds(Math.Max(0, next - now)), time, wake.Token);
                slot = next;
                await ScrapeAsync(next, stop);
            }
            catch (OperationCanceledException) when (wake.IsCancellationRequested)
            {
                // Stopped, or the interval changed: look at both again.
                continue;
            }
        }
    }

    /// <summary>Scrapes once.</summary>
    public async Task ScrapeAsync(long slotMs, CancellationToken stop)
    {
        var job = _job;
        var intervalMs = IntervalMs(job);
        var started = time.GetUtcNow();
        var begun = time.GetTimestamp();
        var timeMs = ScrapeTiming.TimestampMs(slotMs, started.ToUnixTimeMilliseconds(), intervalMs);
        if (!_asked)
        {
            _lastSuccessMs = LastSuccessInStore(timeMs, intervalMs);
            _asked = true;
        }
        if (_rulesChanged)
        {
            _rulesChanged = false;
            _series.RulesChanged();
        }
        _series.Begin();
        var problem = await client.FetchAsync(job, target, _series, stop);
        var took = time.GetElapsedTime(begun);
        var samples = _series.Samples;
        Refusals refused;
        using (var append = sink.Begin())
        {
            if (problem is null)
            {
                _series.AppendTo(append, job, intervalMs, timeMs, ScrapeTiming.IsKnown(_lastSuccessMs, timeMs, intervalMs));
            }
            else
            {
                _series.EndAll(append, timeMs);
            }
            Report(append, timeMs, intervalMs, [problem is null ? 1 : 0, took.TotalSeconds, samples, problem is null ? _series.Kept : 0, _series.Added]);
            var committed = append.Commit();
            refused = _series.Refused;
            refused.Add(committed.Refused);
        }
        if (problem is null)
        {
            _series.Metadata.TellTo(metadata);
        }
        _lastSuccessMs = problem is null ? timeMs : null;
        _status = _status with
        {
            Health = problem is null ? TargetHealth.Up : TargetHealth.Down,
            LastScrape = started,
            LastDuration = took,
            LastSamples = samples,
            LastRefused = refused,
            LastError = problem,
            Interval = TimeSpan.FromMilliseconds(intervalMs),
            Timeout = target.Timeout ?? job.Timeout,
        };
        TelemetryMeter.Scraped(problem is null, samples, refused, took);
    }

    /// <summary>Ends all series of a target that is no longer scraped.</summary>
    public void End()
    {
        using var append = sink.Begin();
        var now = NowMs();
        _series.EndAll(append, now);
        foreach (var report in _reports.Where(r => r != 0))
        {
            append.Add(report, new CounterSample(now, StaleMarker.Value, 0));
        }
        append.Commit();
    }

    /// <inheritdoc/>
    public void Dispose() => _rescheduled.Dispose();

    private long IntervalMs(ScrapeJob job) => (long)(target.Interval ?? job.Interval).TotalMilliseconds;

    // By what they do: the same text read twice gives other lists.
    private static bool SameRules(IReadOnlyList<RelabelRule> a, IReadOnlyList<RelabelRule> b) =>
        a.Count == b.Count && a.Zip(b).All(r => r.First with { SourceLabels = [], Pattern = r.Second.Pattern } == r.Second with { SourceLabels = [] }
            && r.First.SourceLabels.SequenceEqual(r.Second.SourceLabels, StringComparer.Ordinal) && r.First.Pattern.ToString() == r.Second.Pattern.ToString());

    private long NowMs() => time.GetUtcNow().ToUnixTimeMilliseconds();

    private void Report(IAppend append, long timeMs, long intervalMs, ReadOnlySpan<double> values)
    {
        Debug.Assert(values.Length == Reported.Length, "one value for each name");
        for (var i = 0; i < values.Length; i++)
        {
            if (_reports[i] == 0)
            {
                _reports[i] = append.Series(target.Labels.With(Labels.MetricName, Reported[i]), bornInKnownTarget: false, intervalMs);
            }
            var sample = new CounterSample(timeMs, values[i], 0);
            if (append.Add(_reports[i], sample) == Refusal.UnknownSeries)
            {
                _reports[i] = append.Series(target.Labels.With(Labels.MetricName, Reported[i]), bornInKnownTarget: false, intervalMs);
                append.Add(_reports[i], sample);
            }
        }
    }

    // A restart of ours is no gap when the target's last scrape is in the store, succeeded, and is recent.
    private long? LastSuccessInStore(long timeMs, long intervalMs)
    {
        var up = target.Labels.With(Labels.MetricName, Reported[0]);
        var matchers = new List<Matcher>();
        foreach (var (name, value) in up.Pairs)
        {
            matchers.Add(new Matcher(name, MatchOp.Equal, value));
        }
        var fromMs = timeMs - (long)(intervalMs * ScrapeTiming.KnownIntervals);
        var samples = new SampleColumns();
        source.Select(matchers, fromMs, timeMs).FirstOrDefault(s => s.Labels.Equals(up))?.Read(fromMs, timeMs, samples);
        return samples.Count > 0 && samples.Values[^1] == 1 ? samples.Times[^1] : null;
    }
}
