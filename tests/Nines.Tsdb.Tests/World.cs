using Nines.Metrics;
using Nines.Tsdb.Tests.Files;

namespace Nines.Tsdb.Tests;

/// <summary>A clock that stands where it is put.</summary>
internal sealed class ManualClock(long ms) : TimeProvider
{
    public long Ms { get; set; } = ms;

    public override DateTimeOffset GetUtcNow() => DateTimeOffset.FromUnixTimeMilliseconds(Ms);
}

/// <summary>
/// A store on a disk in memory beside the plain model, and a clock that runs in leaps, so that a short test sees days of cuts and merges.
/// </summary>
internal sealed class World
{
    public const long Begin = 1_700_000_000_000;
    private const long Minute = 60_000;

    private static readonly double[] Values = [0, -0.0, 1, 2.5, 1e300, double.NaN, StaleMarker.Value, double.PositiveInfinity, 1L << 53, -17, 42, 43.21, 0.1 + 0.2];

    private readonly Random _random;
    private readonly TsdbFault _fault;

    public World(int seed, TsdbFault fault = TsdbFault.None, Func<int, bool>? fails = null)
    {
        (_random, _fault, Seed) = (new Random(seed), fault, seed);
        Disk = new MemoryFiles { Fails = fails ?? (_ => false) };
        Store = Open();
    }

    public int Seed { get; }
    public MemoryFiles Disk { get; private set; }
    public StoreModel Model { get; } = new();
    public TsdbStore Store { get; private set; }
    public ManualClock Clock { get; } = new(Begin);

    /// <summary>Lives some steps: appends, waits, cuts, merges.</summary>
    public World Run(int steps)
    {
        for (var i = 0; i < steps; i++)
        {
            Clock.Ms += _random.Next(8) switch { 0 => _random.NextInt64(300 * Minute), 1 => _random.NextInt64(40 * Minute), _ => _random.NextInt64(2 * Minute) };
            Append();
            switch (_random.Next(12))
            {
                case 0 or 1:
                    Store.Maintain();
                    break;
                case 2:
                    Store.Sync();
                    break;
                case 3:
                    Check();
                    break;
                default:
                    break;
            }
        }
        return this;
    }

    /// <summary>Everything is as the model says, by every way to read.</summary>
    public World Check()
    {
        Store.ShouldHold(Model);
        var columns = new SampleColumns();
        var (from, to) = (Begin + _random.NextInt64(2 * 86_400_000), Begin + _random.NextInt64(4 * 86_400_000));
        foreach (var (first, last) in ((long, long)[])[(long.MinValue, long.MaxValue), (Math.Min(from, to), Math.Max(from, to))])
        {
            var selected = Store.Select(Stores.Everything, first, last).ToDictionary(s => s.Labels);
            foreach (var (labels, samples) in Model.Series)
            {
                var expected = samples.Where(s => s.TimeMs >= first && s.TimeMs <= last).Select(s => (s.TimeMs, Bits(s.Value))).ToList();
                columns.Clear();
                if (selected.TryGetValue(labels, out var one))
                {
                    one.Read(first, last, columns);
                }
                var read = columns.Times.ToArray().Zip(columns.Values.ToArray().Select(Bits)).ToList();
                if (!read.SequenceEqual(expected))
                {
                    read.ShouldBe(expected, $"seed {Seed}: {labels} from {first} to {last}");
                }
            }
        }
        return this;
    }

    /// <summary>The process is killed, the disk is well, and another process begins.</summary>
    public World Kill() => Restart(Disk.Copy());

    /// <summary>What was forced to disk is all that is left.</summary>
    public World CutPower() => Restart(Disk.CopyAfterPowerCut());

    /// <summary>The disk takes writes again, and the store has its turn.</summary>
    public World Heal()
    {
        Disk.Fails = _ => false;
        Store.Sync();
        Store.Maintain();
        Store.Sync();
        Store.Health.UnloggedSamples.ShouldBe(0);
        return this;
    }

    private World Restart(MemoryFiles disk)
    {
        Disk = disk;
        Store = Open();
        return this;
    }

    private TsdbStore Open() => Stores.Open(Disk, segmentBytes: 2000, time: Clock, fault: _fault);

    private void Append()
    {
        using var append = Store.Begin();
        var taken = new List<(Labels, CounterSample)>();
        for (var n = _random.Next(1, 30); n > 0; n--)
        {
            // Some series are seldom seen, so that they leave memory and come back.
            var name = _random.Next(3) == 0 ? _random.Next(40) : _random.Next(4);
            var labels = Stores.Named($"m{name}", ("a", $"{name % 3}é\uffff"), ("b", name % 2 == 0 ? "😀" : ""));
            var sample = new CounterSample(Clock.Ms - _random.NextInt64(_random.Next(5) == 0 ? 100 * Minute : Minute), Values[_random.Next(Values.Length)], name % 4 == 0 ? Begin + Clock.Ms / 3_600_000 : 0);
            if (append.Add(append.Series(labels, true, 15_000), sample) == Refusal.None)
            {
                taken.Add((labels, sample));
            }
        }
        append.Commit();
        taken.ForEach(t => Model.Add(t.Item1, t.Item2));
    }

    private static ulong Bits(double value) => BitConverter.DoubleToUInt64Bits(value);
}
