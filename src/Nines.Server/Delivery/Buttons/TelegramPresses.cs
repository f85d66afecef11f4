using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Nines.Core.Alerting.Routing;
using Nines.Core.Delivery;
using Nines.Core.Delivery.Integrations;
using Nines.Server.Delivery.Integrations;

namespace Nines.Server.Delivery.Buttons;

/// <summary>
/// Asks Telegram whether buttons were pressed, one question at a time for each bot, which Telegram holds until there is a press: that works without a public
/// address. What was acted on is confirmed with the next question; after a crash it comes again, and acting twice is acting once.
/// </summary>
internal sealed partial class TelegramPresses(
    PressedButtons buttons, IntegrationClient client, TimeProvider time, Func<double> jitter, ILogger<TelegramPresses> log) : IHostedService, IDisposable
{
    private static readonly TimeSpan AskTimeout = TimeSpan.FromSeconds(TelegramPress.HoldSeconds + 15);
    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(10);

    // Something in between that answers at once with nothing must not make this ask without end.
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, Listening> _bots = new(StringComparer.Ordinal);
    private readonly List<Task> _ending = [];
    private readonly CancellationTokenSource _stop = new();
    private bool _disposed;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stop.CancelAsync();
        Task[] running;
        lock (_gate)
        {
            running = [.. _ending, .. _bots.Values.Select(b => b.Loop)];
        }
        await Task.WhenAll(running);
    }

    public void Dispose()
    {
        // The container disposes once for each service it is registered as.
        if (!_disposed)
        {
            _disposed = true;
            _stop.Cancel();
            _stop.Dispose();
        }
    }

    /// <summary>Listens to the bots of a configuration, and to no others.</summary>
    public void Apply(RoutingPlan plan)
    {
        lock (_gate)
        {
            if (_stop.IsCancellationRequested)
            {
                return;
            }
            var wanted = PressedButtons.Of(plan, "telegram").GroupBy(BotOf, StringComparer.Ordinal)
                .ToDictionary(g => g.Key, g => g.First(), StringComparer.Ordinal);
            foreach (var (bot, listening) in _bots.Where(b => !wanted.ContainsKey(b.Key)).ToList())
            {
                listening.Stop.Cancel();
                _bots.Remove(bot);
                _ending.RemoveAll(t => t.IsCompleted);
                _ending.Add(listening.Loop);
            }
            foreach (var (bot, integration) in wanted)
            {
                if (_bots.TryGetValue(bot, out var known))
                {
                    known.Integration = integration;
                    continue;
                }
                var listening = _bots[bot] = new Listening(bot, integration, CancellationTokenSource.CreateLinkedTokenSource(_stop.Token));
                listening.Loop = Task.Run(() => ListenAsync(listening));
            }
        }
    }

    private async Task ListenAsync(Listening to)
    {
        var stop = to.Stop.Token;
        var (failures, said, next) = (0, "", 0L);
        try
        {
            while (true)
            {
                var answer = await CallAsync(to, TelegramPress.Ask(next), AskTimeout);
                if (answer.Outcome.Verdict != SendVerdict.Sent)
                {
                    if (said != answer.Outcome.Detail)
                    {
                        said = answer.Outcome.Detail;
                        LogUnheard(to.Integration.Position.ToString(), said, said.StartsWith("HTTP 409", StringComparison.Ordinal)
                            ? ". Another program asks for this bot's updates, or the bot has a webhook: only one can hear of its buttons" : "");
                    }
                    await Task.Delay(answer.Outcome.WaitAfter(++failures, jitter()), time, stop);
                    continue;
                }
                (failures, said) = (0, "");
                var presses = TelegramPress.Read(answer.Body, ref next);
                foreach (var press in presses)
                {
                    await ActAsync(to, press, stop);
                }
                if (presses.Count == 0)
                {
                    await Task.Delay(Rest, time, stop);
                }
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            to.Stop.Dispose();
        }
    }

    private async Task ActAsync(Listening to, TelegramPress press, CancellationToken stop)
    {
        try
        {
            var answer = press.Press is null ? new ButtonAnswer("This button is none of Nines'", null)
                : await buttons.ActAsync(press.Press, "telegram", i => BotOf(i) == to.Bot && press.IsIn(i.Settings.Text("chat_id") ?? ""),
                    new($"telegram:{press.UserId}", press.UserName, "telegram"), stop);
            await SayAsync(to, press.Toast(answer.Text));
            if (press.Edit(answer) is { } edit)
            {
                await SayAsync(to, edit);
            }
        }
        catch (Exception e) when (!stop.IsCancellationRequested)
        {
            // Our bug with one press must not end listening. Its text may hold the address.
            LogFailed(e.GetType().Name);
        }
    }

    private async Task SayAsync(Listening to, BotCall what)
    {
        var said = await CallAsync(to, what, CallTimeout);
        if (said.Outcome.Verdict != SendVerdict.Sent && !said.Outcome.Detail.Contains("message is not modified", StringComparison.Ordinal))
        {
            LogNotSaid(said.Outcome.Detail);
        }
    }

    private Task<HttpAnswer> CallAsync(Listening to, BotCall what, TimeSpan timeout) => client.CallAsync(
        to.Integration, open => what.To(to.Integration.Settings, open("bot_token") ?? ""), timeout, to.Stop.Token);

    // Two receivers may name one bot by other references; where its token cannot be read, the reference stands for it.
    private static string BotOf(Integration integration)
    {
        var settings = integration.Settings;
        try
        {
            return $"{settings.Text("api_url")} {new OpenedSecrets().Open(settings, "bot_token")}";
        }
        catch (SecretMissingException)
        {
            return $"{settings.Text("api_url")} {settings.Secret("bot_token")?.Reference}";
        }
    }

    /// <summary>A bot that is listened to.</summary>
    private sealed class Listening(string bot, Integration integration, CancellationTokenSource stop)
    {
        public string Bot { get; } = bot;

        public Integration Integration { get; set; } = integration;

        public CancellationTokenSource Stop { get; } = stop;

        public Task Loop { get; set; } = Task.CompletedTask;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The Telegram bot of the receiver at {Position} cannot be asked for pressed buttons: {Detail}{Hint}")]
    private partial void LogUnheard(string position, string detail, string hint);

    [LoggerMessage(Level = LogLevel.Warning, Message = "What came of a button pressed in Telegram could not be said there: {Detail}")]
    private partial void LogNotSaid(string detail);

    [LoggerMessage(Level = LogLevel.Error, Message = "A button pressed in Telegram failed by a fault of this server: {Kind}")]
    private partial void LogFailed(string kind);
}
