using System.Text;
using System.Text.Json;
using System.Web;
using Nines.Core.Delivery;
using Nines.Core.Delivery.Integrations;
using Nines.Metrics;

namespace Nines.Core.Tests.Delivery.Integrations;

/// <summary>What goes on the wire, where a server need not be asked.</summary>
public class WireTests
{
    [Fact]
    public void DefaultMessage_WhatWakesPeople_IsForTheLadderToSay()
    {
        var severity = Groups.All["one"].Alerts[0].Labels["severity"];
        new DefaultMessage(Groups.All["one"], [], "", new([new("l", [], [new(severity, 10, false)])])).IsPage.ShouldBeFalse();
        new DefaultMessage(Groups.All["one"], [], "", new([new("l", [], [new(severity, 10, true)])])).IsPage.ShouldBeTrue();
    }

    [Fact]
    public void OneAlert_IsToldInFull()
    {
        var message = new DefaultMessage(Groups.All["one"], []);
        message.Fit(t => t.Plain.Length, 4096).Plain.Split('\n').ShouldBe(
        [
            "🔴 PAGE · checkout · Checkout fails on a", "Half of all orders fail.", "change: deploy 42 by ana", "team: shop", "since 2026-11-21 10:00:00 UTC",
            $"ref {Groups.All["one"].Key[..8]}",
        ]);
        message.Links.Select(l => l.Title).ShouldBe(["Open", "Runbook"]);
    }

    [Fact]
    public void WhereThereArePages_MessagesLeadToThem()
    {
        var one = Groups.All["one"];
        new DefaultMessage(one, [], "https://nines.test").Links.Skip(2).ShouldBe(
        [
            ("Alert", $"https://nines.test/alerts/{one.Alerts[0].Fingerprint}"),
            ("Silence", "https://nines.test/silences/new?match=" + Uri.EscapeDataString(
                "alertname=\"HighErrors\",cluster=\"eu\",instance=\"a\",service=\"checkout\",severity=\"page\",team=\"shop\"")),
        ]);
        new DefaultMessage(Groups.All["several"], [], "https://nines.test").Links[^1].Url.ShouldNotContain("instance");
        new DefaultMessage(Groups.All["one resolved"], [], "https://nines.test").Links.Select(l => l.Title).ShouldBe(["Open", "Runbook", "Alert"]);
        new DefaultMessage(Groups.All["hostile"], [], "https://nines.test").Links.ShouldAllBe(l => l.Url.Length <= 1000);
    }

    [Fact]
    public void OfSeveral_TheHeadlineCounts_AndEachHasALine()
    {
        new DefaultMessage(Groups.All["several"], ["possible repeat"]).Fit(t => t.Plain.Length, 4096).Plain.Split('\n').ShouldBe(
        [
            "🔴 PAGE · 2 firing, 1 resolved · cluster eu", "possible repeat", "new alerts", "🔴 checkout · Checkout fails on a · since 10:00",
            "🔴 checkout · Checkout fails on c · since 10:00", "✅ checkout · Checkout fails on b · over 10:00", "team: shop", $"ref {Groups.All["several"].Key[..8]}",
        ]);
    }

    [Fact]
    public void TheDelay_IsToldWithBothTimes()
    {
        var late = new DeliveryMarks(2, false, false, Groups.At);
        late.Sentences(Groups.All["one resolved"]).ShouldBe(["fired 10:00, resolved 10:00, delivery was delayed"]);
        late.Sentences(Groups.All["one"]).ShouldBe(["fired 10:00, delivery was delayed"]);
        new DeliveryMarks(1, true, true, null).Sentences(Groups.All["many"]).Count().ShouldBe(2);
    }

    [Theory]
    [InlineData(200)]
    [InlineData(1024)]
    [InlineData(4096)]
    public void AMessage_NeverGrowsBeyondItsLimit_NorHalvesACharacter(int max)
    {
        var random = new Random(5);
        string[] pieces = ["a", "😀", "<&>", "*_`", "\u202E", "\u0000", "\uD83D", "مرحبا", "\n", "{{", "é"];
        string Text() => string.Concat(Enumerable.Range(0, random.Next(400)).Select(_ => pieces[random.Next(pieces.Length)]));
        for (var i = 0; i < 300; i++)
        {
            var alerts = Enumerable.Range(0, 1 + random.Next(30)).Select(_ => Groups.Alert("x", over: random.Next(2) == 0) with
            {
                Labels = Labels.Of(("alertname", Text()), ("severity", Text()), ("team", Text())), Annotations = Labels.Of(("summary", Text()), ("note", Text())),
            }).ToArray();
            var message = new DefaultMessage(Groups.Of(Core.Alerting.Routing.NoticeReason.First, alerts), [Text()]);
            foreach (var write in new Func<RichText, string>[] { t => t.Plain, t => t.Slack, t => t.Markdown, t => t.Html })
            {
                var text = write(message.Fit(t => write(t).Length, max));
                // The head is always there: what broke is worth more than the limit of a small screen.
                text.Length.ShouldBeLessThanOrEqualTo(Math.Max(max, 3000));
                // Throws at half a character.
                new UTF8Encoding(false, throwOnInvalidBytes: true).GetByteCount(text).ShouldBeGreaterThan(0);
                text.ShouldNotContain('\u202E');
                text.ShouldNotContain('\u0000');
            }
        }
    }

    [Fact]
    public void PagerDuty_TriggersAndResolvesUnderOneKey()
    {
        JsonElement Event(string which) => Sent(PagerDutyEvent.Of(Groups.Scope("pagerduty", Groups.All[which], Key())));
        var (one, over) = (Event("one"), Event("resolved"));
        one.GetProperty("event_action").GetString().ShouldBe("trigger");
        over.GetProperty("event_action").GetString().ShouldBe("resolve");
        // printf '{}:{cluster="eu"}' | sha256sum
        one.GetProperty("dedup_key").GetString().ShouldBe("208bb867065e0b5959644de8638471135c3d81125232118de46dfe9da328913b");
        over.GetProperty("dedup_key").GetString().ShouldBe(one.GetProperty("dedup_key").GetString());
        one.GetProperty("payload").GetProperty("severity").GetString().ShouldBe("critical");
        var large = Groups.Scope("pagerduty", Groups.All["hostile"], new(Key(), StringComparer.Ordinal)
        {
            ["description"] = "{{ range .Alerts }}{{ .Labels.alertname }}{{ end }}", ["severity"] = "page",
            ["details"] = Enumerable.Range(0, 30).ToDictionary(i => $"d{i}", _ => "{{ template \"pagerduty.default.instances\" .Alerts }}", StringComparer.Ordinal),
        });
        var message = PagerDutyEvent.Of(large);
        message.Body.Length.ShouldBeLessThanOrEqualTo(PagerDutyEvent.MaxEvent);
        Sent(message).GetProperty("payload").GetProperty("custom_details").GetProperty("error").GetString()!.ShouldContain("left out");
        Sent(message).GetProperty("payload").GetProperty("severity").GetString().ShouldBe("error");
        Dictionary<string, object> Key() => new(StringComparer.Ordinal) { ["routing_key"] = "0123456789abcdef0123456789abcdef" };
    }

    [Theory]
    [InlineData("one")]
    [InlineData("hostile")]
    [InlineData("resolved")]
    [InlineData("many")]
    public void Pushover_KeepsItsLimits(string which)
    {
        var message = HttpPresets.All["pushover"].Of(Groups.Scope("pushover", Groups.All[which], new(StringComparer.Ordinal) { ["token"] = "t", ["user_key"] = "u&=" }));
        var form = HttpUtility.ParseQueryString(Encoding.UTF8.GetString(message.Body));
        form["user"].ShouldBe("u&=");
        form["message"]!.Length.ShouldBeInRange(1, 1024);
        form["title"]!.Length.ShouldBeInRange(1, 250);
        form["priority"].ShouldBe(which is "one" or "many" ? "2" : "0");
        (form["retry"], form["expire"]).ShouldBe(("60", "3600"));
    }

    [Fact]
    public void EveryPreset_IsInTheListOfKinds_AndItsTemplatesCanBeRead()
    {
        foreach (var (kind, preset) in HttpPresets.All)
        {
            foreach (var text in new[] { preset.Url, preset.Body, preset.Method }.Concat(preset.Headers.Select(h => h.Value)))
            {
                new Nines.Metrics.Templates.TemplateSet(Core.Alerting.Routing.AlertTemplates.Functions).Add("", text).ShouldBeNull(kind);
            }
        }
    }

    [Theory]
    [InlineData(200, "", SendVerdict.Sent)]
    [InlineData(403, "", SendVerdict.Retry)]
    [InlineData(404, "", SendVerdict.Failed)]
    [InlineData(200, "it was busy", SendVerdict.Retry)]
    [InlineData(429, "", SendVerdict.Retry)]
    public void AnAnswer_IsJudgedByItsRule(int status, string body, SendVerdict verdict) =>
        new AnswerRule { Retries = [403], RetryTexts = ["busy"] }.Judge(status, body, null).Verdict.ShouldBe(verdict);

    private static JsonElement Sent(HttpMessage message) => JsonDocument.Parse(message.Body).RootElement;
}
