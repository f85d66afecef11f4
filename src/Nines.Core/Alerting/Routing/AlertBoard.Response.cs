using Nines.Metrics;

namespace Nines.Core.Alerting.Routing;

public sealed partial class AlertBoard
{
    // The alerts with a time within which they are to be acknowledged.
    private readonly Dictionary<BoardAlert, Watch> _watches = [];

    // What was said to be overdue and is on no watch any more.
    private readonly List<Labels> _strays = [];

    /// <summary>What is to be posted about alerts that nobody acknowledges in time: that it is so, every minute anew, and when that is over.</summary>
    public IReadOnlyList<PostedAlert> Overdue(Moment now)
    {
        var postings = _strays.ConvertAll(own => ResponseClock.End(own, "No time is set for it any more.", now.WallNs));
        _strays.Clear();
        foreach (var (alert, watch) in _watches)
        {
            var state = alert.State;
            if (!ResponseClock.IsOverdue(state, watch.Due, now.WallNs))
            {
                watch.NextNs = long.MinValue;
                End(watch, state.Firing ? "It is acknowledged." : "It is over.");
            }
            else if (watch.NextNs <= now.SteadyNs)
            {
                watch.NextNs = now.SteadyNs + ResponseClock.RefreshNs;
                if (WhatQuiets(state.Labels, now.WallNs) is null)
                {
                    var posting = ResponseClock.Alert(state, watch.Due, now.WallNs);
                    watch.Raised = posting.Labels;
                    postings.Add(posting);
                }
                else
                {
                    // When it is quiet no more, people have the whole time again.
                    watch.Due = ResponseClock.From(watch.Due, now.WallNs);
                    End(watch, "It is kept quiet.");
                }
            }
            if (!state.Firing)
            {
                _watches.Remove(alert);
            }
        }
        return postings;

        void End(Watch watch, string why)
        {
            if (watch.Raised is { } own)
            {
                postings.Add(ResponseClock.End(own, why, now.WallNs));
                watch.Raised = null;
            }
        }
    }

    /// <summary>A stretch of firing begins, or another configuration is in force.</summary>
    private void WatchResponse(BoardAlert alert)
    {
        if (ResponseClock.DueOf(alert.State, Plan?.Ladders ?? SeverityLadders.Default) is { } due)
        {
            _watches[alert] = new(due) { Raised = _watches.GetValueOrDefault(alert)?.Raised };
        }
    }

    /// <summary>After a restart, or when another configuration is in force, what is said to be overdue is taken up, or it ends.</summary>
    private void WatchResponses()
    {
        _watches.Clear();
        _strays.Clear();
        if (Plan!.Ladders.Ladders.Count > 0)
        {
            _alerts.Values.Where(a => a.State.Firing).ToList().ForEach(WatchResponse);
        }
        var raised = _alerts.Values.Where(a => a.State.Firing).Select(a => a.State.Labels).Where(l => l["alertname"] == ResponseClock.AlertName).ToHashSet();
        foreach (var (alert, watch) in raised.Count == 0 ? [] : _watches)
        {
            var own = ResponseClock.LabelsOf(alert.State, watch.Due);
            watch.Raised = raised.Remove(own) ? own : null;
        }
        _strays.AddRange(raised);
    }

    private sealed class Watch(ResponseDue due)
    {
        public ResponseDue Due { get; set; } = due;

        /// <summary>The alert that says that it is overdue; null when none does.</summary>
        public Labels? Raised { get; set; }

        /// <summary>When it is looked at next while it is overdue, on the steady clock.</summary>
        public long NextNs { get; set; } = long.MinValue;
    }
}
