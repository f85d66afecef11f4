using System.CommandLine;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Nines.Cli.Verbs;

/// <summary><c>nines push</c>: tells a running server of events: good or bad ones, or a value. What is sent again counts once.</summary>
internal static class PushVerb
{
    private const int Attempts = 5;
    private const int MostEvents = 5_000;

    public static Command Create()
    {
        var name = new Argument<string>("event") { Description = "What happened, such as thumbs; - reads events as JSON from standard input, one a line." };
        var good = new Option<int>("--good") { Description = "So many good events." };
        var bad = new Option<int>("--bad") { Description = "So many bad events." };
        var ignored = new Option<int>("--ignored") { Description = "So many events that count neither way." };
        var value = new Option<double?>("--value") { Description = "A number that is added up, such as a cost." };
        var service = new Option<string?>("--service") { Description = "The service it is about." };
        var environment = new Option<string?>("--environment") { Description = "The environment. Default: production." };
        var labels = new Option<string[]>("--label") { Description = "A label of its own, name=value; may be given several times." };
        var at = new Option<string?>("--at") { Description = "When it happened, RFC 3339, at most an hour ago." };
        var key = new Option<string?>("--key") { Description = "What was pushed under the same key before counts once. Default: a new one, so that only this command's own retries count once." };
        var server = new Option<string>("--url", "--server") { Description = "The server's address.", DefaultValueFactory = _ => Environment.GetEnvironmentVariable("NINES_SERVER") ?? "http://127.0.0.1:9999" };
        var token = new Option<string?>("--token") { Description = "An API token of the role push. Default: NINES_TOKEN.", DefaultValueFactory = _ => Environment.GetEnvironmentVariable("NINES_TOKEN") };
        var format = Output.Format();
        var command = new Command("push", "Tell a server of events: how many were good or bad, or a value. They are counted exactly, and once.")
        {
            name, good, bad, ignored, value, service, environment, labels, at, key, server, token, format,
        };
        command.SetAction(async (parse, stop) =>
        {
            List<string> events;
            if (parse.GetRequiredValue(name) == "-")
            {
                events = [await Console.In.ReadToEndAsync(stop)];
            }
            else
            {
                var (wrong, fields) = Fields(parse.GetRequiredValue(name), parse.GetValue(labels) ?? [],
                    [("service", parse.GetValue(service)), ("environment", parse.GetValue(environment)), ("at", parse.GetValue(at))]);
                if (wrong is not null)
                {
                    return Output.Fail(parse, ExitCode.Usage, wrong);
                }
                events = Events(fields, [("good", parse.GetValue(good)), ("bad", parse.GetValue(bad)), ("ignored", parse.GetValue(ignored))], parse.GetValue(value));
                if (events.Count is 0 or > MostEvents)
                {
                    return Output.Fail(parse, ExitCode.Usage, events.Count == 0 ? "say what happened: --good 1, --bad 1, --ignored 1 or --value 0.12" : $"at most {MostEvents} events at once");
                }
            }
            var once = parse.GetValue(key) is { Length: > 0 } given ? given : Convert.ToHexStringLower(System.Security.Cryptography.RandomNumberGenerator.GetBytes(16));
            using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(30) };
            if (parse.GetValue(token) is { Length: > 0 } secret)
            {
                client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", secret);
            }
            if (!Uri.TryCreate(parse.GetRequiredValue(server), UriKind.Absolute, out var root))
            {
                return Output.Fail(parse, ExitCode.Usage, $"{parse.GetRequiredValue(server)} is no address");
            }
            var (status, body) = await SendAsync(client, new Uri(root, "/nines/v1/events"), string.Join('\n', events), once, TimeProvider.System, stop);
            return Report(parse, status, body, root, parse.GetValue(format) == "json");
        });
        return command;
    }

    /// <summary>Sends, and sends again with the same key while the server cannot be reached or cannot take it.</summary>
    internal static async Task<(HttpStatusCode? Status, string Body)> SendAsync(
        HttpClient client, Uri address, string events, string key, TimeProvider time, CancellationToken stop)
    {
        (HttpStatusCode? Status, string Body) last = (null, "");
        for (var attempt = 1; attempt <= Attempts; attempt++)
        {
            if (attempt > 1)
            {
                await Task.Delay(TimeSpan.FromSeconds(1 << (attempt - 2)), time, stop);
            }
            try
            {
                using var request = new HttpRequestMessage(HttpMethod.Post, address) { Content = new StringContent(events, Encoding.UTF8, "application/x-ndjson") };
                request.Headers.Add("Idempotency-Key", key);
                using var response = await client.SendAsync(request, stop);
                last = (response.StatusCode, await response.Content.ReadAsStringAsync(stop));
                if (response.StatusCode is < HttpStatusCode.InternalServerError and not HttpStatusCode.TooManyRequests)
                {
                    return last;
                }
            }
            catch (Exception e) when (e is HttpRequestException or TaskCanceledException && !stop.IsCancellationRequested)
            {
                last = (null, e.Message);
            }
        }
        return last;
    }

    private static (string? Wrong, JsonObject Fields) Fields(string name, string[] labels, (string Name, string? Value)[] more)
    {
        var fields = new JsonObject { ["name"] = name };
        foreach (var (field, value) in more.Where(m => m.Value is not null))
        {
            fields[field] = value;
        }
        var own = new JsonObject();
        foreach (var label in labels)
        {
            if (label.Split('=', 2) is not [{ Length: > 0 } left, var right])
            {
                return ($"--label {label} is not name=value", fields);
            }
            own[left] = right;
        }
        if (own.Count > 0)
        {
            fields["labels"] = own;
        }
        return (null, fields);
    }

    private static List<string> Events(JsonObject fields, (string Outcome, int Count)[] outcomes, double? value)
    {
        var events = new List<string>();
        foreach (var (outcome, count) in outcomes)
        {
            for (var i = 0; i < count && events.Count <= MostEvents; i++)
            {
                var one = fields.DeepClone().AsObject();
                one["outcome"] = outcome;
                if (value is { } number && events.Count == 0)
                {
                    // The value is that of what the command tells, not of each event in it.
                    one["value"] = number;
                }
                events.Add(one.ToJsonString());
            }
        }
        if (events.Count == 0 && value is { } alone)
        {
            var one = fields.DeepClone().AsObject();
            one["value"] = alone;
            events.Add(one.ToJsonString());
        }
        return events;
    }

    private static int Report(ParseResult parse, HttpStatusCode? status, string body, Uri server, bool json)
    {
        JsonNode? answer = null;
        try
        {
            answer = body.Length > 0 && status is not null ? JsonNode.Parse(body) : null;
        }
        catch (JsonException)
        {
            return Output.Fail(parse, ExitCode.Unavailable, $"{server} does not answer as Nines does");
        }
        if (status is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden)
        {
            return Output.Fail(parse, ExitCode.Refused, "the server wants an API token of the role push: make one under /account and give it with --token or NINES_TOKEN");
        }
        if (status is null or >= HttpStatusCode.InternalServerError)
        {
            return Output.Fail(parse, ExitCode.Unavailable, $"{server} could not be told in {Attempts} attempts: {(string?)answer?["detail"] ?? body}");
        }
        if (answer?["accepted"] is null)
        {
            return Output.Fail(parse, ExitCode.Problems, $"{(string?)answer?["detail"] ?? status.ToString()} {(string?)answer?["hint"]}");
        }
        var output = parse.InvocationConfiguration.Output;
        if (json)
        {
            output.WriteLine(answer.ToJsonString(new() { WriteIndented = true }));
        }
        else
        {
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{(int)answer["accepted"]!} counted, {(int)answer["duplicates"]!} counted before, {(int)answer["late"]!} late"));
            foreach (var refused in answer["refused"]!.AsArray())
            {
                output.WriteLine($"event {(int)refused!["index"]! + 1} is refused: {refused["message"]}. {refused["hint"]}");
            }
        }
        return answer["refused"]!.AsArray().Count > 0 ? ExitCode.Problems : ExitCode.Ok;
    }
}
