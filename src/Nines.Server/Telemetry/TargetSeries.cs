using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using Nines.Core.Telemetry;
using Nines.Metrics;
using Nines.Metrics.Exposition;

namespace Nines.Server.Telemetry;

/// <summary>
/// The series of one target, from the bytes of their text to their place in the store, so that a scrape parses no labels it has seen before.
/// One scrape at a time.
/// </summary>
internal sealed class TargetSeries
{
    private readonly Dictionary<byte[], Entry> _entries = new(ByteText.Comparer);
    private readonly Dictionary<byte[], Entry>.AlternateLookup<ReadOnlySpan<byte>> _byText;
    private readonly Dictionary<Labels, Group> _groups = [];
    private List<Scraped> _scraped = [];
    private readonly StagedSamples _unread = new();
    private readonly List<Entry> _replaced = [];
    private readonly Utf8Names _names = new();
    private Entry? _first;
    private Entry? _previous;
    private long _scrape;
    private int _seen;
    private int _rules;
    private Refusals _refused;

    public TargetSeries() => _byText = _entries.GetAlternateLookup<ReadOnlySpan<byte>>();

    /// <summary>What the target tells of its metric families.</summary>
    public TargetMetadata Metadata { get; } = new();

    /// <summary>Samples taken in the current scrape.</summary>
    public int Samples { get; private set; }

    /// <summary>Samples of the current scrape that metric relabelling left.</summary>
    public int Kept { get; private set; }

    /// <summary>Series first seen in the scrape appended last.</summary>
    public int Added { get; private set; }

    /// <summary>Samples that the store refused when the scrape was appended.</summary>
    public Refusals Refused => _refused;

    /// <summary>Begins a scrape.</summary>
    public void Begin()
    {
        _scrape++;
        _scraped.Clear();
        (_previous, _seen, Added, Samples, Kept, _refused) = (null, 0, 0, 0, 0, default);
    }

    /// <summary>Says that labels are made by other rules from now on: each series' are made anew, and a series that is then another one ends.</summary>
    public void RulesChanged() => _rules++;

    /// <summary>Takes one sample of the body. Labels not seen before wait for <see cref="ReadLabels"/>, so that a body that is refused costs little.</summary>
    public void Take(in ExposedSample sample, int line)
    {
        Samples += sample.IsCreated ? 0 : 1;
        // A target exposes its series in the same order each time: try the one that followed last time.
        var entry = _previous is null ? _first : _previous.Next;
        if (entry is null || entry.IsGone || entry.Rules != _rules || !sample.Series.SequenceEqual(entry.Text) || entry.IsCreated != sample.IsCreated)
        {
            if (!IsKnown(sample, out entry))
            {
                _unread.Add(sample, line);
                return;
            }
            Follow(entry);
        }
        See(entry, sample);
    }

    /// <summary>Parses the labels of series not seen before. Called once the whole body was read.</summary>
    /// <exception cref="ExpositionException">Labels cannot be parsed, or are too many.</exception>
    public void ReadLabels(ScrapeJob job, Labels target)
    {
        for (var at = default(StagedSamples.Place); _unread.TryRead(ref at, out var sample, out var line);)
        {
            if (!IsKnown(sample, out var entry))
            {
                if (entry is not null)
                {
                    entry.IsGone = true;
                    _replaced.Add(entry);
                }
                entry = NewEntry(sample, line, job, target);
                _entries[entry.Text] = entry;
            }
            Follow(entry);
            See(entry, sample);
        }
        _unread.Clear();
    }

    /// <summary>Appends the samples of a scrape that succeeded, and markers for the series that are gone.</summary>
    public void AppendTo(IAppend append, ScrapeJob job, long intervalMs, long timeMs, bool known)
    {
        NoteStarts();
        foreach (ref readonly var scraped in CollectionsMarshal.AsSpan(_scraped))
        {
            var entry = scraped.Entry;
            if (entry.IsCreated || entry.IsDropped)
            {
                continue;
            }
            entry.OwnTime = job.HonorTimestamps && scraped.TimestampMs != ExpositionParser.NoTimestamp;
            var time = entry.OwnTime ? scraped.TimestampMs : timeMs;
            // As the target says it, even when later than the scrape's time: a start that changed from scrape to scrape would be another counter.
            var start = entry.Group is { } group && group.SetIn == _scrape ? group.StartMs : 0;
            _refused.Count(Append(append, entry, new CounterSample(time, scraped.Value, start), known, intervalMs));
        }
        if (_seen < _entries.Count)
        {
            DropUnseen(append, timeMs);
        }
        foreach (var entry in _replaced)
        {
            // One that is the same series still has its sample at this time, and takes no second.
            entry.End(append, timeMs);
        }
        _replaced.Clear();
    }

    private Refusal Append(IAppend append, Entry entry, in CounterSample sample, bool known, long intervalMs)
    {
        var why = entry.Reference == 0 ? Refusal.UnknownSeries : append.Add(entry.Reference, sample);
        if (why != Refusal.UnknownSeries)
        {
            return why;
        }
        // Of one that the store refused before, or has forgotten, the first samples were not seen: it is not born now.
        entry.Reference = append.Series(entry.Labels, known && !entry.WasAsked, intervalMs, out why);
        Added += entry.WasAsked ? 0 : 1;
        entry.WasAsked = true;
        return entry.Reference == 0 ? why : append.Add(entry.Reference, sample);
    }

    /// <summary>Ends all series, as when the target does not answer or is gone.</summary>
    public void EndAll(IAppend append, long timeMs)
    {
        foreach (var entry in _entries.Values)
        {
            entry.End(append, timeMs);
        }
        foreach (var entry in _replaced)
        {
            entry.End(append, timeMs);
        }
        _replaced.Clear();
        // What a hostile body made grow is given back.
        _entries.Clear();
        _entries.TrimExcess();
        _groups.Clear();
        _scraped = [];
        _unread.Clear();
        (_first, _previous) = (null, null);
    }

    private void DropUnseen(IAppend append, long timeMs)
    {
        foreach (var (text, entry) in _entries)
        {
            if (entry.SeenIn != _scrape)
            {
                entry.End(append, timeMs);
                entry.IsGone = true;
                _entries.Remove(text);
            }
        }
        foreach (var (key, group) in _groups)
        {
            if (group.UsedIn(_scrape))
            {
                continue;
            }
            _groups.Remove(key);
        }
    }

    // A start may stand before or after the samples it is for.
    private void NoteStarts()
    {
        foreach (ref readonly var scraped in CollectionsMarshal.AsSpan(_scraped))
        {
            if (scraped.Entry is { IsCreated: true, Group: { } group } && scraped.Value is > 0 and < 9e12)
            {
                (group.StartMs, group.SetIn) = ((long)Math.Round(scraped.Value * 1000), _scrape);
            }
        }
    }

    private Entry NewEntry(in ExposedSample sample, int line, ScrapeJob job, Labels target)
    {
        var exposed = SeriesText.Parse(sample.Series, line, _names);
        var merged = TargetLabels.Merge(exposed, target, job.HonorLabels);
        var labels = Relabelling.Apply(job.MetricRelabelRules, merged) ?? Labels.Empty;
        if (labels.Count == 0)
        {
            return new Entry(sample.Series.ToArray(), sample.IsCreated, labels, _rules);
        }
        Check(labels, line, job);
        var entry = new Entry(sample.Series.ToArray(), sample.IsCreated, labels, _rules);
        var family = _names.Get(sample.Family);
        if (HasStart(family, exposed.Name))
        {
            var key = labels.Without(Labels.MetricName, "le").With(Labels.MetricName, family);
            ref var group = ref CollectionsMarshal.GetValueRefOrAddDefault(_groups, key, out _);
            entry.Group = group ??= new Group();
            group.Members.Add(entry);
        }
        return entry;
    }

    private static void Check(Labels labels, int line, ScrapeJob job)
    {
        if (labels.Name.Length == 0)
        {
            throw new ExpositionException(line, "metric relabelling leaves a series without a name");
        }
        if (labels.Count > job.LabelLimit)
        {
            throw new ExpositionException(line, $"{labels.Count} labels, the limit is {job.LabelLimit}");
        }
        foreach (var (name, value) in labels.Pairs)
        {
            if ((job.LabelNameLengthLimit > 0 && name.Length > job.LabelNameLengthLimit)
                || (job.LabelValueLengthLimit > 0 && value.Length > job.LabelValueLengthLimit))
            {
                throw new ExpositionException(line, $"label {name} is longer than label_name_length_limit or label_value_length_limit");
            }
        }
    }

    private bool IsKnown(in ExposedSample sample, [NotNullWhen(true)] out Entry? entry) =>
        _byText.TryGetValue(sample.Series, out entry) && entry.IsCreated == sample.IsCreated && entry.Rules == _rules;

    private void Follow(Entry entry)
    {
        if (_previous is null)
        {
            _first = entry;
        }
        else
        {
            _previous.Next = entry;
        }
    }

    private void See(Entry entry, in ExposedSample sample)
    {
        _previous = entry;
        if (entry.SeenIn != _scrape)
        {
            entry.SeenIn = _scrape;
            _seen++;
        }
        Kept += sample.IsCreated || entry.IsDropped ? 0 : 1;
        _scraped.Add(new Scraped(entry, sample.Value, sample.TimestampMs));
    }

    private static bool HasStart(string family, string name) =>
        family.Length > 0 && name.StartsWith(family, StringComparison.Ordinal)
        && name.AsSpan(family.Length) is "_total" or "_bucket" or "_count" or "_sum" or "_created";

    private sealed class Entry(byte[] text, bool isCreated, Labels labels, int rules)
    {
        public byte[] Text => text;
        public int Rules => rules;
        public bool IsDropped => labels.Count == 0;
        public bool IsCreated => isCreated;
        public Labels Labels => labels;
        public Entry? Next;
        public Group? Group;
        public long Reference;
        public long SeenIn;
        public bool OwnTime;
        public bool WasAsked;

        /// <summary>Forgotten, though the entry before it may still point here.</summary>
        public bool IsGone;

        // A series with its own timestamps ends when the target says so, as in Prometheus.
        public void End(IAppend append, long timeMs)
        {
            if (Reference != 0 && !OwnTime)
            {
                append.Add(Reference, new CounterSample(timeMs, StaleMarker.Value, 0));
            }
        }
    }

    /// <summary>The series that began to count together: one family, one set of labels.</summary>
    private sealed class Group
    {
        public List<Entry> Members { get; } = [];
        public long StartMs;
        public long SetIn;

        public bool UsedIn(long scrape)
        {
            Members.RemoveAll(m => m.SeenIn != scrape);
            return Members.Count > 0;
        }
    }

    private readonly record struct Scraped(Entry Entry, double Value, long TimestampMs);
}
