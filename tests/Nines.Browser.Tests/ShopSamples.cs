using Nines.Metrics;

namespace Nines.Browser.Tests;

/// <summary>An hour of a shop's samples: requests by route and code, stock, targets, a label that wants to be markup.</summary>
internal static class ShopSamples
{
    private const long Step = 15_000;

    public static void Write(IAppend append)
    {
        var now = ShiftedTime.Start.ToUnixTimeMilliseconds();
        var from = now - 3_600_000 - 600_000;
        var routes = (string[])["/", "/basket", "/checkout", "/login", "/orders", "/pages", "/payments", "/search", "/stock", "/suggest"];
        foreach (var (r, route) in routes.Index())
        {
            foreach (var (c, code) in ((string[])["200", "304", "404", "429", "500", "503"]).Index())
            {
                Add(append, from, now, t => 40 * Math.Exp(-c * 0.8 - r * 0.25) * (1 + 0.3 * Math.Sin(t / 300.0 + r) + (code[0] == '5' && t is > 2400 and < 3000 ? 6 : 0)), true, 0,
                    ("__name__", "shop_requests_total"), ("job", "shop"), ("instance", "web-1:9100"), ("route", route), ("code", code));
            }
        }
        foreach (var (i, instance) in ((string[])["web-1:9100", "web-2:9100", "db-1:9187"]).Index())
        {
            Add(append, i == 2 ? now - 900_000 : from, i == 1 ? now - 1_800_000 : now, _ => 1, false, 0, ("__name__", "up"), ("job", i == 2 ? "db" : "shop"), ("instance", instance));
        }
        Add(append, now - 2_400_000, now - 600_000, t => 20 + 15 * Math.Sin(t / 400.0), false, 0, ("__name__", "shop_queue_length"), ("queue", "<script>alert(1)</script>\"&"));
        Add(append, from, now, t => 60 + 25 * Math.Sin(t / 700.0) + 4 * Math.Sin(t / 60.0), false, 300, ("__name__", "shop_stock_items"), ("warehouse", "north"));
    }

    // Speeds become counters; a gap of some seconds in the middle leaves its samples out.
    private static void Add(IAppend append, long from, long to, Func<double, double> of, bool counter, int gapSeconds, params (string, string)[] labels)
    {
        var series = append.Series(Labels.Of(labels), false, Step);
        var (sum, middle) = (0.0, (from + to) / 2);
        for (var t = from; t <= to; t += Step)
        {
            var value = of((t - from) / 1000.0);
            sum += value * Step / 1000;
            if (Math.Abs(t - middle) > gapSeconds * 1000L || gapSeconds == 0)
            {
                append.Add(series, new CounterSample(t, counter ? Math.Floor(sum) : value, 0)).ShouldBe(Refusal.None);
            }
        }
    }
}
