using System.Diagnostics;
using System.Text;
using Nines.Core.Alerting;
using Nines.Core.Alerting.Routing;
using Nines.Core.Objectives;
using Nines.Metrics;
using Nines.Server.Alerting;
using Nines.Server.Journal;
using Nines.Server.Objectives;
using Nines.Server.State;

namespace Nines.Server.Tests.Journal;

public sealed class JournalTests : IDisposable
{
    private readonly string _temp = Directory.CreateTempSubdirectory("nines-test-").FullName;

    public void Dispose() => Directory.Delete(_temp, true);

    [Fact]
    public async Task Hundred_thousand_facts_verify_in_seconds()
    {
        var cancel = TestContext.Current.CancellationToken;
        var payload = Encoding.UTF8.GetBytes(/*lang=json*/ """{"text":"a payload of the usual size, some hundred bytes of JSON that tell what happened and to whom it did"}""");
        (await JournalCommands.AppendManyAsync(_temp, null, TimeProvider.System, 100_000, 1000, payload, cancel)).ShouldBe(100_000);
        var watch = Stopwatch.StartNew();
        var result = await JournalCommands.VerifyAsync(_temp, null, TimeProvider.System, cancel);
        (result.Facts, result.Whole).ShouldBe((100_000, true));
        // 2 s is promised on an idle machine and proved by eng/prove; here others share the cores.
        watch.Elapsed.TotalSeconds.ShouldBeLessThan(6);
        TestContext.Current.TestOutputHelper?.WriteLine($"{watch.Elapsed.TotalSeconds:0.00} s");
    }

    [Fact]
    public async Task Verifying_nothing_says_so() =>
        await Should.ThrowAsync<DataDirectoryException>(() => JournalCommands.VerifyAsync(Path.Combine(_temp, "none"), null, TimeProvider.System, TestContext.Current.CancellationToken));

    /// <summary>What a type's payload looks like is for ever. A new version gets a new line; no line changes.</summary>
    [Theory]
    [InlineData("workspace.activated/1", """{"hash":"abc","files":2}""")]
    [InlineData("objective.band-changed/1",
        """{"objective":"a/b@production","policy":"default","from":"ok","to":"caution","remainingShare":0.5}""")]
    [InlineData("objective.adjustment-requested/1",
        """{"id":"adj_1","objective":"a/b@production","service":null,"fromMinute":1,"toMinute":2,"reason":"the uplink was down","cause":"network"}""")]
    [InlineData("objective.adjusted/1", """{"id":"adj_1"}""")]
    [InlineData("objective.adjustment-undone/1", """{"id":"adj_1","reason":"wrong range"}""")]
    [InlineData("alert.acknowledged/1", """{"labels":{"alertname":"Down"},"episodeNs":7,"name":"aiko"}""")]
    [InlineData("alert.resolved/1", """{"labels":{"alertname":"Down"},"episodeNs":7,"name":"aiko"}""")]
    [InlineData("silence.set/1",
        """{"matchers":["alertname=\u0022Down\u0022"],"from":"1970-01-01T00:00:01Z","to":"1970-01-01T00:00:09Z","createdBy":"aiko","comment":"a drill","name":"ben"}""")]
    [InlineData("silence.ended/1",
        """{"matchers":["alertname=\u0022Down\u0022"],"from":"1970-01-01T00:00:01Z","to":"1970-01-01T00:00:02Z","createdBy":"aiko","comment":"a drill","name":"ben"}""")]
    public void Payload_of_each_fact_type_stays_as_it_is(string type, string golden)
    {
        var fact = type switch
        {
            WorkspaceArchive.Activated => WorkspaceArchive.FactOf("abc", 2, "system", 1),
            BudgetPolicyMachine.Changed => PolicyFacts.Of(new BandChanged("a/b@production", "default", "ok", "caution", 0.5), 1),
            AdjustmentMachine.Requested => PolicyFacts.Of(
                new AdjustmentRequested("adj_1", "a/b@production", null, 1, 2, "the uplink was down", "network"), "person:usr_1", 1),
            AdjustmentMachine.Approved => PolicyFacts.Of(new AdjustmentApproved("adj_1"), "person:usr_2", 1),
            AdjustmentMachine.Undone => PolicyFacts.Of(new AdjustmentUndone("adj_1", "wrong range"), "person:usr_2", 1),
            AlertFacts.Acknowledged => AlertFacts.Of(Handled(Handling.Acknowledge)),
            AlertFacts.Resolved => AlertFacts.Of(Handled(Handling.Resolve)),
            AlertFacts.SilenceSet => AlertFacts.Of(Silence(9), new("person:usr_1", "ben", "page")),
            AlertFacts.SilenceEnded => AlertFacts.Of(Silence(2), new("person:usr_1", "ben", "page")),
            _ => throw new InvalidOperationException(type),
        };
        fact.Type.ShouldBe(type);
        Encoding.UTF8.GetString(fact.Payload.Span).ShouldBe(golden);
    }

    private static Silence Silence(int toSecond) => new()
    {
        Id = "1", Matchers = [new Matcher("alertname", MatchOp.Equal, "Down")], StartsAtNs = 1_000_000_000, EndsAtNs = toSecond * 1_000_000_000L,
        UpdatedAtNs = 2_000_000_000, CreatedBy = "aiko", Comment = "a drill",
    };

    private static AlertHandled Handled(Handling what) => new(what, new()
    {
        Labels = Labels.Of(("alertname", "Down")), Annotations = Labels.Empty, StartsAtNs = 5, EndsAtNs = 9, UpdatedAtNs = 5, EpisodeNs = 7, Firing = true,
    }, new("slack:U123", "aiko", "slack"), 8);
}
