using Nines.Server.Access;

namespace Nines.Server.Tests.Access;

public sealed class SignInLimitTests
{
    private readonly ManualTime _time = new();

    [Fact]
    public void Eleventh_try_of_an_address_is_refused_until_the_minute_is_over()
    {
        var limit = new SignInLimit(_time);
        for (var i = 0; i < SignInLimit.Tries; i++)
        {
            limit.Try("10.0.0.1").ShouldBeTrue();
        }
        limit.Try("10.0.0.1").ShouldBeFalse();
        limit.Try("10.0.0.2").ShouldBeTrue();
        _time.Advance(TimeSpan.FromSeconds(59));
        limit.Try("10.0.0.1").ShouldBeFalse();
        _time.Advance(TimeSpan.FromSeconds(1));
        limit.Try("10.0.0.1").ShouldBeTrue();
    }
}
