using System.Text;
using Nines.Core.Probes;

namespace Nines.Core.Tests.Probes;

/// <summary>Gatus' language: the facts its documentation and its own tests state, and where we depart from it.</summary>
public sealed class ConditionTests
{
    private static Observation Body(string body) => new() { Body = Encoding.UTF8.GetBytes(body), TimeMs = 1_800_000_000_000 };

    private static Observation Seen(string what)
    {
        var (key, value) = (what.Split('=', 2)[0], what.Split('=', 2).ElementAtOrDefault(1) ?? "");
        return key switch
        {
            "ip" => new() { Ip = value },
            "status" => new() { Status = int.Parse(value) },
            "ms" => new() { DurationMs = double.Parse(value, System.Globalization.CultureInfo.InvariantCulture) },
            "connected" => new() { Connected = value == "true" },
            "cert-h" => new() { CertificateLeftMs = int.Parse(value) * 3_600_000.0 },
            "rcode" => new() { DnsRcode = value },
            "body" => Body(value),
            "header" => new() { Headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase) { [value.Split(':')[0]] = value.Split(':')[1] } },
            _ => new(),
        };
    }

    [Theory]
    [InlineData("[IP] == 127.0.0.1", "ip=127.0.0.1", true)]
    [InlineData("[STATUS] == 200", "status=200", true)]
    [InlineData("[status] == 200", "status=200", true)]
    [InlineData("[STATUS] == 200", "status=500", false, "[STATUS] (500) == 200")]
    [InlineData("[STATUS] < 300", "status=201", true)]
    [InlineData("[STATUS] < 300", "status=404", false, "[STATUS] (404) < 300")]
    [InlineData("[RESPONSE_TIME] < 500", "ms=50", true)]
    [InlineData("[RESPONSE_TIME] < 1s", "ms=50", true)]
    [InlineData("[RESPONSE_TIME] > 500", "ms=750", true)]
    [InlineData("[RESPONSE_TIME] > 1s", "ms=2000", true)]
    [InlineData("[RESPONSE_TIME] >= 500", "ms=500", true)]
    [InlineData("[RESPONSE_TIME] >= 500", "ms=499", false, "[RESPONSE_TIME] (499) >= 500")]
    [InlineData("[RESPONSE_TIME] <= 500", "ms=500", true)]
    [InlineData("[RESPONSE_TIME] <= 500", "ms=750", false, "[RESPONSE_TIME] (750) <= 500")]
    [InlineData("[BODY] == test", "body=test", true)]
    [InlineData("[BODY] == 123", "body=123", true)]
    [InlineData("[BODY] < 124", "body=123", true)]
    [InlineData("[BODY] > 123", "body=100", false, "[BODY] (100) > 123")]
    [InlineData("[BODY].status == UP", "body={\"status\":\"UP\"}", true)]
    [InlineData("[BODY].data.name == john", "body={\"data\": {\"id\": 1, \"name\": \"john\"}}", true)]
    [InlineData("[BODY].data.name == john", "body={\"data\": {\"id\": 1}}", false, "[BODY].data.name (INVALID) == john")]
    [InlineData("len([BODY].data.name) == john", "body={\"data\": {\"id\": 1}}", false, "len([BODY].data.name) (INVALID) == john")]
    [InlineData("[BODY].user.firstName != [BODY].user.lastName", "body={\"user\": {\"firstName\": \"john\", \"lastName\": \"doe\"}}", true)]
    [InlineData("[BODY].user.firstName == [BODY].user.lastName", "body={\"user\": {\"firstName\": \"john\", \"lastName\": \"doe\"}}", false, "[BODY].user.firstName (john) == [BODY].user.lastName (doe)")]
    [InlineData("[BODY][0].id == 1", "body=[{\"id\": 1}, {\"id\": 2}]", true)]
    [InlineData("[BODY].data == OK", "body={\"data\": null}", false, "[BODY].data (INVALID) == OK")]
    [InlineData("[BODY].items[0] == OK", "body={\"items\": [null, null]}", false, "[BODY].items[0] (INVALID) == OK")]
    [InlineData("[BODY].data == OK", "body=null", false, "[BODY].data (INVALID) == OK")]
    [InlineData("[BODY][0].name == test", "body={\"statusCode\": 500}", false, "[BODY][0].name (INVALID) == test")]
    [InlineData("[BODY].data[1].id == 2", "body={\"data\": [{\"id\": 1}, {\"id\": 2}, {\"id\": 3}]}", true)]
    [InlineData("[BODY].data > 0", "body={\"data\": \"0x1\"}", true)]
    [InlineData("[BODY].data == 1", "body={\"data\": \"0x1\"}", true)]
    [InlineData("[BODY].data == 0x1", "body={\"data\": \"0x1\"}", true)]
    [InlineData("[BODY].data == 12648243", "body={\"data\": \"0xC0ff33\"}", true)]
    [InlineData("len([BODY].data) == 3", "body={\"data\": \"0x1\"}", true)]
    [InlineData("[BODY].data == 2", "body={\"data\": \"0o2\"}", true)]
    [InlineData("[BODY].data == 0o2", "body={\"data\": \"0o2\"}", true)]
    [InlineData("[BODY].data == 2", "body={\"data\": \"0b0010\"}", true)]
    [InlineData("[BODY].data.id > 5", "body={\"data\": {\"id\": 1}}", false, "[BODY].data.id (1) > 5")]
    [InlineData("[BODY].balance > 100", "body={\"balance\": \"123.40000000000005\"}", true)]
    [InlineData("[CONNECTED] == true", "connected=true", true)]
    [InlineData("[CONNECTED] == true", "connected=false", false, "[CONNECTED] (false) == true")]
    [InlineData("[CERTIFICATE_EXPIRATION] == 0", "none", true)]
    [InlineData("[CERTIFICATE_EXPIRATION] > 2419200000", "cert-h=1440", true)]
    [InlineData("[CERTIFICATE_EXPIRATION] > 2419200000", "cert-h=336", false, "[CERTIFICATE_EXPIRATION] (336h) > 2419200000")]
    [InlineData("[CERTIFICATE_EXPIRATION] > 12h", "cert-h=24", true)]
    [InlineData("[CERTIFICATE_EXPIRATION] > 48h", "cert-h=24", false, "[CERTIFICATE_EXPIRATION] (24h) > 48h")]
    [InlineData("[DNS_RCODE] == NOERROR", "rcode=NXDOMAIN", false, "[DNS_RCODE] (NXDOMAIN) == NOERROR")]
    [InlineData("1 == 2", "none", false, "1 == 2")]
    [InlineData("raw == raw", "none", true)]
    public void What_gatus_says_is_said(string condition, string seen, bool holds, string? shown = null) => Judge(condition, seen, holds, shown);

    [Theory]
    [InlineData("len([BODY]) == 3", "body=[{\"id\": 1}, {\"id\": 2}, {\"id\": 3}]", true)]
    [InlineData("len([BODY].data) == 3", "body={\"data\": [{\"id\": 1}, {\"id\": 2}, {\"id\": 3}]}", true)]
    [InlineData("len([BODY].data) == 8", "body={\"name\": \"john.doe\"}", false, "len([BODY].data) (INVALID) == 8")]
    [InlineData("len([BODY]) == 8", "body=john.doe", true)]
    [InlineData("len([BODY].age) == 2", "body={\"age\":18}", true)]
    [InlineData("len([BODY].adult) == 4", "body={\"adult\":true}", true)]
    [InlineData("len([BODY][0]) == 23", "body=[{\"age\":18,\"adult\":true}]", true)]
    [InlineData("len([BODY]) == 20", "body={\"name\": \"john.doe\"}", true)]
    [InlineData("[BODY] == pat(*john*)", "body={\"name\": \"john.doe\"}", true)]
    [InlineData("[BODY].name == pat(john*)", "body={\"name\": \"john.doe\"}", true)]
    [InlineData("[BODY].name == pat(bob*)", "body={\"name\": \"john.doe\"}", false, "[BODY].name (john.doe) == pat(bob*)")]
    [InlineData("[BODY] == pat(*<div id=\"user\">john.doe</div>*)", "body=<!DOCTYPE html><html><body><div id=\"user\">john.doe</div></body></html>", true)]
    [InlineData("[BODY] == pat(*<div id=\"user\">john.doe</div>*)", "body=<!DOCTYPE html><html lang=\"en\"><div id=\"user\">jane.doe</div>", false, "[BODY] (<!DOCTYPE html><html lang...(truncated)) == pat(*<div id=\"user\">john.doe</div>*)")]
    [InlineData("pat(*<b>*) == [BODY]", "body=<!DOCTYPE html><html lang=\"en\"></html>", false, "pat(*<b>*) == [BODY] (<!DOCTYPE html><html lang...(truncated))")]
    [InlineData("[BODY].data == pat(*Whatever*)", "body={\"data\": [\"hello\", \"world\", \"Whatever\"]}", true)]
    [InlineData("[IP] == pat(10.*)", "ip=10.0.0.0", true)]
    [InlineData("[IP] == pat(10.*)", "ip=255.255.255.255", false, "[IP] (255.255.255.255) == pat(10.*)")]
    [InlineData("[STATUS] == pat(4*)", "status=404", true)]
    [InlineData("[STATUS] == pat(4*)", "status=200", false, "[STATUS] (200) == pat(4*)")]
    [InlineData("[STATUS] != pat(4*)", "status=200", true)]
    [InlineData("[BODY].name == any(john.doe, jane.doe)", "body={\"name\": \"jane.doe\"}", true)]
    [InlineData("[BODY].name == any(john.doe, jane.doe)", "body={\"name\": \"bob\"}", false, "[BODY].name (bob) == any(john.doe, jane.doe)")]
    [InlineData("[STATUS] == any(200, 429)", "status=429", true)]
    [InlineData("any(200, 429) == [STATUS]", "status=429", true)]
    [InlineData("[STATUS] == any(200, 429)", "status=404", false, "[STATUS] (404) == any(200, 429)")]
    [InlineData("has([BODY].errors) == false", "body={}", true)]
    [InlineData("has([BODY].article) == true", "body={\"article\": {\"id\": 123}}", true)]
    [InlineData("has([BODY].errors) == false", "body={\"errors\": [\"1\"]}", false, "has([BODY].errors) (true) == false")]
    [InlineData("[HEADER].content-type == pat(*json*)", "header=Content-Type:application/json", true)]
    [InlineData("has([HEADER].X-Cache) == true", "none", false, "has([HEADER].X-Cache) (false) == true")]
    [InlineData("[BODY].items[*].state == ok", "body={\"items\": [{\"state\":\"ok\"},{\"state\":\"ok\"}]}", true, "[BODY].items[*].state == ok (2 elements)")]
    [InlineData("[BODY].items[*].state == ok", "body={\"items\": [{\"state\":\"ok\"},{\"state\":\"bad\"}]}", false, "[BODY].items[1].state (bad) == ok")]
    [InlineData("[BODY][*].n > 0", "body=[]", false, "[BODY][*].n > 0 (no elements matched)")]
    [InlineData("age([BODY].at) < 10m", "body={\"at\": 1799999700}", true)]
    [InlineData("age([BODY].at) < 10m", "body={\"at\": \"2027-01-15T07:40:00Z\"}", false, "age([BODY].at) (1200000) < 10m")]
    public void What_gatus_says_of_functions_is_said(string condition, string seen, bool holds, string? shown = null) => Judge(condition, seen, holds, shown);

    [Theory]
    [InlineData("[BODY].age < 300", "body={}", "[BODY].age (INVALID) < 300")]
    [InlineData("[BODY].age < 300", "body={\"age\": \"soon\"}", "[BODY].age (soon) < 300")]
    [InlineData("[BODY].age >= 0", "body=<html>", "[BODY].age (INVALID) >= 0")]
    [InlineData("age([BODY].at) < 1h", "body={\"at\": \"yesterday\"}", "age([BODY].at) (INVALID) < 1h")]
    public void What_is_not_there_is_never_within_a_limit(string condition, string seen, string shown)
    {
        // Gatus takes a missing value for 0 and calls these well.
        Condition.Parse(condition, out _)!.Evaluate(Seen(seen)).ShouldBe(new(condition, false, shown));
    }

    [Theory]
    [InlineData("[BODY].share < 0.5", "body={\"share\": 0.3}", true)]
    [InlineData("[BODY].share < 0.5", "body={\"share\": 0.7}", false)]
    [InlineData("[BODY].count == 1000000", "body={\"count\": 1000000}", true)]
    [InlineData("[BODY].count == 1", "body={\"count\": 1.0}", true)]
    public void Numbers_are_compared_as_they_are_written(string condition, string seen, bool holds) =>
        Condition.Parse(condition, out _)!.Evaluate(Seen(seen)).Holds.ShouldBe(holds);

    [Theory]
    [InlineData("[STATUS] ? 201", 0)]
    [InlineData("[STATUS]==201", 0)]
    [InlineData("[STATUS] = = 201", 0)]
    [InlineData("[STATUS] ==", 0)]
    [InlineData("[STATUS]", 0)]
    [InlineData("", 0)]
    [InlineData("[STATUSS] == 200", 0)]
    [InlineData("200 == [STATUSS]", 7)]
    [InlineData("len([BODY].users == 100", 0)]
    [InlineData("len([STAUS]) == 100", 0)]
    [InlineData("[STATUS] == pat(4*", 12)]
    [InlineData("[BODY] == pat(a[)", 10)]
    [InlineData("[STATUS] == any(200", 12)]
    [InlineData("[RESPONSE_TIME] < potato", 18)]
    [InlineData("[CERTIFICATE_EXPIRATION] > 14d", 27)]
    [InlineData("[STATUS] == 1 == 1", 14)]
    [InlineData("age([STATUS]) < 10m", 0)]
    [InlineData("[CONTEXT].user == 1", 0)]
    [InlineData("[DOMAIN_EXPIRATION] > 720h", 0)]
    public void What_can_mean_nothing_is_a_fault_with_its_place(string condition, int offset)
    {
        Condition.Parse(condition, out var fault).ShouldBeNull();
        fault.ShouldNotBeNull().Offset.ShouldBe(offset);
        (fault.Message.Length > 0 && fault.Hint.Length > 0).ShouldBeTrue();
    }

    [Fact]
    public void Days_are_named_in_hours() => Hint("[CERTIFICATE_EXPIRATION] > 14d").ShouldContain("336h");

    [Fact]
    public void No_body_and_no_condition_throw()
    {
        string[] parts = ["[STATUS]", "[BODY]", "[BODY].a", "[BODY][0]", "[BODY].a[*].b", "len([BODY].a)", "has([BODY][9999999999])", "[HEADER].x", "pat(*", "pat(*[a-]*)", "any(,)", "0x", "1h", " ", "==", "[*]", "[", "]", "("];
        string[] operators = [" == ", " != ", " < ", " >= ", "<", " "];
        string[] bodies = ["", "{", "[]", "[[[[]]]]", "{\"a\":[{\"b\":1},{\"b\":null}]}", "{\"a\":1e999}", "\"\"", "nul", new string('[', 100_000), "{\"a\":{\"a\":{}}}"];
        foreach (var text in from a in parts from o in operators from b in parts select a + o + b)
        {
            var condition = Condition.Parse(text, out _);
            foreach (var body in bodies)
            {
                (condition?.Evaluate(Body(body)).Text ?? text).ShouldBe(text);
            }
        }
    }

    [Fact]
    public void A_list_beyond_the_limit_is_refused_at_once()
    {
        var result = Condition.Parse("[BODY][*].a == [BODY][*].b", out _)!.Evaluate(Body("[" + string.Join(',', Enumerable.Repeat("1", 400_000)) + "]"));
        result.Holds.ShouldBeFalse();
        result.Shown.ShouldContain("more than 1000 elements");
    }

    private static void Judge(string condition, string seen, bool holds, string? shown)
    {
        var result = Condition.Parse(condition, out _).ShouldNotBeNull().Evaluate(Seen(seen));
        result.Holds.ShouldBe(holds, result.Shown);
        if (shown is not null)
        {
            result.Shown.ShouldBe(shown);
        }
    }

    private static string Hint(string condition)
    {
        Condition.Parse(condition, out var fault);
        return fault!.Hint;
    }
}
