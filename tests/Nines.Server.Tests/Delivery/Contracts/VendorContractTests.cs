using System.Text.Json.Nodes;

namespace Nines.Server.Tests.Delivery.Contracts;

/// <summary>The contract servers judged in their turn: what vendors publish as examples passes, and what they say to refuse does not.</summary>
public class VendorContractTests
{
    // Requests that vendors show as right in their documentation.
    private static readonly (string Kind, string Path, string Body)[] Published =
    [
        ("slack", "/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX", """{"text": "Hello, world."}"""),
        ("slack", "/services/T0/B0/X", """{"text":"Danny Torrence left a 1 star review for your property.","blocks":[{"type":"section","text":{"type":"mrkdwn","text":"Danny Torrence left the following review for your property:"}},{"type":"section","block_id":"section567","text":{"type":"mrkdwn","text":":star: \n Doors had too many axe holes, guest in room 237 was far too rowdy, whole place felt stuck in the 1920s."}}]}"""),
        ("slack", "/api/chat.postMessage", """{"channel": "C123ABC456", "text": "I hope the tour went well, Mr. Wonka.", "attachments": [{"text": "Who wins the lifetime supply of chocolate?", "fallback": "You could be telling the computer exactly what it can do with a lifetime supply of chocolate.", "color": "#3AA3E3", "attachment_type": "default", "callback_id": "select_simple_1234"}]}"""),
        ("telegram", "/bot123456:ABC-DEF1234ghIkl-zyx57W2v1u123ew11/sendMessage", """{"chat_id": 1111111, "text": "Bold word", "entities": [{"type": "bold", "offset": 0, "length": 4}]}"""),
        ("pagerduty", "/v2/enqueue", """{"payload":{"summary":"Example alert on host1.example.com","timestamp":"2015-07-17T08:42:58.315+0000","source":"monitoringtool:cloudvendor:central-region-dc-01:852559987:cluster/api-stats-prod-003","severity":"info","component":"postgres","group":"prod-datapipe","class":"deploy","custom_details":{"ping time":"1500ms","load avg":0.75}},"routing_key":"samplekeyheresamplekeyheresample","dedup_key":"samplekeyhere","images":[{"src":"https://www.pagerduty.com/wp-content/uploads/2016/05/pagerduty-logo-green.png","href":"https://example.com/","alt":"Example text"}],"links":[{"href":"https://example.com/","text":"Link text"}],"event_action":"trigger","client":"Sample Monitoring Service","client_url":"https://monitoring.example.com"}"""),
        ("pagerduty", "/v2/enqueue", """{"routing_key":"samplekeyheresamplekeyheresample","dedup_key":"samplekeyhere","event_action":"resolve"}"""),
        ("opsgenie", "/v2/alerts", """{"message":"An example alert message","alias":"Life is too short for no alias","description":"Every alert needs a description","responders":[{"id":"4513b7ea-3b91-438f-b7e4-e3e54af9147c","type":"team"},{"name":"NOC","type":"team"}],"actions":["Restart","AnExampleAction"],"tags":["OverwriteQuietHours","Critical"],"details":{"key1":"value1","key2":"value2"},"entity":"An example entity","source":"x","priority":"P1"}"""),
        ("ntfy", "/", """{"topic":"mytopic","message":"Disk space is low at 5.1 GB","title":"Low disk space alert","tags":["warning","cd"],"priority":4,"click":"https://homecamera.lan/xasds1h2xsSsa/","actions":[{"action":"view","label":"Admin panel","url":"https://filesrv.lan/admin"}]}"""),
        ("victorops", "/alert/key/route", """{"monitoring_tool":"API","message_type":"INFO","entity_id":"disk/123","entity_display_name":"Disk Space Low","state_message":"The disk is really really full."}"""),
        ("msteamsv2", "/", """{"type":"message","attachments":[{"contentType":"application/vnd.microsoft.card.adaptive","contentUrl":null,"content":{"$schema":"http://adaptivecards.io/schemas/adaptive-card.json","type":"AdaptiveCard","version":"1.2","body":[{"type":"TextBlock","text":"For Samples and Templates, see https://adaptivecards.io/samples"}]}}]}"""),
        ("discord", "/", """{"content":"","embeds":[{"title":"Hello, Embed!","description":"This is an embedded message.","color":1127128}]}"""),
    ];

    private static readonly (string Kind, Action<JsonObject> Spoil)[] Spoilt =
    [
        ("slack", j => j.Remove("text")), ("telegram", j => j["text"] = new string('x', 4097)), ("telegram", j => j["text"] = " "),
        ("telegram", j => j["entities"]![0]!["length"] = 40), ("telegram", j => j["text"] = "Bol😀 word"), ("telegram", j => j.Remove("chat_id")),
        ("telegram", j => j["parse_mode"] = "HTML"), ("pagerduty", j => j["routing_key"] = "short"), ("pagerduty", j => j["payload"]!["severity"] = "page"),
        ("pagerduty", j => j["payload"]!["summary"] = new string('x', 1025)), ("pagerduty", j => j["event_action"] = "fire"), ("pagerduty", j => j.Remove("payload")),
        ("pagerduty", j => j["links"]![0]!.AsObject().Remove("href")), ("opsgenie", j => j["message"] = new string('x', 131)), ("opsgenie", j => j["priority"] = "P6"),
        ("opsgenie", j => j["details"]!["key1"] = 1), ("ntfy", j => j["message"] = new string('é', 2049)), ("ntfy", j => j["priority"] = 6),
        ("victorops", j => j["message_type"] = "PAGE"), ("msteamsv2", j => j["attachments"]![0]!["contentType"] = "text/plain"),
        ("discord", j => j["embeds"]![0]!["title"] = new string('x', 257)), ("discord", j => j["embeds"] = new JsonArray()),
    ];

    [Fact]
    public void PublishedExamples_Pass()
    {
        foreach (var (kind, path, body) in Published)
        {
            Problems(kind, path, body).ShouldBeEmpty(body);
        }
    }

    [Fact]
    public void WhatVendorsRefuse_IsRefused()
    {
        for (var i = 0; i < Spoilt.Length; i++)
        {
            var (kind, spoil) = Spoilt[i];
            var (_, path, body) = Published.First(p => p.Kind == kind);
            var json = JsonNode.Parse(body)!.AsObject();
            spoil(json);
            Problems(kind, path, json.ToJsonString()).ShouldNotBeEmpty($"{kind}, the spoilt request {i}");
        }
    }

    [Fact]
    public void SlacksLimits_AreHeld()
    {
        string Blocks(string text, int count) => new JsonObject
        {
            ["text"] = "x",
            ["blocks"] = new JsonArray([.. Enumerable.Range(0, count).Select(_ => new JsonObject { ["type"] = "section", ["text"] = new JsonObject { ["text"] = text } })]),
        }.ToJsonString();
        Problems("slack", "/services/x", Blocks("a &amp; b", 50)).ShouldBeEmpty();
        Problems("slack", "/services/x", Blocks("a & b", 1)).ShouldNotBeEmpty();
        Problems("slack", "/services/x", Blocks(new string('x', 3001), 1)).ShouldNotBeEmpty();
        Problems("slack", "/services/x", Blocks("x", 51)).ShouldNotBeEmpty();
        Problems("slack", "/api/chat.update", """{"channel":"C","text":"x"}""").ShouldNotBeEmpty();
    }

    [Fact]
    public void Mail_IsHeldToItsRfcs()
    {
        const string good = "Date: x\r\nFrom: a@b\r\nTo: c@d\r\nSubject: s\r\nMessage-ID: <1@b>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\nhello\r\n";
        SmtpContract.Violations(good).ShouldBeEmpty();
        SmtpContract.Violations(good.Replace("hello\r\n", "hello\n")).ShouldNotBeEmpty();
        SmtpContract.Violations(good.Replace("hello", "hällo")).ShouldNotBeEmpty();
        SmtpContract.Violations(good.Replace("hello", new string('x', 999))).ShouldNotBeEmpty();
        SmtpContract.Violations(good.Replace("Subject: s\r\n", "")).ShouldNotBeEmpty();
        SmtpContract.Violations(good.Replace("Subject: s\r\n", "Subject: s\r\nBcc: x@y\r\n")).ShouldNotBeEmpty();
    }

    private static List<string> Problems(string kind, string path, string body) => VendorContract.All[kind].Check(new Arrived(path,
        new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase)
        {
            ["Content-Type"] = "application/json", ["Authorization"] = kind == "opsgenie" ? "GenieKey k" : "Bearer k",
        }, body)).Where(p => p.Length > 0).ToList();
}
