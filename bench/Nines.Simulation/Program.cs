using System.CommandLine;
using System.Diagnostics;
using Nines.Simulation;

var seeds = new Option<int>("--seeds") { Description = "How many worlds.", DefaultValueFactory = _ => 10_000 };
var from = new Option<int>("--from") { Description = "The first seed.", DefaultValueFactory = _ => 1 };
var mutant = new Option<Mutant>("--mutant") { Description = "A fault to plant.", DefaultValueFactory = _ => Mutant.None };
var standIn = new Option<bool>("--stand-in") { Description = "One receiver stands in for the others." };
var root = new RootCommand("Simulates alerting and delivery: one seed is one world. Prints what was found, with the fewest things that have to happen for it.")
{
    seeds, from, mutant, standIn,
};
root.SetAction(parse =>
{
    var (first, count, kind) = (parse.GetValue(from), parse.GetValue(seeds), new WorldKind(parse.GetValue(mutant), parse.GetValue(standIn)));
    var begun = Stopwatch.StartNew();
    var found = Enumerable.Range(first, count).AsParallel().AsOrdered().Select(seed => World.Run(seed, kind)).OfType<Finding>().ToList();
    var took = begun.Elapsed.TotalSeconds;
    foreach (var finding in found.Take(3))
    {
        Console.WriteLine(World.Minimise(finding, kind));
    }
    Console.WriteLine($"{count} worlds in {took:0.0} s ({count / took:0} a second), found {found.Count}"
        + (found.Count > 0 ? $", the first after {found[0].Seed - first + 1}: seeds {string.Join(' ', found.Take(10).Select(f => f.Seed))}" : ""));
    return found.Count > 0 ? 1 : 0;
});
return await root.Parse(args).InvokeAsync();
