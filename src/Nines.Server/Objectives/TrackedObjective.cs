using Nines.Core.Alerting;
using Nines.Core.Objectives;
using Nines.Metrics;

namespace Nines.Server.Objectives;

/// <summary>One objective with its ledger, the series it follows and what was last judged of it.</summary>
internal sealed class TrackedObjective : IDisposable
{
    private readonly IIndicatorQueries _queries;
    private readonly ITrackedSeries[] _total = [];
    private readonly ITrackedSeries[] _part = [];
    private readonly IReadOnlyList<ISeriesHandle>[] _handles;
    private readonly long _generation;
    private readonly long _sinceMs;
    private readonly Dictionary<string, long> _postedMs = [];
    private IReadOnlyList<BurnRuleReading> _rules = [];
    private long? _lostSinceMs;

    public TrackedObjective(Objective objective, long generation, ISeriesSource source, IIndicatorQueries queries, LedgerFault fault, long nowMs)
    {
        Objective = objective;
        Ledger = new ObjectiveLedger(objective.Indicator, objective.Slices, fault);
        _queries = queries;
        _generation = generation;
        _sinceMs = nowMs;
        if (objective.Indicator is CounterRatio counted)
        {
            _total = [.. counted.Total.Terms.Select(t => source.Track(t.Matchers))];
            _part = [.. counted.Part.Terms.Select(t => source.Track(t.Matchers))];
        }
        _handles = new IReadOnlyList<ISeriesHandle>[_total.Length + _part.Length];
    }

    public Objective Objective { get; private set; }

    public ObjectiveLedger Ledger { get; }

    /// <summary>Why its queries gave nothing at the last turn; null when they were evaluated.</summary>
    public string? Failure { get; private set; }

    /// <summary>Whether an edited objective goes on with this account.</summary>
    public bool CanBecome(Objective edited) =>
        edited.Indicator.Canonical == Objective.Indicator.Canonical && edited.Slices == Objective.Slices && edited.HistoryMinutes <= Objective.HistoryMinutes;

    public void Become(Objective edited) => Objective = edited;

    /// <summary>Books what is new up to a moment.</summary>
    /// <param name="nowMs">The moment.</param>
    /// <param name="settled">The last minute that is over and settled.</param>
    /// <returns>The minute up to which everything is booked.</returns>
    public long Read(long nowMs, long settled)
    {
        if (Objective.Indicator is not CounterRatio)
        {
            return Evaluate(settled);
        }
        var changed = false;
        for (var i = 0; i < _handles.Length; i++)
        {
            var handles = (i < _total.Length ? _total[i] : _part[i - _total.Length]).Handles;
            changed |= !ReferenceEquals(handles, _handles[i]);
            _handles[i] = handles;
        }
        if (changed)
        {
            Ledger.SetSeries(_handles[.._total.Length], _handles[_total.Length..]);
        }
        Ledger.Read(nowMs);
        return settled;
    }

    /// <summary>Evaluates the minutes since the last turn; at first sight those of the whole window, as far back as there are samples.</summary>
    private long Evaluate(long settled)
    {
        var from = Math.Max(Ledger.ClosedMinute, settled - Objective.HistoryMinutes);
        if (from >= settled)
        {
            return settled;
        }
        try
        {
            var minutes = IndicatorEvaluation.Minutes(Objective.Indicator, _queries, from, settled);
            for (var i = 0; i < minutes.Count; i++)
            {
                Ledger.BookEvaluated(from + 1 + i, minutes[i]);
            }
        }
        catch (IndicatorQueryException e)
        {
            Failure = e.Message;
            return Ledger.ClosedMinute;
        }
        Failure = null;
        return settled;
    }

    public void Judge(long nowMs, Uri publicUrl, long repostMs, List<PostedAlert> alerts)
    {
        _lostSinceMs = BurnEvaluator.LostSince(Ledger.LastSignalMs, _sinceMs, Ledger.IntervalMs, nowMs);
        _rules = BurnEvaluator.Rules(Objective, Ledger.Book, nowMs, _rules);
        foreach (var condition in BurnAlerts.Conditions(Objective, _rules, _lostSinceMs))
        {
            var posted = _postedMs.TryGetValue(condition.Id, out var at);
            if (!posted && condition.Id == "ticket" && _postedMs.ContainsKey("page"))
            {
                // Whoever is being paged need not hear the same thing again as a ticket.
                continue;
            }
            if (condition.SinceMs is null ? posted : !posted || Math.Abs(nowMs - at) >= repostMs)
            {
                alerts.Add(BurnAlerts.Post(Report(nowMs), condition, nowMs, publicUrl));
                _postedMs.Remove(condition.Id);
                if (condition.SinceMs is not null)
                {
                    _postedMs[condition.Id] = nowMs;
                }
            }
        }
    }

    /// <summary>Ends what fires, since the objective is gone.</summary>
    public void Resolve(long nowMs, Uri publicUrl, List<PostedAlert> alerts) =>
        alerts.AddRange(BurnAlerts.Conditions(Objective, [], null).Where(c => _postedMs.ContainsKey(c.Id))
            .Select(c => BurnAlerts.Post(Report(nowMs), c, nowMs, publicUrl)));

    public LedgerChanges TakeChanges(long nowMs) => new(
        _generation,
        Ledger.Events.TakeChanges(closeBefore: LedgerTime.LastEnded(nowMs) / 60 - 2),
        Ledger.Events.TakeSpanChanges(),
        Ledger.TakeRevisions(),
        Ledger.PackCursors());

    public ObjectiveReport Report(long nowMs) => BudgetCalculator.Report(Objective, Ledger, _rules, _lostSinceMs, nowMs);

    public void Dispose()
    {
        foreach (var tracked in _total.Concat(_part))
        {
            tracked.Dispose();
        }
    }
}
