using Nines.Core.Objectives;
using Nines.Core.Objectives.Sources;
using Nines.Metrics;

namespace Nines.Server.Objectives.Sources;

/// <summary>The series an indicator counts in an external source: raw samples, read in the background, handed to the ledger in whole pieces.</summary>
internal sealed class RemoteFeed : RemoteReader, ISeriesFeed
{
    /// <summary>Samples that wait for the ledger; with more of them reading waits.</summary>
    public const int MostWaiting = 200_000;

    private readonly RawSelectors _selectors;
    private readonly Queue<RawDelivery> _arrived = [];              // under the gate
    private readonly Dictionary<Labels, RemoteSeries> _series = [];
    private readonly List<ISeriesHandle>[] _terms;
    private readonly HashSet<Labels> _gone = [];
    private RawReading _reading = new(0);
    private long _readToMs;
    private bool _reachedPresent;
    private long _oldestMs;
    private int _seriesCount;
    private int _waiting;

    public RemoteFeed(string objective, CounterRatio indicator, SourceReaders readers, string source) : base(objective, readers, source)
    {
        _selectors = new(indicator);
        _terms = [.. Enumerable.Range(0, _selectors.Terms.Count).Select(_ => new List<ISeriesHandle>())];
    }

    /// <inheritdoc/>
    public int Version { get; private set; }

    /// <inheritdoc/>
    public IReadOnlyList<IReadOnlyList<ISeriesHandle>> Total => _terms[.._selectors.Totals];

    /// <inheritdoc/>
    public IReadOnlyList<IReadOnlyList<ISeriesHandle>> Part => _terms[_selectors.Totals..];

    /// <inheritdoc/>
    public ICatchUp CatchUp => this;

    /// <inheritdoc/>
    public override long ReadToMs => Interlocked.Read(ref _readToMs);

    protected override int SeriesCount => Volatile.Read(ref _seriesCount);

    protected override long? OldestMs => Interlocked.Read(ref _oldestMs) is > 0 and var oldest ? oldest : null;

    /// <inheritdoc/>
    public void Refresh()
    {
        lock (Gate)
        {
            while (_arrived.TryDequeue(out var delivery))
            {
                Take(delivery);
                Interlocked.Exchange(ref _readToMs, delivery.ToMs);
            }
            if (!_reachedPresent && NowMs - ReadToMs < BehindMs)
            {
                _reachedPresent = true;
                Version++;
            }
        }
    }

    /// <inheritdoc/>
    public void Booked()
    {
        foreach (var series in _series.Values)
        {
            series.Clear();
        }
        foreach (var labels in _gone)
        {
            if (_series.Remove(labels, out var series))
            {
                Array.ForEach(_terms, t => t.Remove(series));
                Version++;
            }
        }
        _gone.Clear();
        lock (Gate)
        {
            Volatile.Write(ref _waiting, _arrived.Sum(Count));
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<EmptySelector> Empty() =>
        !_reachedPresent ? [] : [.. _selectors.Terms.Select((t, i) => (t.Matchers, i)).Where(t => _terms[t.i].Count == 0)
            .Select(t => new EmptySelector(t.Matchers, t.i < _selectors.Totals, []))];

    protected override void Start(long fromMs)
    {
        _reading = new(fromMs - RawReading.LeadMs);
        _readToMs = fromMs - RawReading.LeadMs;
    }

    protected override bool IsIdle(out bool full)
    {
        full = Volatile.Read(ref _waiting) >= MostWaiting;
        return full || NowMs - _reading.ReadToMs < RestMs;
    }

    protected override async Task ReadAsync()
    {
        var piece = _reading.Next(NowMs);
        var answer = new List<RawSeries>();
        foreach (var selector in _selectors.Asked)
        {
            answer.AddRange(await Client.ReadAsync(selector, piece, Stop));
        }
        if (answer.Count > Client.Source.MaxSeries)
        {
            throw new SourceException(
                $"{answer.Count} series, and an objective may read {Client.Source.MaxSeries}; narrow its selectors or raise maxSeries", true);
        }
        var ups = new List<RawSeries>();
        foreach (var (selector, stretch) in _reading.Births(answer))
        {
            ups.AddRange(await Client.ReadAsync(selector, stretch, Stop));
        }
        var delivery = _reading.Accept(piece, answer, ups);
        Volatile.Write(ref _seriesCount, _reading.SeriesCount);
        Interlocked.Exchange(ref _oldestMs, _reading.OldestMs ?? 0);
        lock (Gate)
        {
            _arrived.Enqueue(delivery);
            Volatile.Write(ref _waiting, _waiting + Count(delivery));
        }
    }

    protected override bool Shorten() => _reading.Shorten();

    private static int Count(RawDelivery delivery) => delivery.Series.Sum(s => s.Samples.Length);

    private void Take(RawDelivery delivery)
    {
        _gone.UnionWith(delivery.Gone);
        foreach (var readings in delivery.Series)
        {
            _gone.Remove(readings.Labels);
            if (!_series.TryGetValue(readings.Labels, out var series))
            {
                _series[readings.Labels] = series = new(readings.Labels);
                for (var term = 0; term < _terms.Length; term++)
                {
                    if (_selectors.IsOf(term, readings.Labels))
                    {
                        _terms[term].Add(series);
                    }
                }
                Version++;
            }
            var before = series.IntervalMs;
            series.Add(readings);
            Version += before == 0 && series.IntervalMs > 0 ? 1 : 0;
        }
    }
}
