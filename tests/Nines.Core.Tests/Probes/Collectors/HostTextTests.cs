using FsCheck;
using FsCheck.Fluent;
using Nines.Core.Probes.Collectors;
using Nines.Core.Probes.Collectors.Host;

namespace Nines.Core.Tests.Probes.Collectors;

public sealed class HostTextTests
{
    private const string Stat = """
        cpu  3057109 646098 305089 1534097 17842 0 9525 19018 7 9
        cpu0 1467518 323142 145409 840905 3758 0 3981 9477 300 400
        cpu11 1589590 322955 159679 693191 14083 0 5544 9541
        intr 29272698 0 0 1 1 9
        ctxt 132023914
        btime 1764300000
        processes 24747
        procs_running 2
        procs_blocked 0
        softirq 1 2 3
        """;

    private const string Meminfo = """
        MemTotal:       24683656 kB
        MemAvailable:   21565116 kB
        Active(anon):       7648 kB
        SwapTotal:             0 kB
        HugePages_Total:       3
        """;

    private const string Diskstats = """
           7       0 loop0 1 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0
         254       0 vda 347239 25765 17165274 1484749 1157122 189268 112908280 970982 4 389972 2715027 299390 105 1251529328 106830 281207 152463
         254       1 vda1 1 1 1 1 1 1 1 1 1 1 1
         259       0 nvme0n1 10 1 2 3 4 5 6 7 8 9 10
         259       1 nvme0n1p2 10 1 2 3 4 5 6 7 8 9 10
           9       0 md0 1 2 3 4 5 6 7 8 9 10 11
         253       0 zram0 1 2 3 4 5 6 7 8 9 10 11
        """;

    private const string Dev = """
        Inter-|   Receive                                                |  Transmit
         face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
            lo:21379375076 3094037    0    0    0     0          0         0 21379375076 3094037    0    0    0     0       0          0
        br-1a:2: 658405248   77677    1    2    3     4          5         6  6318571   71212    7    8    9    10      11         12
        """;

    private static readonly (string Name, string Text, Action<string, CollectedSet> Read)[] All =
    [
        ("stat", Stat, HostText.Stat), ("loadavg", "1.07 1.69 2.30 2/120 24747\n", HostText.Load), ("meminfo", Meminfo, HostText.Memory),
        ("vmstat", "nr_free_pages 1\npswpin 5\noom_kill 2\n", HostText.Paging), ("file-nr", "1216\t0\t9223372036854775807\n", HostText.OpenFiles),
        ("diskstats", Diskstats, HostText.Disks), ("dev", Dev, HostText.Network),
        ("mountinfo", MountTests.Text, (text, set) => Mount.Read(text, null).ToList().ForEach(m => m.Add(new(10, 5, 4, 3, 2), set))),
    ];

    [Theory]
    [InlineData("stat", "node_cpu_seconds_total{cpu=\"0\", mode=\"user\"}", 14675.18)]
    [InlineData("stat", "node_cpu_seconds_total{cpu=\"0\", mode=\"steal\"}", 94.77)]
    [InlineData("stat", "node_cpu_seconds_total{cpu=\"11\", mode=\"idle\"}", 6931.91)]
    [InlineData("stat", "node_cpu_guest_seconds_total{cpu=\"0\", mode=\"nice\"}", 4)]
    [InlineData("stat", "node_intr_total", 29272698)]
    [InlineData("stat", "node_context_switches_total", 132023914)]
    [InlineData("stat", "node_boot_time_seconds", 1764300000)]
    [InlineData("stat", "node_procs_running", 2)]
    [InlineData("loadavg", "node_load5", 1.69)]
    [InlineData("meminfo", "node_memory_MemTotal_bytes", 24683656L * 1024)]
    [InlineData("meminfo", "node_memory_Active_anon_bytes", 7648 * 1024)]
    [InlineData("meminfo", "node_memory_HugePages_Total", 3)]
    [InlineData("vmstat", "node_vmstat_oom_kill", 2)]
    [InlineData("file-nr", "node_filefd_allocated", 1216)]
    [InlineData("diskstats", "node_disk_read_bytes_total{device=\"vda\"}", 17165274L * 512)]
    [InlineData("diskstats", "node_disk_io_now{device=\"vda\"}", 4)]
    [InlineData("diskstats", "node_disk_io_time_seconds_total{device=\"vda\"}", 389.972)]
    [InlineData("diskstats", "node_disk_flush_requests_time_seconds_total{device=\"vda\"}", 152.463)]
    [InlineData("diskstats", "node_disk_writes_completed_total{device=\"nvme0n1\"}", 4)]
    [InlineData("dev", "node_network_receive_bytes_total{device=\"lo\"}", 21379375076)]
    [InlineData("dev", "node_network_receive_multicast_total{device=\"br-1a:2\"}", 6)]
    [InlineData("dev", "node_network_transmit_colls_total{device=\"br-1a:2\"}", 10)]
    [InlineData("mountinfo", "node_filesystem_avail_bytes{device=\"/dev/vda\", fstype=\"ext4\", mountpoint=\"/\"}", 4)]
    public void Figures_AreThoseOfTheKernel_UnderTheirUsualNames(string file, string series, double value)
    {
        var set = new CollectedSet();
        var (_, text, read) = All.Single(a => a.Name == file);
        read(text, set);
        Series(set).ShouldContainKey(series);
        Series(set)[series].ShouldBe(value, 1e-6);
    }

    [Fact]
    public void Disks_AreWhole()
    {
        var set = new CollectedSet();
        HostText.Disks(Diskstats, set);
        set.Families[0].Samples.Select(s => s.Labels["device"]).ShouldBe(["vda", "nvme0n1", "md0"]);
    }

    [Fact]
    public void Processors_AllTogether_AreNotCountedTwice()
    {
        var set = new CollectedSet();
        HostText.Stat(Stat, set);
        set.Families.Single(f => f.Name == "node_cpu_seconds_total").Samples.Select(s => s.Labels["cpu"]).Distinct().ShouldBe(["0", "11"]);
        set.Families.Single(f => f.Name == "node_cpu_seconds_total").IsCounter.ShouldBeTrue();
    }

    // A file may end anywhere, and another kernel may write what this one does not.
    [Fact]
    public void AnyText_IsReadOrRefused_NeverMore()
    {
        foreach (var (name, text, read) in All)
        {
            Prop.ForAll(Gen.Choose(0, text.Length).Two().Zip(Gen.Elements("", "x", "-1", "\0", "9999999999999999999999", ":", "\n", "cpu7 ", "(")).ToArbitrary(), change =>
            {
                var ((a, b), other) = change;
                var broken = text[..Math.Min(a, b)] + other + text[Math.Max(a, b)..];
                try
                {
                    read(broken, new CollectedSet());
                }
                catch (CollectException)
                {
                    // Said in words.
                }
                return true;
            }).QuickCheckThrowOnFailure();
        }
    }

    internal static Dictionary<string, double> Series(CollectedSet set) =>
        set.Families.SelectMany(f => f.Samples.Select(s => (Key: s.Labels.Count == 0 ? f.Name : f.Name + s.Labels, s.Value))).ToDictionary(s => s.Key, s => s.Value);
}
