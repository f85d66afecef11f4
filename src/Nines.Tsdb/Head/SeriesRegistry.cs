using Nines.Metrics;
using Nines.Tsdb.Blocks;
using Nines.Tsdb.Reading;

namespace Nines.Tsdb.Head;

/// <summary>The series in memory: by labels, by reference, and by label pair, with those who follow a selection.</summary>
internal sealed class SeriesRegistry(int maxSeries, BlockSet blocks)
{
    /// <summary>So many series that left memory are known by their reference, to be taken back.</summary>
    private const int MostRetired = 65_536;

    private readonly Lock _gate = new();
    private readonly Dictionary<Labels, MemSeries> _byLabels = [];
    private readonly Dictionary<string, Dictionary<string, List<MemSeries>>> _postings = [];
    private readonly Dictionary<(string, string), List<TrackedSeries>> _trackersByPair = [];
    private readonly List<TrackedSeries> _otherTrackers = [];
    private readonly Queue<MemSeries> _retired = [];
    private readonly SeriesTable _byReference = new();
    private long _lastReference;

    /// <summary>Highest reference that can be used.</summary>
    public const long MaxReference = int.MaxValue;

    /// <summary>How many series there are.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _byLabels.Count;
            }
        }
    }

    /// <summary>How many pages of references are held.</summary>
    public int ReferencePages => _byReference.Pages;

    /// <summary>A series by its reference, or null.</summary>
    public MemSeries? this[long reference] => _byReference[reference];

    /// <summary>The series of these labels, made when new; null when it is refused.</summary>
    public MemSeries? GetOrAdd(Labels labels, bool bornInKnownTarget, long intervalMs, out Refusal refusal)
    {
        refusal = Refusal.None;
        lock (_gate)
        {
            if (_byLabels.TryGetValue(labels, out var known))
            {
                return known;
            }
            refusal = _byLabels.Count >= maxSeries ? Refusal.SeriesLimit : CanBeWritten(labels) ? Refusal.None : Refusal.InvalidLabels;
            return refusal == Refusal.None ? Put(new MemSeries(FreeReference(), labels, bornInKnownTarget, intervalMs)) : null;
        }
    }

    /// <summary>Puts a series read from the log back under its reference. A second record of the same series changes nothing.</summary>
    public MemSeries Restore(long reference, Labels labels, bool bornInKnownTarget, long intervalMs)
    {
        lock (_gate)
        {
            Reserve(reference);
            if (this[reference] is { } there && there.Labels.Equals(labels))
            {
                return there;
            }
            if (_byLabels.TryGetValue(labels, out var other))
            {
                // The same series under two references: its first record was lost once. Both names lead to it.
                _byReference.Put(reference, other);
                return other;
            }
            return Put(new MemSeries(reference, labels, bornInKnownTarget, intervalMs));
        }
    }

    /// <summary>Takes a series back that left memory; null when there are too many. Who holds a reference need not know that the series rested.</summary>
    public MemSeries? Revive(MemSeries series)
    {
        lock (_gate)
        {
            if (_byLabels.TryGetValue(series.Labels, out var known))
            {
                return known;
            }
            if (_byLabels.Count >= maxSeries)
            {
                return null;
            }
            (series.Retired, series.Listed, series.LoggedIn) = (false, false, 0);
            return Put(series);
        }
    }

    /// <summary>Keeps a reference from being given to a new series.</summary>
    public void Reserve(long reference)
    {
        lock (_gate)
        {
            _lastReference = Math.Max(_lastReference, reference);
        }
    }

    /// <summary>Makes a series findable, with its first sample.</summary>
    public void List(MemSeries series)
    {
        if (series.Listed)
        {
            return;
        }
        lock (_gate)
        {
            series.Listed = true;
            foreach (var (name, value) in series.Labels.Pairs)
            {
                ListUnder(name, value).Add(series);
                if (_trackersByPair.TryGetValue((name, value), out var trackers))
                {
                    Offer(trackers, series);
                }
            }
            Offer(_otherTrackers, series);
        }
    }

    /// <summary>The findable series that satisfy all matchers and a condition.</summary>
    public MemSeries[] Find(IReadOnlyList<Matcher> matchers, Func<MemSeries, bool> wanted)
    {
        lock (_gate)
        {
            return [.. FindLocked(matchers).Where(wanted)];
        }
    }

    /// <summary>Reads the lists of series by label name and value, while no series is born or dropped.</summary>
    public void ReadPostings(Action<IReadOnlyDictionary<string, Dictionary<string, List<MemSeries>>>> read)
    {
        lock (_gate)
        {
            read(_postings);
        }
    }

    /// <summary>All label names, unordered.</summary>
    public string[] LabelNames()
    {
        lock (_gate)
        {
            return [.. _postings.Keys];
        }
    }

    /// <summary>All values of a label, unordered.</summary>
    public string[] LabelValues(string name)
    {
        lock (_gate)
        {
            return _postings.TryGetValue(name, out var values) ? [.. values.Keys] : [];
        }
    }

    /// <summary>All findable series.</summary>
    public MemSeries[] All()
    {
        lock (_gate)
        {
            return [.. _byLabels.Values.Where(s => s.Listed)];
        }
    }

    /// <summary>Follows a selection.</summary>
    public TrackedSeries Track(IReadOnlyList<Matcher> matchers)
    {
        lock (_gate)
        {
            var tracker = new TrackedSeries(this, blocks, [.. matchers]);
            foreach (var series in FindLocked(matchers))
            {
                tracker.Add(series);
            }
            tracker.AddBlocks();
            // Under the pair with the fewest followers, a birth is offered to few who do not want it.
            var home = matchers.Where(m => m is { Op: MatchOp.Equal, Value.Length: > 0 })
                .Select(m => (m.Name, m.Value)).OrderBy(p => _trackersByPair.TryGetValue(p, out var there) ? there.Count : 0).FirstOrDefault();
            if (home.Name is null)
            {
                _otherTrackers.Add(tracker);
            }
            else if (_trackersByPair.TryGetValue(home, out var neighbours))
            {
                neighbours.Add(tracker);
            }
            else
            {
                _trackersByPair[home] = [tracker];
            }
            return tracker;
        }
    }

    /// <summary>Ends a following.</summary>
    public void Untrack(TrackedSeries tracker)
    {
        lock (_gate)
        {
            if (_otherTrackers.Remove(tracker))
            {
                return;
            }
            foreach (var matcher in tracker.Matchers)
            {
                var pair = (matcher.Name, matcher.Value);
                if (_trackersByPair.TryGetValue(pair, out var trackers) && trackers.Remove(tracker) && trackers.Count == 0)
                {
                    _trackersByPair.Remove(pair);
                }
            }
        }
    }

    /// <summary>The present series of a follower.</summary>
    public ISeriesHandle[] Snapshot(TrackedSeries tracker)
    {
        lock (_gate)
        {
            return tracker.Refresh();
        }
    }

    /// <summary>Takes samples older than a time out of memory, and series of which nothing is left there, or never was.</summary>
    public void DropBefore(long ms)
    {
        MemSeries[] all;
        lock (_gate)
        {
            all = [.. _byLabels.Values];
        }
        var gone = all.Where(s => s.DropBefore(ms)).ToHashSet();
        lock (_gate)
        {
            // A sample that came meanwhile keeps its series.
            gone.RemoveWhere(s => s.NewestMs >= ms);
            var touched = new HashSet<(string, string)>();
            foreach (var series in gone)
            {
                Retire(series);
                foreach (var (name, value) in series.Listed ? series.Labels.Pairs : [])
                {
                    touched.Add((name, value));
                }
            }
            foreach (var (name, value) in touched)
            {
                Unlist(name, value, gone);
            }
            foreach (var tracker in _trackersByPair.Values.SelectMany(t => t).Concat(_otherTrackers))
            {
                tracker.Retire(gone);
            }
        }
    }

    private void Retire(MemSeries series)
    {
        series.Retired = true;
        _byLabels.Remove(series.Labels);
        _retired.Enqueue(series);
        if (_retired.Count > MostRetired && _retired.Dequeue() is { Retired: true } forgotten)
        {
            _byReference.Forget(forgotten.Reference, forgotten);
        }
    }

    private MemSeries Put(MemSeries series)
    {
        _byLabels[series.Labels] = series;
        _lastReference = Math.Max(_lastReference, series.Reference);
        _byReference.Put(series.Reference, series);
        return series;
    }

    // Given in order, and from the beginning again when all were given: who had one so long ago has forgotten it.
    private long FreeReference()
    {
        var reference = _lastReference;
        do
        {
            reference = reference == MaxReference ? 1 : reference + 1;
        }
        while (_byReference[reference] is not null);
        return _lastReference = reference;
    }

    // Log and blocks hold UTF-8. Half of a surrogate pair would be written as U+FFFD, and series that differ become one.
    private static bool CanBeWritten(Labels labels)
    {
        foreach (var (name, value) in labels.Pairs)
        {
            if (!CanBeWritten(name) || !CanBeWritten(value))
            {
                return false;
            }
        }
        return true;
    }

    private static bool CanBeWritten(ReadOnlySpan<char> text)
    {
        for (int at; (at = text.IndexOfAnyInRange('\ud800', '\udfff')) >= 0; text = text[(at + 2)..])
        {
            if (at + 1 == text.Length || !char.IsSurrogatePair(text[at], text[at + 1]))
            {
                return false;
            }
        }
        return true;
    }

    private List<MemSeries> ListUnder(string name, string value)
    {
        if (!_postings.TryGetValue(name, out var values))
        {
            _postings[name] = values = [];
        }
        if (!values.TryGetValue(value, out var list))
        {
            values[value] = list = [];
        }
        return list;
    }

    private void Unlist(string name, string value, HashSet<MemSeries> gone)
    {
        var values = _postings[name];
        var list = values[value];
        list.RemoveAll(gone.Contains);
        if (list.Count == 0)
        {
            values.Remove(value);
            if (values.Count == 0)
            {
                _postings.Remove(name);
            }
        }
    }

    private static void Offer(List<TrackedSeries> trackers, MemSeries series)
    {
        foreach (var tracker in trackers)
        {
            if (Matcher.AllMatch(tracker.Matchers, series.Labels))
            {
                tracker.Add(series);
            }
        }
    }

    private IEnumerable<MemSeries> FindLocked(IReadOnlyList<Matcher> matchers) =>
        Candidates(matchers).Where(s => s.Listed && Matcher.AllMatch(matchers, s.Labels));

    // The shortest list that surely holds all that match.
    private IEnumerable<MemSeries> Candidates(IReadOnlyList<Matcher> matchers)
    {
        List<MemSeries>? shortest = null;
        foreach (var matcher in matchers)
        {
            if (matcher is not { Op: MatchOp.Equal, Value.Length: > 0 })
            {
                continue;
            }
            if (!_postings.TryGetValue(matcher.Name, out var values) || !values.TryGetValue(matcher.Value, out var list))
            {
                return [];
            }
            shortest = shortest is null || list.Count < shortest.Count ? list : shortest;
        }
        if (shortest is not null)
        {
            return shortest;
        }
        var present = matchers.FirstOrDefault(m => !m.Matches(""));
        return present is null ? _byLabels.Values
            : _postings.TryGetValue(present.Name, out var byValue) ? byValue.Where(v => present.Matches(v.Key)).SelectMany(v => v.Value)
            : [];
    }
}
