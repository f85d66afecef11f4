using Nines.Core.Alerting;
using Nines.Core.Alerting.Routing;
using Nines.Metrics;

namespace Nines.Core.Delivery.Integrations;

/// <summary>
/// Our own message where nobody wrote another: what broke, how bad, since when, what changed, whose it is, and where to go from here. One alert is told in
/// full; of several the headline counts and each has one line.
/// </summary>
public sealed class DefaultMessage
{
    private const int MaxName = 120;
    private const int MaxWhat = 250;
    private const int MaxLine = 300;
    private const int MaxFacts = 12;
    private const int MaxAlerts = 25;

    private static readonly string[] Told = ["summary", "description", "runbook_url", WebhookMessage.DeliveryAnnotation];
    private static readonly string[] Owners = ["team", "owner"];

    private readonly GroupNotification _notification;
    private readonly string _pagesUrl;
    private readonly SeverityLadders _ladders;
    private readonly NotifiedAlert _lead;
    private readonly Labels _commonLabels;
    private readonly Labels _commonAnnotations;
    private readonly List<IReadOnlyList<TextSpan>> _head = [];
    private readonly List<IReadOnlyList<TextSpan>> _facts = [];

    /// <summary>The message of a notification.</summary>
    /// <param name="notification">The notification.</param>
    /// <param name="notes">What it says about its own delivery, one sentence each.</param>
    /// <param name="pagesUrl">The address of the server's pages about alerts, without a slash at its end; empty when it has none.</param>
    /// <param name="ladders">What words of severity mean; null for what they usually mean.</param>
    public DefaultMessage(GroupNotification notification, IReadOnlyList<string> notes, string pagesUrl = "", SeverityLadders? ladders = null)
    {
        _notification = notification;
        _ladders = ladders ?? SeverityLadders.Default;
        _pagesUrl = pagesUrl;
        (_commonLabels, _commonAnnotations) = (notification.CommonLabels, notification.CommonAnnotations);
        // The worst that still fires is what people have to see first.
        _lead = WorstFirst.First();
        _head.Add([new(Sign(), TextStyle.Bold), new($" · {What()}")]);
        _head.AddRange(notes.Select(note => (IReadOnlyList<TextSpan>)[new(RichText.Clean(note, MaxLine), TextStyle.Italic)]));
        _facts.AddRange(notification.Alerts.Count == 1 ? Single(_lead) : Several());
        Links = [.. LinksOf()];
    }

    /// <summary>What a locked phone shows: severity, what it is about, what happens.</summary>
    public string Headline => string.Concat(_head[0].Select(s => s.Text));

    /// <summary>Whether somebody has to get up.</summary>
    public bool IsPage => !_notification.Resolved && _ladders.IsPage(_lead.Labels);

    /// <summary><c>#rrggbb</c>: red, orange or green.</summary>
    public string Color => _notification.Resolved ? "#1e7d34" : IsPage ? "#b3261e" : "#c77700";

    /// <summary>Where to go from here.</summary>
    public IReadOnlyList<(string Title, string Url)> Links { get; }

    /// <summary>The whole message; of the facts only as many lines as fit.</summary>
    /// <param name="length">How long a text is for the receiver.</param>
    /// <param name="max">The most it takes.</param>
    /// <param name="headline">Whether it begins with the headline, or the receiver shows that elsewhere.</param>
    public RichText Fit(Func<RichText, int> length, int max, bool headline = true)
    {
        var lines = _head.Skip(headline ? 0 : 1).ToList();
        IReadOnlyList<TextSpan> foot = [new($"ref {_notification.Key.AsSpan(0, 8)}", TextStyle.Code)];
        // Room for the line that says there is more; the end of a line costs a receiver's own mark.
        var left = max - length(Joined([.. lines, [new("…")], foot]));
        foreach (var line in _facts)
        {
            left -= length(new RichText([new TextSpan("\n"), .. line]));
            if (left < 0)
            {
                lines.Add([new("…")]);
                break;
            }
            lines.Add(line);
        }
        return Joined([.. lines, foot]);
    }

    private IEnumerable<NotifiedAlert> WorstFirst => _notification.Alerts.OrderBy(a => a.EndsAtNs != 0).ThenBy(a => !_ladders.IsPage(a.Labels));

    private static RichText Joined(List<IReadOnlyList<TextSpan>> lines) =>
        new([.. lines.SelectMany((line, i) => i == 0 ? line : [new TextSpan("\n"), .. line])]);

    private string Sign()
    {
        var severity = RichText.Clean(_lead.Labels["severity"] is { Length: > 0 } s ? s.ToUpperInvariant() : "ALERT", 40);
        var sign = _notification.Resolved ? "✅ RESOLVED" : IsPage ? $"🔴 {severity}" : $"🟠 {severity}";
        var digest = _notification.Reason == NoticeReason.Digest ? "Digest: " : "";
        return $"{sign} · {digest}{RichText.Clean(_notification.Alerts.Count == 1 ? NameOf(_lead) : Count(), MaxName)}";
    }

    private string Count()
    {
        var resolved = _notification.Alerts.Count(a => a.EndsAtNs != 0);
        var firing = _notification.Alerts.Count - resolved;
        return firing == 0 ? $"all {resolved} resolved" : resolved == 0 ? $"{firing} firing" : $"{firing} firing, {resolved} resolved";
    }

    private string What()
    {
        if (_notification.Alerts.Count == 1)
        {
            return RichText.Clean(WhatOf(_lead), MaxWhat);
        }
        var common = _commonAnnotations["summary"];
        var group = string.Join(", ", _notification.GroupLabels.Pairs.ToArray().Select(p => $"{p.Key} {p.Value}"));
        return RichText.Clean(common.Length > 0 ? common : group.Length > 0 ? group : WhatOf(_lead), MaxWhat);
    }

    private static string NameOf(NotifiedAlert alert) => FirstOf(alert.Labels["objective"], alert.Labels["service"], alert.Labels["alertname"]);

    private static string WhatOf(NotifiedAlert alert) => FirstOf(alert.Annotations["summary"], alert.Labels["alertname"], alert.Labels.ToString());

    private IEnumerable<IReadOnlyList<TextSpan>> Single(NotifiedAlert alert)
    {
        if (alert.Annotations["description"] is { Length: > 0 } description)
        {
            yield return [new(RichText.Clean(description, 1000))];
        }
        foreach (var (name, value) in alert.Annotations.Pairs.ToArray().Where(p => !Told.Contains(p.Key)).Take(MaxFacts))
        {
            yield return [new($"{RichText.Clean(name.Replace('_', ' '), 60)}: "), new(RichText.Clean(value, MaxLine), TextStyle.Bold)];
        }
        foreach (var owner in Owners.Where(o => alert.Labels[o].Length > 0))
        {
            yield return [new($"{owner}: "), new(RichText.Clean(alert.Labels[owner], 100), TextStyle.Bold)];
        }
        yield return
        [
            new(alert.EndsAtNs != 0 ? $"fired {Clock.Text(alert.StartsAtNs)}, over {Clock.Text(alert.EndsAtNs)}" : $"since {Clock.Text(alert.StartsAtNs)}"),
            new(_notification.Reason == NoticeReason.Repeat ? " · still firing" : ""),
            new(Taken(alert)),
        ];
    }

    private IEnumerable<IReadOnlyList<TextSpan>> Several()
    {
        if (News(_notification.Reason) is { Length: > 0 } news)
        {
            yield return [new(news, TextStyle.Italic)];
        }
        foreach (var alert in WorstFirst.Take(MaxAlerts))
        {
            var over = alert.EndsAtNs != 0;
            yield return
            [
                new(over ? "✅ " : _ladders.IsPage(alert.Labels) ? "🔴 " : "🟠 "),
                new(RichText.Clean(NameOf(alert), 80), TextStyle.Bold),
                new($" · {RichText.Clean(Distinct(alert), 160)} · "
                    + (over ? $"over {Clock.Minute(alert.EndsAtNs)}" : $"since {Clock.Minute(alert.StartsAtNs)}{Taken(alert)}")),
            ];
        }
        if (_notification.Alerts.Count > MaxAlerts)
        {
            yield return [new($"and {_notification.Alerts.Count - MaxAlerts} more")];
        }
        foreach (var owner in Owners.Where(o => _commonLabels[o].Length > 0))
        {
            yield return [new($"{owner}: "), new(RichText.Clean(_commonLabels[owner], 100), TextStyle.Bold)];
        }
    }

    private static string Taken(NotifiedAlert alert) =>
        alert.EndsAtNs == 0 && alert.AcknowledgedBy.Length > 0 ? $" · acknowledged by {RichText.Clean(alert.AcknowledgedBy, 80)}" : "";

    // What tells this alert from the others: its own summary, or else its own labels.
    private string Distinct(NotifiedAlert alert)
    {
        if (alert.Annotations["summary"] is { Length: > 0 } summary && _commonAnnotations["summary"].Length == 0)
        {
            return summary;
        }
        var own = string.Join(" ", alert.Labels.Pairs.ToArray().Where(p => _commonLabels[p.Key].Length == 0 && p.Key != "severity")
            .Select(p => $"{p.Key}={p.Value}"));
        return own.Length > 0 ? own : WhatOf(alert);
    }

    private static string News(NoticeReason reason) => reason switch
    {
        NoticeReason.NewAlerts => "new alerts",
        NoticeReason.SomeResolved => "some are over",
        NoticeReason.Repeat => "still firing",
        _ => "",
    };

    private IEnumerable<(string, string)> LinksOf()
    {
        if (_lead.GeneratorUrl.Length is > 0 and <= 1000)
        {
            yield return ("Open", _lead.GeneratorUrl);
        }
        var runbook = FirstOf(_commonAnnotations["runbook_url"], _lead.Annotations["runbook_url"]);
        if (runbook.Length is > 0 and <= 1000)
        {
            yield return ("Runbook", runbook);
        }
        if (_pagesUrl.Length == 0)
        {
            yield break;
        }
        yield return ("Alert", $"{_pagesUrl}/alerts/{_lead.Fingerprint}");
        var matchers = string.Join(',', _commonLabels.Pairs.ToArray().Select(p => new Matcher(p.Key, MatchOp.Equal, p.Value)));
        var silence = $"{_pagesUrl}/silences/new?match={Uri.EscapeDataString(matchers)}";
        if (!_notification.Resolved && matchers.Length > 0 && silence.Length <= 1000)
        {
            yield return ("Silence", silence);
        }
    }

    private static string FirstOf(params ReadOnlySpan<string> texts)
    {
        foreach (var text in texts)
        {
            if (text.Length > 0)
            {
                return text;
            }
        }
        return "";
    }
}
