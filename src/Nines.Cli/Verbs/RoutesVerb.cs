using System.CommandLine;
using Nines.Core;
using Nines.Core.Alerting;
using Nines.Core.Alerting.Routing;
using Nines.Core.Workspace.Alertmanager;
using Nines.Metrics;
using Nines.Server.Workspace;
using NodaTime;
using Route = Nines.Core.Alerting.Routing.Route;

namespace Nines.Cli.Verbs;

/// <summary><c>nines check alertmanager</c>, <c>nines routes show</c> and <c>nines routes test</c>: what amtool says, with positions.</summary>
internal static class RoutesVerb
{
    public static Command CreateCheck()
    {
        var files = new Argument<string[]>("FILES") { Description = "Alertmanager's configuration files.", Arity = ArgumentArity.OneOrMore };
        var (format, mode) = (Output.Format(), Mode());
        var command = new Command("alertmanager", "Check alertmanager.yml: every problem with its position, exit code 1 when one is an error.")
        {
            files, mode, format,
        };
        command.SetAction(parse =>
        {
            var output = parse.InvocationConfiguration.Output;
            var json = parse.GetValue(format) == "json";
            var problems = new List<Problem>();
            foreach (var path in parse.GetRequiredValue(files))
            {
                var reading = Read(path, parse.GetValue(mode));
                problems.AddRange(reading.Problems);
                if (!json && reading.Config is { } config)
                {
                    output.WriteLine($"{path}: {config.Root.All().Count()} routes, {config.Receivers.Count} receivers, "
                        + $"{config.InhibitRules.Count} inhibit rules, {config.TimeIntervals.Count} time intervals, {config.Templates.Count} templates");
                }
            }
            var ok = problems.All(p => p.Severity != ProblemSeverity.Error);
            if (json)
            {
                Output.Json(output, new AlertmanagerCheckResult(ok, [.. problems.Select(ProblemItem.Of)]), CliJson.Readable.AlertmanagerCheckResult);
            }
            else
            {
                problems.ForEach(output.WriteLine);
            }
            return ok ? ExitCode.Ok : ExitCode.Problems;
        });
        return command;
    }

    public static Command Create() => new("routes", "Look at the routing tree of an alertmanager.yml.") { CreateShow(), CreateTest() };

    private static Command CreateShow()
    {
        var (file, format, mode) = (File(), Output.Format(), Mode());
        var command = new Command("show", "Print the routing tree.") { file, mode, format };
        command.SetAction(parse =>
        {
            if (Config(parse, parse.GetRequiredValue(file), parse.GetValue(mode)) is not { } config)
            {
                return ExitCode.Problems;
            }
            var output = parse.InvocationConfiguration.Output;
            if (parse.GetValue(format) == "json")
            {
                Output.Json(output, RouteTree.Of(config.Root), CliJson.Readable.RouteTree);
                return ExitCode.Ok;
            }
            foreach (var route in config.Root.All())
            {
                var indent = new string(' ', route.Path.Count * 2);
                output.WriteLine($"{indent}{RouteText.Matchers(route)} → {route.Receiver}{(route.Continue ? ", and on" : "")}  ({RouteText.Timers(route)})");
            }
            return ExitCode.Ok;
        });
        return command;
    }

    private static Command CreateTest()
    {
        var (file, format, mode) = (File(), Output.Format(), Mode());
        var labels = new Argument<string[]>("LABELS")
        {
            Description = "Labels of an alert: alertname=Down severity=critical",
            Arity = ArgumentArity.ZeroOrMore,
        };
        var expected = new Option<string?>("--receivers") { Description = "The receivers that are expected, in order, with commas; exit code 1 else." };
        var at = new Option<string?>("--at") { Description = "Moment for time intervals, RFC 3339; now by default." };
        var command = new Command("test", "Say which receivers an alert reaches, by which routes, in which group and when.")
        {
            file, labels, expected, at, mode, format,
        };
        command.SetAction(parse =>
        {
            var pairs = parse.GetValue(labels)!.Select(l => l.Split('=', 2)).ToList();
            if (pairs.Find(p => p.Length < 2 || p[0].Length == 0) is { } wrong)
            {
                return Output.Fail(parse, ExitCode.Usage, $"{string.Join('=', wrong)} is no label: write name=value");
            }
            if (!Clock.TryParse(parse.GetValue(at), out var ns))
            {
                return Output.Fail(parse, ExitCode.Usage, $"{parse.GetValue(at)} is no moment: write 2026-01-31T08:00:00Z");
            }
            if (Config(parse, parse.GetRequiredValue(file), parse.GetValue(mode)) is not { } config)
            {
                return ExitCode.Problems;
            }
            var alert = Labels.Of(pairs.Where(p => p[1].Trim('"').Length > 0).Select(p => (p[0], p[1].Trim('"'))));
            var now = ns == 0 ? SystemClock.Instance.GetCurrentInstant() : Instant.FromUnixTimeTicks(ns / 100);
            var trials = RouteTrial.Of(config.Root, alert);
            var hits = trials.Where(t => t.Fate == RouteFate.Takes).Select(t => RouteHit.Of(t.Route, alert, now)).ToList();
            var receivers = string.Join(',', hits.Select(h => h.Receiver));
            var ok = parse.GetValue(expected) is not { } wanted || wanted == receivers;
            var output = parse.InvocationConfiguration.Output;
            if (parse.GetValue(format) == "json")
            {
                Output.Json(output, new RouteTestResult(ok, hits, [.. trials.Where(t => t.Fate != RouteFate.Takes).Select(t => RouteMiss.Of(t, alert))]), CliJson.Readable.RouteTestResult);
                return ok ? ExitCode.Ok : ExitCode.Problems;
            }
            foreach (var hit in hits)
            {
                output.WriteLine($"{hit.Receiver}  {hit.Position}  group {hit.GroupKey}{(hit.Quiet is { } why ? $"  quiet now: {why}" : "")}");
            }
            return ok ? ExitCode.Ok : Output.Fail(parse, ExitCode.Problems, $"expected {parse.GetValue(expected)}, the alert reaches {receivers}");
        });
        return command;
    }

    private static Argument<string> File() => new("FILE") { Description = "Alertmanager's configuration file." };

    private static Option<MatcherMode> Mode() => new("--matchers")
    {
        Description = "Which grammar of matchers counts: fallback, utf8strict or classic.",
        DefaultValueFactory = _ => MatcherMode.Fallback,
    };

    private static AlertmanagerConfig? Config(ParseResult parse, string path, MatcherMode mode)
    {
        var reading = Read(path, mode);
        foreach (var problem in reading.Config is null ? reading.Problems : [])
        {
            parse.InvocationConfiguration.Error.WriteLine(problem);
        }
        return reading.Config;
    }

    private static AlertmanagerReading Read(string path, MatcherMode mode) =>
        RulesVerbs.Read(path) is { } file ? AlertmanagerReader.Read(file, mode) : new(null, [RulesVerbs.Unreadable(path, 1, 1)]);
}

/// <summary>What <c>nines check alertmanager --format json</c> answers.</summary>
/// <param name="Ok">Whether no problem is an error.</param>
/// <param name="Problems">All problems.</param>
public sealed record AlertmanagerCheckResult(bool Ok, IReadOnlyList<ProblemItem> Problems);

/// <summary>What <c>nines routes show --format json</c> answers: a node of the routing tree.</summary>
public sealed record RouteTree(
    string Key, string Receiver, IReadOnlyList<string> Matchers, IReadOnlyList<string> GroupBy, bool GroupByAll, double GroupWaitSeconds,
    double GroupIntervalSeconds, double RepeatIntervalSeconds, bool Continue, string Position, IReadOnlyList<RouteTree> Routes)
{
    /// <summary>The node of a route.</summary>
    public static RouteTree Of(Route route) => new(route.Key, route.Receiver, [.. route.Matchers.Select(m => m.ToString())], route.GroupBy, route.GroupByAll,
        route.GroupWaitMs / 1000d, route.GroupIntervalMs / 1000d, route.RepeatIntervalMs / 1000d, route.Continue, route.Position.ToString(),
        [.. route.Routes.Select(Of)]);
}

/// <summary>What <c>nines routes test --format json</c> answers.</summary>
/// <param name="Ok">Whether the receivers are the expected ones.</param>
/// <param name="Routes">The routes that the alert takes, in order.</param>
/// <param name="Others">The routes that it does not take, in order, and why.</param>
public sealed record RouteTestResult(bool Ok, IReadOnlyList<RouteHit> Routes, IReadOnlyList<RouteMiss> Others);

/// <summary>A route that an alert does not take.</summary>
/// <param name="Receiver">Who is not told.</param>
/// <param name="Key">The matchers on the way to the route.</param>
/// <param name="Why">Why.</param>
/// <param name="Position">Where the route is declared.</param>
public sealed record RouteMiss(string Receiver, string Key, string Why, string Position)
{
    /// <summary>The miss of a trial.</summary>
    public static RouteMiss Of(RouteTrial trial, Labels alert) =>
        new(trial.Route.Receiver, trial.Route.Key, RouteText.Why(trial, alert), trial.Route.Position.ToString());
}

/// <summary>A route that an alert takes.</summary>
/// <param name="Receiver">Who is told.</param>
/// <param name="Key">The matchers on the way to the route.</param>
/// <param name="GroupKey">The group in which it is told, as in Alertmanager's webhook.</param>
/// <param name="Timers">When.</param>
/// <param name="Quiet">Why nothing is told at the moment; null when it is.</param>
/// <param name="Position">Where the route is declared.</param>
public sealed record RouteHit(string Receiver, string Key, string GroupKey, string Timers, string? Quiet, string Position)
{
    /// <summary>The hit of a route.</summary>
    public static RouteHit Of(Route route, Labels alert, Instant now) =>
        new(route.Receiver, route.Key, $"{route.Key}:{route.GroupOf(alert)}", RouteText.Timers(route), RouteText.Quiet(route, now), route.Position.ToString());
}
