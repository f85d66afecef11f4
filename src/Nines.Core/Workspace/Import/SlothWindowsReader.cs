using Nines.Core.Objectives.Generate;

namespace Nines.Core.Workspace.Import;

/// <summary>Reads Sloth's documents of alert windows (<c>kind: AlertWindows</c>).</summary>
public static class SlothWindowsReader
{
    /// <summary>The windows of a file, one set a document.</summary>
    public static (IReadOnlyList<SlothWindows> Windows, IReadOnlyList<Problem> Problems) Read(WorkspaceFile source)
    {
        var problems = new List<Problem>();
        var windows = new List<SlothWindows>();
        foreach (var document in RuleFileReader.Documents(source, problems, out var file) ?? [])
        {
            var top = new Fields(file, document.Root, "the document");
            var (version, kind) = (top.Text("apiVersion", required: true), top.Text("kind", required: true));
            if (version?.Value != "sloth.slok.dev/v1" || kind?.Value != "AlertWindows")
            {
                file.Error(document.Root, "unknown-kind", "this is no kind AlertWindows of sloth.slok.dev/v1");
                continue;
            }
            var spec = top.Map("spec", required: true);
            var period = spec?.Duration("sloPeriod", 3_600_000, 400L * 86_400_000, required: true);
            var (page, ticket) = (spec?.Map("page", required: true), spec?.Map("ticket", required: true));
            if (Pair(page, "quick") is { } a && Pair(page, "slow") is { } b && Pair(ticket, "quick") is { } c && Pair(ticket, "slow") is { } d && period
                is not null)
            {
                windows.Add(new(period.Value, a, b, c, d));
            }
        }
        return (windows, problems);
    }

    private static SlothWindow? Pair(Fields? severity, string key)
    {
        var window = severity?.Map(key, required: true);
        var percent = window?.Number("errorBudgetPercent", 0, 100, required: true);
        var shortMs = window?.Duration("shortWindow", 1000, 400L * 86_400_000, required: true);
        var longMs = window?.Duration("longWindow", 1000, 400L * 86_400_000, required: true);
        return percent is null || shortMs is null || longMs is null ? null : new((double)percent.Value, shortMs.Value, longMs.Value);
    }
}
