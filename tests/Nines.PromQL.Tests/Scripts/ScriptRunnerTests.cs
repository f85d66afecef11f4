using Nines.PromQL.Scripts;

namespace Nines.PromQL.Tests.Scripts;

public sealed class ScriptRunnerTests
{
    [Fact]
    public void Run_WhatIsNotUnderstood_CostsOneEvaluationEach()
    {
        var all = Run("""
            load 1m
                a 1 2 3
                b{x="1" 4 5
                c 1+xy
            dance wildly
                a 7

            eval instant at 1m a
                expect joy
                a 2

            eval instant at soon a
                a 2

            eval instant at 1m a
                a two

            eval instant at 1m a +
                expect fail regex:(unclosed

            eval instant at 1m a
                a 2
            """);
        all.ConvertAll(e => (e.Line, e.Outcome)).ShouldBe(
        [
            (3, EvaluationOutcome.Failed), (4, EvaluationOutcome.Failed), (5, EvaluationOutcome.Failed), (8, EvaluationOutcome.Failed),
            (12, EvaluationOutcome.Failed), (15, EvaluationOutcome.Failed), (18, EvaluationOutcome.Failed), (21, EvaluationOutcome.Passed),
        ]);
        all[3].Got.ShouldBe("line 9: not an expectation: \"expect joy\"");
        all[4].Got.ShouldBe("line 12: \"soon\" is no time or duration");
        all[5].Got.ShouldBe("two: not a number");
    }

    [Theory]
    [InlineData("LOAD 1m\n\ta 1 2\nCLEAR\nload 1m # steps\n\ta{b=\"#\"} 1 2 # two\n# between\neval instant at 1m a\n# within\n\ta{b=\"#\"} 2\n")]
    [InlineData("load 1m\n  a 1+1x3\neval range from 0 to 3m step 60 a\n  a 1 2 3 4\n")]
    [InlineData("load 1m\n  a 1 _x2 stale -1e1-1e0x1 NaN +Inf -inf 1_000 010\neval instant at 0 count_over_time(a[10m:1m])\n  {} 1\n")]
    [InlineData("eval instant 1e3\n  1000\n\neval instant at 5s -0x1F\n  -31\n\neval instant at 1.5 Inf\n  +Inf\n\neval instant at 1m30s nan\n  NaN\n")]
    [InlineData("eval instant at 0 'a\\'b'\n  expect string \"a'b\"\n\neval_fail instant at 0 sum(\n  expected_fail_regexp unclosed left \\w+\n")]
    [InlineData("load 1m\n  a 1 2 3\neval instant at 2m a[2m]\n  expect range vector from 1m to 2m step 1m\n  a 2 3\n")]
    [InlineData("load 1m\n  a 1 2\n  b 2 1\neval_ordered instant at 0 sort({__name__=~\"a|b\"})\n  a 1\n  b 2\n\neval_info instant at 1m rate(a[2m])\n  {} 0.0166666667\n")]
    [InlineData("load 1m\n  a 1 2\neval instant at 1m rate(a[2m])\n  expect info msg: PromQL info: metric might not be a counter, name does not end in _total/_sum/_count/_bucket: \"a\" (1:6)\n  expect no_warn\n  {} 0.0166666667\n")]
    [InlineData("load_with_nhcb 1m\n  a_bucket{le=\"+Inf\"} 1\neval instant at 0 a_bucket\n  expect no_info\n  a_bucket{le=\"+Inf\"} 1\n")]
    public void Run_EveryForm_IsUnderstood(string script)
    {
        var all = Run(script);
        all.ShouldNotBeEmpty();
        all.Where(e => e.Outcome != EvaluationOutcome.Passed).ShouldBeEmpty();
    }

    private static List<ScriptEvaluation> Run(string script) => [.. new ScriptRunner(onlyFloats: true).Run("test", script)];
}
