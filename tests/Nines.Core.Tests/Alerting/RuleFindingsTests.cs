using Nines.Core.Alerting;
using Nines.Metrics;

namespace Nines.Core.Tests.Alerting;

public sealed class RuleFindingsTests
{
    private const long Minute = 60_000;
    private const long Day = 86_400_000;
    private const long Now = 100 * Day;

    private static readonly RuleActivity Usual = new(35 * Day, 4, 1, 0, Now - Day);
    private static readonly RuleReport Good = new(RuleKind.Alerting, "Slow", "up == 0", 0, 0, Labels.Of(("severity", "page")),
        Labels.Of(("runbook_url", "https://run.test"), ("objective", "shop/orders")), [], RuleAlertState.Inactive, RuleHealth.Ok, "", Now, 0.01);

    private static readonly RuleGroupReport Group = new("g", "rules.yml", 60, 0, [], Now, 0.01);

    public static TheoryData<string, RuleReport, RuleActivity, string> Cases => new()
    {
        { "a good one", Good, Usual, "" },
        { "failing", Good with { Health = RuleHealth.Error, LastError = "same labels" }, Usual, "Failing" },
        { "not evaluated", Good with { Health = RuleHealth.Unknown, LastEvaluationMs = null }, Usual with { Firings = 0, FiringsOfWeek = 0 }, "NeverEvaluated" },
        { "never fired", Good, new(35 * Day, 0, 0, 0, null), "NeverFired" },
        { "never fired, a week on record", Good, new(7 * Day, 0, 0, 0, null), "NeverFired" },
        { "never fired, too little on record", Good, new(7 * Day - 1, 0, 0, 0, null), "" },
        { "fires for the first time", Good with { State = RuleAlertState.Firing }, new(35 * Day, 0, 0, 0, null), "" },
        { "ten a week", Good, Usual with { FiringsOfWeek = 10 }, "" },
        { "eleven a week", Good, Usual with { FiringsOfWeek = 11 }, "Noisy" },
        { "came back twice", Good, Usual with { ReturnsOfWeek = 2 }, "" },
        { "came back three times", Good, Usual with { ReturnsOfWeek = 3 }, "Flapping" },
        { "a tenth of the interval", Good with { EvaluationSeconds = 6 }, Usual, "" },
        { "more than that", Good with { EvaluationSeconds = 6.1 }, Usual, "Slow" },
        { "no runbook", Good with { Annotations = Labels.Of(("objective", "shop/orders")) }, Usual, "NoRunbook" },
        { "an empty runbook", Good with { Annotations = Labels.Of(("objective", "shop/orders"), ("runbook_url", "")) }, Usual, "NoRunbook" },
        { "no runbook on a ticket", Good with { Labels = Labels.Of(("severity", "ticket")), Annotations = Labels.Empty }, Usual, "" },
        { "no objective", Good with { Annotations = Labels.Of(("runbook_url", "r")) }, Usual, "NoObjective" },
        { "an unknown objective", Good with { Annotations = Labels.Of(("runbook_url", "r"), ("objective", "shop/none")) }, Usual, "NoObjective" },
        { "an objective in full", Good with { Annotations = Labels.Of(("runbook_url", "r"), ("objective", "shop/orders@production")) }, Usual, "" },
        { "an objective as a label", Good with { Labels = Labels.Of(("severity", "critical"), ("objective", "shop/orders")), Annotations = Labels.Of(("runbook_url", "r")) }, Usual, "" },
        { "an objective by template", Good with { Annotations = Labels.Of(("runbook_url", "r"), ("objective", "shop/{{ $labels.slo }}")) }, Usual, "" },
        { "one of Sloth's", Good with { Labels = Labels.Of(("severity", "page"), ("sloth_slo", "orders")), Annotations = Labels.Of(("runbook_url", "r")) }, Usual, "" },
        { "an exception", Good with { Annotations = Labels.Of(("runbook_url", "r"), (RulePolicy.Exception, "the disk is gone by morning")) }, Usual, "" },
        { "an exception without a reason", Good with { Annotations = Labels.Of(("runbook_url", "r"), (RulePolicy.Exception, "")) }, Usual, "NoObjective" },
        { "several, worst first", Good with { Health = RuleHealth.Error, Annotations = Labels.Empty, EvaluationSeconds = 30 }, Usual with { FiringsOfWeek = 50, ReturnsOfWeek = 9 }, "Failing NoRunbook NoObjective Flapping Noisy Slow" },
        { "a recording rule", Good with { Kind = RuleKind.Recording, Annotations = Labels.Empty, Labels = Labels.Of(("severity", "page")) }, default, "" },
        { "a recording rule that fails", Good with { Kind = RuleKind.Recording, Health = RuleHealth.Error }, default, "Failing" },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Of_ARule_NamesWhatIsWrong(string what, RuleReport rule, RuleActivity activity, string faults) =>
        string.Join(' ', RuleFindings.Of(Group, rule, activity, ["shop/orders@production"], SeverityLadders.Default).Select(f => f.Fault)).ShouldBe(faults, what);

    [Fact]
    public void History_CountsBeginningsReturnsAndTheWeek()
    {
        var history = new RuleHistory(Now - 35 * Day, Now);
        history.Add("a", false, Now - 8 * Day);
        history.Add("a", true, Now - 8 * Day + Minute);
        history.Add("a", false, Now - 8 * Day + 2 * Minute);
        history.Add("a", true, Now - Day);
        history.Add("a", false, Now - Day + 10 * Minute);
        history.Add("a", true, Now - Day + 11 * Minute);
        history.Add("a", false, Now - Day + 22 * Minute);
        history.Add("b", false, Now - Day);
        history.Add("other", false, Now - Day);
        history.Name("a", Labels.Of(("alertname", "Slow"), ("severity", "page"), ("job", "x")));
        history.Name("b", Labels.Of(("alertname", "Slow"), ("severity", "ticket")));
        history.Name("other", Labels.Of(("alertname", "Other"), ("severity", "page")));
        history.Name("unheard", Labels.Of(("alertname", "Slow"), ("severity", "page")));
        var rule = Good with { Labels = Labels.Of(("severity", "page"), ("job", "{{ $labels.job }}")) };
        // Eleven minutes after an end it is another alert; a return of last week's is none of this week's.
        history.Of(rule).ShouldBe(new RuleActivity(35 * Day, 4, 2, 1, Now - Day + 22 * Minute));
        history.Of(rule with { Name = "Never" }).ShouldBe(new RuleActivity(35 * Day, 0, 0, 0, null));
    }
}
