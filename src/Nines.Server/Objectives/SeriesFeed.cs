using Nines.Core.Objectives;
using Nines.Metrics;

namespace Nines.Server.Objectives;

/// <summary>The series an indicator counts, kept up to date.</summary>
internal sealed class SeriesFeed : IDisposable
{
    private readonly ISeriesSource _source;
    private readonly CounterTerm[] _terms;
    private readonly ITrackedSeries[] _tracked;
    private readonly IReadOnlyList<ISeriesHandle>[] _handles;
    private readonly int _totals;

    public SeriesFeed(CounterRatio indicator, ISeriesSource source)
    {
        _totals = indicator.Total.Terms.Count;
        _source = source;
        _terms = [.. indicator.Total.Terms, .. indicator.Part.Terms];
        _tracked = [.. _terms.Select(t => source.Track(t.Matchers))];
        _handles = new IReadOnlyList<ISeriesHandle>[_tracked.Length];
    }

    /// <summary>Counts up whenever the series are others.</summary>
    public int Version { get; private set; }

    /// <summary>The series of each term of the total.</summary>
    public IReadOnlyList<IReadOnlyList<ISeriesHandle>> Total => _handles[.._totals];

    /// <summary>The series of each term of the good or bad part.</summary>
    public IReadOnlyList<IReadOnlyList<ISeriesHandle>> Part => _handles[_totals..];

    /// <summary>Takes births and deaths in.</summary>
    public void Refresh()
    {
        var changed = false;
        for (var i = 0; i < _tracked.Length; i++)
        {
            var handles = _tracked[i].Handles;
            changed |= !ReferenceEquals(handles, _handles[i]);
            _handles[i] = handles;
        }
        Version += changed ? 1 : 0;
    }

    /// <summary>The selectors that match nothing, and for a bucket that is not there the bounds that are.</summary>
    public IReadOnlyList<EmptySelector> Empty() =>
        [.. _terms.Select((term, i) => (term.Matchers, i)).Where(t => _handles[t.i] is { Count: 0 })
            .Select(t => new EmptySelector(t.Matchers, t.i < _totals, Bounds(t.Matchers)))];

    private IReadOnlyList<string> Bounds(IReadOnlyList<Matcher> matchers) =>
        matchers.Any(m => m is { Name: "le", Op: MatchOp.Equal }) ? _source.LabelValues("le", [.. matchers.Where(m => m.Name != "le")], 0, long.MaxValue) : [];

    public void Dispose()
    {
        foreach (var tracked in _tracked)
        {
            tracked.Dispose();
        }
    }
}
