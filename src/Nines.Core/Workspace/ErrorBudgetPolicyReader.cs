using System.Globalization;
using Nines.Core.Objectives;

namespace Nines.Core.Workspace;

/// <summary>Reads the spec of an ErrorBudgetPolicy. Its bands must cover every share once: each begins where the one before it ends.</summary>
internal static class ErrorBudgetPolicyReader
{
    private const int MaxBands = 20;

    public static ErrorBudgetPolicy? Read(Fields spec, string name, SourcePosition position)
    {
        var file = spec.File;
        var before = file.Problems.Count(p => p.Severity == ProblemSeverity.Error);
        var hysteresis = (double?)spec.Share("hysteresis") ?? ErrorBudgetPolicy.DefaultHysteresis;
        var owner = spec.Text("owner")?.Value ?? "";
        var exceptions = Words(spec, "exceptions");
        var notCounted = Words(spec, "notCounted");
        var bands = new List<BudgetBand>();
        var drafts = spec.Maps("bands", "band", required: true).ToList();
        if (drafts.Count > MaxBands)
        {
            file.Error(drafts[MaxBands].Node, "bad-value", $"a policy has at most {MaxBands} bands");
        }
        for (var i = 0; i < drafts.Count; i++)
        {
            if (Band(drafts[i], bands, isLast: i == drafts.Count - 1, hysteresis) is { } band)
            {
                bands.Add(band);
            }
        }
        if (drafts.Count == 0 && spec.Any("bands") is { } none)
        {
            file.Error(none, "missing", "bands is empty", "add one without above: it holds every share");
        }
        if (hysteresis is < 0 or >= 0.5)
        {
            file.Error(spec.Any("hysteresis")!, "bad-value", "hysteresis must be at least 0 and below 50%");
        }
        return file.Problems.Count(p => p.Severity == ProblemSeverity.Error) > before || bands.Count == 0 ? null
            : new(name, bands, hysteresis, exceptions, notCounted, owner, position);
    }

    private static BudgetBand? Band(Fields fields, List<BudgetBand> before, bool isLast, double hysteresis)
    {
        var file = fields.File;
        var name = fields.Text("name", required: true);
        var means = fields.Text("means")?.Value ?? "";
        var (above, upTo) = ((double?)fields.Share("above"), (double?)fields.Share("upTo"));
        var (aboveAt, upToAt) = (fields.Any("above"), fields.Any("upTo"));
        var level = fields.OneOf("level", "", "ok", "caution", "freeze", "exhausted");
        fields.Done();
        if (name is null || aboveAt is not null && above is null)
        {
            return null;
        }
        if (before.Exists(b => b.Name == name.Value))
        {
            file.Error(name, "duplicate", $"the band {name.Value} is there twice");
        }
        var last = before.Count > 0 ? before[^1] : null;
        if (above is null && !isLast)
        {
            file.Error(fields.Node, "overlap", $"the band {name.Value} has no lower bound, so that those after it are never reached",
                "give it above, or put it last");
        }
        else if (above is { } open && isLast)
        {
            file.Error(aboveAt!, "gap", $"no band holds shares of {Text(open)} and less", "leave above out of the last band");
        }
        if (above is >= 1)
        {
            file.Error(aboveAt!, "bad-value", "no share is above 100%, so the band is empty");
        }
        else if (above is { } bound && bound + hysteresis >= 1)
        {
            file.Error(aboveAt!, "bad-value", $"with a hysteresis of {Text(hysteresis)} nothing ever returns to a band above {Text(bound)}",
                "lower the bound or the hysteresis");
        }
        if (last?.Above is { } higher)
        {
            if (above >= higher)
            {
                file.Error(aboveAt!, "overlap", $"the band {name.Value} begins at {Text(above.Value)}, not below {last.Name} at {Text(higher)}",
                    "write the bands from the best to the worst");
            }
            if (upTo is { } top && Math.Abs(top - higher) > 1e-12)
            {
                file.Error(upToAt!, top < higher ? "gap" : "overlap", top < higher
                    ? $"no band holds shares above {Text(top)} up to {Text(higher)}" : $"shares above {Text(higher)} up to {Text(top)} belong to two bands",
                    $"write upTo: {Text(higher)}, or leave it out");
            }
        }
        return new(name.Value, above, Level(level, name.Value, above), means);
    }

    private static BudgetState Level(string? level, string name, double? above) => (level is { Length: > 0 } ? level : name) switch
    {
        "ok" => BudgetState.Ok,
        "caution" => BudgetState.Caution,
        "freeze" => BudgetState.Freeze,
        "exhausted" => BudgetState.Exhausted,
        // A band without a word of its own is shown as the default policy's band just above its bound.
        _ => above is { } bound ? ErrorBudgetPolicy.Default.BandOf(bound + 1e-9).Level : BudgetState.Exhausted,
    };

    private static List<string> Words(Fields spec, string key)
    {
        var words = new List<string>();
        foreach (var node in spec.List(key))
        {
            if (node is YamlText { Value.Length: > 0 } text)
            {
                words.Add(text.Value.Replace(' ', '-'));
            }
            else
            {
                spec.File.Error(node, "wrong-type", $"{key} must be a list of words");
            }
        }
        return words;
    }

    private static string Text(double share) => (share * 100).ToString("0.##", CultureInfo.InvariantCulture) + "%";
}
