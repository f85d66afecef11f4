using System.Text;
using Nines.Core.Alerting.Routing;
using Nines.Core.Delivery;
using Nines.Core.Delivery.Integrations;
using Nines.Metrics;

namespace Nines.Core.Tests.Delivery.Integrations;

/// <summary>Notifications as receivers get them: one alert, several, all over, and hostile ones.</summary>
internal static class Groups
{
    public const long At = 1_795_255_200_000_000_000; // 2026-11-21 10:00 UTC
    public const long Second = 1_000_000_000;

    public static readonly DeliveryMarks Plain = new(1, false, false, null);

    public static readonly string Nasty = "<&>\"' 🔥 \u202Eevil\u202C مرحبا @everyone `*_[x](y) \u0001\u0007 " + string.Concat(Enumerable.Repeat("long😀", 3400));

    public static IReadOnlyDictionary<string, GroupNotification> All { get; } = new Dictionary<string, GroupNotification>(StringComparer.Ordinal)
    {
        ["one"] = Of(NoticeReason.First, Alert("a")),
        ["several"] = Of(NoticeReason.NewAlerts, Alert("a"), Alert("b", over: true), Alert("c")),
        ["resolved"] = Of(NoticeReason.AllResolved, Alert("a", over: true), Alert("b", over: true)),
        ["one resolved"] = Of(NoticeReason.AllResolved, Alert("a", over: true)),
        ["hostile"] = Of(NoticeReason.First, Hostile("1"), Hostile("2")),
        ["one hostile"] = Of(NoticeReason.First, Hostile("1")),
        ["bare"] = Of(NoticeReason.First, new NotifiedAlert("00000000000000aa", Labels.Of(("x", "y")), Labels.Empty, At, 0, "")),
        ["many"] = Of(NoticeReason.Repeat, [.. Enumerable.Range(0, 300).Select(i => Alert($"n{i}"))]),
    };

    public static GroupNotification Of(NoticeReason reason, params NotifiedAlert[] alerts) => new(
        GroupNotification.KeyOf("team.x", "slack", 0, "{}:{cluster=\"eu\"}", 7), "team.x", "slack", 0, "{}:{cluster=\"eu\"}", Labels.Of(("cluster", "eu")), 7,
        reason, At + 60 * Second, alerts);

    public static NotifiedAlert Alert(string instance, bool over = false) => new($"{instance.GetHashCode(StringComparison.Ordinal):x8}00000000",
        Labels.Of(("alertname", "HighErrors"), ("cluster", "eu"), ("instance", instance), ("service", "checkout"), ("severity", "page"), ("team", "shop")),
        Labels.Of(("summary", $"Checkout fails on {instance}"), ("description", "Half of all orders fail."), ("runbook_url", "https://wiki.example.org/checkout"),
            ("change", "deploy 42 by ana")),
        At, over ? At + 30 * Second : 0, "https://nines.example.org/objectives/checkout");

    public static MessageScope Scope(string kind, GroupNotification notification, Dictionary<string, object> settings, DeliveryMarks? marks = null) => new(
        new Integration(kind, 0, true, new Settings(settings), default), notification, marks ?? Plain, NotificationTemplates.Default,
        "https://nines.example.org", name => settings.GetValueOrDefault(name) as string);

    /// <summary>The notification as <c>amtool template render</c> reads it.</summary>
    public static string Json(GroupNotification notification) =>
        Encoding.UTF8.GetString(WebhookMessage.Render(notification, [], "https://nines.example.org", 0));

    private static NotifiedAlert Hostile(string n) => new("00000000000000ff",
        Labels.Of(("alertname", Nasty), ("instance", n + Nasty), ("severity", "<b>page</b>"), ("team", "\u0000null"), ("service", "{{ .Values }}")),
        Labels.Of(("summary", Nasty + n), ("description", "\r\nBcc: x@example.org\r\n\r\n.\r\n"), ("runbook_url", "javascript:alert(1)"), ("x", Nasty)),
        At, 0, "http://[::1]:9/\"><script>");

}
