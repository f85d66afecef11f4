using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Nines.Core.Probes.Collectors;
using Nines.Metrics;
using Nines.Server.Probes.Collectors;

namespace Nines.Server.Tests.Probes.Collectors;

public sealed partial class HostReaderTests
{
    private static readonly string[] Exporters = ["/usr/bin/prometheus-node-exporter", "/usr/local/bin/node_exporter"];

    // What a moment changes, and by how much of itself it may at most.
    private static readonly string[] Lively = ["node_load", "node_procs", "node_time", "node_filefd_allocated", "node_disk_io_now", "node_memory", "node_forks", "node_filesystem_f"];

    [Fact]
    public async Task Host_OfThisMachine_IsWhatNodeExporterSays()
    {
        var exporter = Exporters.FirstOrDefault(File.Exists);
        Assert.SkipWhen(exporter is null, "prometheus-node-exporter is not installed");
        var port = FreePort();
        using var process = Process.Start(new ProcessStartInfo(exporter!, ["--web.listen-address", $"127.0.0.1:{port}", "--collector.disable-defaults", "--collector.cpu", "--collector.loadavg",
            "--collector.meminfo", "--collector.filesystem", "--collector.diskstats", "--collector.netdev", "--collector.stat", "--collector.vmstat", "--collector.filefd", "--collector.uname",
            "--collector.time", "--collector.netdev.device-exclude", "^$"]) { UseShellExecute = false, RedirectStandardError = true, RedirectStandardOutput = true })!;
        try
        {
            var theirs = Parse(await ScrapeAsync(port));
            var attempt = await CollectorAttempt.OnceAsync(CollectorWorld.Collector(new HostWork()), "/", TimeProvider.System, TestContext.Current.CancellationToken);
            attempt.Error.ShouldBeNull();
            var ours = attempt.Set.Families.SelectMany(f => f.Samples.Select(s => (Key: f.Name + s.Labels, s.Value))).ToDictionary(s => s.Key, s => s.Value, StringComparer.Ordinal);
            ours.Count.ShouldBeGreaterThan(100);
            foreach (var (key, value) in ours.Where(o => !o.Key.StartsWith("node_filesystem_device_error", StringComparison.Ordinal)))
            {
                theirs.ShouldContainKey(key, $"node_exporter has no {key}");
                var slack = Lively.Any(l => key.StartsWith(l, StringComparison.Ordinal)) ? 0.5 : 0.05;
                Math.Abs(value - theirs[key]).ShouldBeLessThanOrEqualTo(Math.Max(Math.Abs(theirs[key]) * slack, 50 + (key.Contains("_bytes") ? 64 << 20 : 0)), $"{key}: {value}, theirs {theirs[key]}");
            }
            foreach (var name in (string[])["node_cpu_seconds_total", "node_memory_MemAvailable_bytes", "node_load1", "node_network_receive_bytes_total", "node_filesystem_avail_bytes", "node_boot_time_seconds"])
            {
                ours.Keys.ShouldContain(k => k.StartsWith(name, StringComparison.Ordinal), name);
            }
        }
        finally
        {
            process.Kill();
        }
    }

    [Fact]
    public async Task Host_ElsewhereMounted_IsReadFromThere()
    {
        using var world = new CollectorWorld();
        Write("proc/sys/kernel/hostname", "box\n");
        Write("proc/stat", "cpu0 100 0 0 300\nbtime 1700000000\n");
        Write("proc/loadavg", "0.5 0.4 0.3 1/2 3\n");
        Write("proc/meminfo", "MemTotal: 1000 kB\nMemAvailable: 400 kB\n");
        Write("proc/1/mountinfo", "27 1 254:0 / / rw - ext4 /dev/vda rw\n28 27 254:1 / /nowhere rw - ext4 /dev/vdb rw\n");
        Write("proc/1/net/dev", "  eth0: 10 0 0 0 0 0 0 0 20 0 0 0 0 0 0 0\n");
        Write("proc/42/stat", "42 (nginx) S 1 1 1 0 -1 0 0 0 0 0 100 50 0 0 20 0 1 0 5 1 3 0");
        Write("proc/42/cmdline", "nginx\0-g\0");
        var id = new string('b', 64);
        Write("sys/fs/cgroup/cgroup.controllers", "cpu memory\n");
        Write($"sys/fs/cgroup/system.slice/docker-{id}.scope/memory.current", "4096\n");
        Write($"var/lib/docker/containers/{id}/config.v2.json", "{\"Name\": \"/bot\"}");
        var work = new HostWork { Root = world.Path, Processes = [new("web", Re2.Anywhere("nginx"))], Cgroups = Re2.Anchored(Nines.Core.Probes.Collectors.Host.ControlGroup.Containers) };
        (await world.RunAsync(world.Runner(CollectorWorld.Collector(work)))).ShouldBeNull();
        string Of(string name, params (string, string)[] labels) => world.Store.Select(
            [new Matcher("__name__", MatchOp.Equal, name), .. labels.Select(l => new Matcher(l.Item1, MatchOp.Equal, l.Item2))], 0, long.MaxValue).ShouldHaveSingleItem(name).Labels["instance"];
        Of("node_cpu_seconds_total", ("mode", "idle")).ShouldBe("box");
        world.Samples("node_memory_MemAvailable_bytes").ShouldBe(["409600"]);
        world.Samples("node_network_transmit_bytes_total").ShouldBe(["20"]);
        world.Samples("container_memory_usage_bytes").ShouldBe(["4096"]);
        Of("container_memory_usage_bytes", ("name", "bot"));
        world.Samples("namedprocess_namegroup_num_procs").ShouldBe(["1"]);
        // The one can be asked, the other not.
        Of("node_filesystem_size_bytes", ("mountpoint", "/"), ("job", "node"));
        Of("node_filesystem_device_error", ("mountpoint", "/nowhere"));

        File.Delete(Path.Combine(world.Path, "proc/meminfo"));
        (await world.RunAsync(world.Runner(CollectorWorld.Collector(work)))).ShouldNotBeNull().ShouldEndWith("proc/meminfo cannot be read");

        void Write(string path, string text)
        {
            var full = Path.Combine(world.Path, path);
            Directory.CreateDirectory(Path.GetDirectoryName(full)!);
            File.WriteAllText(full, text);
        }
    }

    private static async Task<string> ScrapeAsync(int port)
    {
        using var http = new HttpClient();
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                return await http.GetStringAsync(new Uri($"http://127.0.0.1:{port}/metrics"), TestContext.Current.CancellationToken);
            }
            catch (HttpRequestException) when (attempt < 100)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, TestContext.Current.CancellationToken);
            }
        }
    }

    private static Dictionary<string, double> Parse(string text)
    {
        var series = new Dictionary<string, double>(StringComparer.Ordinal);
        foreach (Match match in Line().Matches(text))
        {
            var labels = Labels.Of(Label().Matches(match.Groups["labels"].Value).Select(l => (l.Groups["name"].Value, l.Groups["value"].Value.Replace("\\\\", "\\"))));
            series[match.Groups["metric"].Value + labels] = double.Parse(match.Groups["value"].Value, CultureInfo.InvariantCulture);
        }
        return series;
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    [GeneratedRegex(@"^(?<metric>node_\w+)(\{(?<labels>.*)\})? (?<value>\S+)$", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 5000)]
    private static partial Regex Line();

    [GeneratedRegex("(?<name>\\w+)=\"(?<value>([^\"\\\\]|\\\\.)*)\"", RegexOptions.ExplicitCapture, 5000)]
    private static partial Regex Label();
}
