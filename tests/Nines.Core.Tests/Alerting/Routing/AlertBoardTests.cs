using System.Text;
using Nines.Core.Alerting;
using Nines.Core.Alerting.Routing;
using Nines.Core.Delivery;
using Nines.Core.Workspace;
using Nines.Core.Workspace.Alertmanager;
using Nines.Metrics;

namespace Nines.Core.Tests.Alerting.Routing;

/// <summary>Timelines on a virtual clock. Told means: at which second, whom, and of which alerts; an upper-case name fires, a lower-case one is over.</summary>
public sealed partial class AlertBoardTests
{
    private const long Second = 1_000_000_000;
    private const long Start = 1_800_000_000 * Second;
    private readonly AlertBoard _board = new();
    private readonly List<string> _told = [];
    private readonly List<GroupNotification> _sent = [];
    private readonly BoardChanges _recorded = new();
    private long _wall = Start;
    private long _steady = 77 * Second;

    // By how much the wall's clock was set.
    private long _set;

    [Fact]
    public void Group_WaitsThenTellsOfAllAndOfNewsAfterItsInterval()
    {
        Apply("group_wait: 10s, group_interval: 30s");
        At(0, () => Post("A"));
        At(5, () => Post("B"));
        At(20, () => Post("C"));
        To(60).ShouldBe(["10 d AB", "40 d ABC"]);
    }

    [Fact]
    public void Group_OfAnOldAlertIsToldAtOnceButNotRightAfterARestart()
    {
        Apply("group_wait: 10s, group_interval: 30s");
        At(0, () => Post("A", since: -60));
        To(5).ShouldBe(["0 d A"]);
        var after = Restarted();
        after.Apply("group_wait: 10s, group_interval: 30s");
        after.At(6, () => after.Post("B", since: -60));
        after.To(30).ShouldBe(["15 d AB"]);
    }

    [Fact]
    public void Restart_ConfigurationThereFirst_AlertsAreInTheirGroupsAllTheSame()
    {
        Apply("group_wait: 10s, group_interval: 30s");
        At(0, () => Post("A"));
        To(5).ShouldBeEmpty();
        var after = Restarted("group_wait: 10s, group_interval: 30s");
        after._board.Alerts(after._wall).ShouldHaveSingleItem().Receivers.ShouldBe(["d"]);
        after.To(30).ShouldBe(["15 d A"]);
    }

    [Fact]
    public void Repeat_ComesWithTheFirstLookAfterItsInterval()
    {
        Apply("group_wait: 1s, group_interval: 10s, repeat_interval: 25s");
        At(0, () => Post("A"));
        To(70).ShouldBe(["1 d A", "31 d A", "61 d A"]);
    }

    [Fact]
    public void End_IsToldOnceAndWhatFiresAgainIsNews()
    {
        Apply("group_wait: 1s, group_interval: 10s");
        At(0, () => Post("A"));
        At(5, () => Post("A", ends: 5));
        At(14, () => Post("A"));
        To(40).ShouldBe(["1 d A", "11 d a", "15 d A"]);
    }

    [Fact]
    public void Alert_OverBeforeItsGroupWasLookedAt_IsNotTold()
    {
        Apply("group_wait: 10s, group_interval: 10s");
        At(0, () => Post("A"));
        At(5, () => Post("A", ends: 5));
        To(60).ShouldBeEmpty();
    }

    [Fact]
    public void Timeout_EndsAnAlertWhenItWasDue()
    {
        Apply("group_wait: 1s, group_interval: 10s", "global: {resolve_timeout: 15s}\n");
        At(0, () => Post("A"));
        To(30).ShouldBe(["1 d A", "21 d a"]);
        _sent[^1].Alerts.ShouldHaveSingleItem().EndsAtNs.ShouldBe(Start + 15 * Second);
    }

    [Fact]
    public void Silence_HoldsBeginsBackAndStillTellsTheEndOfWhatWasTold()
    {
        Apply("group_wait: 1s, group_interval: 10s");
        At(0, () => Post("A"));
        At(2, () => Silence("A|B", 2, 60));
        At(3, () => Post("B"));
        At(5, () => Post("A", ends: 5));
        To(70).ShouldBe(["1 d A", "11 d a", "61 d B"]);
    }

    [Fact]
    public void MuteTime_HoldsTheEndBackUntilItIsOver()
    {
        // 1_800_000_000 is 2027-01-15 08:00 UTC.
        Apply("group_wait: 1s, group_interval: 10s, routes: [{mute_time_intervals: [pause]}]",
            "time_intervals: [{name: pause, time_intervals: [{times: [{start_time: '08:01', end_time: '08:02'}]}]}]\n");
        At(50, () => Post("A"));
        At(65, () => Post("A", ends: 65));
        At(66, () => Post("B"));
        To(200).ShouldBe(["51 d A", "121 d aB"]);
    }

    [Fact]
    public void Inhibition_AnyFiringSourceKeepsTheTargetQuiet()
    {
        Apply("group_wait: 1s, group_interval: 10s, group_by: [alertname]",
            "inhibit_rules: [{source_matchers: ['alertname=~\"S.*\"'], target_matchers: ['alertname=T'], equal: [zone]}]\n");
        At(0, () =>
        {
            Post("S1");
            Post("S2");
            Post("T");
        });
        At(5, () => Post("S1", ends: 5));
        At(15, () => Post("S2", ends: 15));
        To(30).ShouldBe(["1 d S1", "1 d S2", "11 d s1", "21 d s2", "21 d T"]);
    }

    [Fact]
    public void Refusal_IsDecidedAnewAfterAnIntervalThenMoreSeldom()
    {
        Apply("group_wait: 1s, group_interval: 10s");
        At(0, () => Post("A"));
        foreach (var second in (int[])[2, 12, 42])
        {
            At(second, () => _board.Undo(_sent[^1], Now, _recorded));
        }
        To(100).ShouldBe(["1 d A", "11 d A", "41 d A", "91 d A"]);
        _sent.Select(n => n.Key).Distinct().Count().ShouldBe(4);
    }

    [Fact]
    public void Refusal_HoldsNoOtherAlertBackNorTheNextStretch()
    {
        Apply("group_wait: 1s, group_interval: 10s");
        At(0, () => Post("A"));
        foreach (var second in (int[])[2, 12])
        {
            At(second, () => _board.Undo(_sent[^1], Now, _recorded));
        }
        At(13, () => Post("B"));
        At(22, () => _board.Undo(_sent[^1], Now, _recorded));
        At(23, () => Post("A", ends: 23));
        At(32, () => Post("A"));
        To(45).ShouldBe(["1 d A", "11 d A", "21 d AB", "41 d AB"]);
    }

    [Fact]
    public void Restart_KeepsTheEndThatASourceGave()
    {
        Apply("group_wait: 1s, group_interval: 10s");
        At(0, () => _board.Receive([Alert("A", 0, 0) with { EndsAtNs = _wall + 600 * Second }], Now, 100, _recorded));
        To(5).ShouldBe(["1 d A"]);
        var after = Restarted();
        after.Apply("group_wait: 1s, group_interval: 10s");
        after.To(580).ShouldBeEmpty();
        after.To(620).ShouldBe(["606 d a"], "5 s of steady time passed before the restart, 1 s for the group");
    }

    [Fact]
    public void RefusedEnd_IsNotToldAgainToAnotherReceiver()
    {
        Apply("group_wait: 1s, group_interval: 10s, routes: [{receiver: d, continue: true}, {receiver: e}]",
            receivers: "[{name: d, webhook_configs: [{url: 'http://a/'}]}, {name: e, webhook_configs: [{url: 'http://a/'}]}]");
        At(0, () =>
        {
            Post("A");
            Post("B");
        });
        At(5, () => Post("A", ends: 5));
        To(12).ShouldBe(["1 d AB", "1 e AB", "11 d aB", "11 e aB"]);
        At(13, () => _board.Undo(_sent.Last(n => n.Receiver == "d"), Now, _recorded));
        At(15, () => Post("C"));
        To(25).ShouldBe(["1 d AB", "1 e AB", "11 d aB", "11 e aB", "21 d aBC", "21 e BC"]);
    }

    [Fact]
    public void RefusedEnd_AfterARestart_IsStillTold()
    {
        Apply("group_wait: 1s, group_interval: 10s");
        At(0, () => Post("A"));
        At(5, () => Post("A", ends: 5));
        To(12).ShouldBe(["1 d A", "11 d a"]);
        var after = Restarted();
        after.Apply("group_wait: 1s, group_interval: 10s");
        after.At(13, () => after._board.Undo(_sent[^1], after.Now, after._recorded));
        after.To(40).ShouldBe(["23 d a"]);
    }

    [Fact]
    public void Trouble_OfAReceiverIsNotToldToItself()
    {
        Apply("group_wait: 1s, group_interval: 10s");
        At(0, () => _board.Receive([DeliveryTrouble.Alert("d", _wall, 0), DeliveryTrouble.Alert("e", _wall, 0)], Now, 100, _recorded));
        To(5);
        _sent.ShouldHaveSingleItem().Alerts.ShouldHaveSingleItem().Labels["receiver"].ShouldBe("e");
    }

    [Fact]
    public void RefusedEnd_IsToldWhenTheReceiverTakesItAgain()
    {
        Apply("group_wait: 1s, group_interval: 10s");
        At(0, () => Post("A"));
        At(5, () => Post("A", ends: 5));
        At(12, () => _board.Undo(_sent[^1], Now, _recorded));
        At(40, () => Post("A"));
        To(60).ShouldBe(["1 d A", "11 d a", "22 d a", "41 d A"]);
    }

    [Fact]
    public void Restart_TellsAgainOfNothingAndStillOfTheEnd()
    {
        Apply("group_wait: 1s, group_interval: 10s");
        At(0, () => Post("A"));
        To(5).ShouldBe(["1 d A"]);
        var after = Restarted();
        after.Apply("group_wait: 1s, group_interval: 10s");
        after.At(20, () => after.Post("A", ends: 20));
        after.To(40).ShouldBe(["26 d a"]);
    }

    [Fact]
    public void Restart_BetweenAnEndAndItsLook_TellsTheEnd()
    {
        Apply("group_wait: 1s, group_interval: 10s");
        At(0, () => Post("A"));
        At(5, () => Post("A", ends: 5));
        To(6).ShouldBe(["1 d A"]);
        var after = Restarted();
        after.Apply("group_wait: 1s, group_interval: 10s");
        after.To(40).ShouldBe(["6 d a"]);
    }

    [Theory]
    [InlineData(3600)]
    [InlineData(-3600)]
    [InlineData(86_400)]
    public void WallClock_SetNeitherEndsNorRepeatsNorForgets(int seconds)
    {
        Apply("group_wait: 1s, group_interval: 10s, repeat_interval: 1h");
        At(0, () => Post("A"));
        At(2, () => Set(seconds));
        At(100, () => Post("A", since: -100 - seconds));
        At(105, () => Post("A", since: -105 - seconds, ends: 105));
        To(120).ShouldBe(["1 d A", "111 d a"]);
    }

    [Fact]
    public void Receiver_WithoutEnds_HearsOfWhatFires()
    {
        Apply("group_wait: 1s, group_interval: 10s", receivers: "[{name: d, webhook_configs: [{url: 'http://a/', send_resolved: false}]}]");
        At(0, () =>
        {
            Post("A");
            Post("B");
        });
        At(5, () => Post("A", ends: 5));
        At(25, () => Post("B", ends: 25));
        At(45, () => Post("B"));
        To(60).ShouldBe(["1 d AB", "46 d B"]);
    }

    [Fact]
    public void Room_ForNoMore_LeavesOutWhatIsNewOnly()
    {
        Apply("group_wait: 1s");
        var changes = new BoardChanges();
        _board.Receive([Alert("A", 0, 0), Alert("B", 0, 0)], Now, 1, changes).ShouldBe(1);
        _board.Receive([Alert("A", 0, 0)], Now, 1, changes).ShouldBe(0);
        _board.Firing.ShouldBe(1);
    }

    [Fact]
    public void End_RefusedForGood_IsToldAgainAndWhatFiresAnewIsNews()
    {
        Apply("group_wait: 1s, group_interval: 10s");
        At(0, () => Post("A"));
        At(5, () => Post("A", ends: 5));
        To(12);
        _board.Undo(_sent[^1], Now, _recorded);
        At(15, () => Post("A"));
        To(40).ShouldBe(["1 d A", "11 d a", "22 d A"]);
    }

    private Moment Now => new(_wall, _steady);

    private void Apply(string route, string more = "", string receivers = "[{name: d, webhook_configs: [{url: 'http://a/'}]}]",
        ReceiverWishes? wishes = null, SeverityLadders? ladders = null)
    {
        var text = $"{more}route: {{receiver: d, {route}}}\nreceivers: {receivers}\n";
        var reading = AlertmanagerReader.Read(new WorkspaceFile("alertmanager.yml", Encoding.UTF8.GetBytes(text)));
        var config = reading.Config.ShouldNotBeNull(string.Join('\n', reading.Problems));
        _board.Apply(new([config.Root], config.Receivers.ToDictionary(r => r.Name, StringComparer.Ordinal), config.InhibitRules, config.ResolveTimeoutMs, text)
        {
            Wishes = new Dictionary<string, ReceiverWishes>(StringComparer.Ordinal) { ["d"] = wishes ?? ReceiverWishes.None },
            Ladders = ladders ?? SeverityLadders.Default,
        }, Now);
    }

    /// <summary>What a restart finds. The configuration is there before or after what was recorded.</summary>
    private AlertBoardTests Restarted(string? route = null, string more = "", ReceiverWishes? wishes = null)
    {
        var after = new AlertBoardTests { _wall = _wall, _steady = 5 * Second };
        if (route is not null)
        {
            after.Apply(route, more, wishes: wishes);
        }
        after._board.Load(
            _recorded.Alerts.GroupBy(a => a.State.Labels).Select(g => g.Last()), _recorded.Silences.GroupBy(s => s.Id).Select(g => g.Last()),
            _recorded.Notices.GroupBy(n => (n.Receiver, n.Kind, n.Index, n.GroupKey)).Select(g => g.Last()), after.Now);
        return after;
    }

    private void At(int second, Action act)
    {
        To(second);
        act();
    }

    /// <summary>Lets time pass, from one thing that is due to the next, and gives all that was told.</summary>
    private List<string> To(int second)
    {
        var until = _steady + (Start + second * Second - (_wall - _set));
        while (true)
        {
            _board.Pass(Now, _recorded);
            Sent();
            var next = Math.Min(_board.NextNs, until);
            if (next >= until && _steady >= until)
            {
                return _told;
            }
            Advance(Math.Max(next, _steady + 1) - _steady);
        }
    }

    private void Set(int seconds)
    {
        _wall += seconds * Second;
        _set += seconds * Second;
    }

    private void Advance(long ns)
    {
        _wall += ns;
        _steady += ns;
    }

    private void Sent()
    {
        foreach (var one in _recorded.Notifications.Skip(_sent.Count))
        {
            _sent.Add(one);
            var alerts = string.Concat(one.Alerts.Select(a => a.EndsAtNs == 0 ? a.Labels["alertname"] : a.Labels["alertname"].ToLowerInvariant()));
            _told.Add($"{(_wall - _set - Start) / Second} {one.Receiver} {alerts}");
        }
    }

    private void Post(string name, int since = 0, int ends = 0, string severity = "")
    {
        _board.Receive([Alert(name, since, ends, severity)], Now, 100, _recorded);
        _board.Pass(Now, _recorded);
        Sent();
    }

    private PostedAlert Alert(string name, int since, int ends, string severity = "") =>
        new(Labels.Of(("alertname", name), ("severity", severity)), Labels.Empty, _wall + since * Second, ends == 0 ? 0 : _wall, "");

    private void Silence(string names, int from, int to) => _board.SetSilence("", new()
    {
        Id = "",
        Matchers = [new Matcher("alertname", MatchOp.Regex, names)],
        StartsAtNs = Start + from * Second,
        EndsAtNs = Start + to * Second,
        UpdatedAtNs = 0,
        CreatedBy = "aiko",
        Comment = "a drill",
    }, "s1", Now, _recorded)!.Value.Refusal.ShouldBeNull();
}
