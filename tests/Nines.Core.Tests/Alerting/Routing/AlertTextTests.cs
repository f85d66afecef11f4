using Nines.Core.Alerting.Routing;

namespace Nines.Core.Tests.Alerting.Routing;

public sealed class AlertTextTests
{
    [Theory]
    [InlineData("severity=critical service=mysql", """{service="mysql", severity="critical"}""")]
    [InlineData("  severity=critical,\n service=mysql ", """{service="mysql", severity="critical"}""")]
    [InlineData("""{severity="critical", service="my \"sql\", not"}""", """{service="my \"sql\", not", severity="critical"}""")]
    [InlineData("""{"a b"="c", d=e}""", """{a b="c", d="e"}""")]
    [InlineData("""{"severity": "critical", "service": "mysql"}""", """{service="mysql", severity="critical"}""")]
    [InlineData("""[{"labels": {"a": "b"}, "annotations": {"summary": "s"}, "startsAt": "2026-01-01T00:00:00Z"}]""", """{a="b"}""")]
    [InlineData("a= b=c", """{b="c"}""")]
    [InlineData("url=http://x/?a=b", """{url="http://x/?a=b"}""")]
    [InlineData("{}", "{}")]
    public void Read_AnAlert_GivesItsLabels(string text, string labels) => AlertText.Read(text).Labels!.ToString().ShouldBe(labels);

    [Fact]
    public void Read_AnAlertInJson_GivesItsAnnotationsToo() =>
        AlertText.Read("""{"labels": {"a": "b"}, "annotations": {"summary": "it burns"}}""").Annotations["summary"].ShouldBe("it burns");

    [Theory]
    [InlineData("severity=~critical", "character 1: an alert has labels, not matchers; write name=value")]
    [InlineData("a=b severity!=critical", "character 5: an alert has labels, not matchers; write name=value")]
    [InlineData("a=b hello world", "character 5: hello is no label; write name=value")]
    [InlineData("a=\"b", "character 1: the quote of a does not end")]
    [InlineData("a=b a=c", "a stands there twice")]
    [InlineData("""{"a": 1}""", "the value of a is no text")]
    [InlineData("""[{"a": "b"}, {"a": "c"}]""", "one alert can be tried at a time; the list has 2")]
    [InlineData("""{"a": "b" """, "line 1, character 10: this is no JSON")]
    public void Read_WhatIsNone_SaysWhere(string text, string error)
    {
        var reading = AlertText.Read(text);
        reading.Labels.ShouldBeNull();
        reading.Error.ShouldBe(error);
    }
}
