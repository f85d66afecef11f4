using System.Text;
using Nines.Core.Probes;

namespace Nines.Core.Tests.Probes;

public sealed class HealthBodyTests
{
    private const string HealthJson = """
        {"status":"warn","version":"1","checks":{
          "postgres:responseTime":[{"componentType":"datastore","status":"pass","observedValue":3}],
          "llm:utilization":[{"componentId":"eu","status":"fail","output":"429 from the provider"},{"componentId":"us","status":"pass"}],
          "uptime":[{"observedValue":12}]}}
        """;

    private const string Xabaril = """
        {"status":"Unhealthy","totalDuration":"00:00:00.1","entries":{
          "npgsql":{"status":"Healthy","duration":"00:00:00.01","data":{}},
          "redis":{"status":"Unhealthy","description":"It was not possible to connect","exception":"x"},
          "queue":{"status":"Degraded"}}}
        """;

    private const string Actuator = """
        {"status":"DOWN","groups":["liveness"],"components":{
          "db":{"status":"DOWN","components":{"primary":{"status":"UP"},"replica":{"status":"DOWN","details":{"error":"timeout"}}}},
          "diskSpace":{"status":"UP","details":{"free":1}}}}
        """;

    private static HealthBody? Read(string body, string type = "application/json") =>
        HealthBody.Read(new Observation { Body = Encoding.UTF8.GetBytes(body) }.Json, type);

    [Fact]
    public void Health_json_is_read_per_check()
    {
        var body = Read(HealthJson).ShouldNotBeNull();
        (body.Format, body.Up, body.Status).ShouldBe(("health+json", true, "warn"));
        body.Components.ShouldBe([new("postgres:responseTime", true, "pass", ""), new("llm:utilization/eu", false, "fail", "429 from the provider"), new("llm:utilization/us", true, "pass", "")]);
    }

    [Fact]
    public void Xabarils_entries_are_read()
    {
        var body = Read(Xabaril).ShouldNotBeNull();
        (body.Format, body.Up).ShouldBe(("xabaril", false));
        body.Components.ShouldBe([new("npgsql", true, "Healthy", ""), new("redis", false, "Unhealthy", "It was not possible to connect"), new("queue", true, "Degraded", "")]);
    }

    [Fact]
    public void Actuators_components_are_read_with_their_parts()
    {
        var body = Read(Actuator).ShouldNotBeNull();
        (body.Format, body.Up).ShouldBe(("actuator", false));
        body.Components.Select(c => (c.Name, c.Up, c.Note)).ShouldBe([("db", false, ""), ("db/primary", true, ""), ("db/replica", false, "timeout"), ("diskSpace", true, "")]);
    }

    [Theory]
    [InlineData("{\"status\":\"shipped\",\"checks\":{}}")]
    [InlineData("{\"status\":\"ok\"}")]
    [InlineData("{\"state\":\"UP\"}")]
    [InlineData("[]")]
    [InlineData("")]
    [InlineData("{\"status\":\"UP\",\"components\":[1,2]}")]
    public void Other_bodies_are_none(string body) => Read(body).ShouldBeNull();

    [Fact]
    public void A_body_with_ten_thousand_parts_gives_two_hundred() =>
        Read("{\"status\":\"UP\",\"components\":{" + string.Join(',', Enumerable.Range(0, 10_000).Select(i => $"\"c{i}\":{{\"status\":\"UP\"}}")) + "}}")!
            .Components.Count.ShouldBe(HealthBody.MostComponents);

    [Fact]
    public void The_failing_part_is_named_where_the_probe_fails()
    {
        var run = ProbeRun.Judge(ProbeCases.Http("[STATUS] == 200"), 1, 1, new() { Status = 503, Connected = true, MediaType = "application/json", Body = Encoding.UTF8.GetBytes(Xabaril) });
        run.Success.ShouldBeFalse();
        run.Reason.ShouldBe("[STATUS] (503) == 200 does not hold; failing: redis (It was not possible to connect)");
    }

    [Fact]
    public void Without_conditions_of_its_own_a_probe_believes_the_body()
    {
        var seen = new Observation { Status = 200, Connected = true, MediaType = "application/json", Body = Encoding.UTF8.GetBytes(Xabaril) };
        ProbeRun.Judge(ProbeCases.Http(), 1, 1, seen).Reason.ShouldStartWith("its health body says Unhealthy");
        ProbeRun.Judge(ProbeCases.Http("[STATUS] == 200"), 1, 1, seen).Success.ShouldBeTrue();
    }
}
