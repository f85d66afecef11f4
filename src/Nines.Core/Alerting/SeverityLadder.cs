using Nines.Metrics;

namespace Nines.Core.Alerting;

/// <summary>A level of a ladder of severities.</summary>
/// <param name="Word">The word in the label <c>severity</c>.</param>
/// <param name="Rank">How urgent it is, 0 to 100, on the one scale of all ladders; see <see cref="Severity.RankOf"/>.</param>
/// <param name="Pages">Whether somebody has to get up for it.</param>
public sealed record SeverityLevel(string Word, int Rank, bool Pages)
{
    /// <summary>Other words for it.</summary>
    public IReadOnlyList<string> Aliases { get; init; } = [];

    /// <summary>The word of the next more urgent level; its own at the top.</summary>
    public string Above { get; init; } = Word;

    /// <summary>Within which time somebody acknowledges; null when nobody has to.</summary>
    public ResponseTime? RespondWithin { get; init; }
}

/// <summary>A team's words for how urgent an alert is, each with what it asks of people.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Services">The services whose alerts it is for; empty for all that have no ladder of their own.</param>
/// <param name="Levels">The levels, the most urgent first.</param>
public sealed record SeverityLadder(string Name, IReadOnlyList<string> Services, IReadOnlyList<SeverityLevel> Levels);

/// <summary>All ladders of a workspace. A word that is in none of them means what it usually means. Upper and lower case are the same.</summary>
public sealed class SeverityLadders
{
    /// <summary>None but the usual words.</summary>
    public static readonly SeverityLadders Default = new([]);

    private const string Label = "severity";

    // By service; those of the empty one are for all.
    private readonly Dictionary<string, Dictionary<string, SeverityLevel>> _levels = new(StringComparer.Ordinal);

    /// <summary>The ladders; of two that have the same word for the same service the first counts.</summary>
    public SeverityLadders(IReadOnlyList<SeverityLadder> ladders)
    {
        Ladders = ladders;
        foreach (var ladder in ladders)
        {
            foreach (var service in ladder.Services.DefaultIfEmpty(""))
            {
                if (!_levels.TryGetValue(service, out var words))
                {
                    _levels[service] = words = new(StringComparer.OrdinalIgnoreCase);
                }
                foreach (var level in ladder.Levels)
                {
                    words.TryAdd(level.Word, level);
                    level.Aliases.ToList().ForEach(alias => words.TryAdd(alias, level));
                }
            }
        }
    }

    /// <summary>The ladders, in order of name.</summary>
    public IReadOnlyList<SeverityLadder> Ladders { get; }

    /// <summary>The level an alert is on: in the ladder of its service, else in one for all; null when it is in neither.</summary>
    public SeverityLevel? LevelOf(Labels alert)
    {
        if (_levels.Count == 0 || alert[Label] is not { Length: > 0 } word)
        {
            return null;
        }
        return _levels.GetValueOrDefault(alert["service"])?.GetValueOrDefault(word) ?? _levels.GetValueOrDefault("")?.GetValueOrDefault(word);
    }

    /// <summary>How urgent an alert is; null for a word that is in no ladder.</summary>
    public int? RankOf(Labels alert) => LevelOf(alert)?.Rank ?? Severity.RankOf(alert[Label]);

    /// <summary>Whether somebody has to get up for it.</summary>
    public bool IsPage(Labels alert) => LevelOf(alert)?.Pages ?? AlertSeverity.IsPage(alert[Label]);

    /// <summary>Whether an alert is more urgent than it was. Of words in no ladder each change counts: better a message too many.</summary>
    /// <param name="before">The severity it had.</param>
    /// <param name="alert">The alert as it is.</param>
    public bool IsRise(string before, Labels alert) => RankOf(alert.With(Label, before)) is { } from && RankOf(alert) is { } to
        ? to > from : !string.Equals(before, alert[Label], StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether ladders are for an alert and none of them has its word. Where its service is not known yet, each ladder may be for it.</summary>
    public bool Misses(Labels alert) => alert[Label].Length > 0 && LevelOf(alert) is null && (alert["service"].Length == 0
        ? _levels.Count > 0 && !_levels.Values.Any(words => words.ContainsKey(alert[Label]))
        : _levels.ContainsKey(alert["service"]) || _levels.ContainsKey(""));

    /// <summary>What a receiver takes: of each level that it asks for by name or alias, or as <c>page</c> or <c>ticket</c>, all words, in any case.</summary>
    /// <param name="asked">What it asks for; empty for everything.</param>
    public IReadOnlyList<string> Meant(IReadOnlyList<string> asked)
    {
        var levels = Ladders.SelectMany(l => l.Levels).Where(l => asked.Contains(l.Pages ? "page" : "ticket", StringComparer.Ordinal)
            || l.Aliases.Prepend(l.Word).Any(word => asked.Contains(word, StringComparer.OrdinalIgnoreCase)));
        return [.. asked.Concat(levels.SelectMany(l => l.Aliases.Prepend(l.Word))).Distinct(StringComparer.Ordinal)];
    }
}
