using System.CommandLine;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json;
using Nines.Server.Objectives;

namespace Nines.Cli.Verbs;

/// <summary><c>nines objectives</c>: the objectives of a running server with what is left of their budgets.</summary>
internal static class ObjectivesVerb
{
    public static Command Create()
    {
        var server = new Option<string>("--server") { Description = "The server's address.", DefaultValueFactory = _ => Environment.GetEnvironmentVariable("NINES_SERVER") ?? "http://127.0.0.1:9999" };
        var token = new Option<string?>("--token") { Description = "An API token. Default: NINES_TOKEN.", DefaultValueFactory = _ => Environment.GetEnvironmentVariable("NINES_TOKEN") };
        var format = Output.Format();
        var command = new Command("objectives", "List the objectives of a running server, least budget first.") { server, token, format };
        command.SetAction(async (parse, stop) =>
        {
            using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(30) };
            if (parse.GetValue(token) is { Length: > 0 } secret)
            {
                client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", secret);
            }
            try
            {
                using var response = await client.GetAsync(new Uri(new Uri(parse.GetRequiredValue(server)), "/nines/v1/objectives"), stop);
                if (response.StatusCode is System.Net.HttpStatusCode.Unauthorized or System.Net.HttpStatusCode.Forbidden)
                {
                    return Output.Fail(parse, ExitCode.Refused, "the server wants an API token: make one under /account and give it with --token or NINES_TOKEN");
                }
                response.EnsureSuccessStatusCode();
                var list = await JsonSerializer.DeserializeAsync(await response.Content.ReadAsStreamAsync(stop), CliJson.Readable.ObjectiveList, stop);
                Print(parse, list!, parse.GetValue(format) == "json");
                return ExitCode.Ok;
            }
            catch (Exception e) when (e is HttpRequestException or UriFormatException or JsonException or TaskCanceledException)
            {
                return Output.Fail(parse, ExitCode.Unavailable, $"{parse.GetValue(server)} does not answer as Nines does: {e.Message}");
            }
        });
        return command;
    }

    private static void Print(ParseResult parse, ObjectiveList list, bool json)
    {
        var output = parse.InvocationConfiguration.Output;
        if (json)
        {
            Output.Json(output, list, CliJson.Readable.ObjectiveList);
            return;
        }
        var width = list.Items.Select(i => i.Key.Length).DefaultIfEmpty(9).Max();
        output.WriteLine($"{"OBJECTIVE".PadRight(width)}  {"STATE",-9}  {"LEFT",8}  {"GOOD",12}  {"TOTAL",12}");
        foreach (var item in list.Items.OrderBy(i => i.RemainingShare ?? 0.5))
        {
            var left = item.RemainingShare is { } share ? (share * 100).ToString("0.0", CultureInfo.InvariantCulture) + " %" : "unknown";
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{item.Key.PadRight(width)}  {item.State,-9}  {left,8}  {item.Good,12:0.###}  {item.Total,12:0.###}"));
        }
    }
}
