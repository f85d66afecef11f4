namespace Nines.PromQL.Evaluation;

/// <summary>
/// The k largest (or smallest) of the rows offered, in a binary heap with the worst at its root. Among equal values it keeps those that Go's
/// <c>container/heap</c> would keep, so that <c>topk</c> chooses the same series as Prometheus does. NaN is the first to go.
/// </summary>
internal sealed class RankHeap(bool largest)
{
    private readonly List<(Row Row, double Value)> _items = [];

    public void Clear() => _items.Clear();

    public void Offer(Row row, double value, int most)
    {
        if (_items.Count < most)
        {
            _items.Add((row, value));
            Up(_items.Count - 1);
        }
        else if (most > 0 && !double.IsNaN(value) && Worse(_items[0].Value, value))
        {
            _items[0] = (row, value);
            Down();
        }
    }

    /// <summary>The rows kept, best first.</summary>
    public List<Row> Ranked() => [.. _items.OrderBy(i => i.Value, Comparer<double>.Create((a, b) =>
        a.Equals(b) ? 0 : Worse(b, a) && !double.IsNaN(a) ? -1 : 1)).Select(i => i.Row)];

    private bool Worse(double a, double b) => double.IsNaN(a) || (largest ? a < b : a > b);

    private void Up(int at)
    {
        while (at > 0 && Worse(_items[at].Value, _items[(at - 1) / 2].Value))
        {
            Swap(at, (at - 1) / 2);
            at = (at - 1) / 2;
        }
    }

    private void Down()
    {
        for (var at = 0; (2 * at) + 1 < _items.Count;)
        {
            var child = (2 * at) + 1;
            child += child + 1 < _items.Count && Worse(_items[child + 1].Value, _items[child].Value) ? 1 : 0;
            if (!Worse(_items[child].Value, _items[at].Value))
            {
                return;
            }
            Swap(at, child);
            at = child;
        }
    }

    private void Swap(int a, int b) => (_items[a], _items[b]) = (_items[b], _items[a]);
}
