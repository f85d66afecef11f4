using System.Text;
using Nines.Core.Workspace;

namespace Nines.Core.Tests.Workspace;

public sealed class WishesReaderTests
{
    private const string Chat =
        """
        apiVersion: nines/v1
        kind: Delivery
        metadata: {name: a}
        spec:
          receivers: [{name: chat, webhook: {url: 'http://127.0.0.1/'}}]
          wishes:

        """;

    [Fact]
    public void Wishes_OfAnyReceiver_AreInThePlan()
    {
        var reading = Read($"{Chat}  - {{receiver: chat, cooldown: 15m, endsWhileQuiet: false}}\n  - {{receiver: pager, urgent: 'severity=\"critical\"'}}\n",
            "route: {receiver: pager}\nreceivers: [{name: pager, webhook_configs: [{url: 'http://127.0.0.1/'}]}]\n");
        reading.Problems.ShouldBeEmpty();
        var plan = reading.Model.ShouldNotBeNull().Routing;
        (plan.WishesOf("chat").CooldownMs, plan.WishesOf("chat").TellsQuietEnds).ShouldBe((900_000, false));
        plan.WishesOf("pager").Urgent.ShouldHaveSingleItem().ToString().ShouldBe("severity=\"critical\"");
    }

    [Fact]
    public void Digest_TimesOfTheWeek_AreInThePlan()
    {
        var reading = Read($"{Chat}  - {{receiver: chat, digest: {{at: [Mon-Fri 09:00, 17:30], timezone: Europe/Berlin}}}}\n");
        reading.Problems.ShouldBeEmpty();
        var digest = reading.Model.ShouldNotBeNull().Routing.WishesOf("chat").Digest.ShouldNotBeNull();
        (digest.Text, digest.Zone.Id, digest.Times.Count(t => t.Minute == 540), digest.Times.Count(t => t.Minute == 1050))
            .ShouldBe(("Mon-Fri 09:00, 17:30", "Europe/Berlin", 5, 7));
    }

    [Theory]
    [InlineData("{receiver: chat, digest: {at: [9am], timezone: UTC}}", "this is no time: 9am", 7)]
    [InlineData("{receiver: chat, digest: {at: [Mon-Fry 09:00], timezone: UTC}}", "this is no time", 7)]
    [InlineData("{receiver: chat, digest: {at: ['24:00'], timezone: UTC}}", "this is no time", 7)]
    [InlineData("{receiver: chat, digest: {at: [], timezone: UTC}}", "at is empty", 7)]
    [InlineData("{receiver: chat, digest: {at: [09:00]}}", "needs timezone", 7)]
    [InlineData("{receiver: chatt}", "there is no receiver chatt", 7)]
    [InlineData("{receiver: chat, urgent: severity}", "urgent is no list of matchers", 7)]
    [InlineData("{receiver: chat, urgent: '{}'}", "urgent is empty", 7)]
    [InlineData("{receiver: chat, cooldown: 30d}", "cooldown", 7)]
    [InlineData("{receiver: chat, urgency: x}", "has no key urgency", 7)]
    [InlineData("{receiver: chat}\n  - {receiver: chat}", "declared twice", 8)]
    public void Wishes_Mistakes_AreNamedAtTheirPlace(string wish, string message, int line)
    {
        var problem = Read($"{Chat}  - {wish}\n").Problems.ShouldHaveSingleItem();
        problem.Message.ShouldContain(message);
        problem.Position.Line.ShouldBe(line);
    }

    private static WorkspaceReading Read(params string[] files) =>
        WorkspaceReader.Read([.. files.Select((text, i) => new WorkspaceFile($"{i}.yml", Encoding.UTF8.GetBytes(text)))]);
}
