namespace Nines.Simulation.Tests;

/// <summary>Worlds in which everything goes wrong: no page lost, none doubled beyond the bound, no silence forgotten.</summary>
public sealed class SimulationTests
{
    // NINES_SIMULATION_WORLDS=10000 goes on where the usual run ends.
    private static readonly int Worlds =
        int.TryParse(Environment.GetEnvironmentVariable("NINES_SIMULATION_WORLDS"), System.Globalization.CultureInfo.InvariantCulture, out var worlds) ? worlds : 300;

    [Fact]
    public void Worlds_LoseNoPageDoubleNoneAndForgetNoSilence()
    {
        var found = Find(Worlds, Mutant.None).FirstOrDefault();
        (found is null ? "" : World.Minimise(found, default).ToString()).ShouldBe("");
    }

    public static TheoryData<Mutant> Mutants => [.. Enum.GetValues<Mutant>().Where(m => m != Mutant.None)];

    [Theory]
    [MemberData(nameof(Mutants))]
    public void Mutant_IsFoundWithin2000Worlds(Mutant mutant) => Find(2000, mutant).FirstOrDefault().ShouldNotBeNull();

    [Fact]
    public void Finding_NamesTheSeedAndTheFewestThingsThatHaveToHappen()
    {
        var found = Find(2000, Mutant.LostOutboxRow).First();
        var fewest = World.Minimise(found, new(Mutant.LostOutboxRow));
        fewest.Plan.Count.ShouldBeLessThan(found.Plan.Count);
        fewest.Plan.ShouldContain(p => p.What == Happening.Crash);
        fewest.ToString().ShouldStartWith($"seed {found.Seed}: ");
        World.Run(found.Seed, new(Mutant.LostOutboxRow))!.Violation.ShouldBe(found.Violation);
    }

    private static IEnumerable<Finding> Find(int worlds, Mutant mutant) =>
        Enumerable.Range(1, worlds).AsParallel().AsOrdered().WithMergeOptions(ParallelMergeOptions.NotBuffered)
            .Select(seed => World.Run(seed, new(mutant))).OfType<Finding>();
}
