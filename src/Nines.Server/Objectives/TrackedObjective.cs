using Nines.Core.Alerting;
using Nines.Core.Objectives;
using Nines.Metrics;

namespace Nines.Server.Objectives;

/// <summary>One objective with its ledger, the series it follows and what was last judged of it.</summary>
internal sealed class TrackedObjective : IDisposable
{
    private readonly ITrackedSeries[] _total;
    private readonly ITrackedSeries[] _part;
    private readonly IReadOnlyList<ISeriesHandle>[] _handles;
    private readonly long _generation;
    private readonly long _sinceMs;
    private readonly Dictionary<string, long> _postedMs = [];
    private IReadOnlyList<BurnRuleReading> _rules = [];
    private long? _lostSinceMs;

    public TrackedObjective(Objective objective, long generation, ISeriesSource source, LedgerFault fault, long nowMs)
    {
        Objective = objective;
        Ledger = new ObjectiveLedger(objective.Indicator, fault);
        _generation = generation;
        _sinceMs = nowMs;
        _total = [.. objective.Indicator.Total.Terms.Select(t => source.Track(t.Matchers))];
        _part = [.. (objective.Indicator.Good ?? objective.Indicator.Bad!).Terms.Select(t => source.Track(t.Matchers))];
        _handles = new IReadOnlyList<ISeriesHandle>[_total.Length + _part.Length];
    }

    public Objective Objective { get; private set; }

    public ObjectiveLedger Ledger { get; }

    /// <summary>Whether an edited objective goes on with this account.</summary>
    public bool CanBecome(Objective edited) =>
        edited.Indicator.Canonical == Objective.Indicator.Canonical && edited.WindowMinutes <= Objective.WindowMinutes;

    public void Become(Objective edited) => Objective = edited;

    public void Read(long nowMs)
    {
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
        Ledger.Book.TakeChanges(closeBefore: LedgerTime.LastEnded(nowMs) / 60 - 2),
        Ledger.Book.TakeSpanChanges(),
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
