using Nines.Core.Objectives;

namespace Nines.Core.Tests.Objectives;

/// <summary>Plays Poisson traffic minute by minute into a real account and has the real evaluator judge it, in virtual time.</summary>
internal sealed class BurnSimulation(int seed, Objective objective)
{
    private const long Start = 30_000_000;
    private readonly Random _random = new(seed);

    /// <summary>What came of years at one error rate: how often a page and a ticket began.</summary>
    public (int Pages, int Tickets) Years(double eventsAnHour, double errorRate, int years)
    {
        var (pages, tickets) = (0, 0);
        for (var year = 0; year < years; year++)
        {
            var book = new LedgerBook();
            IReadOnlyList<BurnRuleReading> readings = [];
            var (paging, ticketing, lastBad) = (false, false, 0L);
            for (var minute = Start; minute < Start + 525_960; minute++)
            {
                for (var step = 1; step <= 4; step++)
                {
                    var bad = Play(book, minute, step, eventsAnHour, errorRate);
                    lastBad = bad > 0 ? minute : lastBad;
                    // With no bad event in the longest window nothing can fire; long after one, nothing can begin between two looks that far apart.
                    if (lastBad == 0 || minute - lastBad > 4320 || minute - lastBad > 1 && (step < 4 || minute % 5 != 0))
                    {
                        continue;
                    }
                    readings = BurnEvaluator.Rules(objective, book, At(minute, step), readings);
                    var (page, ticket) = (Fires(readings, BurnSeverity.Page), Fires(readings, BurnSeverity.Ticket));
                    pages += page && !paging ? 1 : 0;
                    tickets += ticket && !ticketing ? 1 : 0;
                    (paging, ticketing) = (page, ticket);
                }
            }
        }
        return (pages, tickets);
    }

    /// <summary>Minutes from the start of an outage, after three days at half the budget's rate, to the first page; in order, infinite where none came in 3
    /// days. And how often the page began anew while the outage went on for a day.</summary>
    public (IReadOnlyList<double> Minutes, double Begins) Detection(double eventsAnHour, double errorRate, int runs)
    {
        var (found, begins) = (new List<double>(), 0);
        for (var run = 0; run < runs; run++)
        {
            var book = new LedgerBook();
            for (var minute = Start - 4320; minute < Start; minute++)
            {
                for (var step = 1; step <= 4; step++)
                {
                    Play(book, minute, step, eventsAnHour, (double)(1 - objective.Target) / 2);
                }
            }
            IReadOnlyList<BurnRuleReading> readings = BurnEvaluator.Rules(objective, book, At(Start - 1, 4), []);
            var first = double.PositiveInfinity;
            var paging = false;
            for (var minute = Start; minute < Start + 1440; minute++)
            {
                for (var step = 1; step <= 4; step++)
                {
                    Play(book, minute, step, eventsAnHour, errorRate);
                    if (minute - Start > 60 && step < 4)
                    {
                        continue;
                    }
                    readings = BurnEvaluator.Rules(objective, book, At(minute, step), readings);
                    var page = Fires(readings, BurnSeverity.Page);
                    begins += page && !paging ? 1 : 0;
                    first = page ? Math.Min(first, minute - Start + step / 4.0) : first;
                    paging = page;
                }
            }
            found.Add(first);
        }
        found.Sort();
        return (found, begins / (double)runs);
    }

    private static bool Fires(IReadOnlyList<BurnRuleReading> readings, BurnSeverity severity) => readings.Any(r => r.Firing && r.Rule.Severity == severity);

    // The look at the end of a quarter of a minute: minutes are right-closed.
    private static long At(long minute, int step) => (minute - 1) * 60_000 + step * 15_000;

    private int Play(LedgerBook book, long minute, int step, double eventsAnHour, double errorRate)
    {
        var (good, bad) = (0, 0);
        for (var left = -Math.Log(1 - _random.NextDouble()); left < eventsAnHour / 240; left -= Math.Log(1 - _random.NextDouble()))
        {
            _ = _random.NextDouble() < errorRate ? bad++ : good++;
        }
        if (good + bad > 0)
        {
            book.Add(minute, good * 1000, bad * 1000);
        }
        book.Observe(At(minute, step) - 15_000, At(minute, step));
        return bad;
    }
}
