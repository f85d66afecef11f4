using Nines.Core.Alerting;
using Nines.Core.Alerting.Routing;
using Nines.Metrics.Templates;

namespace Nines.Core.Delivery.Integrations;

/// <summary>All a message is made of, and what becomes of its templates.</summary>
/// <param name="integration">Where it goes.</param>
/// <param name="notification">What it tells.</param>
/// <param name="marks">What it says about its own delivery.</param>
/// <param name="templates">The named templates.</param>
/// <param name="externalUrl">The address people reach this server at, without a slash at its end.</param>
/// <param name="secret">Opens a secret setting by name, from the setting itself or from the file its <c>…_file</c> names; null when it has no value.</param>
public sealed class MessageScope(Integration integration, GroupNotification notification, DeliveryMarks marks, NotificationTemplates templates,
    string externalUrl, Func<string, string?> secret)
{
    private static readonly string[] MessageSettings = ["message", "text", "title", "html", "description", "state_message", "summary"];

    private readonly List<string> _failures = [];
    private ITemplateObject? _data;

    /// <summary>Where it goes.</summary>
    public Integration Integration => integration;

    /// <summary>What it tells.</summary>
    public GroupNotification Notification => notification;

    /// <summary>What it says about its own delivery.</summary>
    public DeliveryMarks Marks => marks;

    /// <summary>The address people reach this server at.</summary>
    public string ExternalUrl => externalUrl;

    /// <summary>The address of the server's pages about alerts; empty when it has none.</summary>
    public string PagesUrl { get; init; } = "";

    /// <summary>What words of severity mean.</summary>
    public SeverityLadders Ladders { get; init; } = SeverityLadders.Default;

    /// <summary>The dot of templates.</summary>
    public ITemplateObject Data => _data ??= NotificationData.Of(notification, externalUrl);

    /// <summary>Whether nobody wrote what it says, so that it is ours to say.</summary>
    public bool IsOurs { get; } = !MessageSettings.Any(name => integration.Settings.Any(name) is not null);

    /// <summary>The buttons by which people take its alerts in hand; none where nobody would hear of them.</summary>
    public IReadOnlyList<ButtonPress> Buttons => MessageButtons.AreOn(integration) ? MessageButtons.Of(notification) : [];

    /// <summary>What the message says about its own delivery and about templates that failed so far, one sentence each.</summary>
    public IReadOnlyList<string> Notes => [.. marks.Sentences(notification), .. _failures];

    /// <summary>Our own message, with the notes so far.</summary>
    public DefaultMessage Default => new(notification, Notes, PagesUrl, Ladders);

    /// <summary>A setting as text, its template executed; empty when it has no value.</summary>
    /// <remarks>A template that fails costs no page: the headline takes the place of a message, and the message names the failure.</remarks>
    public string Text(string name, bool html = false) => integration.Settings.Text(name) is { } text ? Render(name, text, html) : "";

    /// <summary>A template of the settings executed.</summary>
    /// <param name="name">The setting's name, for messages about it.</param>
    /// <param name="text">The template.</param>
    /// <param name="html">Whether the values are escaped for HTML.</param>
    public string Render(string name, string text, bool html = false)
    {
        var outcome = templates.Render(text, Data, notification.DecidedAtNs, html);
        if (outcome.Text is { } rendered)
        {
            return rendered;
        }
        var failure = $"the template of {name} failed: {RichText.Clean(outcome.Error ?? "", 200)}";
        if (!_failures.Contains(failure))
        {
            _failures.Add(failure);
        }
        var headline = new DefaultMessage(notification, [], ladders: Ladders).Headline;
        return !MessageSettings.Contains(name) ? "" : html ? System.Net.WebUtility.HtmlEncode(headline) : headline;
    }

    /// <summary>A template of a preset executed on data of its own.</summary>
    /// <exception cref="MessageException">It fails, or gives more than any receiver takes.</exception>
    public string RenderOwn(string text, object data)
    {
        var outcome = templates.Render(text, data, notification.DecidedAtNs);
        return outcome.Text ?? throw new MessageException($"the message cannot be made: {RichText.Clean(outcome.Error ?? "", 200)}");
    }

    /// <summary>A secret setting, opened; null when it has no value.</summary>
    public string? Secret(string name) => secret(name);

    /// <summary>A secret or plain setting that must have a value.</summary>
    /// <exception cref="MessageException">It has none.</exception>
    public string Needed(string name) => secret(name) is { Length: > 0 } value ? value : throw new MessageException($"{name} has no value");
}
