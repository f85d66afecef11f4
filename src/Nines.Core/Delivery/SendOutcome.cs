namespace Nines.Core.Delivery;

/// <summary>What is to be done after an attempt.</summary>
public enum SendVerdict
{
    /// <summary>The receiver took it.</summary>
    Sent,
    /// <summary>It did not arrive; try again.</summary>
    Retry,
    /// <summary>It may have arrived; try again and say so.</summary>
    InDoubt,
    /// <summary>The receiver refuses it for good.</summary>
    Failed,
}

/// <summary>What came of an attempt.</summary>
/// <param name="Verdict">What is to be done.</param>
/// <param name="Detail">Why, or what proves it, without secrets.</param>
/// <param name="RetryAfter">How long the receiver asks to wait; null when it does not say.</param>
public sealed record SendOutcome(SendVerdict Verdict, string Detail, TimeSpan? RetryAfter = null)
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromHours(1);

    /// <summary>The verdict on an HTTP status: 2xx sent; 408, 425, 429 and 5xx again; all else failed for good.</summary>
    public static SendVerdict VerdictOf(int status) => status switch
    {
        >= 200 and < 300 => SendVerdict.Sent,
        408 or 425 or 429 or >= 500 => SendVerdict.Retry,
        _ => SendVerdict.Failed,
    };

    /// <summary>How long to wait before the next attempt: 1 s doubling to 60 s with a fifth of jitter, or what the receiver asks for, up to an hour.</summary>
    /// <param name="attempt">The attempt that failed, from 1.</param>
    /// <param name="jitter">0 to 1.</param>
    public TimeSpan WaitAfter(int attempt, double jitter)
    {
        if (RetryAfter is { } asked)
        {
            return asked < TimeSpan.Zero ? TimeSpan.Zero : asked > LongestWait ? LongestWait : asked;
        }
        var seconds = Math.Min(60, Math.Pow(2, Math.Min(attempt - 1, 10)));
        return TimeSpan.FromSeconds(seconds * (0.9 + 0.2 * jitter));
    }
}
