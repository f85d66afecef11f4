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

return await new RootCommand("Measures Nines against its peers, on the same machine in the same run.") { queries, soak }.Parse(args).InvokeAsync();
