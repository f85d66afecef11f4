using FsCheck;
using FsCheck.Fluent;
using Nines.Core.Probes.Collectors;
using Nines.Core.Probes.Collectors.Host;
using Nines.Metrics;

namespace Nines.Core.Tests.Probes.Collectors;

public sealed class ProcessTallyTests
{
    private static readonly ProcessGroup[] Groups = [new("web", Re2.Anywhere("^nginx")), new("jobs", Re2.Anywhere("worker"))];

    [Fact]
    public void Read_NameWithBracketsAndBlanks_IsRead()
    {
        var process = RunningProcess.Read("4711 (nginx: (a) b) S 1 4711 0 0 -1 4194560 1 2 0 0 630 905 3 4 20 0 12 0 1400 39514112 2572 18446744073709551615", "nginx\0-g\0x\0")!;
        process.ShouldBe(new RunningProcess(4711, "nginx: (a) b", "nginx -g x", 1400, 6.3, 9.05, 2572));
        RunningProcess.Read("", "").ShouldBeNull();
    }

    [Fact]
    public void Look_AProcessThatEnds_TakesNothingAway()
    {
        var tally = new ProcessTally(Groups, 4096);
        Spent(tally, Process(1, 0, 10), Process(2, 0, 5)).ShouldBe((2, 15));
        Spent(tally, Process(1, 0, 12)).ShouldBe((1, 17));
        // The same number again, another process.
        Spent(tally, Process(1, 0, 12), Process(2, 99, 1)).ShouldBe((2, 18));
        Spent(tally).ShouldBe((0, 18));
    }

    [Fact]
    public void Look_OfAnyCourse_NeverGoesDown()
    {
        var moment = Gen.ListOf(Gen.Choose(1, 4).Two().Zip(Gen.Choose(0, 50)));
        Prop.ForAll(Gen.ListOf(moment).ToArbitrary(), course =>
        {
            var tally = new ProcessTally(Groups, 4096);
            var last = 0.0;
            return course.All(processes =>
            {
                var (count, spent) = Spent(tally, [.. processes.Select(p => Process(p.Item1.Item1, p.Item1.Item2, p.Item2))]);
                var fine = spent >= last && count <= processes.Count;
                last = spent;
                return fine;
            });
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void ControlGroup_OfAContainer_HasItsNameAndFigures()
    {
        var id = new string('a', 64);
        var files = new Dictionary<string, string>
        {
            ["cpu.stat"] = "usage_usec 2500000\nthrottled_usec 1000000\n", ["memory.current"] = "1000\n", ["memory.max"] = "max\n", ["memory.stat"] = "anon 1\ninactive_file 300\n",
            ["memory.events"] = "oom 3\noom_kill 2\n",
        };
        var set = new CollectedSet();
        var path = $"/system.slice/docker-{id}.scope";
        Re2.Anchored(ControlGroup.Containers).IsMatch(path).ShouldBeTrue();
        Re2.Anchored(ControlGroup.Containers).IsMatch("/system.slice/ssh.service").ShouldBeFalse();
        ControlGroup.Add(path, ControlGroup.NameOf(path, "{\"Name\":\"/web\"}"), files.GetValueOrDefault, set);
        set.Families.SelectMany(f => f.Samples.Select(s => $"{f.Name} {s.Labels["name"]} {s.Value}")).ShouldBe(
        [
            "container_cpu_usage_seconds_total web 2.5", "container_cpu_cfs_throttled_seconds_total web 1", "container_memory_usage_bytes web 1000",
            "container_memory_working_set_bytes web 700", "container_oom_events_total web 2",
        ]);
        (ControlGroup.NameOf(path, "not json"), ControlGroup.NameOf("/system.slice/ssh.service", null)).ShouldBe(("aaaaaaaaaaaa", "ssh.service"));
    }

    private static RunningProcess Process(int id, long start, double seconds) => new(id, "nginx", "", start, seconds, 0, 1);

    private static (double Count, double Seconds) Spent(ProcessTally tally, params RunningProcess[] processes)
    {
        var set = new CollectedSet();
        tally.Look(processes, set);
        var series = HostTextTests.Series(set);
        return (series["namedprocess_namegroup_num_procs{groupname=\"web\"}"], series["namedprocess_namegroup_cpu_seconds_total{groupname=\"web\", mode=\"user\"}"]);
    }
}
