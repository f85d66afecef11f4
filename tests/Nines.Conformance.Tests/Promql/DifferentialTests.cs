using Nines.PromQL;

namespace Nines.Conformance.Tests.Promql;

/// <summary>Generated queries against a live Prometheus. Where its version differs from the one we follow is said in <c>NamedDifferenceTests</c>.</summary>
public sealed class DifferentialTests
{
    private const int Queries = 500;
    private const double Tolerance = 1e-12;

    [Theory]
    [InlineData("steady")]
    [InlineData("broken")]
    [InlineData("odd")]
    public async Task Range_GeneratedQueries_AgreesWithPrometheus(string name)
    {
        var stop = TestContext.Current.CancellationToken;
        await using var prometheus = await PrometheusServer.StartAsync(DataSets.Series(name), stop);
        var engine = new QueryEngine(DataSets.Make(name), new QueryOptions());
        var generator = new ExpressionGenerator(42);
        var differences = new List<string>();
        var (errors, samples) = (0, 0);
        for (var i = 0; i < Queries; i++)
        {
            var query = generator.Next();
            var (from, to, step) = (DataSets.StartMs + 1_200_333, DataSets.StartMs + 3_900_777, 61_000L);
            var theirs = await prometheus.RangeAsync(query, from, to, step, stop);
            var ours = engine.Range(query, from, to, step, stop);
            if (theirs is null || ours.Error is not null)
            {
                errors++;
                if (theirs is null != (ours.Error is not null))
                {
                    differences.Add($"{query}: {(theirs is null ? "they fail" : $"we fail: {ours.Error!.Message}")}");
                }
                continue;
            }
            samples += theirs.Count;
            if (Difference(theirs, (MatrixValue)ours.Value!) is { } difference)
            {
                differences.Add($"{query}: {difference}");
            }
        }
        differences.ShouldBeEmpty();
        // Most queries have to say something for the agreement to mean anything.
        errors.ShouldBeLessThan(Queries / 10);
        samples.ShouldBeGreaterThan(Queries * 45);
    }

    private static string? Difference(Dictionary<(string Series, long TimeMs), double> theirs, MatrixValue ours)
    {
        var left = new Dictionary<(string Series, long TimeMs), double>(theirs);
        foreach (var series in ours.Series)
        {
            var labels = series.Labels.ToString();
            foreach (var (time, value) in series.Samples)
            {
                if (!left.Remove((labels, time), out var expected))
                {
                    return $"{labels} at {time}: we have {value:R}, they nothing";
                }
                if (!Same(expected, value))
                {
                    return $"{labels} at {time}: we have {value:R}, they {expected:R}";
                }
            }
        }
        return left.Count == 0 ? null : $"{left.First().Key}: they have {left.First().Value:R}, we nothing";
    }

    // Numbers of some tens that cancel leave their rounding: below 1e-13 nothing is compared.
    private static bool Same(double a, double b) =>
        a.Equals(b) || a == b || Math.Abs(a - b) <= Math.Max(1e-13, Tolerance * Math.Max(Math.Abs(a), Math.Abs(b)));
}
