using System.Globalization;
using Nines.Core.Alerting;
using Nines.Core.Alerting.Routing;
using Nines.Core.Delivery;
using Nines.Core.Delivery.Integrations;
using Nines.Server.State;

namespace Nines.Server.Delivery.Integrations;

/// <summary>One attempt to tell an integration of a group. Says what came of it in words that carry no secret.</summary>
internal sealed class IntegrationClient : IDisposable
{
    /// <summary>How long an attempt over HTTP may take unless the integration says otherwise.</summary>
    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    private readonly TimeProvider _time;
    private readonly HttpClients _clients;
    private readonly HttpSender _http;
    private readonly SmtpSender _smtp;
    private readonly SlackBot _slack;
    private volatile NotificationTemplates _templates = NotificationTemplates.Default;
    private volatile SeverityLadders _ladders = SeverityLadders.Default;

    public IntegrationClient(NinesOptions options, TimeProvider time, IoTime io, IMessageMemory memory)
    {
        _time = time;
        ExternalUrl = (options.PublicUrl?.ToString() ?? options.Listen).TrimEnd('/');
        _clients = new HttpClients(time);
        _http = new HttpSender(_clients, new HttpAuthorization(_clients, time), time, io);
        _smtp = new SmtpSender(io);
        _slack = new SlackBot(memory);
    }

    /// <summary>The address people reach this server at, without a slash at its end.</summary>
    public string ExternalUrl { get; }

    /// <summary>The templates of the configuration in force.</summary>
    public NotificationTemplates Templates
    {
        get => _templates;
        set => _templates = value;
    }

    /// <summary>What words of severity mean in the configuration in force.</summary>
    public SeverityLadders Ladders
    {
        get => _ladders;
        set => _ladders = value;
    }

    /// <summary>Whether our own messages lead to the server's pages about alerts.</summary>
    public bool LinksToPages { get; init; }

    /// <summary>The kinds that can be sent to.</summary>
    public static IReadOnlyList<string> Kinds { get; } = ["webhook", "telegram", "slack", "email", "pagerduty", "http", .. HttpPresets.All.Keys];

    /// <summary>One attempt.</summary>
    public async Task<SendOutcome> SendAsync(Integration integration, GroupNotification notification, DeliveryMarks marks, CancellationToken cancellation)
    {
        var secrets = new OpenedSecrets();
        try
        {
            var scope = new MessageScope(integration, notification, marks, _templates, ExternalUrl, name => secrets.Open(integration.Settings, name))
            {
                PagesUrl = LinksToPages ? ExternalUrl : "",
                Ladders = _ladders,
            };
            return await SendAsync(scope, secrets, cancellation);
        }
        catch (SecretMissingException e)
        {
            return new SendOutcome(SendVerdict.Retry, e.Message);
        }
        catch (MessageException e)
        {
            return new SendOutcome(SendVerdict.Failed, secrets.Strip(e.Message));
        }
        catch (Exception e) when (e is UriFormatException or FormatException or NotSupportedException)
        {
            // Retried: a secret that is no address now may be rotated to one that is.
            return new SendOutcome(SendVerdict.Retry, "the receiver's address or token is not one");
        }
    }

    /// <summary>A call to an integration's receiver that is no message: what came of a pressed button, or whether one was.</summary>
    /// <param name="integration">Whose secrets and <c>http_config</c> it goes by.</param>
    /// <param name="make">Makes the call; opens secret settings by name.</param>
    /// <param name="timeout">How long it may take.</param>
    /// <param name="cancellation">The server stops.</param>
    public async Task<HttpAnswer> CallAsync(
        Integration integration, Func<Func<string, string?>, HttpMessage> make, TimeSpan timeout, CancellationToken cancellation)
    {
        var secrets = new OpenedSecrets();
        try
        {
            return await _http.SendAsync(
                make(name => secrets.Open(integration.Settings, name)), integration.Settings.Nested("http_config"), [], secrets, timeout, cancellation);
        }
        catch (Exception e) when (e is SecretMissingException or MessageException)
        {
            return new(new SendOutcome(SendVerdict.Retry, secrets.Strip(e.Message)), "");
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested)
        {
            // An address or token that is none, or our bug. Its text may hold the address.
            return new(new SendOutcome(SendVerdict.Retry, $"unexpected failure ({e.GetType().Name})"), "");
        }
    }

    public void Dispose() => _clients.Dispose();

    private async Task<SendOutcome> SendAsync(MessageScope scope, OpenedSecrets secrets, CancellationToken cancellation)
    {
        var integration = scope.Integration;
        Task<HttpAnswer> Send(HttpMessage message) => _http.SendAsync(
            message, integration.Settings.Nested("http_config"), Headers(scope), secrets, TimeoutOf(integration.Settings), cancellation);

        if (integration.Kind == "email")
        {
            return await _smtp.SendAsync(EmailMessage.Of(scope), integration.Settings, secrets, cancellation);
        }
        if (integration.Kind == "slack" && SlackMessage.PostUrl(scope) is { } post)
        {
            return await _slack.SendAsync(scope, post, Send, cancellation);
        }
        var message = IntegrationMessage.Of(scope, _time.GetUtcNow().ToUnixTimeSeconds());
        var answer = await Send(message);
        if (message.Fallback is { } plainer && answer.Outcome.Verdict == SendVerdict.Failed
            && answer.Body.Contains(message.FallsBackOn, StringComparison.OrdinalIgnoreCase))
        {
            answer = await Send(plainer);
        }
        return answer.Outcome;
    }

    private static TimeSpan TimeoutOf(Settings settings) =>
        settings.Number("timeout") is { } ms and > 0 ? TimeSpan.FromMilliseconds(Math.Min(ms, 600_000)) : Timeout;

    private static List<(string, string)> Headers(MessageScope scope)
    {
        List<(string, string)> headers =
        [
            ("Idempotency-Key", scope.Notification.Key), ("X-Nines-Attempt", scope.Marks.Attempt.ToString(CultureInfo.InvariantCulture)),
        ];
        if (scope.Marks.PossibleRepeat)
        {
            headers.Add(("X-Nines-Possible-Repeat", "true"));
        }
        if (scope.Marks.Unrecorded)
        {
            headers.Add(("X-Nines-Unrecorded", "true"));
        }
        return headers;
    }
}
