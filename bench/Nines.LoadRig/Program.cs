using System.CommandLine;
using Nines.LoadRig;

var program = new Option<string>("--nines") { Description = "The nines executable; a release build.", Required = true };
var series = new Option<int>("--series") { Description = "How many series.", DefaultValueFactory = _ => 100_000 };
var rounds = new Option<int>("--rounds") { Description = "How often each query is asked.", DefaultValueFactory = _ => 5 };
var hours = new Option<int>("--hours") { Description = "Simulated hours.", DefaultValueFactory = _ => 24 };

var queries = new Command("queries", "Feed Prometheus and Nines the same hour, ask both the same queries, print times and ratios.") { program, series, rounds };
queries.SetAction((parse, stop) => Measurements.QueriesAsync(parse.GetRequiredValue(program), parse.GetValue(series), parse.GetValue(rounds), stop));

var soak = new Command("soak", "Feed Nines simulated hours of samples, print memory and bytes on disk.") { program, series, hours };
soak.SetAction((parse, stop) => Measurements.SoakAsync(parse.GetRequiredValue(program), parse.GetValue(series), parse.GetValue(hours), stop));

var count = new Option<int>("--count") { Description = "How many objectives.", DefaultValueFactory = _ => 100 };
var seconds = new Option<int>("--seconds") { Description = "How long is measured.", DefaultValueFactory = _ => 180 };
var alone = new Option<bool>("--alone") { Description = "Nines alone: the ledger's thread, and memory an objective." };
var ours = new Option<bool>("--ours") { Description = "Nines with objectives and without, and no peer." };
var objectives = new Command("objectives", "Back-fill 30 days, feed Nines and Prometheus with Sloth's rules the same, print what objectives cost.")
{
    program, count, seconds, alone, ours,
};
objectives.SetAction((parse, stop) =>
{
    var cost = new ObjectiveCost(parse.GetRequiredValue(program), parse.GetValue(count), TimeSpan.FromSeconds(parse.GetValue(seconds)));
    return parse.GetValue(alone) ? cost.AloneAsync(stop) : parse.GetValue(ours) ? cost.OursAsync(stop) : cost.ComparedAsync(stop);
});

return await new RootCommand("Measures Nines against its peers, on the same machine in the same run.") { queries, soak, objectives }.Parse(args).InvokeAsync();
