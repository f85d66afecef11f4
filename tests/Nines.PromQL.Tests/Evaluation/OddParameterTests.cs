using Nines.PromQL.Scripts;

namespace Nines.PromQL.Tests.Evaluation;

/// <summary>Parameters and labels at the edge, as Prometheus takes them.</summary>
public sealed class OddParameterTests
{
    private const string Script = """
        load 5m
          m{instance="a",version="x"} 3
          m{instance="b",version="y"} 3
          d 1 2 3

        eval instant at 0 count_values without (version)("version", m)
          {instance="a"} 1
          {instance="b"} 1

        eval instant at 0 count_values by (version)("version", m)
          {version="3"} 2

        eval instant at 0 absent(nope{job=~"x.*", job="xy"})
          {job="xy"} 1

        eval instant at 0 absent((nope{a="b"}))
          {a="b"} 1

        eval instant at 0 topk(NaN, non_existent)
          expect fail msg: Parameter value is NaN

        eval instant at 0 topk(-1e20, m)

        eval instant at 0 quantile(1.123456789, d)
          expect warn msg: PromQL warning: quantile value should be between 0 and 1, got 1.123456789 (1:10)
          {} +Inf

        eval instant at 0 0755
          493

        eval instant at 0 clamp_max(vector(NaN), -Inf)
          {} -Inf

        eval instant at 0 m </ 3
        """;

    [Fact]
    public void Script_OfOddParameters_Passes() =>
        new ScriptRunner(onlyFloats: true).Run("odd", Script).Where(e => e.Outcome != EvaluationOutcome.Passed).ShouldBeEmpty();
}
