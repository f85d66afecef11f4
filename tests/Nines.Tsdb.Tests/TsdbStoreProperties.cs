using FsCheck;
using FsCheck.Fluent;
using Nines.Metrics;
using Nines.Tsdb.Tests.Files;

namespace Nines.Tsdb.Tests;

public class TsdbStoreProperties
{
    private static readonly double[] Values = [0, -0.0, 1, 2.5, 1e300, double.NaN, StaleMarker.Value, double.PositiveInfinity, 1L << 53, -17, 42, 43];
    private static readonly long[] Starts = [0, 1_700_000_000_000, 1_700_000_500_000];

    [Fact]
    public void Store_AnySequenceOfCommands_ReadsLikeThePlainModel() =>
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(300), Prop.ForAll(ArbMap.Default.ArbFor<int[]>(), commands => Run(commands, 1, _ => false)));

    [Fact]
    public void Store_ManySamplesPerSeries_ReadsLikeThePlainModel() =>
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(30), Prop.ForAll(ArbMap.Default.ArbFor<int[]>(), commands => Run(commands, 50, _ => false)));

    // Each number is a command: append to the open append, commit, drop it, or crash and replay.
    private static void Run(int[] commands, int repeat, Func<int, bool> fails)
    {
        var model = new StoreModel();
        var disk = new MemoryFiles { Fails = fails };
        var store = Stores.Open(disk, segmentBytes: 600);
        var append = store.Begin();
        var staged = new List<(Labels, CounterSample)>();
        var clock = 1_700_000_000_000L;
        foreach (var command in commands.SelectMany(c => Enumerable.Repeat(c, repeat)))
        {
            var n = Math.Abs((long)command);
            switch (n % 8)
            {
                case 0:
                    append.Commit();
                    staged.ForEach(s => model.Add(s.Item1, s.Item2));
                    (append, staged) = (store.Begin(), []);
                    break;
                case 1 when n % 3 == 0:
                    append.Dispose();
                    (append, staged) = (store.Begin(), []);
                    break;
                case 2 when n % 3 == 0:
                    store.ShouldHold(model);
                    disk = disk.Copy();
                    store = Stores.Open(disk, segmentBytes: 600);
                    (append, staged) = (store.Begin(), []);
                    break;
                default:
                    var labels = Stores.Named($"m{n % 5}", ("a", $"{n % 2}é"));
                    var time = clock + (command < 0 ? command * 10L : 15_000);
                    clock = Math.Max(clock, time);
                    var sample = new CounterSample(time, Values[n % Values.Length], Starts[n / 5 % Starts.Length]);
                    append.Add(append.Series(labels, true, 15_000), sample);
                    staged.Add((labels, sample));
                    break;
            }
        }
        append.Dispose();
        store.ShouldHold(model);
        using var replayed = Stores.Open(disk.Copy());
        replayed.ShouldHold(model);
        replayed.Health.Damages.ShouldBeEmpty();
    }
}
