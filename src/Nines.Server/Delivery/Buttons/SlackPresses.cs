using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Nines.Core.Alerting.Routing;
using Nines.Core.Delivery;
using Nines.Core.Delivery.Integrations;
using Nines.Server.Delivery.Integrations;
using Nines.Server.State;

namespace Nines.Server.Delivery.Buttons;

/// <summary>Hears from Slack of buttons that are pressed. Its signature is the request's credential; the answer goes to the press's own address.</summary>
internal sealed partial class SlackPresses(
    PressedButtons buttons, IntegrationClient client, TimeProvider time, IoTime io, ILogger<SlackPresses> log)
{
    private const int MaxBody = 256 * 1024;
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(10);

    // Slack shows a failure to whoever pressed after 3 s.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2.5);

    /// <summary>Takes a request.</summary>
    /// <returns>404 while no receiver has a signing secret; 413, 401; 200 for anything that is signed.</returns>
    public async Task<IResult> ReceiveAsync(HttpContext context)
    {
        var all = buttons.Of("slack");
        if (all.Count == 0)
        {
            return TypedResults.NotFound();
        }
        if (await BodyAsync(context.Request) is not { } body)
        {
            return TypedResults.StatusCode(StatusCodes.Status413PayloadTooLarge);
        }
        var timestamp = context.Request.Headers["X-Slack-Request-Timestamp"].ToString();
        var signature = context.Request.Headers["X-Slack-Signature"].ToString();
        var fitting = all.Where(i => Secret(i) is { Length: > 0 } secret
            && SlackPress.IsSigned(secret, timestamp, signature, body, time.GetUtcNow().ToUnixTimeSeconds())).ToList();
        if (fitting.Count == 0)
        {
            LogNotSigned();
            return TypedResults.StatusCode(StatusCodes.Status401Unauthorized);
        }
        if (SlackPress.Read(Encoding.UTF8.GetString(body)) is { } press)
        {
            try
            {
                // What takes longer goes on; its outcome is seen in Slack all the same.
                await ActAsync(press, fitting).WaitAsync(Patience, io.Provider, context.RequestAborted);
            }
            catch (TimeoutException)
            {
                LogSlow(Patience.TotalSeconds);
            }
        }
        return TypedResults.Ok();
    }

    private async Task ActAsync(SlackPress press, List<Integration> fitting)
    {
        try
        {
            var answer = await buttons.ActAsync(press.Press, "slack", fitting.Contains, new($"slack:{press.UserId}", press.UserName, "slack"),
                CancellationToken.None);
            if (fitting.Find(i => IsSlacks(press.ResponseUrl, i)) is not { } way)
            {
                LogElsewhere();
                return;
            }
            var said = await client.CallAsync(way, _ => press.Answer(answer), AnswerTimeout, CancellationToken.None);
            if (said.Outcome.Verdict != SendVerdict.Sent)
            {
                LogNotAnswered(said.Outcome.Detail);
            }
        }
        catch (Exception e)
        {
            // Our bug: Slack was answered already, or is now. Its text may hold an address.
            LogFailed(e.GetType().Name);
        }
    }

    /// <summary>Whether an address may be answered to: Slack's, or the host that the receiver itself posts to. Whoever knows the signing secret must not make
    /// this server call others.</summary>
    private static bool IsSlacks(string url, Integration integration)
    {
        if (!Uri.TryCreate(url, UriKind.Absolute, out var address))
        {
            return false;
        }
        return address is { Scheme: "https", Host: "hooks.slack.com", IsDefaultPort: true }
            || Uri.TryCreate(Opened(integration, "api_url"), UriKind.Absolute, out var own)
            && own.GetLeftPart(UriPartial.Authority) == address.GetLeftPart(UriPartial.Authority);
    }

    private static string? Opened(Integration integration, string name)
    {
        try
        {
            return new OpenedSecrets().Open(integration.Settings, name);
        }
        catch (SecretMissingException)
        {
            return null;
        }
    }

    private string? Secret(Integration integration)
    {
        var secret = Opened(integration, "signing_secret");
        if (secret is null)
        {
            LogNoSecret(integration.Position.ToString());
        }
        return secret;
    }

    private static async Task<byte[]?> BodyAsync(HttpRequest request)
    {
        var buffer = new byte[MaxBody + 1];
        var length = await request.Body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, request.HttpContext.RequestAborted);
        return length > MaxBody ? null : buffer[..length];
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "A request as Slack's is not signed with a receiver's signing secret, or is older than 5 minutes")]
    private partial void LogNotSigned();

    [LoggerMessage(Level = LogLevel.Warning, Message = "The signing secret of the receiver at {Position} cannot be read: nobody can answer its messages")]
    private partial void LogNoSecret(string position);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A button pressed in Slack takes longer than {Seconds} s; it goes on")]
    private partial void LogSlow(double seconds);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Slack names an address to answer to that is not Slack's; it is not called")]
    private partial void LogElsewhere();

    [LoggerMessage(Level = LogLevel.Warning, Message = "What came of a button pressed in Slack could not be said there: {Detail}")]
    private partial void LogNotAnswered(string detail);

    [LoggerMessage(Level = LogLevel.Error, Message = "A button pressed in Slack failed by a fault of this server: {Kind}")]
    private partial void LogFailed(string kind);
}
