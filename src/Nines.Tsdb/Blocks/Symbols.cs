namespace Nines.Tsdb.Blocks;

/// <summary>
/// The order of UTF-8 texts in a block: that of their UTF-16 units, which is the order of <see cref="string.CompareOrdinal(string, string)"/>.
/// </summary>
internal static class Symbols
{
    /// <summary>Compares two texts.</summary>
    public static int Compare(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b)
    {
        var same = a.CommonPrefixLength(b);
        return same == a.Length || same == b.Length ? a.Length - b.Length : Rank(a[same]) - Rank(b[same]);
    }

    // Characters beyond U+FFFF (leading bytes f0 and up) are surrogates in UTF-16, which stand before U+E000 … U+FFFF (leading bytes ee and ef).
    private static int Rank(byte b) => b is 0xee or 0xef ? b + 0x10 : b;
}
