using System.Text.Json;
using Nines.Core.Probes.Collectors;
using Nines.Metrics;

namespace Nines.Core.Tests.Probes.Collectors;

public sealed class SqlAnswerTests
{
    private const long NowMs = 1_700_000_000_000;
    private static readonly DateTimeOffset Hour = DateTimeOffset.FromUnixTimeMilliseconds(NowMs - 3_600_000);

    [Fact]
    public void OneNumber_IsOneSample() => Read("", [("n", ColumnKind.Number)], [[7.0]]).ShouldBe(["m 7"]);

    [Fact]
    public void Texts_AreLabels_NullIsNoSampleAndNoLabel() =>
        Read("", [("source", ColumnKind.Text), ("n", ColumnKind.Number), ("kind", ColumnKind.Text)], [["a", 1.0, "x"], ["b", null, "x"], ["c", 3.0, null]])
            .ShouldBe(["m{kind=\"x\", source=\"a\"} 1", "m{source=\"c\"} 3"]);

    [Fact]
    public void Values_SeveralColumns_AreMetricsOfTheirOwn() =>
        Read("good,bad", [("source", ColumnKind.Text), ("good", ColumnKind.Number), ("bad", ColumnKind.Number)], [["a", 1.0, 2.0]])
            .ShouldBe(["m_good{source=\"a\"} 1", "m_bad{source=\"a\"} 2"]);

    [Fact]
    public void Age_OfATime_IsSeconds() => Read("", [("at", ColumnKind.Time)], [[Hour]], ValueMeaning.Age).ShouldBe(["m 3600"]);

    [Fact]
    public void Sqlite_ColumnsWithoutType_AreReadByWhatTheyHold()
    {
        Read("", [("source", ColumnKind.Any), ("n", ColumnKind.Any)], [["a", 1.0], ["b", 2.0]]).ShouldBe(["m{source=\"a\"} 1", "m{source=\"b\"} 2"]);
        Read("", [("at", ColumnKind.Any)], [[Hour.ToString("yyyy-MM-dd HH:mm:ss")]], ValueMeaning.Age).ShouldBe(["m 3600"]);
        Read("at", [("source", ColumnKind.Any), ("at", ColumnKind.Any)], [["a", Hour.ToUnixTimeSeconds() * 1.0]], ValueMeaning.Age).ShouldBe(["m{source=\"a\"} 3600"]);
        Read("", [("n", ColumnKind.Any)], [[null]]).ShouldBeEmpty();
    }

    [Fact]
    public void NoRows_AreNoSamples() => Read("", [("source", ColumnKind.Text), ("n", ColumnKind.Number)], []).ShouldBeEmpty();

    public static readonly TheoryData<string, (string, ColumnKind)[], object?[][], ValueMeaning, string> Wrong = new()
    {
        { "", [("a", ColumnKind.Number), ("b", ColumnKind.Number)], [[1.0, 2.0]], ValueMeaning.Number, "a and b all hold numbers" },
        { "", [("a", ColumnKind.Text), ("b", ColumnKind.Text)], [["x", "y"]], ValueMeaning.Number, "none of the columns a, b holds numbers" },
        { "c", [("a", ColumnKind.Number)], [[1.0]], ValueMeaning.Number, "the answer has no column c, only a" },
        { "", [("a", ColumnKind.Text)], [["many"]], ValueMeaning.Number, "a is no number: many" },
        { "", [("a", ColumnKind.Time)], [[Hour]], ValueMeaning.Number, "write as: age" },
        { "", [("a", ColumnKind.Text)], [["soon"]], ValueMeaning.Age, "a is no time: soon" },
        { "", [("?column?", ColumnKind.Text), ("n", ColumnKind.Number)], [["x", 1.0]], ValueMeaning.Number, "the column ?column? cannot be a label" },
        { "", [("s", ColumnKind.Text), ("n", ColumnKind.Number)], [["x", 1.0], ["x", 2.0]], ValueMeaning.Number, "m has two values for {s=\"x\"}" },
        { "", [("n", ColumnKind.Number), ("blob", ColumnKind.Other)], [[1.0, null]], ValueMeaning.Number, "the column blob is neither a text nor a number" },
        { "n", [("n", ColumnKind.Number), ("o", ColumnKind.Number)], [[1.0, 1.0]], ValueMeaning.Number, "the column o is neither a text nor one of values" },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void OtherShapes_AreRefusedInWords(string values, (string, ColumnKind)[] columns, object?[][] rows, ValueMeaning meaning, string message) =>
        Should.Throw<CollectException>(() => Read(values, columns, rows, meaning)).Message.ShouldContain(message);

    [Theory]
    [InlineData("result.points_count", ValueMeaning.Number, 42)]
    [InlineData("$.result.points_count", ValueMeaning.Number, 42)]
    [InlineData("queues[1].depth", ValueMeaning.Number, 7.5)]
    [InlineData("$[\"a.b\"]", ValueMeaning.Number, 3)]
    [InlineData("ok", ValueMeaning.Number, 1)]
    [InlineData("at", ValueMeaning.Age, 3600)]
    public void Json_PathLeadsToItsNumber(string path, ValueMeaning meaning, double value) => Json(path, meaning).ShouldBe([$"m {value}"]);

    [Theory]
    [InlineData("result.points", "the answer has nothing at result.points")]
    [InlineData("queues[2].depth", "the answer has nothing at queues[2].depth")]
    [InlineData("queues", "queues is a list, not a number")]
    [InlineData("result", "result is an object, not a number")]
    [InlineData("at", "at is no number: 2023-11-14T21:13:20Z")]
    [InlineData("huge", "huge is larger than numbers can be")]
    public void Json_WhatIsNoNumber_IsSaid(string path, string message) =>
        Should.Throw<CollectException>(() => Json(path, ValueMeaning.Number)).Message.ShouldBe(message);

    [Fact]
    public void Json_Null_IsNoSample() => Json("nothing", ValueMeaning.Number).ShouldBeEmpty();

    [Theory]
    [InlineData("a..b")]
    [InlineData("a[")]
    [InlineData("a[x]")]
    [InlineData("a[-1]")]
    [InlineData("$a")]
    [InlineData("a.")]
    [InlineData("a['b]")]
    public void Json_WhatIsNoPath_IsNone(string text) => JsonPath.Parse(text).ShouldBeNull();

    [Fact]
    public void Files_TheNewest_IsTold()
    {
        var set = new CollectedSet();
        FileFigures.Files("/b/*", [new(NowMs - 5000, 10), new(NowMs - 2000, 20), new(NowMs - 9000, 30)], NowMs, set);
        FileFigures.Files("/c/*", [], NowMs, set);
        Shown(set).ShouldBe(["file_count{path=\"/b/*\"} 3", "file_count{path=\"/c/*\"} 0", "file_newest_age_seconds{path=\"/b/*\"} 2", "file_newest_size_bytes{path=\"/b/*\"} 20"]);
    }

    private static List<string> Read(string values, (string Name, ColumnKind Kind)[] columns, object?[][] rows, ValueMeaning meaning = ValueMeaning.Number)
    {
        var set = new CollectedSet();
        SqlAnswer.Read(new("SELECT", new("m", "", "", meaning, false), values.Split(',', StringSplitOptions.RemoveEmptyEntries)),
            [.. columns.Select(c => new SqlColumn(c.Name, c.Kind))], rows, NowMs, set);
        return Shown(set);
    }

    private static List<string> Json(string path, ValueMeaning meaning)
    {
        using var document = JsonDocument.Parse("""
            {"result": {"points_count": 42}, "queues": [{"depth": 1}, {"depth": "7.5"}], "a.b": 3, "ok": true, "at": "2023-11-14T21:13:20Z", "nothing": null, "huge": 1e999}
            """);
        var set = new CollectedSet();
        JsonPath.Read(new(JsonPath.Parse(path)!, new("m", "", "", meaning, false), Labels.Empty), document.RootElement, NowMs, set);
        return Shown(set);
    }

    private static List<string> Shown(CollectedSet set) =>
        [.. set.Families.SelectMany(f => f.Samples.Select(s => FormattableString.Invariant($"{f.Name}{(s.Labels.Count == 0 ? "" : s.Labels)} {s.Value}")))];
}
