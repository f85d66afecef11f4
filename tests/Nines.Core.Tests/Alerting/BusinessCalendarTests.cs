using FsCheck;
using FsCheck.Fluent;
using Nines.Core.Alerting;
using NodaTime;
using NodaTime.Text;

namespace Nines.Core.Tests.Alerting;

public sealed class BusinessCalendarTests
{
    private static readonly string[] Zones = ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Sao_Paulo", "Asia/Kathmandu"];

    // Days around which clocks change: Berlin, New York, Lord Howe (by half an hour), São Paulo (at midnight), and none.
    private static readonly string[] Starts = ["2026-03-27", "2026-10-23", "2026-03-06", "2026-10-30", "2026-04-03", "2026-10-02", "2018-11-02", "2018-02-15", "2026-07-01"];

    [Theory]
    [InlineData("2026-11-27T16:00", "04:00", "2026-11-30T11:30")]   // Friday afternoon to Monday
    [InlineData("2026-11-28T12:00", "00:30", "2026-11-30T09:30")]   // from a Saturday
    [InlineData("2026-11-30T09:00", "08:30", "2026-11-30T17:30")]   // a whole day ends with it
    [InlineData("2026-12-24T17:00", "01:00", "2026-12-28T09:30")]   // over Christmas and a weekend
    [InlineData("2026-03-27T17:00", "01:00", "2026-03-30T09:30")]   // over the night of 23 hours
    [InlineData("2026-10-23T17:00", "01:00", "2026-10-26T09:30")]   // over the night of 25 hours
    public void Add_InBerlin_PausesOutsideTheHours(string from, string open, string to)
    {
        var calendar = Berlin("Mon-Fri 09:00-17:30", holidays: ["2026-12-25"]);
        var length = Duration.FromTicks(TimeSpan.Parse(open, System.Globalization.CultureInfo.InvariantCulture).Ticks);
        Local(calendar, calendar.Add(At(calendar, from), length)).ShouldBe(to);
        calendar.Between(At(calendar, from), At(calendar, to)).ShouldBe(length);
    }

    [Theory]
    [InlineData("2026-11-27T08:00", 1, "2026-11-30T17:30")]
    [InlineData("2026-11-29T23:00", 1, "2026-11-30T17:30")]
    [InlineData("2026-11-30T03:00", 1, "2026-12-01T17:30")]     // its own day does not count, whatever the hour
    [InlineData("2026-11-27T16:00", 2, "2026-12-01T17:30")]
    [InlineData("2026-12-24T10:00", 1, "2026-12-28T17:30")]
    public void EndOfDay_IsThatOfALaterBusinessDay(string from, int days, string to)
    {
        var calendar = Berlin("Mon-Fri 09:00-17:30", holidays: ["2026-12-25"]);
        Local(calendar, calendar.EndOfDay(At(calendar, from), days)).ShouldBe(to);
    }

    [Fact]
    public void NightHours_GoByTheWallClock()
    {
        var calendar = Berlin("Mon-Sun 00:00-06:00");
        calendar.Between(At(calendar, "2026-03-29T00:00"), At(calendar, "2026-03-29T12:00")).ShouldBe(Duration.FromHours(5));
        calendar.Between(At(calendar, "2026-10-25T00:00"), At(calendar, "2026-10-25T12:00")).ShouldBe(Duration.FromHours(7));
    }

    [Fact]
    public void AnyTime_AgreesWithTheMinutesCountedOneByOne()
    {
        var cases =
            from zone in Gen.Elements(Zones)
            from day in Gen.Elements(Starts)
            from shift in Gen.Choose(0, 3 * 1440)
            from length in Gen.Choose(0, 5 * 1440)
            from bounds in Gen.ArrayOf(Gen.Choose(0, 48), 4)
            from weekdays in Gen.Choose(1, 127)
            from holiday in Gen.Choose(0, 6)
            select (zone, day, shift, length, bounds, weekdays, holiday);
        Prop.ForAll(cases.ToArbitrary(), c =>
        {
            var first = LocalDatePattern.Iso.Parse(c.day).Value;
            var marks = c.bounds.Distinct().Order().Select(b => b * 30).ToList();
            if (marks.Count < 2)
            {
                return;
            }
            var hours = Enumerable.Range(1, 7).Where(d => (c.weekdays >> d - 1 & 1) == 1)
                .SelectMany(d => marks.Chunk(2).Where(m => m.Length == 2).Select(m => new OpeningHours((IsoDayOfWeek)d, m[0], m[1]))).ToList();
            var calendar = new BusinessCalendar("c", DateTimeZoneProviders.Tzdb[c.zone], hours,
                new Dictionary<LocalDate, string> { [first.PlusDays(c.holiday)] = "" });
            var start = first.AtMidnight().InUtc().ToInstant() + Duration.FromMinutes(c.shift);
            var end = start + Duration.FromMinutes(c.length);

            var minutes = Enumerable.Range(0, c.length).Count(m => IsOpen(calendar, start + Duration.FromMinutes(m)));
            calendar.Between(start, end).ShouldBe(Duration.FromMinutes(minutes));

            // The end of the open time is the first moment at which so much has passed.
            var due = calendar.Add(start, Duration.FromMinutes(minutes));
            due.ShouldBeLessThanOrEqualTo(end);
            calendar.Between(start, due).ShouldBe(Duration.FromMinutes(minutes));
            (minutes == 0 ? due == start : IsOpen(calendar, due - Duration.FromMinutes(1))).ShouldBeTrue();
        }).QuickCheckThrowOnFailure();
    }

    private static bool IsOpen(BusinessCalendar calendar, Instant at)
    {
        var local = at.InZone(calendar.Zone);
        var minute = local.Hour * 60 + local.Minute;
        return !calendar.Holidays.ContainsKey(local.Date) && calendar.Hours.Any(h => h.Day == local.DayOfWeek && h.FromMinute <= minute && minute < h.ToMinute);
    }

    private static BusinessCalendar Berlin(string hours, params string[] holidays) => Workspace.SeverityLadderReaderTests.Read($$"""
        apiVersion: nines/v1
        kind: Calendar
        metadata: {name: office}
        spec: {timezone: Europe/Berlin, hours: [{{hours}}], holidays: [{{string.Join(", ", holidays)}}]}
        ---
        apiVersion: nines/v1
        kind: SeverityLadder
        metadata: {name: l}
        spec: {calendar: office, levels: [{name: P0, respondWithin: 1 business hour}]}
        """).Model.ShouldNotBeNull().Routing.Ladders.Ladders[0].Levels[0].RespondWithin!.Calendar!;

    private static Instant At(BusinessCalendar calendar, string local) =>
        LocalDateTimePattern.CreateWithInvariantCulture("uuuu-MM-dd'T'HH:mm").Parse(local).Value.InZoneStrictly(calendar.Zone).ToInstant();

    private static string Local(BusinessCalendar calendar, Instant at) =>
        LocalDateTimePattern.CreateWithInvariantCulture("uuuu-MM-dd'T'HH:mm").Format(at.InZone(calendar.Zone).LocalDateTime);
}
