using System.Globalization;
using Nines.Metrics;
using Nines.Metrics.Templates;

namespace Nines.PromQL.Evaluation;

// Functions of classic histograms.
internal sealed partial class Evaluator
{
    /// <summary>The buckets of one histogram, by ascending upper bound.</summary>
    private sealed record Histogram(Labels Labels, List<(double UpperBound, Row Row)> Buckets);

    private List<Row> HistogramQuantile(Expr vector, Steps steps, Expr quantile)
    {
        var quantiles = Scalars(quantile, steps);
        Array.ForEach(quantiles, q => CheckQuantile(q, quantile));
        return OfHistograms(vector, steps, (buckets, i, name) => Quantile(quantiles[i], buckets, name, vector));
    }

    private List<Row> HistogramQuantiles(Call call, Steps steps)
    {
        var label = Text(call.Arguments[1]);
        LabelFunctions.CheckName(label, "label name in histogram_quantiles()");
        var results = new List<Row>();
        var quantiles = call.Arguments.Skip(2).Select(a => (Of: a, Values: Scalars(a, steps))).ToList();
        foreach (var (of, values) in quantiles)
        {
            Array.ForEach(values, q => CheckQuantile(q, of));
            var rows = OfHistograms(call.Arguments[0], steps, (buckets, i, name) => Quantile(values[i], buckets, name, call.Arguments[0]));
            rows.ForEach(r => r.Labels = r.Labels.With(label, GoFloat.Format(values[0], 'f')));
            results.AddRange(rows);
        }
        return results;
    }

    private List<Row> HistogramFraction(Expr vector, Steps steps, double[] lower, double[] upper) =>
        OfHistograms(vector, steps, (buckets, i, name) => ClassicBuckets.Fraction(lower[i], upper[i], buckets));

    private double Quantile(double quantile, List<(double UpperBound, double Count)> buckets, string name, Expr at)
    {
        var value = ClassicBuckets.Quantile(quantile, buckets, out var forced);
        if (forced)
        {
            Annotations.Info("input to histogram_quantile needed to be fixed for monotonicity (see https://prometheus.io/docs/prometheus/latest/querying/"
                + $"functions/#histogram_quantile) for metric name {PromText.Quoted(name)}", at);
        }
        return value;
    }

    private List<Row> OfHistograms(Expr vector, Steps steps, Func<List<(double UpperBound, double Count)>, int, string, double> function)
    {
        var results = new List<Row>();
        var buckets = new List<(double UpperBound, double Count)>();
        foreach (var histogram in Histograms(vector, steps))
        {
            stop.ThrowIfCancellationRequested();
            var result = _pool.RentAbsent(histogram.Labels, true, steps.Count);
            for (var i = 0; i < steps.Count; i++)
            {
                buckets.Clear();
                foreach (var (bound, row) in histogram.Buckets)
                {
                    if (!Absent.Is(row.Values[i]))
                    {
                        buckets.Add((bound, row.Values[i]));
                    }
                }
                if (buckets.Count > 0)
                {
                    result.Values[i] = function(buckets, i, histogram.Labels.Name);
                }
            }
            histogram.Buckets.ForEach(b => _pool.Return(b.Row));
            results.Add(result);
        }
        return [.. Distinct(results, vector)];
    }

    private List<Histogram> Histograms(Expr vector, Steps steps)
    {
        var byLabels = new Dictionary<Labels, Histogram>();
        foreach (var row in Rows(vector, steps))
        {
            var le = row.Labels["le"];
            if (!BucketBound(le, out var bound))
            {
                Annotations.Warn($"bucket label \"le\" is missing or has a malformed value of {PromText.Quoted(le)} for metric name "
                    + PromText.Quoted(row.Labels.Name), vector);
                _pool.Return(row);
                continue;
            }
            var labels = Seen(row).Without("le");
            if (!byLabels.TryGetValue(labels, out var histogram))
            {
                byLabels[labels] = histogram = new Histogram(labels, []);
            }
            histogram.Buckets.Add((bound, row));
        }
        foreach (var histogram in byLabels.Values)
        {
            histogram.Buckets.Sort(static (a, b) => a.UpperBound.CompareTo(b.UpperBound));
        }
        return [.. byLabels.Values];
    }

    private static bool BucketBound(string text, out double bound)
    {
        var unsigned = text.AsSpan().TrimStart("+-");
        if (unsigned.Equals("inf", StringComparison.OrdinalIgnoreCase) || unsigned.Equals("infinity", StringComparison.OrdinalIgnoreCase))
        {
            bound = text[0] == '-' ? double.NegativeInfinity : double.PositiveInfinity;
            return true;
        }
        return double.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent,
            CultureInfo.InvariantCulture, out bound) && text.Length > 0 && !char.IsAsciiLetter(unsigned[0]);
    }
}
