using Nines.Metrics;

namespace Nines.PromQL.Tests.Evaluation;

/// <summary>How a query ends when it may not, or should not, give its value.</summary>
public sealed class QueryEngineTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public void Instant_BadQuery_IsBadData() => Engine().Instant("sum(", 0, Stop).Error!.Kind.ShouldBe(QueryErrorKind.BadData);

    [Theory]
    [InlineData("m[5m]", "invalid expression type \"range vector\" for range query, must be Scalar or instant Vector")]
    [InlineData("\"text\"", "invalid expression type \"string\" for range query, must be Scalar or instant Vector")]
    public void Range_OfAnotherKind_IsRefused(string query, string message) =>
        Engine().Range(query, 0, 60_000, 15_000, Stop).Error.ShouldBe(new QueryError(QueryErrorKind.BadData, message));

    [Fact]
    public void Range_MorePointsThanAllowed_IsRefused()
    {
        var engine = Engine();
        engine.Range("m", 0, 10_999_000, 1000, Stop).Error.ShouldBeNull();
        engine.Range("m", 0, 11_000_000, 1000, Stop).Error!.Message
            .ShouldBe("exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)");
    }

    [Theory]
    [InlineData("m or n", "rows that have to be held together")]
    [InlineData("count_over_time(m[1h])", "the samples of one range")]
    [InlineData("sum_over_time(m[100y:1ms])", "the steps of a subquery")]
    [InlineData("sort(m)", "a result")]
    [InlineData("sum by (i) (m{i=~'[0-7]'})", "the state of sums")]
    [InlineData("avg by (i) (m{i=~'[0-2]'})", "the state of means")]
    [InlineData("stddev by (i) (m{i=~'[0-2]'})", "the state of variances")]
    public void Instant_MoreSamplesThanAllowed_EndsInAnError(string query, string what)
    {
        var source = new MemorySeriesSource();
        for (var series = 0; series < 20; series++)
        {
            for (var i = 0; i < 100; i++)
            {
                source.Add(Labels.Of(("__name__", "m"), ("i", $"{series}")), new Sample(i * 1000, i));
                source.Add(Labels.Of(("__name__", "n"), ("i", $"{series}")), new Sample(i * 1000, i));
            }
        }
        var error = new QueryEngine(source, new QueryOptions { MaxSamples = 15 }).Instant(query, 99_000, Stop).Error;
        error.ShouldBe(new QueryError(QueryErrorKind.Execution, "query processing would load too many samples into memory in query execution"), what);
    }

    [Fact]
    public void Instant_AfterManyQueries_HoldsNothingBack()
    {
        // What a row held is given back: a thousand series of one sample pass through a limit of ten.
        var source = new MemorySeriesSource();
        for (var i = 0; i < 1000; i++)
        {
            source.Add(Labels.Of(("__name__", "m_total"), ("i", $"{i}")), new Sample(10_000, 1));
            source.Add(Labels.Of(("__name__", "m_total"), ("i", $"{i}")), new Sample(40_000, 4));
        }
        var engine = new QueryEngine(source, new QueryOptions { MaxSamples = 10 });
        var value = (VectorValue)engine.Instant("sum(abs(increase(m_total[1m])) * 2)", 60_000, Stop).Value!;
        value.Samples.Single().Sample.Value.ShouldBe(1000 * 2 * 6, 1e-6);
    }

    [Fact]
    public void Instant_OthersHoldWhatThereIs_EndsInAnError()
    {
        using var budget = new QueryBudget(mostAtOnce: 1, mostSamples: 200_000);
        budget.TryTake(150_000).ShouldBeTrue();
        var engine = new QueryEngine(Source(), new QueryOptions { MaxPoints = 100_000 }, budget);
        engine.Range("vector(1)", 0, 80_000, 1, Stop).Error!.Message
            .ShouldBe("query processing would load too many samples into memory in query execution");
        budget.Held.ShouldBe(150_000);
        budget.Give(150_000);
        engine.Range("vector(1)", 0, 80_000, 1, Stop).Error.ShouldBeNull();
        budget.Held.ShouldBe(0);
    }

    [Fact]
    public async Task Budget_NoPlaceInTime_IsRefusedAndAPlaceIsGivenBackOnce()
    {
        using var budget = new QueryBudget(mostAtOnce: 1);
        var first = await budget.EnterAsync(TimeSpan.Zero, Stop);
        (await budget.EnterAsync(TimeSpan.Zero, Stop)).ShouldBeNull();
        first!.Dispose();
        first.Dispose();
        (await budget.EnterAsync(TimeSpan.Zero, Stop)).ShouldNotBeNull();
        (await budget.EnterAsync(TimeSpan.Zero, Stop)).ShouldBeNull();
    }

    [Fact]
    public void Instant_Canceled_SaysSo() =>
        Engine().Instant("m", 0, new CancellationToken(canceled: true)).Error!.Kind.ShouldBe(QueryErrorKind.Canceled);

    [Fact]
    public void Instant_OverItsTime_SaysSo() =>
        new QueryEngine(new EndlessSource(), new QueryOptions { Timeout = TimeSpan.FromMilliseconds(1) }).Instant("sum(m)", 0, Stop)
            .Error!.Kind.ShouldBe(QueryErrorKind.Timeout);

    [Fact]
    public void Instant_AnnotationInTheSecondLine_SaysWhere() =>
        Engine().Instant("1 +\n  rate(m[1m])", 60_000, Stop).Annotations.Select(a => a.Text)
            .ShouldBe(["PromQL info: metric might not be a counter, name does not end in _total/_sum/_count/_bucket: \"m\" (2:8)"]);

    [Fact]
    public void Instant_NamesTakenAwayTwice_ClashOnlyWhereBothHaveAValue()
    {
        var source = new MemorySeriesSource();
        source.Add(Labels.Of(("__name__", "a")), new Sample(0, 1));
        source.Add(Labels.Of(("__name__", "b")), new Sample(1_000_000, 2));
        var engine = new QueryEngine(source, new QueryOptions());
        var both = (MatrixValue)engine.Range("abs({__name__=~\"a|b\"})", 0, 1_000_000, 1_000_000, Stop).Value!;
        both.Series.Single().Samples.ShouldBe([new Sample(0, 1), new Sample(1_000_000, 2)]);
        source.Add(Labels.Of(("__name__", "b")), new Sample(0, 2));
        engine.Range("abs({__name__=~\"a|b\"})", 0, 1_000_000, 1_000_000, Stop).Error!.Message.ShouldBe("vector cannot contain metrics with the same labelset");
    }

    private static MemorySeriesSource Source()
    {
        var source = new MemorySeriesSource();
        for (var i = 0; i < 10; i++)
        {
            source.Add(Labels.Of(("__name__", "m")), new Sample(i * 15_000, i));
        }
        return source;
    }

    private static QueryEngine Engine() => new(Source(), new QueryOptions());

    /// <summary>The same series again and again, without end.</summary>
    private sealed class EndlessSource : ISeriesSource, IReadOnlyList<ISelectedSeries>
    {
        private readonly ISelectedSeries _series = Source().Select([], 0, 0)[0];

        public int Count => int.MaxValue;

        public ISelectedSeries this[int index] => _series;

        public IEnumerator<ISelectedSeries> GetEnumerator()
        {
            while (true)
            {
                yield return _series;
            }
        }

        System.Collections.IEnumerator System.Collections.IEnumerable.GetEnumerator() => GetEnumerator();

        public IReadOnlyList<ISelectedSeries> Select(IReadOnlyList<Matcher> matchers, long fromMs, long toMs) => this;

        public IReadOnlyList<string> LabelNames(IReadOnlyList<Matcher> matchers, long fromMs, long toMs) => [];

        public IReadOnlyList<string> LabelValues(string name, IReadOnlyList<Matcher> matchers, long fromMs, long toMs) => [];

        public ITrackedSeries Track(IReadOnlyList<Matcher> matchers) => Source().Track(matchers);
    }
}
