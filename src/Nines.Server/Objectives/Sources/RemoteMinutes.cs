using Nines.Core.Objectives;
using Nines.Core.Objectives.Sources;

namespace Nines.Server.Objectives.Sources;

/// <summary>The minutes of an evaluated indicator, evaluated by an external source in the background.</summary>
internal sealed class RemoteMinutes(string objective, Indicator indicator, SourceReaders readers, string source) : RemoteReader(objective, readers, source)
{
    // A range query has at most 11,000 points in Prometheus, and a threshold takes four a minute.
    private const int MostMinutes = 2_500;
    private const int MostWaiting = 20_000;

    private readonly Queue<EvaluatedMinute?> _arrived = [];         // under the gate
    private long _taken;                                            // the minute before the first that waits; under the gate
    private long _evaluated;                                        // the last minute that was evaluated; only the reader's
    private int _pieceMinutes = MostMinutes;

    /// <inheritdoc/>
    public override long ReadToMs
    {
        get
        {
            lock (Gate)
            {
                return _taken * LedgerTime.MinuteMs;
            }
        }
    }

    protected override int SeriesCount => 0;

    protected override long? OldestMs => null;

    /// <summary>The minutes that were evaluated, as many as there are up to one. Each is taken out when the next is asked for, so that one that could not be
    /// booked is given again.</summary>
    /// <exception cref="IndicatorQueryException">There are none, since the source did not answer.</exception>
    public IEnumerable<(long Minute, EvaluatedMinute? Reading)> Take(long toMinute)
    {
        var any = false;
        while (Next(toMinute) is { } next)
        {
            any = true;
            yield return next;
            lock (Gate)
            {
                _arrived.Dequeue();
                _taken++;
            }
        }
        if (!any && Failure is { } failure)
        {
            throw new IndicatorQueryException(failure);
        }
    }

    private (long Minute, EvaluatedMinute? Reading)? Next(long toMinute)
    {
        lock (Gate)
        {
            return _taken < toMinute && _arrived.TryPeek(out var reading) ? (_taken + 1, reading) : null;
        }
    }

    protected override void Start(long fromMs) => _taken = _evaluated = fromMs / LedgerTime.MinuteMs;

    protected override bool IsIdle(out bool full)
    {
        lock (Gate)
        {
            full = _arrived.Count >= MostWaiting;
        }
        return full || _evaluated >= Settled;
    }

    protected override async Task ReadAsync()
    {
        var to = Math.Min(Settled, _evaluated + _pieceMinutes);
        // What would be asked is found by asking nobody; then the answers are put in.
        var answers = new Answers();
        IndicatorEvaluation.Minutes(indicator, answers, _evaluated, to);
        foreach (var ask in answers.Asked.Keys.ToList())
        {
            answers.Asked[ask] = await Client.RangeAsync(ask.Query, ask.FromMs, ask.ToMs, ask.StepMs, Stop);
        }
        var minutes = IndicatorEvaluation.Minutes(indicator, answers, _evaluated, to);
        lock (Gate)
        {
            foreach (var minute in minutes)
            {
                _arrived.Enqueue(minute);
            }
        }
        _evaluated = to;
    }

    protected override bool Shorten()
    {
        var could = _pieceMinutes > 1;
        _pieceMinutes = Math.Max(1, _pieceMinutes / 2);
        return could;
    }

    // The newest samples may still be on their way into the source.
    private long Settled => LedgerTime.LastEnded(NowMs - LedgerEngine.SettleMs);

    private sealed class Answers : IIndicatorQueries
    {
        public Dictionary<(string Query, long FromMs, long ToMs, long StepMs), IReadOnlyList<RawSeries>> Asked { get; } = [];

        public IReadOnlyList<IReadOnlyList<double>> Range(string query, long fromMs, long toMs, long stepMs)
        {
            var ask = (query, fromMs, toMs, stepMs);
            Asked.TryAdd(ask, []);
            var steps = Enumerable.Range(0, toMs < fromMs ? 0 : (int)((toMs - fromMs) / stepMs) + 1).Select(_ => new List<double>()).ToList();
            foreach (var sample in Asked[ask].SelectMany(s => s.Samples))
            {
                var step = (sample.TimeMs - fromMs) / stepMs;
                if (step >= 0 && step < steps.Count)
                {
                    steps[(int)step].Add(sample.Value);
                }
            }
            return steps;
        }
    }
}
