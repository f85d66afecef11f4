namespace Nines.Tsdb.Tests;

/// <summary>Each planted fault is noticed by the tests that stand for the promise it breaks.</summary>
public class MutantTests
{
    [Theory]
    [InlineData(TsdbFault.SupersededKept)]
    [InlineData(TsdbFault.HeadDroppedFirst)]
    [InlineData(TsdbFault.LogCutEarly)]
    [InlineData(TsdbFault.LogReplayedWhole)]
    [InlineData(TsdbFault.RenamedUnsynced)]
    internal void Life_WithAFault_IsCaught(TsdbFault fault) => ShouldBeCaught(seed => CrashTests.Life(seed, fault));

    [Theory]
    [InlineData(TsdbFault.RefusedForgotten)]
    [InlineData(TsdbFault.HeadDroppedFirst)]
    internal void FailingDisk_WithAFault_IsCaught(TsdbFault fault) => ShouldBeCaught(seed => CrashTests.Failing(seed * 7, 100_000, fault));

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
