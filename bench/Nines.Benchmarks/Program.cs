using System.Diagnostics;
using System.Globalization;
using Nines.Benchmarks;
using Nines.Metrics;
using Nines.Tsdb;

// What a sample costs: to append, on disk, in memory, to read. Nines.Benchmarks [series] [hours] [jitter in ms]
var series = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 10_000;
var hours = args.Length > 1 ? double.Parse(args[1], CultureInfo.InvariantCulture) : 24;
var jitter = args.Length > 2 ? int.Parse(args[2], CultureInfo.InvariantCulture) : 0;
const long begin = 1_700_006_400_000;
var directory = Directory.CreateTempSubdirectory("nines-bench-").FullName;
try
{
    var clock = new LeapingClock(begin);
    using var store = new TsdbStore(new TsdbOptions { Directory = directory, Time = clock });
    var data = new ServiceData(series / ServiceData.PerInstance);
    var (ticks, random, making, appending) = ((int)(hours * 240), new Random(2), Stopwatch.StartNew(), new Stopwatch());
    var references = new long[data.Series.Count];
    var values = new double[references.Length];
    for (var tick = 0; tick < ticks; tick++)
    {
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = data.Next(i);
        }
        clock.Ms = begin + tick * 15_000L;
        appending.Start();
        for (var instance = 0; instance < values.Length / ServiceData.PerInstance; instance++)
        {
            using var append = store.Begin();
            var time = clock.Ms + instance % 1000 * 15 + random.Next(jitter + 1);
            for (var i = instance * ServiceData.PerInstance; i < (instance + 1) * ServiceData.PerInstance; i++)
            {
                references[i] = references[i] != 0 ? references[i] : append.Series(data.Series[i], false, 15_000);
                append.Add(references[i], new CounterSample(time, values[i], 0));
            }
            append.Commit();
        }
        appending.Stop();
    }
    var samples = (long)ticks * values.Length;
    Say(
        $"appended {samples / 1e6:F1} M samples of {values.Length} series in {making.Elapsed.TotalSeconds:F1} s");
    Say($"of it in the store {appending.Elapsed.TotalNanoseconds / samples:F0} ns a sample");
    // Merges go on behind the last commit.
    for (var blocks = -1; blocks != store.Health.Blocks;)
    {
        blocks = store.Health.Blocks;
        using var pause = new ManualResetEventSlim();
        pause.Wait(3000);
    }
    var health = store.Health;
    var blockSamples = Read(store, data, 0, health.Blocks == 0 ? 0 : clock.Ms, out var readSeconds, out _);
    Say(
        $"{health.Blocks} blocks, {health.BlockBytes / 1e6:F1} MB; log {health.LogBytes / 1e6:F1} MB");
    Say($"refused {health.RefusedSamples}; failures {health.FailedMaintenance} {health.LastError}");
    Say(
        $"all of {blockSamples / 1e6:F1} M samples read at {readSeconds * 1e9 / Math.Max(1, blockSamples):F2} ns a sample");
    Say($"peak resident {Process.GetCurrentProcess().PeakWorkingSet64 >> 20} MiB, now {Environment.WorkingSet >> 20} MiB");
    var newest = Read(store, data, clock.Ms - 3_600_000, clock.Ms + 60_000, out readSeconds, out var selectSeconds);
    Say(
        $"the newest hour, from memory: {readSeconds * 1e9 / newest:F2} ns a sample");
    Say($"selecting all series {selectSeconds * 1e6 / values.Length:F2} us a series");
    foreach (var file in new DirectoryInfo(Path.Combine(directory, "blocks")).EnumerateFiles().OrderBy(f => f.Name, StringComparer.Ordinal))
    {
        Say($"  {file.Name} {file.Length}");
    }
}
finally
{
    Directory.Delete(directory, recursive: true);
}

static void Say(FormattableString line) => Console.WriteLine(FormattableString.Invariant(line));

static long Read(TsdbStore store, ServiceData data, long fromMs, long toMs, out double seconds, out double selectSeconds)
{
    var (columns, count) = (new SampleColumns(), 0L);
    (seconds, selectSeconds) = (double.MaxValue, double.MaxValue);
    for (var round = 0; round < 3; round++)
    {
        var clock = Stopwatch.StartNew();
        var selected = store.Select([new Matcher(Labels.MetricName, MatchOp.NotEqual, "")], fromMs, toMs);
        selectSeconds = Math.Min(selectSeconds, clock.Elapsed.TotalSeconds);
        clock.Restart();
        count = 0;
        foreach (var one in selected)
        {
            columns.Clear();
            one.Read(fromMs, toMs, columns);
            count += columns.Count;
        }
        seconds = Math.Min(seconds, clock.Elapsed.TotalSeconds);
        if (selected.Count != data.Series.Count)
        {
            throw new InvalidOperationException($"{selected.Count} series of {data.Series.Count}");
        }
    }
    return count;
}
