using Nines.Metrics;

namespace Nines.Core.Alerting.Routing;

/// <summary>Alerts that match the target say nothing while one that matches the source fires and has the same values of some labels.</summary>
/// <param name="Name">Its name; empty when it has none.</param>
/// <param name="Source">Conditions on the alert that inhibits.</param>
/// <param name="Target">Conditions on the alert that is inhibited.</param>
/// <param name="Equal">Labels that must be the same on both; an absent label is an empty one.</param>
/// <param name="Position">Where it is declared.</param>
public sealed record InhibitRule(
    string Name, IReadOnlyList<Matcher> Source, IReadOnlyList<Matcher> Target, IReadOnlyList<string> Equal, SourcePosition Position)
{
    /// <summary>
    /// The first of the firing alerts that inhibits an alert, or null: any will do, not only the one that lasts longest. An alert that matches both sides is
    /// not inhibited by one of which the same is true, so that none inhibits itself.
    /// </summary>
    public Labels? InhibitorOf(Labels alert, IEnumerable<Labels> firing)
    {
        if (!Matcher.AllMatch(Target, alert))
        {
            return null;
        }
        var isSource = Matcher.AllMatch(Source, alert);
        return firing.FirstOrDefault(s => Matcher.AllMatch(Source, s) && Equal.All(name => s[name] == alert[name])
            && !(isSource && Matcher.AllMatch(Target, s)));
    }
}
