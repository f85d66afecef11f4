using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Nines.LoadRig;

/// <summary>
/// What objectives cost: CPU with them minus CPU without them under the same stream, a sample every 30 s, after 30 days were back-filled. Prometheus
/// evaluates Sloth's rules every 30 s; Nines judges every 15 s. Back-fill is as coarse as its readers allow: for Prometheus the recorded ratios of 30 days and
/// raw samples of the 3 days its rules read, both every 30 s; for Nines raw samples of 30 days every 150 s.
/// </summary>
internal sealed partial class ObjectiveCost(string program, int objectives, TimeSpan length)
{
    private const long LiveMs = 30_000;
    private const long CoarseMs = 150_000;
    private const long DayMs = 86_400_000;
    private const int TicksOfRequest = 50;     // live; 25 minutes, as nothing much older than the newest sample is taken

    /// <summary>Prometheus and Nines, one after the other.</summary>
    public async Task<int> ComparedAsync(CancellationToken stop)
    {
        Dictionary<string, object> theirs = [];
        var ours = await NinesAsync(async () => theirs = await PrometheusAsync(stop), stop);
        Console.WriteLine(Json(new(StringComparer.Ordinal)
        {
            ["objectives"] = objectives,
            ["seconds"] = length.TotalSeconds,
            ["prometheus"] = theirs,
            ["nines"] = ours,
            ["ratio"] = (double)ours["evaluation_ms"] / (double)theirs["evaluation_ms"],
        }));
        return 0;
    }

    /// <summary>Nines alone, with objectives and without.</summary>
    public async Task<int> OursAsync(CancellationToken stop)
    {
        Console.WriteLine(Json(await NinesAsync(() => Task.Delay(TimeSpan.FromMinutes(3), TimeProvider.System, stop), stop)));
        return 0;
    }

    /// <summary>Nines alone, ten objectives a service: what the ledger's thread needs, and memory, each after a restart.</summary>
    public async Task<int> AloneAsync(CancellationToken stop)
    {
        var each = Math.Min(10, objectives);
        var services = objectives / each;
        await using var server = await ServerProcess.NinesAsync(program, stop);
        var writer = new RemoteWriter(server.Client, new ServiceData(services, 1, ["200", "500"]));
        await BackfillAsync(writer, CoarseMs, 30 * DayMs, stop);
        await server.RestartAsync(program, stop);
        using var feeding = new Feed([writer], stop);
        await Task.Delay(TimeSpan.FromSeconds(20), TimeProvider.System, stop);
        var without = server.Memory;
        await AddObjectivesAsync(server, services, each, stop);
        var (begun, catching) = (TimeProvider.System.GetTimestamp(), server.LedgerCpu);
        await CountedAsync(server, stop);
        var caughtUp = TimeProvider.System.GetElapsedTime(begun).TotalSeconds;
        var (caughtUpCpu, peak) = ((server.LedgerCpu - catching).TotalSeconds, server.Memory.Resident);
        await server.RestartAsync(program, stop);
        await CountedAsync(server, stop);
        // As in the comparison: until what runs often is compiled.
        await Task.Delay(TimeSpan.FromMinutes(3), TimeProvider.System, stop);
        var minutes = new (double Ledger, double Process)[Math.Max(1, (int)length.TotalMinutes)];
        for (var i = 0; i < minutes.Length; i++)
        {
            var (ledger, process) = (server.LedgerCpu, server.Cpu);
            await Task.Delay(Min(length, 60), TimeProvider.System, stop);
            minutes[i] = ((server.LedgerCpu - ledger).TotalMinutes, (server.Cpu - process).TotalMinutes);
        }
        var with = server.Memory;
        var perMinute = 60 * 60 / Min(length, 60).TotalSeconds;
        Console.WriteLine(Json(new(StringComparer.Ordinal)
        {
            ["objectives"] = services * each,
            ["series"] = services * 2,
            ["seconds"] = length.TotalSeconds,
            ["ledger_cpu_s_per_minute"] = Median([.. minutes.Select(m => m.Ledger * perMinute)]),
            ["process_cpu_s_per_minute"] = Median([.. minutes.Select(m => m.Process * perMinute)]),
            ["ledger_minutes"] = minutes.Select(m => m.Ledger * perMinute).ToArray(),
            ["kb_per_objective"] = (with.Resident - without.Resident) / 1024.0 / (services * each),
            ["resident_mb"] = with.Resident >> 20,
            ["resident_mb_without"] = without.Resident >> 20,
            ["heap_bytes_per_objective"] = await HeapAsync(server, stop) / (services * each),
            ["catching_up_s"] = caughtUp,
            ["catching_up_cpu_s"] = caughtUpCpu,
            ["resident_mb_caught_up"] = peak >> 20,
            ["counted_share"] = await CountedShareAsync(server, 1, stop),
        }));
        return 0;
    }

    private async Task<Dictionary<string, object>> PrometheusAsync(CancellationToken stop)
    {
        await using var server = await ServerProcess.PrometheusAsync(stop);
        var ratios = new RemoteWriter(server.Client, new RecordedRatios(objectives));
        var raw = new RemoteWriter(server.Client, new ServiceData(objectives, 2, ServiceData.AllCodes));
        // In order of time, as the server takes nothing older than an hour before its newest.
        var end = Now() / LiveMs * LiveMs;
        var oldTicks = (int)(27 * DayMs / LiveMs);
        await ratios.SendAsync(end - 30 * DayMs, LiveMs, oldTicks, TicksOfRequest, null, stop);
        for (var at = end - 3 * DayMs; at < end; at += TicksOfRequest * LiveMs)
        {
            var ticks = (int)Math.Min(TicksOfRequest, (end - at) / LiveMs);
            await ratios.SendAsync(at, LiveMs, ticks, ticks, null, stop);
            await raw.SendAsync(at, LiveMs, ticks, ticks, null, stop);
        }
        using var feeding = new Feed([raw], stop);
        await QuietAsync(server, stop);
        double[] without = [await MeasureAsync(server, Min(length, 45), stop)];
        var documents = Path.Combine(server.Directory, "documents");
        SlothDocuments.Write(documents, objectives, 1);
        Directory.CreateDirectory(Path.Combine(server.Directory, "rules"));
        // A document for each of Sloth's; Prometheus reads the first of a file only.
        var rules = await ServerProcess.OutputAsync(program, ["generate", "prometheus", "--like", "sloth", documents], stop);
        foreach (var (i, text) in rules.Split("---\n", StringSplitOptions.RemoveEmptyEntries).Index())
        {
            await File.WriteAllTextAsync(Path.Combine(server.Directory, "rules", $"{i}.yaml"), text, stop);
        }
        using (var reloaded = await server.Client.PostAsync("/-/reload", null, stop))
        {
            reloaded.EnsureSuccessStatusCode();
        }
        // Each group begins at its own moment of the interval.
        await Task.Delay(TimeSpan.FromSeconds(40), TimeProvider.System, stop);
        var with = await MinutesAsync(server, stop);
        var result = Result(with, without, server);
        result["recorded"] = await CountAsync(server, "count(slo:sli_error:ratio_rate30d)", stop);
        result["history_ticks"] = await CountAsync(server, "max(count_over_time(slo:sli_error:ratio_rate5m[30d]))", stop);
        var metrics = await server.Client.GetStringAsync("/metrics", stop);
        result["missed"] = Missed().Matches(metrics).Sum(m => double.Parse(m.Groups["value"].Value, CultureInfo.InvariantCulture));
        return result;
    }

    /// <param name="meanwhile">
    /// What is done while Nines runs its first minutes: its run-time compiles what runs often anew, once, which is no cost of every minute.
    /// </param>
    private async Task<Dictionary<string, object>> NinesAsync(Func<Task> meanwhile, CancellationToken stop)
    {
        // Both at once: what they need leaves the machine idle.
        await using var with = await ServerProcess.NinesAsync(program, stop);
        await using var without = await ServerProcess.NinesAsync(program, stop);
        var writers = new[] { with, without }.Select(s => new RemoteWriter(s.Client, new ServiceData(objectives, 2, ServiceData.AllCodes))).ToArray();
        foreach (var writer in writers)
        {
            await BackfillAsync(writer, CoarseMs, 30 * DayMs, stop);
        }
        await AddObjectivesAsync(with, objectives, 1, stop);
        using var feeding = new Feed(writers, stop);
        await CountedAsync(with, stop);
        await meanwhile();
        await Console.Error.WriteLineAsync($"measuring process {with.Id} with objectives, {without.Id} without");
        var ledger = with.LedgerCpu;
        var measured = await Task.WhenAll(MinutesAsync(with, stop), MinutesAsync(without, stop));
        var result = Result(measured[0], measured[1], with);
        var thread = (with.LedgerCpu - ledger).TotalMilliseconds / Math.Max(1, (int)length.TotalMinutes) / objectives;
        result["ledger_ms"] = thread;
        result["difference_ms"] = result["evaluation_ms"];
        // What the processes differ by can drown in the rest of what they do; the ledger's thread is at least part of the cost.
        result["evaluation_ms"] = Math.Max((double)result["evaluation_ms"], thread);
        result["counted_share"] = await CountedShareAsync(with, 2, stop);
        return result;
    }

    /// <summary>By median minutes: each holds all that recurs, and one in which storage was compacted, which both do in their time, does not count.</summary>
    private Dictionary<string, object> Result(double[] with, double[] without, ServerProcess server) => new(StringComparer.Ordinal)
    {
        ["evaluation_ms"] = (Median(with) - Median(without)) * 1000 / objectives,
        ["cpu_s_per_minute"] = Median(with),
        ["cpu_s_per_minute_without"] = Median(without),
        ["minutes"] = with,
        ["minutes_without"] = without,
        ["resident_mb"] = server.Memory.Resident >> 20,
    };

    private static double Median(double[] values) => values.Order().ElementAt(values.Length / 2);

    /// <summary>CPU seconds of each minute of the measurement.</summary>
    private async Task<double[]> MinutesAsync(ServerProcess server, CancellationToken stop)
    {
        var minutes = new double[Math.Max(1, (int)length.TotalMinutes)];
        for (var i = 0; i < minutes.Length; i++)
        {
            minutes[i] = await MeasureAsync(server, Min(length, 60), stop);
        }
        return minutes;
    }

    /// <summary>CPU seconds a minute.</summary>
    private static async Task<double> MeasureAsync(ServerProcess server, TimeSpan length, CancellationToken stop)
    {
        var (cpu, begun) = (server.Cpu, TimeProvider.System.GetTimestamp());
        await Task.Delay(length, TimeProvider.System, stop);
        return (server.Cpu - cpu) / TimeProvider.System.GetElapsedTime(begun) * 60;
    }

    /// <summary>Until what was back-filled is put away: at most a minute.</summary>
    private static async Task QuietAsync(ServerProcess server, CancellationToken stop)
    {
        for (var i = 0; i < 12; i++)
        {
            if (await MeasureAsync(server, TimeSpan.FromSeconds(5), stop) < 2)
            {
                return;
            }
        }
    }

    private static Task BackfillAsync(RemoteWriter writer, long stepMs, long historyMs, CancellationToken stop)
    {
        var end = Now() / stepMs * stepMs;
        return writer.SendAsync(end - historyMs, stepMs, (int)(historyMs / stepMs) + 1, (int)(TicksOfRequest * LiveMs / stepMs), null, stop);
    }

    private async Task AddObjectivesAsync(ServerProcess server, int services, int each, CancellationToken stop)
    {
        var documents = Path.Combine(server.Directory, "documents");
        SlothDocuments.Write(documents, services, each);
        var imported = Path.Combine(server.Directory, "imported");
        await ServerProcess.OutputAsync(program, ["import", documents, "--out", imported], stop);
        foreach (var file in Directory.GetFiles(imported))
        {
            File.Move(file, Path.Combine(server.Directory, "workspace", Path.GetFileName(file)));
        }
    }

    /// <summary>Until all objectives were counted up to the present.</summary>
    private async Task CountedAsync(ServerProcess server, CancellationToken stop)
    {
        double? steps = null;
        while (true)
        {
            var metrics = await server.Client.GetStringAsync("/metrics", stop);
            if (Value(metrics, "nines_objectives_tracked") >= objectives)
            {
                var now = Value(metrics, "nines_objectives_step_seconds_count");
                steps ??= now;
                if (now >= steps + 2)
                {
                    return;
                }
            }
            await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System, stop);
        }
    }

    private static async Task<double> HeapAsync(ServerProcess server, CancellationToken stop) =>
        Value(await server.Client.GetStringAsync("/metrics", stop), "dotnet_gc_heap_bytes");

    /// <summary>Events in the first objective's window, as a share of what 30 days of the stream hold; proof that they are behind it.</summary>
    private static async Task<double> CountedShareAsync(ServerProcess server, int handlers, CancellationToken stop)
    {
        using var answer = JsonDocument.Parse(await server.Client.GetStringAsync($"/nines/v1/objectives/{ServiceData.NameOf(0)}/requests-0@production", stop));
        return answer.RootElement.GetProperty("total").GetDouble() / (30 * DayMs / CoarseMs * ServiceData.EventsOfTick * handlers);
    }

    private static async Task<double> CountAsync(ServerProcess server, string query, CancellationToken stop)
    {
        using var answer = JsonDocument.Parse(await server.Client.GetStringAsync($"/api/v1/query?query={Uri.EscapeDataString(query)}", stop));
        var result = answer.RootElement.GetProperty("data").GetProperty("result");
        return result.GetArrayLength() == 0 ? 0 : double.Parse(result[0].GetProperty("value")[1].GetString()!, CultureInfo.InvariantCulture);
    }

    private static double Value(string metrics, string name) =>
        Regex.Match(metrics, $@"^{name}(?:\{{[^}}]*\}})? (\S+)", RegexOptions.Multiline | RegexOptions.NonBacktracking) is { Success: true } match
            ? double.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture) : 0;

    private static string Json(Dictionary<string, object> values) => JsonSerializer.Serialize(values);

    private static TimeSpan Min(TimeSpan length, int seconds) => TimeSpan.FromSeconds(Math.Min(seconds, length.TotalSeconds));

    private static long Now() => TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();

    [GeneratedRegex(@"^prometheus_rule_group_iterations_missed_total\{[^}]*\} (?<value>\S+)", RegexOptions.Multiline, 1000)]
    private static partial Regex Missed();

    /// <summary>Sends the stream's newest tick to each server every 30 s until disposed.</summary>
    private sealed class Feed : IDisposable
    {
        private readonly CancellationTokenSource _ended;

        public Feed(RemoteWriter[] writers, CancellationToken stop)
        {
            _ended = CancellationTokenSource.CreateLinkedTokenSource(stop);
            _ = RunAsync(writers, _ended.Token);
        }

        public void Dispose()
        {
            _ended.Cancel();
            _ended.Dispose();
        }

        private static async Task RunAsync(RemoteWriter[] writers, CancellationToken stop)
        {
            using var turn = new PeriodicTimer(TimeSpan.FromMilliseconds(LiveMs));
            do
            {
                foreach (var writer in writers)
                {
                    try
                    {
                        await writer.SendAsync(Now(), LiveMs, 1, 1, null, stop);
                    }
                    catch (HttpRequestException)
                    {
                        // It is being started again.
                    }
                }
            }
            while (await turn.WaitForNextTickAsync(stop));
        }
    }
}
