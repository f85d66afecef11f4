using System.Text.Json;
using Nines.Core.Alerting;
using Nines.Metrics;

namespace Nines.Core.Probes.Push;

/// <summary>
/// Reads a request of events: one object, an array, <c>{"events": […]}</c>, or several of these after each other (NDJSON). A request that is no JSON is
/// refused as a whole; of one that is, each event is judged by itself.
/// </summary>
public static class EventReader
{
    private const string Fields = "name, outcome, value, service, environment, labels, at, key";

    /// <summary>Reads a request.</summary>
    /// <param name="body">Its bytes.</param>
    /// <param name="nowMs">When it arrived, ms since the Unix epoch.</param>
    /// <param name="requestKey">The key of the whole request, for events without their own; empty when it has none.</param>
    public static PushReading Read(ReadOnlyMemory<byte> body, long nowMs, string requestKey)
    {
        var reading = new Reading(nowMs, requestKey);
        try
        {
            var reader = new Utf8JsonReader(body.Span, new JsonReaderOptions { AllowMultipleValues = true, MaxDepth = 8 });
            while (reader.Read())
            {
                using var document = JsonDocument.ParseValue(ref reader);
                reading.Take(document.RootElement);
                if (reading.Count > PushLimits.MaxEvents)
                {
                    return Nothing("too-many-events", $"more than {PushLimits.MaxEvents} events", "send several requests, each with its own Idempotency-Key");
                }
            }
        }
        catch (JsonException e)
        {
            return Nothing("unreadable", $"line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1} is not JSON",
                "send an event, an array of events, or one event a line");
        }
        return reading.Count == 0 ? Nothing("missing", "there is no event in it", """such as {"name": "thumbs", "outcome": "good"}""")
            : new(reading.Events, reading.Refused, null);
    }

    private static PushReading Nothing(string code, string message, string hint) => new([], [], new(-1, code, "", message, hint));

    /// <summary>Whether a text is a name of the kind metrics have.</summary>
    internal static bool IsName(string text) => text.Length is > 0 and <= PushLimits.MaxText && !char.IsAsciiDigit(text[0])
        && text.All(c => char.IsAsciiLetterOrDigit(c) || c == '_');

    private sealed class Reading(long nowMs, string requestKey)
    {
        public List<PushedEvent> Events { get; } = [];

        public List<RefusedEvent> Refused { get; } = [];

        public int Count { get; private set; }

        public void Take(JsonElement root)
        {
            var list = root.ValueKind == JsonValueKind.Object && root.TryGetProperty("events", out var events) ? events : root;
            if (list.ValueKind != JsonValueKind.Array)
            {
                One(list);
                return;
            }
            foreach (var item in list.EnumerateArray())
            {
                if (Count > PushLimits.MaxEvents)
                {
                    return;
                }
                One(item);
            }
        }

        private void One(JsonElement item)
        {
            var draft = new Draft(Count++, nowMs);
            try
            {
                if (draft.Read(item, requestKey) is { } read)
                {
                    Events.Add(read);
                    return;
                }
            }
            catch (InvalidOperationException)
            {
                // Half of a surrogate pair, or bytes that are no UTF-8.
                draft.Refuse("bad-value", "", "a text in it is not Unicode", "");
            }
            Refused.Add(draft.Refusal!);
        }
    }

    /// <summary>One event as far as it is read.</summary>
    private sealed class Draft(int index, long nowMs)
    {
        private readonly List<(string Name, string Value)> _labels = [];
        private string? _name, _key;
        private string _outcome = "", _service = "", _environment = "production";
        private double? _value;
        private bool _late;

        /// <summary>The first thing that is wrong.</summary>
        public RefusedEvent? Refusal { get; private set; }

        public PushedEvent? Read(JsonElement item, string requestKey)
        {
            if (item.ValueKind != JsonValueKind.Object)
            {
                Refuse("wrong-type", "", "an event must be an object", """such as {"name": "thumbs", "outcome": "good"}""");
                return null;
            }
            foreach (var field in item.EnumerateObject())
            {
                Take(field.Name, field.Value);
            }
            if (_name is null)
            {
                Refuse("missing", "name", "an event needs a name", "such as thumbs");
            }
            if (_outcome.Length == 0 && _value is null)
            {
                Refuse("missing", "outcome", "an event needs an outcome or a value", "outcome is good, bad or ignored; value is a number");
            }
            if (Refusal is not null)
            {
                return null;
            }
            var key = _key ?? (requestKey.Length > 0 ? $"{requestKey}#{index}" : null);
            return new(index, Labels.Of([("event", _name!), ("service", _service), ("environment", _environment), ("outcome", _outcome), .. _labels]),
                _value, key, _late);
        }

        public void Refuse(string code, string field, string message, string hint) => Refusal ??= new(index, code, field, message, hint);

        private void Take(string field, JsonElement value)
        {
            if (value.ValueKind == JsonValueKind.Null)
            {
                return;
            }
            switch (field)
            {
                case "name":
                    _name = Text(field, value);
                    if (_name is not null && !IsName(_name))
                    {
                        Refuse("bad-value", field, "a name has letters, digits and _, and begins with no digit", "such as thumbs or llm_cost_usd");
                    }
                    break;
                case "outcome":
                    _outcome = Text(field, value) ?? "";
                    if (_outcome is not ("good" or "bad" or "ignored"))
                    {
                        Refuse("bad-value", field, "outcome must be good, bad or ignored", "");
                    }
                    break;
                case "value":
                    Number(value);
                    break;
                case "service":
                    _service = Text(field, value) ?? "";
                    break;
                case "environment":
                    _environment = Text(field, value) ?? "";
                    break;
                case "labels":
                    LabelsOf(value);
                    break;
                case "at":
                    At(value);
                    break;
                case "key":
                    _key = Text(field, value);
                    break;
                default:
                    Refuse("unknown-field", field.Length > PushLimits.MaxText ? "" : field, "an event has no such field", $"it has {Fields}");
                    break;
            }
        }

        private string? Text(string field, JsonElement value)
        {
            var text = value.ValueKind == JsonValueKind.String ? value.GetString() : null;
            if (text is null || text.Length is 0 or > PushLimits.MaxText)
            {
                Refuse(text is null ? "wrong-type" : "bad-value", field, $"{field} must be a text of 1 to {PushLimits.MaxText} characters", "");
                return null;
            }
            return text;
        }

        private void Number(JsonElement value)
        {
            if (value.ValueKind != JsonValueKind.Number || !value.TryGetDouble(out var number))
            {
                Refuse("wrong-type", "value", "value must be a number", "not a text; NaN and infinity are no values");
                return;
            }
            _value = number;
            if (number < 0)
            {
                Refuse("negative", "value", "a value cannot be negative: values are added up, and a sum that falls looks like a restart",
                    "push what is taken back under a name of its own");
            }
            else if (!(number <= PushLimits.MaxValue))
            {
                Refuse("bad-value", "value", $"a value is at most {PushLimits.MaxValue:0e0}", "");
            }
        }

        private void LabelsOf(JsonElement value)
        {
            if (value.ValueKind != JsonValueKind.Object)
            {
                Refuse("wrong-type", "labels", "labels must be an object of texts", """such as {"model": "small"}""");
                return;
            }
            foreach (var label in value.EnumerateObject())
            {
                var name = label.Name;
                if (!IsName(name) || name.StartsWith("__", StringComparison.Ordinal))
                {
                    Refuse("bad-value", "labels", "a label's name has letters, digits and _, and begins with no digit and not with __", "");
                }
                else if (name is "event" or "service" or "environment" or "outcome" || _labels.Exists(l => l.Name == name))
                {
                    Refuse("bad-value", $"labels.{name}", $"{name} is a label of every event, or is there twice",
                        "use the field of that name, or another label");
                }
                else if (Text($"labels.{name}", label.Value) is { } text)
                {
                    _labels.Add((name, text));
                }
            }
            if (_labels.Count > PushLimits.MaxLabels)
            {
                Refuse("too-many-labels", "labels", $"an event has at most {PushLimits.MaxLabels} labels, not {_labels.Count}",
                    "each combination of labels is a series of its own");
            }
        }

        private void At(JsonElement value)
        {
            if (value.ValueKind != JsonValueKind.String || !Clock.TryParse(value.GetString(), out var ns))
            {
                Refuse("bad-value", "at", "at is no time", "write RFC 3339, such as 2026-11-28T14:00:00Z");
                return;
            }
            var atMs = ns / 1_000_000;
            _late = atMs <= (nowMs - 1) / 60_000 * 60_000;
            if (atMs > nowMs + PushLimits.AheadMs)
            {
                Refuse("in-future", "at", "at is more than a minute ahead of this server's clock", "set the sender's clock, or leave at out");
            }
            else if (atMs < nowMs - PushLimits.LateMs)
            {
                Refuse("too-old", "at", "at is more than an hour ago: that time's account is closed",
                    "book it as an adjustment of the objective, with its reason");
            }
        }
    }
}
