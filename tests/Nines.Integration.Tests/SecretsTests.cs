using System.Collections.Concurrent;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Nines.Core.Access;
using Nines.Core.Alerting;
using Nines.Metrics;
using Nines.Server.Access;

namespace Nines.Integration.Tests;

/// <summary>Plants secrets where people put them and looks for them wherever the server writes.</summary>
public sealed class SecretsTests
{
    private static readonly string[] Planted = [.. Enumerable.Range(0, 20).Select(i => $"planted{i:00}secretvalue")];

    [Fact]
    public async Task Secrets_PlantedEverywhere_AreInNoLogNoAnswerAndNoFile()
    {
        for (var i = 0; i < 8; i++)
        {
            Environment.SetEnvironmentVariable($"NINES_TEST_SECRET_{i}", Planted[i]);
        }
        var receivers = new StringBuilder("apiVersion: nines/v1\nkind: Delivery\nmetadata: {name: all}\nspec:\n  receivers:\n");
        for (var i = 0; i < 4; i++)
        {
            receivers.Append($"    - name: t{i}\n      telegram: {{apiUrl: 'http://127.0.0.1:1', chatId: '1', botToken: '${{env:NINES_TEST_SECRET_{i}}}'}}\n");
            receivers.Append($"    - name: w{i}\n      webhook: {{url: 'http://127.0.0.1:1/{Planted[8 + i]}', bearerToken: '${{env:NINES_TEST_SECRET_{4 + i}}}'}}\n");
        }
        using var logs = new Logs();
        await using var server = await RunningServer.StartAsync(new Dictionary<string, string> { ["delivery.yaml"] = receivers.ToString() }, logs: logs);
        var accounts = server.App.Services.GetRequiredService<Accounts>();
        for (var i = 12; i < 20; i++)
        {
            (await accounts.AddUserAsync($"user{i}", Planted[i], Role.Viewer, "system", TestContext.Current.CancellationToken)).ShouldBeNull();
        }
        var now = DateTimeOffset.UnixEpoch.AddYears(60).ToUnixTimeMilliseconds() * 1_000_000;
        await server.App.Services.GetRequiredService<IAlertDoor>().PostAsync(
            [new PostedAlert(Labels.Of(("alertname", "Planted")), Labels.Empty, now, now + 3_600_000_000_000, "")], TestContext.Current.CancellationToken);

        var answers = new StringBuilder();
        using var client = await server.ClientAsync(Role.Admin);
        foreach (var rule in RouteTable.Rules.Where(r => r.Method == "GET" && r.Route != "/stream"))
        {
            using var response = await client.GetAsync(rule.Route.Replace("{**key}", "a/b@c").Replace("{documentName}", "v1"), TestContext.Current.CancellationToken);
            answers.Append(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        }
        var root = await server.StopAsync();
        foreach (var secret in Planted)
        {
            logs.Text.ShouldNotContain(secret);
            answers.ToString().ShouldNotContain(secret);
            // The archive holds the workspace's files as they are, so a literal in them is there; a reference is not its value.
            foreach (var file in Directory.EnumerateFiles(Path.Combine(root, "data"), "*", SearchOption.AllDirectories).Where(f => Array.IndexOf(Planted, secret) is < 8 or >= 12))
            {
                Encoding.Latin1.GetString(await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken)).ShouldNotContain(secret, customMessage: file);
            }
        }
    }

    private sealed class Logs : ILoggerProvider, ILogger
    {
        private readonly ConcurrentQueue<string> _lines = new();

        public string Text => string.Join('\n', _lines);

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            _lines.Enqueue(formatter(state, exception) + exception);

        public void Dispose()
        {
        }
    }
}
