namespace Nines.PromQL.Evaluation;

/// <summary>The times a query asks for; its end need not be at a step. An instant query has a step of 0.</summary>
internal readonly record struct QueryTimes(long StartMs, long EndMs, long StepMs);

/// <summary>The times at which an expression is evaluated, in milliseconds since the Unix epoch. A step of 0 repeats one time.</summary>
internal readonly record struct Steps(long StartMs, long StepMs, int Count)
{
    public long EndMs => StartMs + (StepMs * (Count - 1));

    public long this[int index] => StartMs + (StepMs * index);

    public static Steps Once(long timeMs) => new(timeMs, 0, 1);

    public static Steps Of(long startMs, long endMs, long stepMs) => new(startMs, stepMs, endMs < startMs ? 0 : checked((int)((endMs - startMs) / stepMs) + 1));
}
