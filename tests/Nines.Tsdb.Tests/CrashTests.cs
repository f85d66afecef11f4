namespace Nines.Tsdb.Tests;

public class CrashTests
{
    [Fact]
    public void Store_DaysOfLife_ReadsLikeThePlainModel()
    {
        for (var seed = 1; seed <= 15; seed++)
        {
            var health = Life(seed, TsdbFault.None).Store.Health;
            health.Blocks.ShouldBeGreaterThan(3, "the head is cut");
        }
    }

    [Fact]
    public void Store_AnyOperationFails_NothingThatWasVisibleIsLost()
    {
        foreach (var failures in (int[])[1, 3, 100_000])
        {
            for (var first = 1; first <= 300; first += failures == 1 ? 1 : 11)
            {
                Failing(first, failures, TsdbFault.None);
            }
        }
    }

    /// <summary>Lives, is killed, loses power, and lives on.</summary>
    internal static World Life(int seed, TsdbFault fault)
    {
        var world = new World(seed, fault).Run(150).Check().Kill().Check().Run(60).Heal().CutPower().Check().Run(150).Kill().Check();
        world.Store.Maintain();
        world.Check().Heal().CutPower().Check();
        world.Store.Health.BlockDamages.ShouldBeEmpty();
        world.Store.Health.Damages.ShouldBeEmpty();
        return world;
    }

    /// <summary>From the n-th operation on the disk refuses some; what was visible stays, and is on disk when it is well again.</summary>
    internal static World Failing(int first, int failures, TsdbFault fault)
    {
        var world = new World(seed: 3, fault, n => n >= first && n < first + failures);
        world.Run(60).Check();
        world.Store.Maintain();
        if (world.Disk.Operations > first)
        {
            $"{world.Store.Health.LastError} {string.Join(' ', world.Store.Health.BlockDamages)}".ShouldContain("No space left");
        }
        return world.Check()
            .Heal().Check()
            .Kill().Check()
            .Heal().CutPower().Check();
    }
}
