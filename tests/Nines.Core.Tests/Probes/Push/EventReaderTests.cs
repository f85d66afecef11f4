using System.Text;
using Nines.Core.Probes.Push;

namespace Nines.Core.Tests.Probes.Push;

public sealed class EventReaderTests
{
    private static readonly long Now = new DateTimeOffset(2026, 11, 28, 14, 0, 30, TimeSpan.Zero).ToUnixTimeMilliseconds();

    [Theory]
    [InlineData("""{"name":"thumbs","outcome":"good"}""")]
    [InlineData("""[{"name":"thumbs","outcome":"good"}]""")]
    [InlineData("""{"events":[{"name":"thumbs","outcome":"good"}]}""")]
    [InlineData("{\"name\":\"thumbs\",\"outcome\":\"good\"}\n")]
    public void Read_AnyShape_IsTheEvent(string body) =>
        Read(body).Events.ShouldHaveSingleItem().Labels.ToString().ShouldBe("""{environment="production", event="thumbs", outcome="good"}""");

    [Fact]
    public void Read_Lines_EachWithItsPlace()
    {
        var reading = Read("{\"name\":\"a\",\"outcome\":\"good\"}\n{\"name\":\"a\"}\n\n{\"name\":\"a\",\"value\":0.12,\"service\":\"rag\",\"labels\":{\"model\":\"x\"},\"key\":\"k\"}\n", key: "r");
        reading.Events.Select(e => $"{e.Index} {e.Labels} {e.Value} {e.Key}").ShouldBe(
        [
            """0 {environment="production", event="a", outcome="good"}  r#0""",
            """2 {environment="production", event="a", model="x", service="rag"} 0.12 k""",
        ]);
        reading.Refused.ShouldHaveSingleItem().ShouldBe(new(1, "missing", "outcome", "an event needs an outcome or a value", "outcome is good, bad or ignored; value is a number"));
    }

    [Theory]
    [InlineData("""3""", "wrong-type", "")]
    [InlineData("""{"outcome":"good"}""", "missing", "name")]
    [InlineData("""{"name":"9x","outcome":"good"}""", "bad-value", "name")]
    [InlineData("""{"name":"x-y","outcome":"good"}""", "bad-value", "name")]
    [InlineData("""{"name":"x","outcome":"nice"}""", "bad-value", "outcome")]
    [InlineData("""{"name":"x","value":"NaN"}""", "wrong-type", "value")]
    [InlineData("""{"name":"x","value":-0.1}""", "negative", "value")]
    [InlineData("""{"name":"x","value":1e400}""", "bad-value", "value")]
    [InlineData("""{"name":"x","vlaue":1}""", "unknown-field", "vlaue")]
    [InlineData("""{"name":"x","outcome":"good","labels":{"outcome":"bad"}}""", "bad-value", "labels.outcome")]
    [InlineData("""{"name":"x","outcome":"good","labels":{"__name__":"up"}}""", "bad-value", "labels")]
    [InlineData("""{"name":"x","outcome":"good","labels":{"a":"1","a":"2"}}""", "bad-value", "labels.a")]
    [InlineData("""{"name":"x","outcome":"good","labels":{"a":1}}""", "wrong-type", "labels.a")]
    [InlineData("""{"name":"x","outcome":"good","labels":{"a":"1","b":"1","c":"1","d":"1","e":"1","f":"1","g":"1","h":"1","i":"1"}}""", "too-many-labels", "labels")]
    [InlineData("""{"name":"x","outcome":"good","service":"\ud800"}""", "bad-value", "")]
    [InlineData("""{"name":"x","outcome":"good","at":"yesterday"}""", "bad-value", "at")]
    [InlineData("""{"name":"x","outcome":"good","at":"2026-11-28T14:01:31Z"}""", "in-future", "at")]
    [InlineData("""{"name":"x","outcome":"good","at":"2026-11-28T13:00:29Z"}""", "too-old", "at")]
    [InlineData("""{"name":"x","outcome":"good","at":"0001-01-01T00:00:00Z"}""", "too-old", "at")]
    [InlineData("""{"name":"x","outcome":"good","key":""}""", "bad-value", "key")]
    public void Read_WhatCannotBeCounted_IsRefusedWithItsFieldAndLeavesOthersAlone(string item, string code, string field)
    {
        var reading = Read($$"""[{"name":"fine","outcome":"good"},{{item}}]""");
        reading.Events.ShouldHaveSingleItem().Index.ShouldBe(0);
        var refused = reading.Refused.ShouldHaveSingleItem();
        (refused.Index, refused.Code, refused.Field).ShouldBe((1, code, field));
    }

    [Theory]
    [InlineData("2026-11-28T14:01:30Z", false)]
    [InlineData("2026-11-28T14:00:00.001Z", false)]
    [InlineData("2026-11-28T14:00:00Z", true)] // a minute is right-closed
    [InlineData("2026-11-28T14:00:30+01:00", true)]
    public void Read_At_IsLateWhenItsMinuteIsOver(string at, bool late) =>
        Read($$"""{"name":"x","outcome":"good","at":"{{at}}"}""").Events.ShouldHaveSingleItem().IsLate.ShouldBe(late);

    [Theory]
    [InlineData("", "missing")]
    [InlineData("[]", "missing")]
    [InlineData("""{"name":"x","value":NaN}""", "unreadable")]
    [InlineData("""[{"name":"x","outcome":"good"}""", "unreadable")]
    [InlineData("""{"name":"x","outcome":"good"} garbage""", "unreadable")]
    [InlineData("""[[[[[[[[[[1]]]]]]]]]]""", "unreadable")]
    public void Read_NoJson_CountsNothing(string body, string code)
    {
        var reading = Read(body);
        reading.Events.ShouldBeEmpty();
        reading.Unreadable!.Code.ShouldBe(code);
    }

    [Fact]
    public void Read_TooMany_CountsNothing()
    {
        var item = """{"name":"x","outcome":"good"}""";
        Read($"[{string.Join(',', Enumerable.Repeat(item, PushLimits.MaxEvents))}]").Events.Count.ShouldBe(PushLimits.MaxEvents);
        foreach (var separator in new[] { ',', '\n' })
        {
            var text = string.Join(separator, Enumerable.Repeat(item, PushLimits.MaxEvents + 1));
            var reading = Read(separator == ',' ? $"[{text}]" : text);
            (reading.Unreadable?.Code, reading.Events.Count).ShouldBe(("too-many-events", 0));
        }
    }

    private static PushReading Read(string body, string key = "") => EventReader.Read(Encoding.UTF8.GetBytes(body), Now, key);
}
