using Nines.Core.Objectives;
using Nines.Core.Objectives.Sources;
using Nines.Metrics;

namespace Nines.Core.Tests.Objectives.Sources;

/// <summary>
/// Three targets and a Prometheus that scrapes them: processes restart, label sets appear late, the Prometheus is away for a while, samples become visible late.
/// Its answers hold duplicates and come in any order. What it counted is summed sample by sample.
/// </summary>
internal sealed class RemoteWorld(int seed)
{
    public const long EpochMs = 1_800_000_000_000;
    private const long IntervalMs = 15_000;

    private readonly Random _random = new(seed);
    private readonly Dictionary<Labels, List<(Sample Sample, long VisibleMs)>> _stored = [];
    private readonly Dictionary<string, long>[] _processes = [[], [], []];
    private int _away;

    public long NowMs { get; private set; } = EpochMs + new Random(seed).Next(15_000);

    public void Interval()
    {
        NowMs += IntervalMs;
        _away = _away > 0 ? _away - 1 : _random.Next(150) == 0 ? _random.Next(1, 100) : 0;
        for (var target = 0; target < _processes.Length; target++)
        {
            var process = _processes[target];
            if (process.Count > 0 && process["200"] > 500 && _random.Next(60) == 0)
            {
                process.Clear();
            }
            process["200"] = process.GetValueOrDefault("200") + _random.Next(1, 40);
            if (_random.Next(12) == 0 || process.ContainsKey("500"))
            {
                process["500"] = process.GetValueOrDefault("500") + _random.Next(3);
            }
            if (_away == 0)
            {
                Scrape(target, process);
            }
        }
    }

    /// <summary>Lets everything become visible.</summary>
    public void Settle() => NowMs += 120_000;

    public List<RawSeries> Answer(RawPiece piece, Func<Labels, bool> selected)
    {
        var answer = new List<RawSeries>();
        foreach (var (labels, samples) in _stored.Where(s => selected(s.Key)).OrderBy(_ => _random.Next()))
        {
            var found = samples.Where(s => s.VisibleMs <= NowMs && s.Sample.TimeMs >= piece.FromMs && s.Sample.TimeMs <= piece.ToMs).Select(s => s.Sample).ToList();
            if (found.Count > 0)
            {
                answer.AddRange(Enumerable.Repeat(new RawSeries(labels, found), _random.Next(8) == 0 ? 2 : 1));
            }
        }
        return answer;
    }

    /// <summary>What the samples since a time say, one after the other: a first one counts when its target had been read without it.</summary>
    public (double Good, double Bad) SlowSum(long sinceMs)
    {
        var sums = (Good: 0.0, Bad: 0.0);
        foreach (var (labels, samples) in _stored.Where(s => s.Key.Name != "up" && s.Value.Exists(v => v.Sample.TimeMs >= sinceMs)))
        {
            var read = samples.Select(s => s.Sample).Where(s => s.TimeMs >= sinceMs).ToList();
            var ups = _stored[Labels.Of((Labels.MetricName, "up"), ("job", labels["job"]), ("instance", labels["instance"]))];
            var sum = ups.Exists(u => u.Sample.TimeMs >= sinceMs && u.Sample.TimeMs < read[0].TimeMs && u.Sample.Value == 1) ? read[0].Value : 0;
            for (var i = 1; i < read.Count; i++)
            {
                sum += read[i].Value >= read[i - 1].Value ? read[i].Value - read[i - 1].Value : read[i].Value;
            }
            sums = labels["code"] == "500" ? (sums.Good, sums.Bad + sum) : (sums.Good + sum, sums.Bad);
        }
        return sums;
    }

    private void Scrape(int target, Dictionary<string, long> process)
    {
        // One target answers its scrapes late.
        var visible = NowMs + (target == 2 ? _random.Next(40_000) : 0);
        var instance = $"10.0.0.{target}:80";
        foreach (var (code, count) in process)
        {
            Store(Labels.Of((Labels.MetricName, "http_requests_total"), ("job", "shop"), ("instance", instance), ("code", code)), count, visible);
        }
        Store(Labels.Of((Labels.MetricName, "up"), ("job", "shop"), ("instance", instance)), 1, visible);
    }

    private void Store(Labels labels, double value, long visibleMs)
    {
        if (!_stored.TryGetValue(labels, out var samples))
        {
            _stored[labels] = samples = [];
        }
        // Samples of a series become visible in their order.
        samples.Add((new(NowMs, value), Math.Max(visibleMs, samples.Count > 0 ? samples[^1].VisibleMs : 0)));
    }
}

/// <summary>A ledger over a reading, which keeps only what was committed when it is killed.</summary>
internal sealed class RestartableReader(CounterRatio indicator, long startMs, LedgerFault fault)
{
    private readonly Dictionary<long, byte[]> _hours = [];
    private readonly Dictionary<(long, long, SpanKind), LedgerSpan> _spans = [];
    private readonly Dictionary<Labels, FakeSeries> _series = [];
    private readonly RawSelectors _selectors = new(indicator);
    private ObjectiveLedger _ledger = new(indicator, null, fault);
    private RawReading _reading = new(startMs);
    private byte[]? _cursors;

    public (double Good, double Bad) Account => _ledger.Book.Sum(0, RemoteWorld.EpochMs / 60_000 + 10_000) is var sum ? (Math.Round(sum.Good, 6), Math.Round(sum.Bad, 6)) : default;

    public void CatchUp(RemoteWorld world, Random random, bool finish)
    {
        for (var pieces = 0; _reading.ReadToMs < world.NowMs && (finish || pieces < 20); pieces++)
        {
            switch (random.Next(8))
            {
                case 0 when !finish:
                    return;                     // the source does not answer
                case 1:
                    _reading.Shorten();         // it has too much to say
                    break;
                default:
                    Read(world, random);
                    break;
            }
        }
    }

    public void Kill()
    {
        _ledger = new(indicator, null, fault);
        _series.Clear();
        if (_cursors is not null)
        {
            _ledger.LoadCursors(_cursors);
        }
        foreach (var (hour, packed) in _hours)
        {
            _ledger.Events.LoadHour(hour, packed);
        }
        foreach (var span in _spans.Values)
        {
            _ledger.Events.AddSpan(span);
        }
        _reading = new(Math.Max(startMs, _ledger.ClosedMinute * LedgerTime.MinuteMs - RawReading.LeadMs));
    }

    private void Read(RemoteWorld world, Random random)
    {
        var piece = _reading.Next(world.NowMs);
        var answer = world.Answer(piece, l => l.Name == "http_requests_total");
        var ups = _reading.Births(answer).SelectMany(b => world.Answer(b.Piece, l => l.Name == "up")).ToList();
        if (random.Next(10) == 0)
        {
            return;                             // an answer that broke off is no answer
        }
        foreach (var readings in _reading.Accept(piece, answer, ups).Series)
        {
            if (!_series.TryGetValue(readings.Labels, out var series))
            {
                _series[readings.Labels] = series = new(readings.Labels, false, 15_000);
            }
            series.Samples.AddRange(readings.Samples);
        }
        _ledger.SetSeries([Of(0)], [Of(1)]);
        _ledger.Read(_reading.ReadToMs);
        if (LedgerTime.LastEnded(_reading.ReadToMs) > _ledger.ClosedMinute)
        {
            _ledger.Close(LedgerTime.LastEnded(_reading.ReadToMs));
            Commit();
        }
    }

    private List<FakeSeries> Of(int term) => [.. _series.Values.Where(s => _selectors.IsOf(term, s.Labels))];

    private void Commit()
    {
        _cursors = _ledger.PackCursors();
        foreach (var (hour, packed) in _ledger.Events.TakeChanges(long.MinValue))
        {
            _hours[hour] = packed;
        }
        foreach (var span in _ledger.Events.TakeSpanChanges())
        {
            _spans[(span.FromMs, span.ToMs, span.Kind)] = span;
        }
    }
}
