using Nines.Core.Telemetry;
using Nines.Metrics;
using Nines.Metrics.Tests.RemoteWrite;
using Nines.Server.Telemetry;
using Nines.Server.Telemetry.RemoteWrite;
using Nines.Tsdb;

namespace Nines.Server.Tests.Telemetry.RemoteWrite;

public sealed class RemoteWriteReceiverTests : IDisposable
{
    private static readonly long Now = ManualTime.Start.ToUnixTimeMilliseconds();
    private readonly string _directory = Directory.CreateTempSubdirectory("nines-write-").FullName;
    private readonly ManualTime _clock = new();
    private readonly MetadataStore _metadata = new();
    private readonly TsdbStore _store;

    public RemoteWriteReceiverTests() => _store = new TsdbStore(new TsdbOptions { Directory = _directory, Time = _clock, SyncInterval = TimeSpan.FromDays(1), MaintenanceInterval = TimeSpan.FromDays(1) });

    [Fact]
    public void Take_NewAndKnownSeries_AreStoredOnce()
    {
        var receiver = Receiver();
        receiver.Take(Up("a", (Now, 1)).Block).ShouldBe(new WriteOutcome(204, ""));
        receiver.Take(Up("a", (Now + 1, 2)).Series([("__name__", "up"), ("job", "b")], (Now, 3)).Block).Status.ShouldBe(204);
        Samples("a").ShouldBe([new(Now, 1), new(Now + 1, 2)]);
        Samples("b").ShouldBe([new(Now, 3)]);
        receiver.CachedSeries.ShouldBe(2);
    }

    [Fact]
    public void Take_TheSameAgain_IsAcceptedSilently()
    {
        var receiver = Receiver();
        receiver.Take(Up("a", (Now, 1)).Block);
        receiver.Take(Up("a", (Now, 1)).Block).Status.ShouldBe(204);
        Samples("a").Count.ShouldBe(1);
    }

    [Fact]
    public void Take_SomeOutOfOrder_KeepsTheRestAndSaysWhich()
    {
        var receiver = Receiver();
        receiver.Take(Up("a", (Now, 1)).Block);
        var outcome = receiver.Take(Up("a", (Now - 1, 7), (Now + 5, 8)).Block);
        outcome.ShouldBe(new WriteOutcome(400, $"1 samples were stored; refused: 1 out of order; the first: out of order: series up{{job=\"a\"}} at {Now - 1}"));
        Samples("a").ShouldBe([new(Now, 1), new(Now + 5, 8)]);
    }

    [Fact]
    public void Take_RefusedForSeveralReasons_CountsEach()
    {
        var receiver = Receiver();
        receiver.Take(Up("a", (Now, 1)).Block);
        var outcome = receiver.Take(Up("a", (Now - 1, 7), (Now, 2), (Now + 5, 8), (Now + 3_600_000, 1)).Series([("__name__", "up"), ("job", "b")], (Now, 3)).Block);
        outcome.ShouldBe(new WriteOutcome(400, "2 samples were stored; refused: 1 out of order, 1 with a second value for their time, 1 too far in the future; "
            + $"the first: out of order: series up{{job=\"a\"}} at {Now - 1}"));
        Samples("a").ShouldBe([new(Now, 1), new(Now + 5, 8)]);
        Samples("b").ShouldBe([new(Now, 3)]);
    }

    [Fact]
    public void Take_AnotherWriteCameFirst_IsNoSuccess()
    {
        var receiver = new RemoteWriteReceiver(new Overtaken(_store), _metadata, new(), _clock);
        var outcome = receiver.Take(Up("a", (Now, 1), (Now + 1, 1)).Series([("__name__", "up"), ("job", "b")], (Now, 1)).Block);
        outcome.ShouldBe(new WriteOutcome(400,
            "2 samples were stored; refused: 1 with a second value for their time; the first: another write to the same series came first"));
        Samples("a").ShouldBe([new(Now, 99), new(Now + 1, 1)]);
    }

    [Fact]
    public void Take_BadLabelsAndHistograms_AreNamedAndTheRestIsKept()
    {
        var receiver = Receiver();
        byte[] histogram = [.. RemoteBody.Field(1, RemoteBody.Label("__name__", "h")), .. RemoteBody.Field(4, [1])];
        var outcome = receiver.Take(Up("a", (Now, 1)).Series([("b", "1"), ("__name__", "up")], (Now, 1)).Raw(1, histogram).Block);
        outcome.Status.ShouldBe(400);
        outcome.Message.ShouldBe("1 samples were stored; refused: 1 series with bad labels, 1 native histograms; the first: labels out of order: __name__ after b");
        Samples("a").Count.ShouldBe(1);
        receiver.Take(new RemoteBody().Raw(1, histogram).Block).Message.ShouldEndWith("native histograms are not stored: series h");
    }

    [Fact]
    public void Take_StaleMarker_EndsTheSeries()
    {
        Receiver().Take(Up("a", (Now, StaleMarker.Value)).Block);
        StaleMarker.Is(Samples("a").ShouldHaveSingleItem().Value).ShouldBeTrue();
    }

    [Fact]
    public void Take_SeriesRetiredByTheStore_GetsANewPlace()
    {
        var receiver = Receiver();
        receiver.Take(Up("a", (Now, 1)).Block);
        _clock.Advance(TimeSpan.FromDays(40));
        var later = _clock.GetUtcNow().ToUnixTimeMilliseconds();
        receiver.Take(Up("a", (later, 2), (later + 1, 3)).Block).ShouldBe(new WriteOutcome(204, ""));
        Samples("a").ShouldBe([new(later, 2), new(later + 1, 3)]);
    }

    [Theory]
    [InlineData(new byte[] { 0x80, 0x80, 0x80, 0x80, 0x08, 0x00 }, 413, "the body claims 2147483648 bytes when decoded, the limit is 1000")]
    [InlineData(new byte[] { 3, 8, 0x0a, 0x05, 0x00 }, 400, "damaged protobuf message: it ends within a field at byte 2")]
    [InlineData(new byte[] { }, 400, "damaged snappy block: it does not begin with its size")]
    public void Take_HostileBodies_AreRefused(byte[] body, int status, string message) =>
        Receiver(new() { DecodedBytes = 1000 }).Take(body).ShouldBe(new WriteOutcome(status, message));

    [Fact]
    public void Take_OverALimit_KeepsNothingOrNamesTheLabel()
    {
        var receiver = Receiver(new() { Samples = 2, Labels = 2, LabelNameLength = 8, LabelValueLength = 4 });
        receiver.Take(Up("a", (Now, 1), (Now + 1, 1), (Now + 2, 1)).Block).ShouldBe(new WriteOutcome(413, "more than 2 samples in one request"));
        Samples("a").ShouldBeEmpty();
        string Said(params (string, string)[] labels) => receiver.Take(new RemoteBody().Series(labels, (Now, 1)).Block).Message.Split("first: ")[1];
        Said(("__name__", "up"), ("a", "1"), ("b", "2")).ShouldStartWith("more than 2 labels");
        Said(("__name__", "up"), ("muchtoolong", "1")).ShouldStartWith("a label name of 11 characters, the limit is 8");
        Said(("__name__", "up"), ("a", "12345")).ShouldStartWith("a value of 5 characters for label a, the limit is 4");
    }

    [Fact]
    public void Take_MoreSeriesThanAreRemembered_ForgetsTheOldOnesAndStoresAll()
    {
        var receiver = Receiver(new() { CachedSeries = 10 });
        for (var i = 0; i < 100; i++)
        {
            receiver.Take(Up($"s{i}", (Now, i)).Block).Status.ShouldBe(204);
            receiver.CachedSeries.ShouldBeLessThanOrEqualTo(12);
        }
        for (var i = 0; i < 100; i++)
        {
            receiver.Take(Up($"s{i}", (Now + 1, i)).Block).Status.ShouldBe(204);
        }
        _store.Select([new Matcher("__name__", MatchOp.Equal, "up")], 0, long.MaxValue).Count.ShouldBe(100);
    }

    [Fact]
    public void Take_ANewGeneration_KeepsWhatIsUsed()
    {
        var receiver = Receiver();
        receiver.Take(Up("a", (Now, 1)).Series([("__name__", "up"), ("job", "b")], (Now, 1)).Block);
        for (var hour = 1; hour < 4; hour++)
        {
            _clock.Advance(TimeSpan.FromHours(1));
            receiver.Take(Up("a", (Now + hour, 1)).Block).Status.ShouldBe(204);
        }
        // "a" in both generations, "b" in none.
        receiver.CachedSeries.ShouldBe(2);
    }

    [Fact]
    public void Take_Metadata_CanBeRead()
    {
        Receiver().Take(Up("a", (Now, 1)).Metadata("up", 2, "Is it up?", "").Metadata("up", 2, "Is it up?", "").Block);
        var (family, accounts) = _metadata.Read(null, -1, 0).ShouldHaveSingleItem();
        (family, accounts.ShouldHaveSingleItem().Type).ShouldBe(("up", "gauge"));
    }

    [Fact]
    public void Take_SeriesTheStoreHasForgotten_IsResolvedAgain()
    {
        var sink = new ForgetfulSink(_store);
        var receiver = new RemoteWriteReceiver(sink, _metadata, new(), _clock);
        receiver.Take(Up("a", (Now, 1)).Block);
        sink.Forget();
        receiver.Take(Up("a", (Now + 1, 2), (Now + 2, 3)).Block).ShouldBe(new WriteOutcome(204, ""));
        receiver.Take(Up("a", (Now + 3, 4)).Block).ShouldBe(new WriteOutcome(204, ""));
        Samples("a").Count.ShouldBe(4);
    }

    // Another writer comes between what is added and its commit.
    private sealed class Overtaken(TsdbStore store) : ISampleSink, IAppend
    {
        private readonly IAppend _inner = store.Begin();

        public IAppend Begin() => this;

        public long Series(Labels labels, bool bornInKnownTarget, long intervalMs, out Refusal refusal) =>
            _inner.Series(labels, bornInKnownTarget, intervalMs, out refusal);

        public Refusal Add(long series, CounterSample sample) => _inner.Add(series, sample);

        public Committed Commit()
        {
            using (var other = store.Begin())
            {
                other.Add(other.Series(Labels.Of(("__name__", "up"), ("job", "a")), false, 0), new CounterSample(Now, 99, 0));
                other.Commit();
            }
            return _inner.Commit();
        }

        public void Dispose() => _inner.Dispose();
    }

    public void Dispose()
    {
        _store.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    private RemoteWriteReceiver Receiver(RemoteWriteLimits? limits = null) => new(_store, _metadata, limits ?? new(), _clock);

    private static RemoteBody Up(string job, params (long, double)[] samples) => new RemoteBody().Series([("__name__", "up"), ("job", job)], samples);

    private List<Sample> Samples(string job) => [.. _store.Select([new Matcher("job", MatchOp.Equal, job)], 0, long.MaxValue).SelectMany(s => s.Samples())];
}
