using System.CommandLine;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Nodes;
using Nines.Core.Alerting.Routing;
using Nines.Metrics;

namespace Nines.Cli.Verbs;

/// <summary><c>nines explain</c>: why people were told of an alert of a running server, or were not.</summary>
internal static class ExplainVerb
{
    private const int Most = 20;

    public static Command Create()
    {
        var which = new Argument<string>("alert") { Description = "An alert's fingerprint, or matchers such as 'service=\"checkout\"'." };
        var server = new Option<string>("--server") { Description = "The server's address.", DefaultValueFactory = _ => Environment.GetEnvironmentVariable("NINES_SERVER") ?? "http://127.0.0.1:9999" };
        var token = new Option<string?>("--token") { Description = "An API token. Default: NINES_TOKEN.", DefaultValueFactory = _ => Environment.GetEnvironmentVariable("NINES_TOKEN") };
        var format = Output.Format();
        var command = new Command("explain", $"Say why people were told of an alert, or were not: routes, timers, silences, inhibition, every attempt. Of more alerts the first {Most}.") { which, server, token, format };
        command.SetAction(async (parse, stop) =>
        {
            var text = parse.GetRequiredValue(which);
            IReadOnlyList<Matcher>? matchers = null;
            if (!IsFingerprint(text) && MatcherText.Read(text) is var reading && (matchers = reading.Matchers) is not { Count: > 0 })
            {
                return Output.Fail(parse, ExitCode.Usage, $"neither a fingerprint of 16 hex digits nor matchers: {reading.Error ?? "nothing is said"}");
            }
            using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(30) };
            if (parse.GetValue(token) is { Length: > 0 } secret)
            {
                client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", secret);
            }
            try
            {
                var root = new Uri(new Uri(parse.GetRequiredValue(server)), "/nines/v1/alerts");
                var fingerprints = matchers is null ? [text] : await MatchingAsync(client, root, matchers, stop);
                var details = new List<JsonNode>();
                foreach (var fingerprint in fingerprints.Take(Most))
                {
                    details.Add(await GetAsync(client, new Uri($"{root}/{fingerprint}"), stop));
                }
                return details.Count == 0 ? Output.Fail(parse, ExitCode.Problems, "no alert that fires or was over within a day matches") : Print(parse, details, parse.GetValue(format) == "json");
            }
            catch (HttpRequestException e) when (e.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden)
            {
                return Output.Fail(parse, ExitCode.Refused, "the server wants an API token: make one under /account and give it with --token or NINES_TOKEN");
            }
            catch (HttpRequestException e) when (e.StatusCode is HttpStatusCode.NotFound)
            {
                return Output.Fail(parse, ExitCode.Problems, $"the server knows no alert {text}");
            }
            catch (Exception e) when (e is HttpRequestException or UriFormatException or JsonException or TaskCanceledException)
            {
                return Output.Fail(parse, ExitCode.Unavailable, $"{parse.GetValue(server)} does not answer as Nines does: {e.Message}");
            }
        });
        return command;
    }

    private static bool IsFingerprint(string text) => text.Length == 16 && text.All(char.IsAsciiHexDigitLower);

    private static async Task<List<string>> MatchingAsync(HttpClient client, Uri list, IReadOnlyList<Matcher> matchers, CancellationToken stop) =>
        [.. (await GetAsync(client, list, stop))["items"]!.AsArray()
            .Where(item => Matcher.AllMatch(matchers, Labels.Of(item!["labels"]!.AsObject().Select(p => (p.Key, (string)p.Value!)))))
            .Select(item => (string)item!["fingerprint"]!)];

    private static async Task<JsonNode> GetAsync(HttpClient client, Uri address, CancellationToken stop)
    {
        using var response = await client.GetAsync(address, stop);
        response.EnsureSuccessStatusCode();
        return (await JsonNode.ParseAsync(await response.Content.ReadAsStreamAsync(stop), cancellationToken: stop))!;
    }

    private static int Print(ParseResult parse, List<JsonNode> details, bool json)
    {
        var output = parse.InvocationConfiguration.Output;
        if (json)
        {
            output.WriteLine(new JsonObject { ["items"] = new JsonArray([.. details]) }.ToJsonString(new() { WriteIndented = true }));
            return ExitCode.Ok;
        }
        foreach (var detail in details)
        {
            var alert = detail["alert"]!;
            output.WriteLine($"{alert["labels"]!["alertname"] ?? "an alert without a name"} {alert["fingerprint"]}, {alert["state"]}");
            output.WriteLine(detail["explanation"] is { } explanation ? $"  {explanation["summary"]}" : "  Over for more than a day: only its messages are known.");
            foreach (var route in detail["explanation"]?["routes"]!.AsArray() ?? [])
            {
                output.WriteLine($"  to {route!["receiver"]}");
                foreach (var step in route["steps"]!.AsArray())
                {
                    output.WriteLine($"    {((bool)step!["stops"]! ? "✕" : "✓")} {step["title"]}: {step["text"]}{(step["declared"] is { } declared ? $" ({declared})" : "")}");
                }
                foreach (var telling in route["integrations"]!.AsArray())
                {
                    output.WriteLine($"    → {telling!["kind"]}: {telling["text"]}");
                }
            }
            foreach (var message in detail["messages"]!.AsArray())
            {
                output.WriteLine($"  message {message!["key"]} to {message["receiver"]}, decided {message["decidedAt"]}: {message["state"]}");
                foreach (var attempt in message["attempts"]!.AsArray())
                {
                    output.WriteLine($"    attempt {attempt!["number"]}, {attempt["started"]}: {attempt["outcome"]}{(((string)attempt["detail"]!).Length > 0 ? $", {attempt["detail"]}" : "")}");
                }
            }
        }
        return ExitCode.Ok;
    }
}
