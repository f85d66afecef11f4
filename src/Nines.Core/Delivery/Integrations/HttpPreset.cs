using System.Globalization;
using System.Text;
using Nines.Core.Alerting.Routing;
using Nines.Metrics.Templates;

namespace Nines.Core.Delivery.Integrations;

/// <summary>How a preset's text is marked up.</summary>
public enum Markup
{
    /// <summary>Not at all.</summary>
    Plain,
    /// <summary>Markdown.</summary>
    Markdown,
    /// <summary>HTML.</summary>
    Html,
}

/// <summary>
/// A receiver that is an HTTP call with a body: all of it data. Address, body and headers are templates whose dot holds
/// <c>.T</c> the title, <c>.B</c> the text, <c>.S</c> settings, <c>.K</c> secrets, <c>.L</c> lists, <c>.P</c> mappings, <c>.Sec</c> durations in seconds,
/// <c>.F</c> flags, <c>.M</c> our message (Color, ColorNumber, Page, Links), <c>.Group</c> a stable id of the group, <c>.Key</c> of this notification, and
/// <c>.D</c> Alertmanager's data.
/// </summary>
/// <param name="Url">Where to.</param>
/// <param name="Body">The body.</param>
public sealed record HttpPreset(string Url, string Body)
{
    /// <summary>The setting that is the title where <c>alertmanager.yml</c> says what is sent.</summary>
    public string Title { get; init; } = "title";

    /// <summary>The setting that is the text then.</summary>
    public string Message { get; init; } = "message";

    /// <summary>How our own text is marked up.</summary>
    public Markup Markup { get; init; }

    /// <summary>Most characters of the title.</summary>
    public int MaxTitle { get; init; } = 1024;

    /// <summary>Most characters of the text.</summary>
    public int MaxText { get; init; } = 16_000;

    /// <summary>Whether our own text begins with the headline because the receiver shows no title.</summary>
    public bool Headline { get; init; }

    /// <summary>The secrets that the templates use.</summary>
    public IReadOnlyList<string> Secrets { get; init; } = [];

    /// <summary>What settings say when nobody said anything.</summary>
    public IReadOnlyDictionary<string, string> Defaults { get; init; } = System.Collections.Frozen.FrozenDictionary<string, string>.Empty;

    /// <summary>Headers, as templates. One whose value is empty is not sent.</summary>
    public IReadOnlyList<(string Name, string Value)> Headers { get; init; } = [];

    /// <summary>The method; a template.</summary>
    public string Method { get; init; } = "POST";

    /// <summary>What the body is.</summary>
    public string ContentType { get; init; } = "application/json";

    /// <summary>How the answer is read.</summary>
    public AnswerRule Answer { get; init; } = AnswerRule.ByStatus;

    /// <summary>The message to send.</summary>
    public HttpMessage Of(MessageScope scope)
    {
        var data = Dot(scope);
        var url = scope.RenderOwn(Url, data).Trim();
        if (!Uri.TryCreate(url, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https"))
        {
            throw new MessageException("the receiver's address is not one");
        }
        return new HttpMessage(url, Encoding.UTF8.GetBytes(scope.RenderOwn(Body, data).Trim()), Answer)
        {
            Method = scope.RenderOwn(Method, data).Trim(),
            ContentType = ContentType,
            Headers = [.. Headers.Select(h => (h.Name, scope.RenderOwn(h.Value, data).Trim())).Where(h => h.Item2.Length > 0)],
        };
    }

    private DataObject Dot(MessageScope scope)
    {
        var settings = scope.Integration.Settings;
        var texts = new Dictionary<string, object?>(StringComparer.Ordinal);
        foreach (var (name, value) in Defaults)
        {
            texts[name] = value;
        }
        foreach (var name in settings.Names.Where(n => settings.Any(n) is string && !Secrets.Contains(n, StringComparer.Ordinal)))
        {
            texts[name] = scope.Text(name);
        }
        var ours = scope.Default;
        return new DataObject("preset",
        [
            ("T", RichText.Cut(scope.IsOurs ? ours.Headline : (string?)texts.GetValueOrDefault(Title) ?? "", MaxTitle)),
            ("B", scope.IsOurs ? Own(ours) : Theirs((string?)texts.GetValueOrDefault(Message) ?? "", scope)),
            ("S", new TemplateMap(texts, "")),
            ("K", new TemplateMap(Secrets.ToDictionary(s => s, s => (object?)(scope.Secret(s) ?? ""), StringComparer.Ordinal), "")),
            ("L", Lists(scope)),
            ("P", Maps(scope)),
            ("Sec", Map(settings, v => v is long ms ? ms / 1000 : null)),
            ("F", Map(settings, v => v as bool?)),
            ("M", new DataObject("message",
            [
                ("Color", ours.Color),
                ("ColorNumber", long.Parse(ours.Color.AsSpan(1), NumberStyles.HexNumber, CultureInfo.InvariantCulture)),
                ("Page", ours.IsPage),
                ("Ours", scope.IsOurs),
                ("Links", ours.Links.Where(l => l.Url.StartsWith("http", StringComparison.Ordinal))
                    .Select(l => new DataObject("link", [("Title", l.Title), ("Url", l.Url)])).ToArray<object?>()),
            ])),
            ("Group", PagerDutyEvent.KeyOf(scope.Notification.GroupKey)),
            ("Key", scope.Notification.Key),
            ("D", scope.Data),
        ]);
    }

    private string Own(DefaultMessage ours) => Markup switch
    {
        Markup.Markdown => ours.Fit(t => t.Markdown.Length, MaxText, Headline).Markdown,
        Markup.Html => ours.Fit(t => t.Html.Length, MaxText, Headline).Html,
        _ => ours.Fit(t => t.Plain.Length, MaxText, Headline).Plain,
    };

    // A message without words is refused by most, and with it the page.
    private string Theirs(string text, MessageScope scope)
    {
        var notes = string.Concat(scope.Notes.Select(n => "\n" + n));
        return RichText.Cut(text, Math.Max(2, MaxText - notes.Length)) + notes;
    }

    private static TemplateMap Lists(MessageScope scope)
    {
        var settings = scope.Integration.Settings;
        return new TemplateMap(settings.Names.Where(n => settings.NestedList(n).Count > 0).ToDictionary(n => n, n => (object?)settings.NestedList(n)
            .Select(item => new TemplateMap(item.Names.ToDictionary(
                f => f, f => item.Text(f) is { } text ? scope.Render($"{n}.{f}", text) : item.Any(f), StringComparer.Ordinal), null)).ToArray<object?>(),
            StringComparer.Ordinal), Array.Empty<object?>());
    }

    private static TemplateMap Maps(MessageScope scope)
    {
        var settings = scope.Integration.Settings;
        return new TemplateMap(settings.Names.Where(n => settings.Map(n).Count > 0).ToDictionary(n => n, n => (object?)new TemplateMap(
            settings.Map(n).ToDictionary(e => e.Key, e => (object?)scope.Render($"{n}.{e.Key}", e.Value), StringComparer.Ordinal), ""), StringComparer.Ordinal),
            new TemplateMap(System.Collections.Frozen.FrozenDictionary<string, object?>.Empty, ""));
    }

    private static TemplateMap Map(Settings settings, Func<object?, object?> of) => new(
        settings.Names.Where(n => of(settings.Any(n)) is not null).ToDictionary(n => n, n => of(settings.Any(n)), StringComparer.Ordinal), null);
}
