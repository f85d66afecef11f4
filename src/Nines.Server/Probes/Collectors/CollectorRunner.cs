using Microsoft.Extensions.Logging;
using Nines.Core.Alerting;
using Nines.Core.Probes.Collectors;
using Nines.Core.Telemetry;
using Nines.Metrics;
using Nines.Metrics.RemoteWrite;
using Nines.Server.Telemetry;

namespace Nines.Server.Probes.Collectors;

/// <summary>A series that a collector wrote last.</summary>
/// <param name="Labels">Its identity, metric name included.</param>
/// <param name="Value">Its value.</param>
/// <param name="Unit">Its unit; may be empty.</param>
/// <param name="IsCounter">Whether it only goes up.</param>
internal sealed record CollectedValue(Labels Labels, double Value, string Unit, bool IsCounter);

/// <summary>What runs share.</summary>
internal sealed record CollectorTools(
    CollectorReaders Readers, ISampleSink Sink, MetadataStore Metadata, IAlertDoor Door, IAlertReports Alerts, Uri PublicUrl, TimeProvider Time, ILogger Log)
{
    public long NowMs => Time.GetUtcNow().ToUnixTimeMilliseconds();
}

/// <summary>Runs one collector at its interval. A failure of any kind costs this collector's figures and nothing else.</summary>
internal sealed partial class CollectorRunner(Collector collector, CollectorTools tools)
{
    // What is declared is seen soon, and a hundred of them do not begin at once.
    private const long FirstWithinMs = 5_000;

    private readonly ICollectorReader _reader = tools.Readers.For(collector);
    private OwnSeries _series = new(tools.Sink, (long)collector.Interval.TotalMilliseconds);
    private volatile CollectorStanding _standing = CollectorStanding.New;
    private volatile IReadOnlyList<CollectedValue> _values = [];
    private Task _reading = Task.CompletedTask;
    private bool _restored;
    private long? _slotMs;

    public Collector Collector => collector;

    public CollectorStanding Standing => _standing;

    /// <summary>What the last run wrote, in order.</summary>
    public IReadOnlyList<CollectedValue> Values => _values;

    /// <summary>Runs until stopped.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        var intervalMs = (long)collector.Interval.TotalMilliseconds;
        var first = tools.NowMs + collector.OffsetMs % Math.Min(FirstWithinMs, intervalMs);
        while (true)
        {
            var now = tools.NowMs;
            var next = _slotMs is null ? first : ScrapeTiming.NextMs(now, _slotMs, intervalMs, collector.OffsetMs);
            await Task.Delay(TimeSpan.FromMilliseconds(Math.Max(0, next - now)), tools.Time, stop);
            await OnceAsync(next, stop);
        }
    }

    /// <summary>Runs once, for a time it was due at.</summary>
    public async Task OnceAsync(long slotMs, CancellationToken stop)
    {
        var before = Restored();
        var startedMs = tools.NowMs;
        var hangs = !_reading.IsCompleted;
        CollectorAttempt attempt;
        if (hangs)
        {
            attempt = new(new(), 0, "the run before this one cannot be stopped and has not ended");
        }
        else
        {
            (attempt, _reading) = await CollectorAttempt.RunAsync(collector, _reader, tools.Time, stop);
        }
        var series = attempt.Set.Series(collector, out var refused);
        var error = attempt.Error ?? refused;
        refused = Write(ScrapeTiming.TimestampMs(slotMs, startedMs, (long)collector.Interval.TotalMilliseconds), series, attempt, error is null);
        var run = new CollectorRun(slotMs, startedMs, attempt.Seconds, series.Count, error ?? refused);
        _values = Told(attempt.Set, series);
        _standing = before.After(collector, run, _slotMs);
        _slotMs = slotMs;
        if (_standing.Alert(collector, before, tools.NowMs, tools.PublicUrl) is { } alert)
        {
            await tools.Door.PostAsync([alert], stop);
        }
    }

    /// <summary>Goes on where another version of the same collector ended.</summary>
    public async Task TakeOverAsync(CollectorRunner other, CancellationToken stop)
    {
        (_restored, _reading) = (other._restored, other._reading);
        if (other.Collector.Interval == collector.Interval)
        {
            _series = other._series;
        }
        else
        {
            other._series.End(tools.NowMs);
        }
        if (CollectorStanding.AlertLabels(other.Collector).Equals(CollectorStanding.AlertLabels(collector)))
        {
            _standing = other._standing;
        }
        else
        {
            await other.EndAlertAsync(stop);
        }
    }

    /// <summary>Ends its series and its alert, because it is gone from the workspace.</summary>
    public async Task EndAsync(CancellationToken stop)
    {
        _series.End(tools.NowMs);
        await EndAlertAsync(stop);
    }

    private async Task EndAlertAsync(CancellationToken stop)
    {
        if (CollectorStanding.New.Alert(collector, _standing, tools.NowMs, tools.PublicUrl) is { } alert)
        {
            await tools.Door.PostAsync([alert], stop);
        }
    }

    // An alert that a server before this one posted is ended by this one, or held.
    private CollectorStanding Restored()
    {
        if (!_restored)
        {
            _restored = true;
            var labels = CollectorStanding.AlertLabels(collector);
            if (tools.Alerts.Firing().FirstOrDefault(a => a.Labels.Equals(labels)) is { } alert)
            {
                var sinceMs = alert.SinceNs / 1_000_000;
                _standing = _standing with { Failures = CollectorStanding.FailuresToTell, FailingSinceMs = sinceMs, AlertSinceMs = sinceMs };
            }
        }
        return _standing;
    }

    private string? Write(long timeMs, List<(Labels Labels, double Value)> series, CollectorAttempt attempt, bool good)
    {
        List<OwnSample> samples = [.. series.Select(s => new OwnSample(s.Labels, s.Value))];
        foreach (var (name, value) in ((string, double)[])[("collector_success", good ? 1 : 0), ("collector_duration_seconds", attempt.Seconds)])
        {
            samples.Add(new(collector.Identity.With(Labels.MetricName, name), value));
        }
        var refused = _series.Write(timeMs, samples);
        foreach (var family in attempt.Set.Families)
        {
            tools.Metadata.Note(new MetricMetadata(family.Name, family.IsCounter ? "counter" : "gauge", family.Help, family.Unit));
        }
        if (refused.Total == 0)
        {
            return null;
        }
        LogRefused(tools.Log, collector.Name, refused.ToString());
        return $"the store refused samples: {refused}";
    }

    private static List<CollectedValue> Told(CollectedSet set, List<(Labels Labels, double Value)> series)
    {
        var families = set.Families.ToDictionary(f => f.Name, StringComparer.Ordinal);
        return [.. series.Select(s => (s.Labels, s.Value, Family: families[s.Labels.Name]))
            .Select(s => new CollectedValue(s.Labels, s.Value, s.Family.Unit, s.Family.IsCounter))];
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "the store refused samples of the collector {Collector}: {Refused}")]
    private static partial void LogRefused(ILogger log, string collector, string refused);
}
