using Nines.Core.Alerting;
using Nines.Core.Probes;
using Nines.Core.Telemetry;
using Nines.Metrics;
using Nines.Server.Telemetry;

namespace Nines.Server.Probes;

/// <summary>What the loops of all probes share.</summary>
internal sealed record ProbeWorld(
    ProbeRunner Runner, ISampleSink Sink, ISeriesSource Source, IAlertDoor Door, IAlertReports Alerts, Uri PublicUrl, TimeProvider Time, ProbeMeter Meter)
{
    public long NowMs => Time.GetUtcNow().ToUnixTimeMilliseconds();
}

/// <summary>One probe: its state, its series and its alerts, and the loop that runs it at its times.</summary>
internal sealed class ProbeLoop(Probe first, ProbeWorld world)
{
    private const long LookBackMs = 7 * 86_400_000L;
    private readonly OwnSeries _series = new(world.Sink, first.IntervalMs);
    private volatile Probe _probe = first;
    private volatile ProbeState _state = ProbeState.Initial;
    private volatile ProbeRun? _last;
    private long? _certificateEndsMs;
    private bool _certificateTold;
    private volatile bool _waits;
    private long _nextMs;
    private long _missed;

    /// <summary>What cannot change while it goes on: its series and alerts would be others.</summary>
    public (Labels Identity, string Severity, long IntervalMs) Key => (_probe.Identity, _probe.Severity, _probe.IntervalMs);

    public Probe Probe => _probe;

    public ProbeReport Report => new(_probe, _state, _state.At(_probe, world.NowMs), _last, Interlocked.Read(ref _nextMs), Interlocked.Read(ref _missed));

    /// <summary>Whether it waits for a turn that is still to come.</summary>
    public bool IsIdle => _waits && Interlocked.Read(ref _nextMs) > world.NowMs;

    /// <summary>Takes another definition of the same probe; it holds from the next run.</summary>
    public void Apply(Probe probe) => _probe = probe;

    /// <summary>Goes on where the loop of an earlier definition was.</summary>
    public void TakeOver(ProbeLoop before) =>
        (_state, _last, _certificateEndsMs, _certificateTold) = (before._state, before._last, before._certificateEndsMs, before._certificateTold);

    /// <summary>Goes on where an earlier process was: what people were told of stays told, and what was up and seen a moment ago is up.</summary>
    public async Task TakeUpAsync(CancellationToken stop)
    {
        var firing = world.Alerts.Firing();
        _certificateTold = firing.Any(a => a.Labels.Equals(ProbeAlerts.CertificateLabels(_probe)));
        if (firing.FirstOrDefault(a => a.Labels.Equals(ProbeAlerts.FailingLabels(_probe))) is { } told)
        {
            _state = ProbeState.LeftDown(told.SinceNs / 1_000_000);
            await PostAsync(ProbeAlerts.OfState(_probe, _state, _state, null, world.NowMs, world.PublicUrl), stop);
        }
        else if (LastUp() is var (since, last) && world.NowMs - last <= _probe.IntervalMs * ProbeState.KnownIntervals)
        {
            _state = ProbeState.LeftUp(since, last);
        }
    }

    /// <summary>Ends what an earlier process wrote and did not end: a run speaks until the next one was due, and for nothing after it.</summary>
    public void EndOld()
    {
        var (probe, nowMs, samples) = (_probe, world.NowMs, new SampleColumns());
        using var append = world.Sink.Begin();
        foreach (var series in world.Source.Select([new("probe", MatchOp.Equal, probe.Name)], nowMs - LookBackMs, nowMs)
            .Where(s => s.Labels.Name.StartsWith("probe_", StringComparison.Ordinal)
                && s.Labels.Without(Labels.MetricName, "component").Equals(probe.Identity)))
        {
            samples.Clear();
            series.Read(nowMs - LookBackMs, nowMs, samples);
            if (samples.Count > 0 && !StaleMarker.Is(samples.Values[^1]) && nowMs - samples.Times[^1] > probe.IntervalMs * ProbeState.KnownIntervals)
            {
                append.Add(append.Series(series.Labels, bornInKnownTarget: false, probe.IntervalMs, out _),
                    new CounterSample(samples.Times[^1] + probe.IntervalMs, StaleMarker.Value, 0));
            }
        }
        append.Commit();
    }

    /// <summary>Runs it at its times until stopped.</summary>
    /// <param name="slots">How many probes may run at once.</param>
    /// <param name="guard">Runs a turn so that a bug in it does not end the loop.</param>
    /// <param name="stop">Ends it.</param>
    public async Task RunAsync(SemaphoreSlim slots, Func<Func<Task>, Task> guard, CancellationToken stop)
    {
        var next = ProbeSchedule.FirstMs(_probe, world.NowMs);
        while (!stop.IsCancellationRequested)
        {
            // A clock that was set back must not silence the probe until it has caught up.
            next = Math.Min(next, ProbeSchedule.NextMs(_probe, world.NowMs));
            Interlocked.Exchange(ref _nextMs, next);
            var wait = Task.Delay(TimeSpan.FromMilliseconds(Math.Max(0, next - world.NowMs)), world.Time, stop);
            _waits = true;
            await wait;
            _waits = false;
            if (world.NowMs < next)
            {
                continue;
            }
            await slots.WaitAsync(stop);
            try
            {
                await guard(() => RunOnceAsync(next, stop));
            }
            finally
            {
                slots.Release();
            }
            var later = ProbeSchedule.NextMs(_probe, world.NowMs);
            // The first turn is beside the grid, so that what lies less than an interval ahead is none that was missed.
            Miss(Math.Max(0, (later - next) / _probe.IntervalMs - 1));
            next = later;
        }
    }

    /// <summary>Ends its series and its alerts, since it is gone from the workspace.</summary>
    /// <param name="after">The definition in its place, whose alerts go on when they are the same; or null.</param>
    /// <param name="stop">Ends the wait.</param>
    public async Task EndAsync(Probe? after, CancellationToken stop)
    {
        var nowMs = world.NowMs;
        _series.End(nowMs);
        if (_state.Verdict == ProbeVerdict.Down && !(after is not null && ProbeAlerts.FailingLabels(after).Equals(ProbeAlerts.FailingLabels(_probe))))
        {
            await PostAsync(ProbeAlerts.Gone(_probe, ProbeAlerts.Failing, _state.SinceMs, nowMs, world.PublicUrl), stop);
        }
        if (_certificateTold && !(after is not null && ProbeAlerts.CertificateLabels(after).Equals(ProbeAlerts.CertificateLabels(_probe))))
        {
            await PostAsync(ProbeAlerts.Gone(_probe, ProbeAlerts.Certificate, nowMs, nowMs, world.PublicUrl), stop);
        }
    }

    private async Task RunOnceAsync(long scheduledMs, CancellationToken stop)
    {
        var probe = _probe;
        if (await world.Runner.RunAsync(probe, scheduledMs, stop) is not { } run)
        {
            Miss(1);
            return;
        }
        var timeMs = ScrapeTiming.TimestampMs(scheduledMs, run.StartedMs, probe.IntervalMs);
        var before = _state;
        _state = before.After(probe, run.Success, timeMs);
        // A body may be 16 MiB, and has said what it had to say.
        _last = run with { Seen = run.Seen with { Body = default } };
        world.Meter.Ran(run.Success);
        _series.Write(timeMs, ProbeSamples.Of(probe, _state, run));
        await PostAsync(ProbeAlerts.OfState(probe, before, _state, run, world.NowMs, world.PublicUrl), stop);
        _certificateEndsMs = run.Seen.CertificateLeftMs is { } left ? run.Seen.TimeMs + (long)left : _certificateEndsMs;
        if (_certificateEndsMs is { } ends && ProbeAlerts.OfCertificate(probe, ends, _certificateTold, world.NowMs, world.PublicUrl) is { } soon)
        {
            await PostAsync(soon, stop);
            _certificateTold = soon.EndsAtNs > world.NowMs * 1_000_000;
        }
    }

    private void Miss(long runs)
    {
        Interlocked.Add(ref _missed, runs);
        world.Meter.Missed(runs);
    }

    private Task PostAsync(PostedAlert? alert, CancellationToken stop) => alert is null ? Task.CompletedTask : world.Door.PostAsync([alert], stop);

    // Since when it was up when it was last seen, and when that was; null when it was not up.
    private (long SinceMs, long LastMs)? LastUp()
    {
        var nowMs = world.NowMs;
        var (samples, identity) = (new SampleColumns(), _probe.Identity.With(Labels.MetricName, ProbeSamples.Up));
        world.Source.Select([new(Labels.MetricName, MatchOp.Equal, ProbeSamples.Up), new("probe", MatchOp.Equal, _probe.Name)], nowMs - LookBackMs, nowMs)
            .FirstOrDefault(s => s.Labels.Equals(identity))?.Read(nowMs - LookBackMs, nowMs, samples);
        if (samples.Count == 0 || samples.Values[^1] != 1)
        {
            return null;
        }
        var from = samples.Count - 1;
        while (from > 0 && samples.Values[from - 1] == 1 && samples.Times[from] - samples.Times[from - 1] <= _probe.IntervalMs * ProbeState.KnownIntervals)
        {
            from--;
        }
        return (samples.Times[from], samples.Times[^1]);
    }
}
