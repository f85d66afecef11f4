using Nines.Core.Objectives;
using Nines.Metrics;

namespace Nines.Server.Objectives;

internal sealed partial class LedgerEngine
{
    /// <inheritdoc/>
    public IReadOnlyList<ObjectiveReport> All()
    {
        lock (_gate)
        {
            return [.. _tracked.Values.Select(t => t.Report(_nowMs))];
        }
    }

    /// <inheritdoc/>
    public ObjectiveReport? Find(string key) => Read(key, t => t.Report(_nowMs));

    /// <inheritdoc/>
    public IReadOnlyList<CoursePoint> Course(string key, long fromMinute, long toMinute, int stepMinutes) => Read(key, t => BudgetCalculator.Course(
        t.Objective, t.Ledger.Book, fromMinute, toMinute, stepMinutes, LedgerTime.MinuteOf(_nowMs), t.Excluded, t.Ledger.AsOfMs(_nowMs))) ?? [];

    /// <inheritdoc/>
    public WindowAccount? Window(string key, long fromMinute, long toMinute) => Read<WindowAccount?>(key, t =>
        BudgetCalculator.Window(t.Objective, t.Ledger.Book, fromMinute, toMinute, t.Ledger.AsOfMs(_nowMs)));

    /// <inheritdoc/>
    public IReadOnlyList<ObjectiveReport> Groups(string key)
    {
        lock (_gate)
        {
            return _tracked.TryGetValue(key, out var tracked) ? [.. tracked.Groups?.All.Select(g => g.Report(_nowMs)) ?? []] : [];
        }
    }

    /// <inheritdoc/>
    public AdjustmentEffect? Effect(string key, Adjustment adjustment) => Read(key, t => AdjustmentEffect.Of(
        t.Objective, t.Ledger.Book, _adjustments, adjustment, LedgerTime.MinuteOf(_nowMs), t.Ledger.AsOfMs(_nowMs)));

    /// <inheritdoc/>
    public IReadOnlyList<CauseAttribution> Causes(string key, long fromMinute, long toMinute) =>
        Read(key, t => CauseAttribution.Of(t.Objective, t.Ledger.Book, _adjustments, fromMinute, toMinute)) ?? [];

    /// <inheritdoc/>
    public IReadOnlyList<LabelAttribution>? Attribute(string key, long fromMinute, long toMinute)
    {
        CounterRatio indicator;
        (IReadOnlyList<IReadOnlyList<ISeriesHandle>> Total, IReadOnlyList<IReadOnlyList<ISeriesHandle>> Part) series;
        WindowAccount account;
        lock (_gate)
        {
            if (Tracked(key) is not { Objective.Indicator: CounterRatio counted, Series: { } found } tracked)
            {
                return null;
            }
            (indicator, series, account) = (counted, found, tracked.Ledger.Events.Sum(fromMinute, toMinute));
        }
        // The samples are read outside the lock: the ledger goes on meanwhile.
        return series.Total.Concat(series.Part).Sum(t => t.Count) > Attribution.MaxSeries ? null
            : Attribution.ByLabel(indicator, series.Total, series.Part, account);
    }

    private TrackedObjective? Tracked(string key) =>
        _tracked.TryGetValue(key, out var tracked) ? tracked
        : key.IndexOf('{') is > 0 and var at && _tracked.TryGetValue(key[..at], out var whole) ? whole.Groups?.All.FirstOrDefault(g => g.Objective.Key == key)
        : null;

    private T? Read<T>(string key, Func<TrackedObjective, T> read)
    {
        lock (_gate)
        {
            return Tracked(key) is { } tracked ? read(tracked) : default;
        }
    }
}
