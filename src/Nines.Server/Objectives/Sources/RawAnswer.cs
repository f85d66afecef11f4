using System.Globalization;
using System.Text.Json;
using Nines.Core.Objectives.Sources;
using Nines.Metrics;

namespace Nines.Server.Objectives.Sources;

/// <summary>Reads the answers of Prometheus' HTTP API: a matrix, or why there is none.</summary>
internal static class RawAnswer
{
    /// <summary>The series of an answer.</summary>
    /// <exception cref="SourceException">It says that it failed or is incomplete, or holds more samples than allowed.</exception>
    /// <exception cref="JsonException">It is no such answer, or ends in its middle.</exception>
    public static List<RawSeries> Read(ReadOnlySpan<byte> json, int maxSamples)
    {
        var reader = new Utf8JsonReader(json);
        var series = new List<RawSeries>();
        var (samples, isSuccess, hasData, error) = (0, false, false, "");
        Expect(ref reader, JsonTokenType.StartObject);
        while (Next(ref reader) == JsonTokenType.PropertyName)
        {
            var name = reader.GetString();
            Next(ref reader);
            switch (name)
            {
                case "status":
                    isSuccess = reader.ValueTextEquals("success");
                    break;
                case "error":
                    error = reader.TokenType == JsonTokenType.String ? reader.GetString()! : "";
                    break;
                case "warnings" when reader.TokenType == JsonTokenType.StartArray:
                    if (Next(ref reader) != JsonTokenType.EndArray)
                    {
                        // To raw samples there is nothing to warn of but parts that are missing.
                        throw new SourceException($"the source says that its answer is incomplete: {reader.GetString()}", false);
                    }
                    break;
                case "isPartial" when reader.TokenType == JsonTokenType.True:
                    throw new SourceException("the source says that its answer is partial", false);
                case "data" when reader.TokenType == JsonTokenType.StartObject:
                    hasData = true;
                    Data(ref reader, series, ref samples, maxSamples);
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }
        return !isSuccess ? throw new SourceException(error.Length > 0 ? error : "the source does not say success", false)
            : !hasData ? throw new JsonException("the answer holds no data") : series;
    }

    private static void Data(ref Utf8JsonReader reader, List<RawSeries> series, ref int samples, int maxSamples)
    {
        while (Next(ref reader) == JsonTokenType.PropertyName)
        {
            var name = reader.GetString();
            Next(ref reader);
            if (name == "resultType" && !reader.ValueTextEquals("matrix"))
            {
                throw new SourceException($"the source answers with a {reader.GetString()}, not with samples over time", false);
            }
            if (name != "result" || reader.TokenType != JsonTokenType.StartArray)
            {
                reader.Skip();
                continue;
            }
            while (Next(ref reader) == JsonTokenType.StartObject)
            {
                series.Add(Series(ref reader, ref samples, maxSamples));
            }
        }
    }

    private static RawSeries Series(ref Utf8JsonReader reader, ref int samples, int maxSamples)
    {
        var (labels, values) = (Labels.Empty, new List<Sample>());
        while (Next(ref reader) == JsonTokenType.PropertyName)
        {
            var name = reader.GetString();
            Next(ref reader);
            if (name == "metric")
            {
                var pairs = new List<(string, string)>();
                while (Next(ref reader) == JsonTokenType.PropertyName)
                {
                    var label = reader.GetString()!;
                    Next(ref reader);
                    pairs.Add((label, reader.GetString()!));
                }
                labels = Labels.Of(pairs);
            }
            else if (name == "values")
            {
                while (Next(ref reader) == JsonTokenType.StartArray)
                {
                    values.Add(Value(ref reader));
                    if (++samples > maxSamples)
                    {
                        throw new SourceException($"more than {maxSamples} samples in one answer", true);
                    }
                }
            }
            else
            {
                reader.Skip();
            }
        }
        for (var i = 1; i < values.Count; i++)
        {
            if (values[i].TimeMs < values[i - 1].TimeMs)
            {
                return new(labels, [.. values.OrderBy(v => v.TimeMs)]);
            }
        }
        return new(labels, values);
    }

    // [seconds, "value"]
    private static Sample Value(ref Utf8JsonReader reader)
    {
        Expect(ref reader, JsonTokenType.Number);
        var timeMs = (long)Math.Round(reader.GetDouble() * 1000);
        Expect(ref reader, JsonTokenType.String);
        var value = reader.ValueTextEquals("+Inf") ? double.PositiveInfinity : reader.ValueTextEquals("-Inf") ? double.NegativeInfinity
            : double.TryParse(reader.ValueSpan, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number
            : throw new JsonException("a value is no number");
        Expect(ref reader, JsonTokenType.EndArray);
        return new(timeMs, value);
    }

    private static JsonTokenType Next(ref Utf8JsonReader reader) =>
        reader.Read() ? reader.TokenType : throw new JsonException("the answer ends in its middle");

    private static void Expect(ref Utf8JsonReader reader, JsonTokenType token)
    {
        if (Next(ref reader) != token)
        {
            throw new JsonException($"{reader.TokenType} where {token} belongs");
        }
    }
}

/// <summary>A source could not answer. Whether a shorter stretch may be answered, <see cref="TooMuch"/> says.</summary>
internal sealed class SourceException(string message, bool tooMuch) : Exception(message)
{
    /// <summary>Whether it was too much for one answer.</summary>
    public bool TooMuch => tooMuch;
}
