using Nines.Core.Probes;

namespace Nines.Core.Tests.Probes;

public sealed class ProbeAlertsTests
{
    private const long Now = 1_800_000_000_000;
    private static readonly Uri Url = new("https://nines.example/");
    private static readonly Probe Shop = ProbeCases.Http("[STATUS] == 200") with { Service = "checkout", FailuresBeforeDown = 1, Runbook = "https://wiki.example/shop", WarnBeforeMs = 14 * 86_400_000L };

    [Fact]
    public void A_probe_that_is_down_pages_with_what_was_seen()
    {
        var run = ProbeRun.Judge(Shop, Now, Now, new() { Status = 503, Connected = true });
        var alert = ProbeAlerts.OfState(Shop, ProbeState.Initial, ProbeState.Initial.After(Shop, false, Now), run, Now, Url).ShouldNotBeNull();
        alert.Labels.ToString().ShouldBe("{alertname=\"ProbeFailing\", environment=\"production\", probe=\"shop\", service=\"checkout\", severity=\"page\"}");
        alert.Annotations["summary"].ShouldBe("shop is down: [STATUS] (503) == 200 does not hold");
        alert.Annotations["runbook_url"].ShouldBe("https://wiki.example/shop");
        alert.GeneratorUrl.ShouldBe("https://nines.example/probes/shop");
        // Two late runs do not end it.
        (alert.EndsAtNs / 1_000_000 - Now).ShouldBeGreaterThanOrEqualTo(3 * Shop.IntervalMs);
    }

    [Fact]
    public void It_ends_when_the_probe_is_up_and_is_posted_once()
    {
        var down = ProbeState.Initial.After(Shop, false, Now - 60_000);
        var up = down.After(Shop, true, Now);
        var run = ProbeRun.Judge(Shop, Now, Now, new() { Status = 200, Connected = true });
        ProbeAlerts.OfState(Shop, down, up, run, Now, Url)!.EndsAtNs.ShouldBe(Now * 1_000_000);
        ProbeAlerts.OfState(Shop, up, up.After(Shop, true, Now + 60_000), run, Now + 60_000, Url).ShouldBeNull();
    }

    [Theory]
    [InlineData(13, false, true, false)]
    [InlineData(15, false, false, false)]
    [InlineData(90, true, true, true)]
    [InlineData(-1, true, true, false)]
    public void A_certificate_is_told_of_in_time_and_until_it_is_renewed(int days, bool told, bool posted, bool ended)
    {
        var alert = ProbeAlerts.OfCertificate(Shop, Now + days * 86_400_000L, told, Now, Url);
        (alert is not null).ShouldBe(posted);
        if (alert is not null)
        {
            alert.Labels["severity"].ShouldBe("ticket");
            (alert.EndsAtNs <= Now * 1_000_000).ShouldBe(ended);
        }
    }

    [Fact]
    public void Times_are_apart_and_the_same_in_every_process()
    {
        var probes = Enumerable.Range(0, 300).Select(i => Shop with { Name = $"p{i}" }).ToList();
        var next = probes.Select(p => ProbeSchedule.NextMs(p, Now)).ToList();
        next.ShouldAllBe(t => t > Now && t <= Now + Shop.IntervalMs);
        next.GroupBy(t => (t - Now) / 6_000).ShouldAllBe(g => g.Count() < 60);
        ProbeSchedule.NextMs(probes[0], next[0]).ShouldBe(next[0] + Shop.IntervalMs);
        probes.Select(p => ProbeSchedule.FirstMs(p, Now)).ShouldAllBe(t => t >= Now && t < Now + ProbeSchedule.SpreadMs);
    }
}
