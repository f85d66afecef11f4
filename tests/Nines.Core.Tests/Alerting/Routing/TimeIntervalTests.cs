using System.Text;
using Nines.Core.Alerting.Routing;
using Nines.Core.Workspace;
using Nines.Core.Workspace.Alertmanager;
using NodaTime.Text;

namespace Nines.Core.Tests.Alerting.Routing;

public sealed class TimeIntervalTests
{
    [Theory]
    [InlineData("{times: [{start_time: '09:00', end_time: '17:00'}]}", "2026-03-02T09:00:00Z", true)]
    [InlineData("{times: [{start_time: '09:00', end_time: '17:00'}]}", "2026-03-02T16:59:59Z", true)]
    [InlineData("{times: [{start_time: '09:00', end_time: '17:00'}]}", "2026-03-02T17:00:00Z", false)]
    [InlineData("{times: [{start_time: '17:00', end_time: '24:00'}]}", "2026-03-02T23:59:59Z", true)]
    [InlineData("{weekdays: ['monday:friday']}", "2026-03-06T12:00:00Z", true)]
    [InlineData("{weekdays: ['monday:friday']}", "2026-03-07T12:00:00Z", false)]
    [InlineData("{weekdays: ['Sunday']}", "2026-03-08T12:00:00Z", true)]
    [InlineData("{days_of_month: ['-3:-1']}", "2026-02-26T00:00:00Z", true)]
    [InlineData("{days_of_month: ['-3:-1']}", "2026-02-25T00:00:00Z", false)]
    [InlineData("{days_of_month: ['31']}", "2026-02-28T00:00:00Z", false)]
    [InlineData("{days_of_month: ['1:31']}", "2024-02-29T00:00:00Z", true)]
    [InlineData("{days_of_month: ['5:-5']}", "2026-04-26T00:00:00Z", true)]
    [InlineData("{days_of_month: ['5:-5']}", "2026-04-27T00:00:00Z", false)]
    [InlineData("{months: ['may:august', '12']}", "2026-12-01T00:00:00Z", true)]
    [InlineData("{months: ['may:august', '12']}", "2026-09-01T00:00:00Z", false)]
    [InlineData("{years: ['2026:2027']}", "2028-01-01T00:00:00Z", false)]
    [InlineData("{weekdays: ['monday'], months: ['march']}", "2026-03-03T00:00:00Z", false)]
    // Berlin leaves winter time on 29 March 2026 at 01:00 UTC: 02:30 there does not exist, 03:30 is 01:30 UTC.
    [InlineData("{times: [{start_time: '03:00', end_time: '04:00'}], location: Europe/Berlin}", "2026-03-29T01:30:00Z", true)]
    [InlineData("{times: [{start_time: '02:00', end_time: '03:00'}], location: Europe/Berlin}", "2026-03-29T01:30:00Z", false)]
    [InlineData("{}", "2026-03-29T01:30:00Z", true)]
    public void Contains_OneMoment_IsAsAlertmanagerSays(string period, string at, bool inside) =>
        Read(period).Interval!.Contains(InstantPattern.General.Parse(at).Value).ShouldBe(inside);

    [Theory]
    [InlineData("{times: [{start_time: '17:00', end_time: '09:00'}]}", "start time cannot be equal or greater than end time")]
    [InlineData("{times: [{start_time: '24:01', end_time: '25:00'}]}", "couldn't parse timestamp 24:01, invalid format")]
    [InlineData("{weekdays: ['friday:monday']}", "friday:monday ends before it starts")]
    [InlineData("{weekdays: ['fri']}", "fri is not a day of the week or a range of them")]
    [InlineData("{days_of_month: ['0']}", "0 is not a day of the month, 1 to 31 or -1 to -31 or a range of them")]
    [InlineData("{days_of_month: ['-1:5']}", "-1:5 ends before it starts")]
    [InlineData("{months: ['13']}", "13 is not a month or a range of them")]
    [InlineData("{years: ['soon']}", "soon is not a year or a range of them")]
    [InlineData("{location: 'Europe/Berlim'}", "there is no time zone Europe/Berlim")]
    [InlineData("{hours: ['9']}", "a time interval has no key hours")]
    public void Read_WhatIsNoTime_IsNamed(string period, string message) => Read(period).Problems.ShouldContain(p => p.Message == message);

    private static (TimeInterval? Interval, IReadOnlyList<Problem> Problems) Read(string period)
    {
        var reading = AlertmanagerReader.Read(new WorkspaceFile("alertmanager.yml", Encoding.UTF8.GetBytes(
            $"route: {{receiver: d}}\nreceivers: [{{name: d}}]\ntime_intervals:\n- name: x\n  time_intervals:\n  - {period}\n")));
        return (reading.Config?.TimeIntervals.Single(), reading.Problems);
    }
}
