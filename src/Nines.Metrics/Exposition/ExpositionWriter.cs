using System.Buffers;
using System.Globalization;
using System.Text;

namespace Nines.Metrics.Exposition;

/// <summary>What a family of metrics is.</summary>
public enum FamilyType
{
    /// <summary>Only goes up, except for resets.</summary>
    Counter,
    /// <summary>Goes up and down.</summary>
    Gauge,
    /// <summary>Counts observations in buckets.</summary>
    Histogram,
}

/// <summary>Writes metrics in one of the two text formats.</summary>
public sealed class ExpositionWriter(IBufferWriter<byte> output, ExpositionFormat format)
{
    private string _family = "";
    private FamilyType _type;

    /// <summary>The content type of a format.</summary>
    public static string ContentType(ExpositionFormat format) => format == ExpositionFormat.OpenMetrics
        ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
        : "text/plain; version=0.0.4; charset=utf-8";

    /// <summary>The format to answer an <c>Accept</c> header with: OpenMetrics when it is asked for at least as eagerly as plain text.</summary>
    public static ExpositionFormat Negotiate(string? accept)
    {
        var (open, plain) = (0.0, 0.0);
        foreach (var range in (accept ?? "").Split(','))
        {
            var parts = range.Split(';', StringSplitOptions.TrimEntries);
            var weight = 1.0;
            foreach (var parameter in parts.Skip(1))
            {
                if (parameter.StartsWith("q=", StringComparison.OrdinalIgnoreCase)
                    && double.TryParse(parameter.AsSpan(2), NumberStyles.Float, CultureInfo.InvariantCulture, out var q))
                {
                    weight = q;
                }
            }
            if (parts[0].Equals("application/openmetrics-text", StringComparison.OrdinalIgnoreCase))
            {
                open = Math.Max(open, weight);
            }
            else if (parts[0].Equals("text/plain", StringComparison.OrdinalIgnoreCase))
            {
                plain = Math.Max(plain, weight);
            }
        }
        return open > 0 && open >= plain ? ExpositionFormat.OpenMetrics : ExpositionFormat.Text;
    }

    /// <summary>Begins a family. All its samples follow before the next family.</summary>
    /// <param name="name">The name without a suffix; a counter's samples get <c>_total</c>.</param>
    public void Family(string name, FamilyType type, string help)
    {
        (_family, _type) = (name, type);
        // The old format knows no suffix: the family of a counter is called like its sample.
        var shown = format == ExpositionFormat.Text && type == FamilyType.Counter ? name + "_total" : name;
        Text($"# HELP {shown} {Escape(help, format == ExpositionFormat.OpenMetrics)}\n");
        Text($"# TYPE {shown} {type switch { FamilyType.Counter => "counter", FamilyType.Gauge => "gauge", _ => "histogram" }}\n");
    }

    /// <summary>Writes the sample of a counter or gauge.</summary>
    public void Sample(Labels labels, double value) => Line(_type == FamilyType.Counter ? "_total" : "", labels, value);

    /// <summary>Writes a histogram.</summary>
    /// <param name="buckets">Upper bounds, ascending, with the count of observations in each bucket alone; the last bound is +∞.</param>
    public void Histogram(Labels labels, IReadOnlyList<(double UpTo, long Count)> buckets, double sum)
    {
        var count = 0L;
        foreach (var bucket in buckets)
        {
            count += bucket.Count;
            Line("_bucket", labels.With("le", Bound(bucket.UpTo)), count);
        }
        Line("_count", labels, count);
        Line("_sum", labels, sum);
    }

    /// <summary>Writes when a counter or histogram was at zero; the old format has no place for it.</summary>
    public void Created(Labels labels, DateTimeOffset created)
    {
        if (format == ExpositionFormat.OpenMetrics)
        {
            Line("_created", labels, created.ToUnixTimeMilliseconds() / 1000.0);
        }
    }

    /// <summary>Ends the body.</summary>
    public void End()
    {
        if (format == ExpositionFormat.OpenMetrics)
        {
            Text("# EOF\n");
        }
    }

    private string Bound(double bound)
    {
        var text = Number(bound);
        return format == ExpositionFormat.OpenMetrics && double.IsInteger(bound) && !text.Contains('E') ? text + ".0" : text;
    }

    private void Line(string suffix, Labels labels, double value)
    {
        var line = new StringBuilder(_family).Append(suffix);
        var open = false;
        foreach (var (name, text) in labels.Pairs)
        {
            line.Append(open ? ',' : '{').Append(name).Append("=\"").Append(Escape(text, quotes: true)).Append('"');
            open = true;
        }
        Text(line.Append(open ? "} " : " ").Append(Number(value)).Append('\n').ToString());
    }

    private static string Number(double value) =>
        double.IsNaN(value) ? "NaN"
        : double.IsInfinity(value) ? value > 0 ? "+Inf" : "-Inf"
        : value.ToString("R", CultureInfo.InvariantCulture);

    private static string Escape(string text, bool quotes)
    {
        text = text.Replace(@"\", @"\\").Replace("\n", @"\n");
        return quotes ? text.Replace("\"", "\\\"") : text;
    }

    private void Text(string text) => output.Write(Encoding.UTF8.GetBytes(text));
}
