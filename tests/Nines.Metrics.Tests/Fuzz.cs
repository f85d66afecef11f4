namespace Nines.Metrics.Tests;

/// <summary>Seeded cases for parsers: a modest number in the quick tier, as many as fit when <c>NINES_FUZZ_SECONDS</c> says how long.</summary>
public static class Fuzz
{
    /// <summary>The seeds of the cases.</summary>
    public static IEnumerable<int> Seeds(int quick)
    {
        var seconds = double.TryParse(Environment.GetEnvironmentVariable("NINES_FUZZ_SECONDS"), out var given) ? given : 0;
        var begun = TimeProvider.System.GetTimestamp();
        for (var seed = 0; seed < quick || TimeProvider.System.GetElapsedTime(begun).TotalSeconds < seconds; seed++)
        {
            yield return seed;
        }
    }

    /// <summary>Bytes changed in a few places: flipped, cut, doubled, or joined with others.</summary>
    public static byte[] Mutate(byte[] bytes, byte[] other, Random random)
    {
        var list = bytes.ToList();
        for (var i = random.Next(1, 5); i > 0 && list.Count > 0; i--)
        {
            var at = random.Next(list.Count);
            switch (random.Next(6))
            {
                case 0: list[at] = (byte)random.Next(256); break;
                case 1: list[at] ^= (byte)(1 << random.Next(8)); break;
                case 2: list.RemoveRange(at, Math.Min(random.Next(1, 9), list.Count - at)); break;
                case 3: list.InsertRange(at, list.Skip(random.Next(list.Count)).Take(random.Next(1, 20)).ToArray()); break;
                case 4 when other.Length > 0: list.InsertRange(at, other.Skip(random.Next(other.Length)).Take(random.Next(1, 20)).ToArray()); break;
                default: list.Insert(at, (byte)(random.Next(3) switch { 0 => 0xff, 1 => 0x80, _ => random.Next(32, 127) })); break;
            }
        }
        return [.. list];
    }
}
