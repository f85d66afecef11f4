using Nines.Core.Alerting;
using Nines.Core.Objectives;
using Nines.Metrics;
using Nines.Server.Objectives.Sources;

namespace Nines.Server.Objectives;

/// <summary>One objective with its ledger, the series it follows and what was last judged of it.</summary>
internal sealed class TrackedObjective : IDisposable
{
    private readonly IIndicatorQueries _queries;
    private readonly ISeriesFeed? _feed;
    private readonly RemoteMinutes? _minutes;
    private readonly Func<Labels, bool>? _filter;
    private readonly long _sinceMs;
    private readonly Dictionary<string, long> _postedMs = [];
    private IReadOnlyList<BurnRuleReading> _rules = [];
    private IReadOnlyList<EmptySelector> _empty = [];
    private long? _lostSinceMs;
    private BudgetForecast? _forecast;
    private long? _atRiskSinceMs;
    private long _foreseenMs;
    private IReadOnlyList<Adjustment>? _adjustments;
    private int _feedVersion;
    private bool _isNew;
    private bool _isCalm;
    private long _judgedMinute;

    /// <param name="objective">The objective.</param>
    /// <param name="generation">The number of its account in the store.</param>
    /// <param name="feed">The series it counts; null when it is evaluated.</param>
    /// <param name="minutes">Its minutes, when an external source evaluates it.</param>
    /// <param name="filter">Which of them are its own; null for all, in which case the feed is its own, too.</param>
    /// <param name="queries">Evaluates it when it is not counted.</param>
    /// <param name="fault">A planted fault.</param>
    /// <param name="stored">Reads a stored hour of its account; null for one that cannot be read now.</param>
    /// <param name="nowMs">The moment from which a signal is expected.</param>
    public TrackedObjective(
        Objective objective, long generation, ISeriesFeed? feed, RemoteMinutes? minutes, Func<Labels, bool>? filter, IIndicatorQueries queries,
        LedgerFault fault, Func<long, byte[]?> stored, long nowMs)
    {
        Objective = objective;
        Ledger = new ObjectiveLedger(objective.Indicator, objective.Slices, fault, stored);
        (_queries, _feed, _minutes, _filter) = (queries, feed, minutes, filter);
        Generation = generation;
        _sinceMs = nowMs;
    }

    public Objective Objective { get; private set; }

    public ObjectiveLedger Ledger { get; }

    /// <summary>The series it counts, its parts' too; null when it is evaluated.</summary>
    public ISeriesFeed? Feed => _feed;

    /// <summary>How far it was read from an external source; null for the built-in engine.</summary>
    public ICatchUp? CatchUp => _feed?.CatchUp ?? _minutes;

    /// <summary>The number of its account in the store.</summary>
    public long Generation { get; }

    /// <summary>Accounts of its earlier indicators that nothing was taken over from yet, the latest first.</summary>
    public IReadOnlyList<StoredGeneration> Earlier { get; set; } = [];

    /// <summary>Whether history or a gap is still being read from afar.</summary>
    public bool IsBehind(long nowMs) => CatchUp is { } catchUp && nowMs - catchUp.ReadToMs > RemoteReader.BehindMs;

    /// <summary>When its changes were last taken, ms since the Unix epoch; 0 before the first time.</summary>
    public long TakenMs { get; private set; }

    /// <summary>Whether it counts samples of the built-in engine.</summary>
    public bool CountsSamples => _feed is not null && CatchUp is null;

    /// <summary>Its parts, when it is kept for each value of some labels.</summary>
    public ObjectiveGroups? Groups { get; set; }

    /// <summary>It and its parts.</summary>
    public IEnumerable<TrackedObjective> WithGroups => Groups is null ? [this] : Groups.All.Prepend(this);

    /// <summary>The time that adjustments take out of its account.</summary>
    public ExcludedTime Excluded { get; private set; } = ExcludedTime.None;

    /// <summary>Why its queries gave nothing at the last turn; null when they were evaluated.</summary>
    public string? Failure { get; private set; }

    /// <summary>Whether an edited objective goes on with this account.</summary>
    public bool CanBecome(Objective edited) =>
        edited.Indicator.Canonical == Objective.Indicator.Canonical && edited.Slices == Objective.Slices
        && edited.GroupBy.SequenceEqual(Objective.GroupBy, StringComparer.Ordinal) && edited.HistoryMinutes <= Objective.HistoryMinutes;

    public void Become(Objective edited)
    {
        (Objective, _judgedMinute) = (edited, 0);
        foreach (var group in Groups?.All ?? [])
        {
            group.Become(edited.OfGroup(group.Objective.Key == edited.KeyOfGroup(null) ? null : group.Objective.Group));
        }
    }

    /// <summary>Reckons with adjustments from now on.</summary>
    public void Adjust(IReadOnlyList<Adjustment> adjustments)
    {
        if (!ReferenceEquals(adjustments, _adjustments))
        {
            Excluded = ExcludedTime.Of(Objective, adjustments);
            (_adjustments, _foreseenMs) = (adjustments, 0);
        }
    }

    /// <summary>Share of the budget that is left; null while nothing is known, the signal is lost, or history is still being read.</summary>
    public double? RemainingShare(long nowMs) => _lostSinceMs is not null || Behind(nowMs).Any() ? null
        : BudgetCalculator.Over(Objective, Ledger.Book, Objective.Windows[0], LedgerTime.MinuteOf(nowMs),
            Ledger.LastSignalMs > 0 ? Ledger.LastSignalMs : nowMs, Excluded).RemainingShare;

    /// <summary>Books what is new up to a moment.</summary>
    /// <param name="nowMs">The moment.</param>
    /// <param name="settled">The last minute that is over and settled.</param>
    /// <returns>The minute up to which everything is booked.</returns>
    public long Read(long nowMs, long settled)
    {
        if (_feed is null)
        {
            return Evaluate(settled);
        }
        if (_filter is null)
        {
            _feed.Refresh();
        }
        if (_feed.Version != _feedVersion)
        {
            Ledger.SetSeries(Own(_feed.Total), Own(_feed.Part));
            _empty = Objective.Group is null ? _feed.Empty() : [];
            _feedVersion = _feed.Version;
        }
        var known = Math.Min(nowMs, CatchUp?.ReadToMs ?? long.MaxValue);
        _isNew |= Ledger.Read(known);
        return Math.Min(settled, LedgerTime.LastEnded(known));
    }

    private IReadOnlyList<IReadOnlyList<ISeriesHandle>> Own(IReadOnlyList<IReadOnlyList<ISeriesHandle>> terms) =>
        _filter is null ? terms : [.. terms.Select(t => t.Where(h => _filter(h.Labels)).ToList())];

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
            var minutes = _minutes?.Take(settled)
                ?? IndicatorEvaluation.Minutes(Objective.Indicator, _queries, from, settled).Select((m, i) => (Minute: from + 1 + i, Reading: m)).ToList();
            foreach (var (minute, reading) in minutes)
            {
                Ledger.BookEvaluated(minute, reading);
            }
        }
        catch (IndicatorQueryException e)
        {
            Failure = e.Message;
            return Ledger.ClosedMinute;
        }
        Failure = null;
        return _minutes is null ? settled : Math.Max(Ledger.ClosedMinute, LedgerTime.LastEnded(_minutes.ReadToMs));
    }

    public void Judge(long nowMs, Uri publicUrl, long repostMs, List<PostedAlert> alerts)
    {
        // While history or a gap is read from afar, each piece is a signal, and what is known says nothing of the present: verdicts stay.
        var behind = IsBehind(nowMs) ? CatchUp : null;
        _lostSinceMs = BurnEvaluator.LostSince(Math.Max(Ledger.LastSignalMs, behind?.ProgressMs ?? 0), _sinceMs, Ledger.IntervalMs, nowMs);
        if (behind is null)
        {
            // The windows move with the minute, and what is in them changes with what is read.
            if (_isNew || _feed is null || _judgedMinute != LedgerTime.MinuteOf(nowMs))
            {
                // What calm rules read is reckoned when somebody asks.
                _isCalm = !_rules.Any(r => r.Firing) && BurnEvaluator.IsCalm(Objective, Ledger.Book, nowMs);
                _rules = _isCalm ? [] : BurnEvaluator.Rules(Objective, Ledger.Book, nowMs, _rules);
                (_isNew, _judgedMinute) = (false, LedgerTime.MinuteOf(nowMs));
            }
            Foresee(nowMs);
        }
        if (_postedMs.Count == 0 && _lostSinceMs is null && _atRiskSinceMs is null && !_rules.Any(r => r.Firing))
        {
            return;
        }
        var isPaging = false;
        foreach (var condition in BurnAlerts.Conditions(Objective, _rules, _lostSinceMs, _atRiskSinceMs))
        {
            var posted = _postedMs.TryGetValue(condition.Id, out var at);
            isPaging |= condition.Id == "page" && (posted || condition.SinceMs is not null);
            // A whole is lost as a whole, and burns in its groups.
            if (condition.Id == "lost" ? Objective.Group is not null : Objective.GroupBy.Count > 0)
            {
                continue;
            }
            if (condition.SinceMs is null ? posted : !posted || Math.Abs(nowMs - at) >= repostMs)
            {
                alerts.Add(BurnAlerts.Post(Report(nowMs), condition, nowMs, publicUrl, isPaging));
                _postedMs.Remove(condition.Id);
                if (condition.SinceMs is not null)
                {
                    _postedMs[condition.Id] = nowMs;
                }
            }
        }
    }

    /// <summary>Forecasts once an hour: a trend of days does not change faster, and it reads many windows.</summary>
    private void Foresee(long nowMs)
    {
        if (Math.Abs(nowMs - _foreseenMs) < 3_600_000)
        {
            return;
        }
        _foreseenMs = nowMs;
        // At a full hour: its many windows of days then need sums of hours only.
        var minute = LedgerTime.LastEnded(nowMs) / 60 * 60;
        _forecast = BudgetForecast.Of(Objective, Ledger.Book, Objective.Windows[0], minute, Excluded);
        var isAtRisk = _forecast?.IsAtRisk(_atRiskSinceMs is not null) == true;
        _atRiskSinceMs = isAtRisk ? _atRiskSinceMs ?? nowMs : null;
    }

    /// <summary>Ends what fires, since the objective is gone.</summary>
    public void Resolve(long nowMs, Uri publicUrl, List<PostedAlert> alerts) =>
        alerts.AddRange(BurnAlerts.Conditions(Objective, [], null, null).Where(c => _postedMs.ContainsKey(c.Id))
            .Select(c => BurnAlerts.Post(Report(nowMs), c, nowMs, publicUrl, _postedMs.ContainsKey("page"))));

    /// <summary>What of its account is not stored yet.</summary>
    public LedgerChanges TakeChanges(long nowMs)
    {
        TakenMs = nowMs;
        return new(
            Generation,
            Ledger.Events.TakeChanges(closeBefore: LedgerTime.LastEnded(nowMs) / 60),
            Ledger.Events.TakeSpanChanges(),
            Ledger.TakeRevisions(),
            Ledger.PackCursors());
    }

    public ObjectiveReport Report(long nowMs) => BudgetCalculator.Report(Objective, Ledger, Rules(nowMs), _lostSinceMs, nowMs, Excluded) with
    {
        Forecast = _forecast,
        AtRiskSinceMs = _atRiskSinceMs,
        Findings = [.. Quality.Findings(Objective, Ledger, _empty, Failure ?? CatchUp?.Failure, nowMs), .. Behind(nowMs)],
    };

    /// <summary>The rules with the verdict of the last step; none fires that was calm then, whatever piece of history was read since.</summary>
    private IReadOnlyList<BurnRuleReading> Rules(long nowMs) => !_isCalm ? _rules
        : [.. BurnEvaluator.Rules(Objective, Ledger.Book, nowMs, []).Select(r => r with { Firing = false, FiringSinceNs = null })];

    /// <summary>Its series, for whoever reads them beside the ledger; null when it is evaluated, and when the samples are elsewhere.</summary>
    public (IReadOnlyList<IReadOnlyList<ISeriesHandle>> Total, IReadOnlyList<IReadOnlyList<ISeriesHandle>> Part)? Series =>
        _feed is null || CatchUp is not null ? null : (Own(_feed.Total), Own(_feed.Part));

    private IEnumerable<QualityFinding> Behind(long nowMs)
    {
        if (IsBehind(nowMs) && CatchUp is { } catchUp)
        {
            var reading = catchUp.Reading(nowMs);
            yield return new("catching-up", $"The source was read up to {reading.ReadTo:yyyy-MM-dd HH:mm} UTC, {reading.Progress:0 %} of the window.",
                "Burn is judged again when the present is reached.");
        }
    }

    public void Dispose()
    {
        Groups?.Dispose();
        _minutes?.Dispose();
        if (_filter is null)
        {
            _feed?.Dispose();
        }
    }
}
