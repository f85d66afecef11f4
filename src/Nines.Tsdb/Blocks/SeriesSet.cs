namespace Nines.Tsdb.Blocks;

/// <summary>A set of series of one block, by number.</summary>
internal sealed class SeriesSet(int count)
{
    private readonly ulong[] _bits = new ulong[(count + 63) / 64];

    public bool IsEmpty => !_bits.AsSpan().ContainsAnyExcept(0UL);

    public void Add(int number) => _bits[number >> 6] |= 1UL << (number & 63);

    public void Clear() => _bits.AsSpan().Clear();

    public void Fill()
    {
        _bits.AsSpan().Fill(ulong.MaxValue);
        if ((count & 63) != 0)
        {
            _bits[^1] = (1UL << (count & 63)) - 1;
        }
    }

    public void IntersectWith(SeriesSet other)
    {
        for (var i = 0; i < _bits.Length; i++)
        {
            _bits[i] &= other._bits[i];
        }
    }

    public void ExceptWith(SeriesSet other)
    {
        for (var i = 0; i < _bits.Length; i++)
        {
            _bits[i] &= ~other._bits[i];
        }
    }

    public List<int> ToList()
    {
        var numbers = new List<int>();
        for (var i = 0; i < _bits.Length; i++)
        {
            for (var bits = _bits[i]; bits != 0; bits &= bits - 1)
            {
                numbers.Add(i * 64 + System.Numerics.BitOperations.TrailingZeroCount(bits));
            }
        }
        return numbers;
    }
}
