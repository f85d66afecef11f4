using Nines.Core.Alerting;
using Nines.Core.Catalog;
using static Nines.Core.Reviews.MarkdownText;

namespace Nines.Core.Reviews;

/// <summary>INCIDENTS.md: the template of a postmortem, in the words of the workspace.</summary>
public static class PostmortemDocument
{
    /// <summary>The document.</summary>
    /// <param name="services">The services.</param>
    /// <param name="ladders">What words of severity mean.</param>
    public static string Of(IReadOnlyList<Service> services, SeverityLadders ladders)
    {
        var levels = ladders.Ladders.SelectMany(l => l.Levels).Select(l => Plain(l.Word)).Distinct(StringComparer.Ordinal).ToList();
        var text = new MarkdownText("Incidents");
        text.Paragraph("Copy what is below for each incident; the newest stands first. "
            + "It is written without blame: people did what made sense with what they knew.");
        text.Heading(2, "YYYY-MM-DD: what users saw, in one line");
        text.Table(["", ""], new (string, string)[]
        {
            ("Date", "when it began, when it was noticed, when it was over (UTC)"),
            ("Duration", "from its begin to its end"),
            ("Severity", levels.Count > 0 ? $"one of {string.Join(", ", levels)}" : "page or ticket"),
            ("Services", services.Count > 0 ? $"of {string.Join(", ", services.Select(s => Plain(s.Name)))}" : "which"),
            ("Impact", "who could not do what, how many; how much of which error budget it took (the page of the objective says)"),
            ("Noticed by", "an alert, its time and its page, or else how"),
            ("Root cause", "what had to be so for it to happen; more than one thing, as a rule"),
        }.Select(r => (IReadOnlyList<string>)[r.Item1, r.Item2]));
        text.Heading(3, "Timeline");
        text.Table(["UTC", "what happened or was done"], [["hh:mm", ""]]);
        text.Heading(3, "What went well, what did not, where we were lucky");
        text.List([""]);
        text.Heading(3, "Action items");
        text.Table(["what", "who", "until", "prevents, notices sooner, or shortens"], [["", "", "", ""]]);
        return text.ToString();
    }
}
