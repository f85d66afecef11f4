using Nines.PromQL.Scripts;

namespace Nines.Conformance.Tests.Promql;

/// <summary>Prometheus' own scripts for the query language.</summary>
public sealed class ScriptTests
{
    // What the scripts of these fourteen ask of numbers is supported in full.
    private static readonly string[] Supported =
    [
        "aggregators", "at_modifier", "collision", "functions", "histograms", "limit", "literals", "name_label_dropping", "operators", "range_queries",
        "selectors", "staleness", "subquery", "trig_functions",
    ];

    [Fact]
    public void Scripts_OfTheSupportedFiles_NoFailureAndAtMostThreeInTenSkipped()
    {
        var folder = OutsideData.Folder("promql");
        var all = Supported.SelectMany(name => Run(folder, name)).ToList();
        all.Where(e => e.Outcome == EvaluationOutcome.Failed).ShouldBeEmpty();
        all.Count.ShouldBeGreaterThan(800);
        all.Count(e => e.Outcome == EvaluationOutcome.Skipped).ShouldBeLessThan(all.Count * 3 / 10);
    }

    [Theory]
    [InlineData("duration_expression")]
    [InlineData("extended_vectors")]
    [InlineData("fill-modifier")]
    [InlineData("info")]
    [InlineData("type_and_unit")]
    public void Scripts_OfNewerFeatures_NoFailure(string name) =>
        Run(OutsideData.Folder("promql"), name).Where(e => e.Outcome == EvaluationOutcome.Failed).ShouldBeEmpty();

    private static List<ScriptEvaluation> Run(string folder, string name)
    {
        var file = Path.Combine(folder, name + ".test");
        return [.. new ScriptRunner(onlyFloats: true).Run(file, File.ReadAllText(file))];
    }
}
