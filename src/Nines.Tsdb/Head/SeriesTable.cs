namespace Nines.Tsdb.Head;

/// <summary>
/// Series by reference. References are given in order and seldom twice, so they are kept in pages: a page whose series are all forgotten gives its
/// memory back. One thread writes at a time; any may read beside it.
/// </summary>
internal sealed class SeriesTable
{
    private const int PageBits = 10;

    private Page?[] _pages = new Page?[16];

    /// <summary>How many pages are held.</summary>
    public int Pages => Volatile.Read(ref _pages).Count(p => p is not null);

    /// <summary>A series by its reference, or null.</summary>
    public MemSeries? this[long reference]
    {
        get
        {
            var pages = Volatile.Read(ref _pages);
            var page = (ulong)reference >> PageBits;
            return page < (ulong)pages.Length && Volatile.Read(ref pages[page]) is { } there ? Volatile.Read(ref there.Series[Slot(reference)]) : null;
        }
    }

    /// <summary>Puts a series under a reference.</summary>
    public void Put(long reference, MemSeries series)
    {
        var page = reference >> PageBits;
        if (page >= _pages.Length)
        {
            var grown = new Page?[Math.Max(page + 1, _pages.Length * 2L)];
            _pages.CopyTo(grown, 0);
            Volatile.Write(ref _pages, grown);
        }
        var there = _pages[page] ?? new Page();
        there.Used += there.Series[Slot(reference)] is null ? 1 : 0;
        Volatile.Write(ref there.Series[Slot(reference)], series);
        Volatile.Write(ref _pages[page], there);
    }

    /// <summary>Forgets a reference if it is that of a series.</summary>
    public void Forget(long reference, MemSeries series)
    {
        if (this[reference] != series)
        {
            return;
        }
        var page = _pages[reference >> PageBits]!;
        page.Series[Slot(reference)] = null;
        if (--page.Used == 0)
        {
            _pages[reference >> PageBits] = null;
        }
    }

    private static int Slot(long reference) => (int)reference & ((1 << PageBits) - 1);

    private sealed class Page
    {
        public readonly MemSeries?[] Series = new MemSeries?[1 << PageBits];
        public int Used;
    }
}
