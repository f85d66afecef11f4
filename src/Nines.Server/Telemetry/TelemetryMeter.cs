using System.Diagnostics.Metrics;
using System.Text.Json;
using Nines.Metrics;
using Nines.Server.Telemetry.RemoteWrite;
using Nines.Tsdb;

namespace Nines.Server.Telemetry;

/// <summary>What this room tells of itself.</summary>
internal static class TelemetryMeter
{
    private static readonly Meter Meter = new(SelfTelemetry.MeterName);
    private static readonly Counter<long> Scrapes = Meter.CreateCounter<long>("nines_telemetry_scrapes_total", description: "Scrapes, by outcome.");
    private static readonly Counter<long> Samples = Meter.CreateCounter<long>("nines_telemetry_scraped_samples_total",
        description: "Samples read from targets.");
    private static readonly Histogram<double> Durations = Meter.CreateHistogram<double>("nines_telemetry_scrape_duration_seconds",
        description: "How long scrapes took.");
    private static readonly Counter<long> NotScraped = Meter.CreateCounter<long>("nines_telemetry_scrape_refused_samples_total",
        description: "Samples of scrapes that the store refused, by reason.");
    private static readonly Counter<long> Writes = Meter.CreateCounter<long>("nines_telemetry_remote_write_requests_total",
        description: "Remote-write requests, by outcome.");
    private static readonly Counter<long> Written = Meter.CreateCounter<long>("nines_telemetry_remote_write_samples_total",
        description: "Samples stored from remote writes.");
    private static readonly Counter<long> NotWritten = Meter.CreateCounter<long>("nines_telemetry_remote_write_refused_total",
        description: "Samples, series and histograms of remote writes that were refused.");
    private static readonly Counter<long> Histograms = Meter.CreateCounter<long>("nines_telemetry_remote_write_histograms_total",
        description: "Native histograms that remote writes brought; none is stored.");
    private static readonly KeyValuePair<string, object?> Ok = new("outcome", "success");
    private static readonly KeyValuePair<string, object?> Failed = new("outcome", "failure");

    /// <summary>Counts a scrape.</summary>
    public static void Scraped(bool ok, int samples, in Refusals refused, TimeSpan took)
    {
        foreach (var why in refused.Total > 0 ? Enum.GetValues<Refusal>() : [])
        {
            if (refused[why] > 0)
            {
                NotScraped.Add(refused[why], new KeyValuePair<string, object?>("reason", JsonNamingPolicy.SnakeCaseLower.ConvertName(why.ToString())));
            }
        }
        Scrapes.Add(1, ok ? Ok : Failed);
        Samples.Add(samples);
        Durations.Record(took.TotalSeconds);
    }

    /// <summary>Counts a remote-write request.</summary>
    public static void RemoteWritten(bool ok) => Writes.Add(1, ok ? Ok : Failed);

    /// <summary>Counts what a remote-write request brought.</summary>
    public static void RemoteSamples(int stored, int refused, int histograms)
    {
        Written.Add(stored);
        NotWritten.Add(refused);
        Histograms.Add(histograms);
    }

    /// <summary>A meter that shows a store's health while the store lives; the caller disposes it.</summary>
    public static Meter Watch(TsdbStore store, RemoteWriteReceiver receiver)
    {
        var meter = new Meter(SelfTelemetry.MeterName);
        meter.CreateObservableGauge("nines_telemetry_remote_write_cached_series", () =>
            receiver.CachedSeries, description: "Series of remote writes whose labels are remembered.");
        meter.CreateObservableGauge("nines_tsdb_series", () => store.Health.Series, description: "Series in memory.");
        meter.CreateObservableGauge("nines_tsdb_log_bytes", () => store.Health.LogBytes, description: "Size of the log on disk.");
        meter.CreateObservableGauge("nines_tsdb_log_writable", () => store.Health.LogWritable ? 1
            : 0, description: "Whether the last write of the log went well.");
        meter.CreateObservableCounter("nines_tsdb_appended_samples_total", () => store.Health.AppendedSamples, description: "Samples made visible.");
        meter.CreateObservableCounter("nines_tsdb_refused_samples_total", () =>
            store.Health.RefusedSamples, description: "Samples not newer than their series, or of a refused series.");
        meter.CreateObservableCounter("nines_tsdb_refused_series_total", () => store.Health.RefusedSeries, description: "Series beyond the limit.");
        meter.CreateObservableCounter("nines_tsdb_failed_commits_total", () =>
            store.Health.FailedCommits, description: "Commits that were visible before they were in the log.");
        meter.CreateObservableCounter("nines_tsdb_failed_syncs_total", () =>
            store.Health.FailedSyncs, description: "Failed attempts to force the log to disk.");
        meter.CreateObservableGauge("nines_tsdb_unlogged_samples", () => store.Health.UnloggedSamples,
            description: "Samples that are visible and wait for the log.");
        meter.CreateObservableGauge("nines_tsdb_blocks", () => store.Health.Blocks, description: "Blocks on disk.");
        meter.CreateObservableGauge("nines_tsdb_block_bytes", () => store.Health.BlockBytes, description: "Size of all blocks.");
        meter.CreateObservableGauge("nines_tsdb_oldest_sample_seconds", () => store.Health.OldestMs / 1000.0,
            description: "Time of the oldest sample in a block, since the Unix epoch.");
        meter.CreateObservableGauge("nines_tsdb_damages", () => store.Health.Damages.Count + store.Health.BlockDamages.Count,
            description: "Parts of log and blocks that cannot be read.");
        meter.CreateObservableGauge("nines_tsdb_held_blocks", () => store.Health.HeldBlocks,
            description: "Blocks past the retention that the ledger still needs.");
        meter.CreateObservableGauge("nines_tsdb_bytes_over_limit", () => store.Health.BytesOverLimit,
            description: "Bytes beyond the size limit that are kept because the ledger still needs them.");
        meter.CreateObservableCounter("nines_tsdb_failed_maintenance_total", () => store.Health.FailedMaintenance,
            description: "Failed attempts to cut the head, or to merge or drop blocks.");
        return meter;
    }
}
