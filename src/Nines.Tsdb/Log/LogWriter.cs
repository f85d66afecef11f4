using System.Globalization;
using Nines.Tsdb.Files;

namespace Nines.Tsdb.Log;

/// <summary>Appends to segments. Not safe for several threads: the store's commit lock guards it.</summary>
internal sealed class LogWriter(IStoreFiles files, int segmentBytes) : IDisposable
{
    public const string Folder = "log";

    private readonly List<Segment> _segments = [];
    private IStoreFile? _file;
    private bool _unsynced;
    private bool _unnamed;

    /// <summary>The number of the segment written to; 0 when the next write starts one.</summary>
    public long Current => _file is null ? 0 : _segments[^1].Number;

    /// <summary>Size of all segments in bytes.</summary>
    public long Bytes => _segments.Sum(s => s.Length);

    /// <summary>How many segments there are.</summary>
    public int Count => _segments.Count;

    /// <summary>Whether a file is named as segments are.</summary>
    public static bool IsSegment(string path) =>
        path.EndsWith(".log", StringComparison.Ordinal) && long.TryParse(Path.GetFileNameWithoutExtension(path), CultureInfo.InvariantCulture, out _);

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
        var name = string.Create(CultureInfo.InvariantCulture, $"{Folder}/{number:D8}.log");
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
        (_file, _unnamed) = (file, true);
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
            SyncFile(_file);
            _unsynced = false;
        }
    }

    /// <summary>Makes the next write start a segment.</summary>
    public void Rotate() => Close();

    /// <summary>Deletes segments whose samples are all older, and the oldest while there are too many bytes. The one written to stays.</summary>
    /// <param name="ms">Samples before this are in blocks, or not kept.</param>
    /// <param name="maxBytes">What the log may take.</param>
    public void DropBefore(long ms, long maxBytes)
    {
        for (var i = 0; i < _segments.Count - (_file is null ? 0 : 1);)
        {
            var segment = _segments[i];
            if (segment.NewestMs < ms || Bytes > maxBytes)
            {
                files.Delete(segment.Name);
                _segments.RemoveAt(i);
            }
            else
            {
                i++;
            }
        }
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
                SyncFile(file);
            }
        }
        finally
        {
            _unsynced = false;
            file.Dispose();
        }
    }

    private void SyncFile(IStoreFile file)
    {
        file.Sync();
        if (_unnamed)
        {
            files.SyncFolder(Folder);
            _unnamed = false;
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
