namespace Nines.LoadRig;

/// <summary>The measurements, each with one table on standard output.</summary>
internal static class Measurements
{
    private const long StepMs = 15_000;
    private const int TicksOfHour = 241;

    public static async Task<int> QueriesAsync(string program, int series, int rounds, CancellationToken stop)
    {
        await using var prometheus = await ServerProcess.PrometheusAsync(stop);
        await using var nines = await ServerProcess.NinesAsync(program, stop);
        // Half an hour before the hour, so that the first step's ranges are full.
        var ticks = TicksOfHour + 120;
        var endMs = DateTimeOffset.FromUnixTimeMilliseconds(Now() / StepMs * StepMs).ToUnixTimeMilliseconds();
        foreach (var server in (ServerProcess[])[prometheus, nines])
        {
            var (begun, cpu) = (Now(), server.Cpu);
            var writer = new RemoteWriter(server.Client, new BenchData(series));
            await writer.SendAsync(endMs - ((ticks - 1) * StepMs), StepMs, ticks, 10, done => Progress($"{server.Name}: {done} of {ticks} ticks"), stop);
            Progress("");
            Console.WriteLine($"{server.Name}: {Fed(writer, server, begun, cpu)}, {server.Memory.Resident >> 20} MB resident");
        }
        var comparison = new QueryComparison(prometheus, nines);
        var costs = new List<QueryCost>();
        Console.WriteLine($"{"query",-16}{"Prometheus ms (CPU)",22}{"Nines ms (CPU)",22}{"ratio",8}");
        foreach (var query in QueryComparison.Queries)
        {
            var cost = await comparison.MeasureAsync(query, endMs, rounds, stop);
            costs.Add(cost);
            Console.WriteLine($"{query.Name,-16}{Cell(cost.TheirWall, cost.TheirCpu),22}{Cell(cost.OurWall, cost.OurCpu),22}{cost.Ratio,8:F2}");
        }
        Console.WriteLine($"resident after queries: Prometheus {prometheus.Memory.Resident >> 20} MB, Nines {nines.Memory.Resident >> 20} MB");
        Console.WriteLine($"instant {QueryComparison.GeometricMean(costs.Where(c => !c.Query.IsRange).Select(c => c.Ratio)):F2}");
        Console.WriteLine($"range {QueryComparison.GeometricMean(costs.Where(c => c.Query.IsRange).Select(c => c.Ratio)):F2}");
        return 0;
    }

    public static async Task<int> SoakAsync(string program, int series, int hours, CancellationToken stop)
    {
        await using var nines = await ServerProcess.NinesAsync(program, stop);
        var ticks = hours * 240;
        var endMs = Now() / StepMs * StepMs;
        var (begun, cpu, most) = (Now(), nines.Cpu, 0L);
        var writer = new RemoteWriter(nines.Client, new BenchData(series));
        await writer.SendAsync(endMs - ((ticks - 1) * StepMs), StepMs, ticks, 10, done =>
        {
            most = Math.Max(most, nines.Memory.Resident);
            Progress($"{done / 240d:F1} of {hours} hours, {nines.Memory.Resident >> 20} MB");
        }, stop);
        Progress("");
        var (resident, anonymous) = nines.Memory;
        Console.WriteLine(Fed(writer, nines, begun, cpu));
        Console.WriteLine($"resident {resident >> 20} MB (of which anonymous {anonymous >> 20} MB), at most {most >> 20} MB");
        Console.WriteLine(await ServerProcess.SummaryAsync(program, ["tsdb", "stats", "--data", Path.Combine(nines.Directory, "data")], " a sample", stop));
        return 0;
    }

    private static string Fed(RemoteWriter writer, ServerProcess server, long begunMs, TimeSpan cpu)
    {
        var millions = writer.Samples / 1e6;
        return $"{millions:F1} M samples in {(Now() - begunMs) / 1000d:F1} s, {(server.Cpu - cpu).TotalSeconds / millions:F2} CPU s/M";
    }

    private static string Cell(double wall, double cpu) => $"{wall:F1} ({cpu:F0})";

    private static long Now() => TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();

    private static void Progress(string text)
    {
        if (!Console.IsErrorRedirected)
        {
            Console.Error.Write($"\r{text,-60}{(text.Length == 0 ? "\r" : "")}");
        }
    }
}
