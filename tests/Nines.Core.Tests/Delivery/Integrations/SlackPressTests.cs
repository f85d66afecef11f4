using System.Text;
using Nines.Core.Alerting;
using Nines.Core.Delivery;
using Nines.Core.Delivery.Integrations;
using Nines.Metrics;

namespace Nines.Core.Tests.Delivery.Integrations;

public sealed class SlackPressTests
{
    /// <summary>The example of Slack's own documentation.</summary>
    private const string Secret = "8f742231b10e8888abcd99yyyzzz85a5";
    private const long At = 1_531_420_618;
    private const string Body = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
    private const string Signature = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503";

    [Theory]
    [InlineData(0, true)]
    [InlineData(300, true)]
    [InlineData(-300, true)]
    [InlineData(301, false)]
    [InlineData(-301, false)]
    public void IsSigned_SlacksExample_WithinFiveMinutes(int after, bool signed) =>
        SlackPress.IsSigned(Secret, "1531420618", Signature, Encoding.UTF8.GetBytes(Body), At + after).ShouldBe(signed);

    [Theory]
    [InlineData("1531420619", Signature, Body)]
    [InlineData("1531420618", Signature, Body + "&")]
    [InlineData("1531420618", "v0=b2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503", Body)]
    [InlineData("1531420618", "v1=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503", Body)]
    [InlineData("1531420618", "", Body)]
    [InlineData("", Signature, Body)]
    [InlineData("+1531420618", Signature, Body)]
    [InlineData("99999999999999999999", Signature, Body)]
    public void IsSigned_AnythingAltered_IsNot(string timestamp, string signature, string body) =>
        SlackPress.IsSigned(Secret, timestamp, signature, Encoding.UTF8.GetBytes(body), At).ShouldBeFalse();

    [Theory]
    [InlineData("")]
    [InlineData("payload=%7B")]
    [InlineData("payload=%5B1%5D")]
    [InlineData("payload=null")]
    [InlineData("payload=%7B%22type%22%3A%22block_actions%22%2C%22actions%22%3A%5B%5D%7D")]
    [InlineData("payload=%7B%22type%22%3A%22block_actions%22%2C%22actions%22%3A5%7D")]
    public void Read_WhatIsNoPress_IsNull(string body) => SlackPress.Read(body).ShouldBeNull();

    [Theory]
    [InlineData("acknowledge:0123456789abcdef0123456789abcdef", Handling.Acknowledge)]
    [InlineData("resolve:0123456789abcdef0123456789abcdef", Handling.Resolve)]
    [InlineData("resolve:0123456789ABCDEF0123456789abcdef", null)]
    [InlineData("resolve:0123", null)]
    [InlineData("Resolve:0123456789abcdef0123456789abcdef", null)]
    [InlineData("silence:0123456789abcdef0123456789abcdef", null)]
    [InlineData(null, null)]
    public void Data_IsReadBack_AndFitsTelegram(string? data, Handling? what)
    {
        var press = ButtonPress.Read(data);
        press?.What.ShouldBe(what!.Value);
        (press is null).ShouldBe(what is null);
        (press?.Data ?? data).ShouldBe(data);
        Encoding.UTF8.GetByteCount(press?.Data ?? "").ShouldBeLessThanOrEqualTo(64);
    }

    [Fact]
    public void Answer_OfSeveralAlerts_CountsWhatWasDone()
    {
        static HandledAlert One(HandlingOutcome outcome, long ends = 0) => new("0123456789abcdef", outcome, new()
        {
            Labels = Labels.Empty, Annotations = Labels.Empty, StartsAtNs = 1, EndsAtNs = ends, UpdatedAtNs = 1, EpisodeNs = 1, Firing = ends == 0,
            Acknowledged = new(new("slack:U1", "aiko", "slack"), 60_000_000_000),
        });
        var aiko = new Responder("slack:U1", "aiko", "slack");
        const long day = 86_400_000_000_000;
        ButtonAnswer.Of(Handling.Acknowledge, aiko, [One(HandlingOutcome.Done), One(HandlingOutcome.Over, 1)], day - 1).Text
            .ShouldBe("Acknowledged (1 of 2; 1 over) by aiko, 00:01 UTC");
        ButtonAnswer.Of(Handling.Acknowledge, aiko, [One(HandlingOutcome.Already), One(HandlingOutcome.Already)], day + 1).Text
            .ShouldBe("Acknowledged by aiko, 1970-01-01 00:01:00 UTC");
        ButtonAnswer.Of(Handling.Resolve, aiko, [One(HandlingOutcome.Over, 1), One(HandlingOutcome.Over, 120_000_000_000)], day - 1).Text
            .ShouldBe("They are over since 00:02 UTC");
        ButtonAnswer.Of(Handling.Resolve, aiko, [new("x", HandlingOutcome.Unknown, null)], day).Text.ShouldBe("It is over; when is no longer known");
    }
}
