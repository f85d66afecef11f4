using Nines.Metrics;

namespace Nines.Core.Alerting;

/// <summary>What the alerts of a rule did.</summary>
/// <param name="RecordedMs">How long beginnings and ends have been recorded, in ms; at most 35 days.</param>
/// <param name="Firings">How often one began to fire in that time.</param>
/// <param name="FiringsOfWeek">How often one did in the last seven days.</param>
/// <param name="ReturnsOfWeek">How often one did in the last seven days so soon after its end that it was the same trouble.</param>
/// <param name="LastFiredMs">When one last did, ms since the Unix epoch; null when none did.</param>
public readonly record struct RuleActivity(long RecordedMs, int Firings, int FiringsOfWeek, int ReturnsOfWeek, long? LastFiredMs);

/// <summary>Counts what alerts did by rule, from their recorded beginnings and ends.</summary>
/// <param name="sinceMs">Since when there is a record, ms since the Unix epoch.</param>
/// <param name="nowMs">Now.</param>
public sealed class RuleHistory(long sinceMs, long nowMs)
{
    /// <summary>An alert that begins again within so long of its end has not been away: 10 min.</summary>
    public const long ReturnMs = 600_000;

    private const long WeekMs = 7L * 86_400_000;

    private readonly Dictionary<string, Story> _stories = new(StringComparer.Ordinal);
    private ILookup<string, Story>? _byName;

    /// <summary>Takes in a beginning or an end; those of one alert in order of time.</summary>
    public void Add(string fingerprint, bool resolved, long atMs)
    {
        if (!_stories.TryGetValue(fingerprint, out var story))
        {
            _stories[fingerprint] = story = new Story();
        }
        if (resolved)
        {
            story.EndedMs = atMs;
            return;
        }
        story.Firings++;
        story.LastMs = atMs;
        if (atMs > nowMs - WeekMs)
        {
            story.Week++;
            story.Returns += story.EndedMs is { } ended && atMs - ended <= ReturnMs ? 1 : 0;
        }
    }

    /// <summary>Says whose labels a fingerprint stands for.</summary>
    public void Name(string fingerprint, Labels labels)
    {
        if (_stories.TryGetValue(fingerprint, out var story))
        {
            story.Labels = labels;
        }
    }

    /// <summary>What the alerts of a rule did: those of its name that carry every label it adds, templates aside. Alerts that two rules may have made count
    /// for both.</summary>
    public RuleActivity Of(RuleReport rule)
    {
        _byName ??= _stories.Values.ToLookup(s => s.Labels["alertname"], StringComparer.Ordinal);
        var (firings, week, returns, last) = (0, 0, 0, 0L);
        foreach (var story in _byName[rule.Name].Where(s => Carries(s.Labels, rule.Labels)))
        {
            (firings, week, returns, last) = (firings + story.Firings, week + story.Week, returns + story.Returns, Math.Max(last, story.LastMs));
        }
        return new(nowMs - sinceMs, firings, week, returns, last == 0 ? null : last);
    }

    private static bool Carries(Labels alert, Labels written)
    {
        foreach (var (name, value) in written.Pairs)
        {
            if (!value.Contains("{{", StringComparison.Ordinal) && alert[name] != value)
            {
                return false;
            }
        }
        return true;
    }

    private sealed class Story
    {
        public Labels Labels { get; set; } = Labels.Empty;

        public int Firings { get; set; }

        public int Week { get; set; }

        public int Returns { get; set; }

        public long LastMs { get; set; }

        public long? EndedMs { get; set; }
    }
}
