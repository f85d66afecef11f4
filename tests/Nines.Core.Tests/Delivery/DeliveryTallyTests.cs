using Nines.Core.Delivery;

namespace Nines.Core.Tests.Delivery;

public sealed class DeliveryTallyTests
{
    [Fact]
    public void Of_Messages_CountsByReceiverThoseInTroubleFirst()
    {
        var tallies = DeliveryTally.Of(
        [
            new("chat", "sent", 100, 300), new("chat", "sent", 100, 110), new("chat", "collapsed", 100, null), new("chat", "failedover", 100, null),
            new("mail", "pending", 70, null), new("mail", "sending", 60, null), new("pager", "failed", 100, null), new("chat", "sent", 100, null),
        ]);
        tallies.ShouldBe(
        [
            new("pager", 0, 1, 0, 0, null, null, null),
            new("mail", 0, 0, 2, 0, null, null, 60),
            new("chat", 3, 0, 0, 2, 10, 200, null),
        ]);
    }

    [Fact]
    public void Of_HundredMessages_TakesTheNearestRank()
    {
        var tally = DeliveryTally.Of(Enumerable.Range(1, 100).Select(i => new CountedMessage("chat", "sent", 1000, 1000 + i))).Single();
        (tally.MedianNs, tally.P99Ns).ShouldBe((50, 99));
        // A clock that was set back makes no delivery faster than none.
        DeliveryTally.Of([new("chat", "sent", 1000, 900)]).Single().MedianNs.ShouldBe(0);
    }
}
