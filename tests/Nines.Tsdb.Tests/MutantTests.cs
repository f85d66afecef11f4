namespace Nines.Tsdb.Tests;

/// <summary>Each planted fault is noticed by the tests that stand for the promise it breaks.</summary>
public class MutantTests
{
    [Theory]
    [InlineData(nameof(TsdbFault.SupersededKept))]
    [InlineData(nameof(TsdbFault.HeadDroppedFirst))]
    [InlineData(nameof(TsdbFault.LogCutEarly))]
    [InlineData(nameof(TsdbFault.LogReplayedWhole))]
    [InlineData(nameof(TsdbFault.RenamedUnsynced))]
    public void Life_WithAFault_IsCaught(string fault) => ShouldBeCaught(seed => CrashTests.Life(seed, Enum.Parse<TsdbFault>(fault)));

    [Theory]
    [InlineData(nameof(TsdbFault.RefusedForgotten))]
    [InlineData(nameof(TsdbFault.HeadDroppedFirst))]
    public void FailingDisk_WithAFault_IsCaught(string fault) => ShouldBeCaught(seed => CrashTests.Failing(seed * 7, 100_000, Enum.Parse<TsdbFault>(fault)));

    [Fact]
    public void FlippedByte_WithChecksumsIgnored_IsCaught() => ShouldBeCaught(_ => Blocks.BlockDamageTests.FlipChunks(TsdbFault.ChecksumIgnored));

    [Fact]
    public void Retention_WithTheWatermarkIgnored_IsCaught() => ShouldBeCaught(_ => Blocks.RetentionTests.Watermark(TsdbFault.WatermarkIgnored));

    private static void ShouldBeCaught(Action<int> check)
    {
        for (var seed = 1; seed <= 30; seed++)
        {
            try
            {
                check(seed);
            }
            catch (ShouldAssertException)
            {
                return;
            }
        }
        Assert.Fail("nothing noticed the fault");
    }
}
