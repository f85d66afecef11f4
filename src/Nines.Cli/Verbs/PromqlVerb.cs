using System.CommandLine;
using Nines.PromQL.Scripts;

namespace Nines.Cli.Verbs;

/// <summary><c>nines promql run FILES…</c>: runs Prometheus' scripts for the query language.</summary>
internal static class PromqlVerb
{
    public static Command Create()
    {
        var files = new Argument<string[]>("FILES") { Description = "Scripts (.test).", Arity = ArgumentArity.OneOrMore };
        var onlyFloats = new Option<bool>("--only-floats") { Description = "Skip evaluations whose own selectors match a native histogram, or which expect one." };
        var listSkipped = new Option<bool>("--list-skipped") { Description = "Name each evaluation that is skipped, and why." };
        var format = Output.Format();
        var run = new Command("run", "Run scripts of loads and evaluations; exit code 1 when an evaluation fails.") { files, onlyFloats, listSkipped, format };
        run.SetAction(parse => Output.Guard(parse, () =>
        {
            var output = parse.InvocationConfiguration.Output;
            var json = parse.GetValue(format) == "json";
            var all = new List<ScriptEvaluation>();
            foreach (var file in parse.GetRequiredValue(files))
            {
                foreach (var evaluation in new ScriptRunner(parse.GetValue(onlyFloats)).Run(file, File.ReadAllText(file)))
                {
                    all.Add(evaluation);
                    if (!json && (evaluation.Outcome == EvaluationOutcome.Failed || (evaluation.Outcome == EvaluationOutcome.Skipped && parse.GetValue(listSkipped))))
                    {
                        output.WriteLine(Line(evaluation));
                    }
                }
            }
            var (passed, failed, skipped) = (Count(all, EvaluationOutcome.Passed), Count(all, EvaluationOutcome.Failed), Count(all, EvaluationOutcome.Skipped));
            if (json)
            {
                Output.Json(output, new ScriptResult(passed, failed, skipped, [.. all.Where(e => e.Outcome != EvaluationOutcome.Passed)]),
                    CliJson.Readable.ScriptResult);
            }
            else
            {
                output.WriteLine($"{passed} passed, {failed} failed, {skipped} skipped");
            }
            return Task.FromResult(failed == 0 ? ExitCode.Ok : ExitCode.Problems);
        }));
        return new Command("promql", "The query language.") { run };
    }

    private static int Count(List<ScriptEvaluation> all, EvaluationOutcome outcome) => all.Count(e => e.Outcome == outcome);

    private static string Line(ScriptEvaluation evaluation) => evaluation.Outcome == EvaluationOutcome.Skipped
        ? $"{evaluation.File}:{evaluation.Line}: skipped, {evaluation.Expected}: {evaluation.Query}"
        : $"{evaluation.File}:{evaluation.Line}: {evaluation.Query}\n    expected: {evaluation.Expected}\n    got:      {evaluation.Got}";
}
