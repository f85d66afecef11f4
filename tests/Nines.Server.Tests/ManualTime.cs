namespace Nines.Server.Tests;

/// <summary>Time that passes when a test says so. Timestamps run at an odd frequency and from an odd start, so that code that takes ticks for them fails.</summary>
internal sealed class ManualTime : TimeProvider
{
    private readonly Lock _gate = new();
    private readonly List<ManualTimer> _timers = [];
    private readonly List<(TimeSpan Within, TaskCompletionSource Seen)> _watchers = [];
    private TimeSpan _elapsed;
    private TimeSpan _step;

    public static readonly DateTimeOffset Start = new(2026, 11, 21, 10, 0, 0, TimeSpan.Zero);

    public override long TimestampFrequency => 3_000_017;

    public long NowNs => (GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * 100;

    public override DateTimeOffset GetUtcNow()
    {
        lock (_gate)
        {
            return Start + _elapsed + _step;
        }
    }

    public override long GetTimestamp()
    {
        lock (_gate)
        {
            return 987_654_321 + (long)(_elapsed.TotalSeconds * TimestampFrequency);
        }
    }

    /// <summary>Lets time pass, firing timers in order.</summary>
    public void Advance(TimeSpan by)
    {
        TimeSpan end;
        lock (_gate)
        {
            end = _elapsed + by;
        }
        while (true)
        {
            ManualTimer? next;
            lock (_gate)
            {
                next = _timers.Where(t => t.Due <= end).MinBy(t => t.Due);
                _elapsed = next is null ? end : next.Due > _elapsed ? next.Due : _elapsed;
                next?.Reschedule();
            }
            if (next is null)
            {
                return;
            }
            next.Fire();
        }
    }

    /// <summary>Sets the wall clock without letting time pass.</summary>
    public void StepWallClock(TimeSpan by)
    {
        lock (_gate)
        {
            _step += by;
        }
    }

    /// <summary>Completes when someone waits for something that is due within a time: then it can be let pass.</summary>
    public Task SomeoneWaitsAsync(TimeSpan atLeast, TimeSpan atMost)
    {
        lock (_gate)
        {
            if (_timers.Any(t => t.Due - _elapsed >= atLeast && t.Due - _elapsed <= atMost))
            {
                return Task.CompletedTask;
            }
            var seen = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _watchers.Add((atLeast, seen));
            _most[seen] = atMost;
            return seen.Task.WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System);
        }
    }

    private readonly Dictionary<TaskCompletionSource, TimeSpan> _most = [];

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ManualTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    private void Schedule(ManualTimer timer, TimeSpan dueTime, TimeSpan period)
    {
        lock (_gate)
        {
            _timers.Remove(timer);
            timer.Period = period;
            if (dueTime == Timeout.InfiniteTimeSpan)
            {
                return;
            }
            timer.Due = _elapsed + dueTime;
            _timers.Add(timer);
            foreach (var (within, seen) in _watchers.ToList())
            {
                if (dueTime >= within && dueTime <= _most[seen])
                {
                    _watchers.Remove((within, seen));
                    seen.TrySetResult();
                }
            }
        }
    }

    private sealed class ManualTimer(ManualTime time, TimerCallback callback, object? state) : ITimer
    {
        public TimeSpan Due { get; set; }

        public TimeSpan Period { get; set; }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            time.Schedule(this, dueTime, period);
            return true;
        }

        public void Reschedule()
        {
            if (Period > TimeSpan.Zero)
            {
                Due += Period;
            }
            else
            {
                time._timers.Remove(this);
            }
        }

        public void Fire() => callback(state);

        public void Dispose()
        {
            lock (time._gate)
            {
                time._timers.Remove(this);
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
