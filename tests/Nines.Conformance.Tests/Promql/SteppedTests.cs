using Nines.PromQL;

namespace Nines.Conformance.Tests.Promql;

/// <summary>A range query, which goes over each series once for all steps, gives at each step what an instant query there gives.</summary>
public sealed class SteppedTests
{
    [Theory]
    [InlineData("steady")]
    [InlineData("broken")]
    [InlineData("odd")]
    public void Range_GeneratedQueries_IsTheInstantQueryAtEachStep(string name)
    {
        var stop = TestContext.Current.CancellationToken;
        var engine = new QueryEngine(DataSets.Make(name), new QueryOptions());
        var generator = new ExpressionGenerator(7);
        var (from, step) = (DataSets.StartMs + 1_200_000, 173_000L);
        for (var i = 0; i < 400; i++)
        {
            // start() and end() mean the query's own, which are not the same in an instant query.
            var query = generator.Next().Replace("@ end()", "@ 1700005000").Replace("@ start()", "@ 1700004000");
            var range = engine.Range(query, from, from + (9 * step), step, stop);
            var steps = Enumerable.Range(0, 10).Select(k => from + (k * step)).Select(t => (Time: t, Result: engine.Instant(query, t, stop))).ToList();
            if (range.Error is not null)
            {
                steps.ShouldContain(s => s.Result.Error != null, $"{query}: {range.Error}");
                continue;
            }
            steps.ShouldAllBe(s => s.Result.Error == null, query);
            var expected = steps.SelectMany(s => ((VectorValue)s.Result.Value!).Samples.Select(v => $"{v.Labels} {v.Sample.Value:R}@{s.Time}")).Order().ToList();
            var got = ((MatrixValue)range.Value!).Series.SelectMany(s => s.Samples.Select(v => $"{s.Labels} {v.Value:R}@{v.TimeMs}")).Order().ToList();
            got.ShouldBe(expected, $"{query} on {name}");
        }
    }
}
