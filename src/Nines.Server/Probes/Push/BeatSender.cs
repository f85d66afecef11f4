using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Nines.Core.Probes.Push;
using Nines.Core.Telemetry;
using Nines.Server.Alerting;
using Nines.Server.Telemetry;

namespace Nines.Server.Probes.Push;

/// <summary>How an outbound beat stands.</summary>
/// <param name="Name">Its name.</param>
/// <param name="DisplayName">What people read.</param>
/// <param name="EverySeconds">How often it is sent.</param>
/// <param name="LastSent">When it was last taken by the other side; null before the first time.</param>
/// <param name="Error">Why the last one was not sent or not taken; null when it was.</param>
public sealed record SentBeat(string Name, string DisplayName, double EverySeconds, DateTimeOffset? LastSent, string? Error);

/// <summary>
/// Sends signs of life outside, while Nines would page: door and outbox went through what there is to do within 15 s, and no check of this process fails
/// (<c>/health/ready</c>). When it would not, it is silent, and whoever waits for the beat pages.
/// </summary>
internal sealed partial class BeatSender(
    IAlertLife life, HealthSource health, PushMeter meter, string workspaceDirectory, TimeProvider time, ILogger<BeatSender> log) : BackgroundService
{
    private static readonly TimeSpan MostSinceLook = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly HttpAccessClients _clients = new(workspaceDirectory);
    private volatile IReadOnlyList<Beat> _beats = [];

    /// <summary>Sets the beats; one that is as before goes on.</summary>
    public void Apply(IReadOnlyList<OutboundBeat> beats)
    {
        var before = _beats;
        _beats = [.. beats.Select(b => before.FirstOrDefault(known => known.Sent == b) ?? new Beat(b))];
    }

    /// <summary>How the beats stand, in order of name.</summary>
    public IReadOnlyList<SentBeat> Status() =>
        [.. _beats.Select(b => new SentBeat(b.Sent.Name, b.Sent.DisplayName, b.Sent.EveryMs / 1000d, b.LastSent, b.Error))];

    /// <inheritdoc/>
    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Rounds.RunAsync(time, 1_000, nowMs => RoundAsync(nowMs, stoppingToken), stoppingToken);

    /// <summary>Sends what is due, all at the same time; one that is still under way is not sent again.</summary>
    internal Task RoundAsync(long nowMs, CancellationToken stop)
    {
        foreach (var beat in _beats.Where(b => b.Running.IsCompleted && nowMs >= b.DueMs))
        {
            beat.DueMs = (nowMs / beat.Sent.EveryMs + 1) * beat.Sent.EveryMs;
            beat.Running = SendAsync(beat, stop);
        }
        return Task.CompletedTask;
    }

    /// <summary>Waits for what is under way.</summary>
    internal Task SentAsync() => Task.WhenAll(_beats.Select(b => b.Running));

    private async Task SendAsync(Beat beat, CancellationToken stop)
    {
        var error = Trouble() ?? await PostAsync(beat.Sent, stop);
        if (stop.IsCancellationRequested)
        {
            return;
        }
        meter.Beat(beat.Sent.Name, error is null ? "sent" : "failed");
        if (error is null)
        {
            beat.LastSent = time.GetUtcNow();
        }
        else if (beat.Error != error)
        {
            LogFailed(beat.Sent.Name, error);
        }
        beat.Error = error;
    }

    /// <summary>Why Nines would not page; null when it would.</summary>
    private string? Trouble() =>
        life.SinceLook is not { } since ? "held back: alerts are not watched yet"
        : since > MostSinceLook ? $"held back: the watch over alerts has stood still for {since.TotalSeconds:0} s"
        : health.Look().FirstOrDefault(c => c is { Status: HealthStatus.Fail, Class: HealthClass.HardLocal }) is { } failing
            ? $"held back: {failing.Component} {failing.Measurement} fails" : null;

    private async Task<string?> PostAsync(OutboundBeat beat, CancellationToken stop)
    {
        using var limit = new CancellationTokenSource(Patience, TimeProvider.System);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, stop);
        try
        {
            if (!Uri.TryCreate(SecretReader.Resolve(beat.Url), UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https"))
            {
                return "its url is no http address";
            }
            using var request = new HttpRequestMessage(HttpMethod.Post, address);
            _clients.Sign(request, beat.Access);
            using var response = await _clients.For(beat.Access).SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token);
            return response.IsSuccessStatusCode ? null : $"the other side answers {(int)response.StatusCode}";
        }
        catch (Exception e) when (e is SecretMissingException or AccessFileException)
        {
            return e.Message;
        }
        catch (HttpRequestException e)
        {
            // The message may hold the address, which may be a secret.
            return $"the other side cannot be reached: {e.HttpRequestError}";
        }
        catch (OperationCanceledException)
        {
            return $"no answer within {Patience.TotalSeconds:0} s";
        }
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _clients.Dispose();
        base.Dispose();
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The outbound beat {Name} is not sent: {Error}")]
    private partial void LogFailed(string name, string error);

    private sealed class Beat(OutboundBeat sent)
    {
        public OutboundBeat Sent => sent;

        public long DueMs { get; set; }

        public Task Running { get; set; } = Task.CompletedTask;

        public DateTimeOffset? LastSent { get; set; }

        public string? Error { get; set; }
    }
}
