using System.Globalization;

namespace Nines.Tsdb.Log;

/// <summary>Appends to segments. Not safe for several threads: the store's commit lock guards it.</summary>
internal sealed class LogWriter(ILogFiles files, int segmentBytes) : IDisposable
{
    private readonly List<Segment> _segments = [];
    private ILogFile? _file;
    private bool _unsynced;

    /// <summary>The number of the segment written to; 0 when the next write starts one.</summary>
    public long Current => _file is null ? 0 : _segments[^1].Number;

    /// <summary>Size of all segments in bytes.</summary>
    public long Bytes => _segments.Sum(s => s.Length);

    /// <summary>How many segments there are.</summary>
    public int Count => _segments.Count;

    /// <summary>Notes a segment found at the start.</summary>
    public void Found(string name, long length, long newestMs) =>
        _segments.Add(new Segment(name, long.Parse(Path.GetFileNameWithoutExtension(name), CultureInfo.InvariantCulture)) { Length = length,
            NewestMs = newestMs });

    /// <summary>Makes sure that there is a segment with room.</summary>
    public void Open()
    {
        if (_file is not null && _segments[^1].Length < segmentBytes)
        {
            return;
        }
        Close();
        var number = _segments.Count == 0 ? 1 : _segments[^1].Number + 1;
        var name = number.ToString("D8", CultureInfo.InvariantCulture) + ".log";
        var file = files.Create(name);
        var segment = new Segment(name, number) { Length = LogFormat.SegmentHeader };
        _segments.Add(segment);
        try
        {
            file.Append(LogFormat.NewSegmentHeader());
        }
        catch
        {
            file.Dispose();
            Discard(segment);
            throw;
        }
        _file = file;
    }

    /// <summary>Appends records whose newest sample is at a time.</summary>
    public void Append(ReadOnlySpan<byte> records, long newestMs)
    {
        var segment = _segments[^1];
        // Counted first: a failed write may still have left bytes, and its segment must live as long as they do.
        segment.Length += records.Length;
        segment.NewestMs = Math.Max(segment.NewestMs, newestMs);
        try
        {
            _file!.Append(records);
            _unsynced = true;
        }
        catch
        {
            Close();
            throw;
        }
    }

    /// <summary>Forces what was written to disk.</summary>
    public void Sync()
    {
        if (_unsynced && _file is not null)
        {
            _file.Sync();
            _unsynced = false;
        }
    }

    /// <summary>Deletes segments that nobody needs.</summary>
    /// <param name="oldestMs">Samples before this are not kept.</param>
    /// <param name="maxBytes">What the log may take.</param>
    /// <returns>The time before which samples are no longer in the log, at least <paramref name="oldestMs"/>.</returns>
    public long DropBefore(long oldestMs, long maxBytes)
    {
        while (_segments.Count > 1 && (_segments[0].NewestMs < oldestMs || Bytes > maxBytes))
        {
            var segment = _segments[0];
            files.Delete(segment.Name);
            _segments.RemoveAt(0);
            oldestMs = segment.NewestMs == long.MinValue ? oldestMs : Math.Max(oldestMs, segment.NewestMs + 1);
        }
        return oldestMs;
    }

    /// <inheritdoc/>
    public void Dispose() => Close();

    private void Close()
    {
        var file = _file;
        _file = null;
        if (file is null)
        {
            return;
        }
        try
        {
            if (_unsynced)
            {
                file.Sync();
            }
        }
        finally
        {
            _unsynced = false;
            file.Dispose();
        }
    }

    // An empty segment per attempt would fill a full disk's directory. If it cannot go either, it stays listed and is harmless.
    private void Discard(Segment segment)
    {
        try
        {
            files.Delete(segment.Name);
            _segments.Remove(segment);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            segment.Length = 0;
        }
    }

    private sealed class Segment(string name, long number)
    {
        public string Name => name;
        public long Number => number;
        public long Length { get; set; }
        public long NewestMs { get; set; } = long.MinValue;
    }
}
