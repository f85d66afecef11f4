using System.Globalization;
using System.Text;
using Nines.Server.Web;

namespace Nines.Server.Delivery;

/// <summary>Which messages are asked for, as it stands in the address.</summary>
/// <param name="Receiver">Name of the receiver; empty for all.</param>
/// <param name="State">The state; empty for all.</param>
/// <param name="Alert">Fingerprint of an alert they tell of; empty for all.</param>
/// <param name="SinceMs">Decided at this moment or later, ms since the Unix epoch.</param>
/// <param name="UntilMs">Decided before this moment.</param>
/// <param name="Trouble">Only those that did not go out at the first attempt.</param>
/// <param name="After">The mark where an earlier page ended; empty for the first page.</param>
/// <param name="Limit">Most messages of a page.</param>
public sealed record DeliveryFilter(string Receiver, string State, string Alert, long? SinceMs, long? UntilMs, bool Trouble, string After, int Limit)
{
    /// <summary>Messages of a page unless said otherwise.</summary>
    public const int UsualLimit = 50;

    /// <summary>Most messages of a page.</summary>
    public const int MostLimit = 500;

    /// <summary>What cannot be used, by parameter, and is left out.</summary>
    public IReadOnlyDictionary<string, string> Problems { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Whether anything narrows the list.</summary>
    public bool Narrows => Receiver.Length + State.Length + Alert.Length > 0 || SinceMs is not null || UntilMs is not null || Trouble;

    /// <summary>The address of the page with this filter.</summary>
    public string Url
    {
        get
        {
            var url = new StringBuilder("/deliveries");
            void Add(string name, string value)
            {
                if (value.Length > 0)
                {
                    url.Append(url.Length == "/deliveries".Length ? '?' : '&').Append(name).Append('=').Append(Uri.EscapeDataString(value));
                }
            }
            Add("receiver", Receiver);
            Add("state", State);
            Add("alert", Alert);
            Add("since", SinceMs is { } since ? UtcText.Of(since) : "");
            Add("until", UntilMs is { } until ? UtcText.Of(until) : "");
            Add("trouble", Trouble ? "true" : "");
            Add("after", After);
            Add("limit", Limit == UsualLimit ? "" : Limit.ToString(CultureInfo.InvariantCulture));
            return url.ToString();
        }
    }

    /// <summary>Reads what an address asks. What cannot be used is left out and told.</summary>
    /// <param name="parameter">Gives the value of a parameter, or null.</param>
    public static DeliveryFilter Read(Func<string, string?> parameter)
    {
        var problems = new Dictionary<string, string>(StringComparer.Ordinal);
        string Text(string name) => parameter(name)?.Trim() ?? "";
        long? Time(string name)
        {
            var text = Text(name);
            if (text.Length == 0)
            {
                return null;
            }
            if (UtcText.TryParse(text, out var ms))
            {
                return ms;
            }
            problems[name] = $"“{(text.Length > 40 ? text[..40] + "…" : text)}” is no time. {UtcText.Hint}";
            return null;
        }
        var alert = Text("alert").ToLowerInvariant();
        if (alert.Length > 0 && !(alert.Length == 16 && alert.All(char.IsAsciiHexDigit)))
        {
            problems["alert"] = "A fingerprint has 16 hexadecimal digits; an alert's page shows it.";
            alert = "";
        }
        var limit = UsualLimit;
        if (Text("limit") is { Length: > 0 } asked
            && !(int.TryParse(asked, NumberStyles.None, CultureInfo.InvariantCulture, out limit) && limit is > 0 and <= MostLimit))
        {
            problems["limit"] = $"A page has 1 to {MostLimit} messages.";
            limit = UsualLimit;
        }
        var after = Text("after");
        if (after.Length > 0 && PlaceOf(after) is null)
        {
            problems["after"] = "The mark is none of those that pages end with.";
            after = "";
        }
        return new(Text("receiver"), Text("state"), alert, Time("since"), Time("until"), Text("trouble") is "true" or "on" or "1", after, limit)
        {
            Problems = problems,
        };
    }

    /// <summary>The mark of a message: the next page begins behind it.</summary>
    public static string MarkOf(long decidedAtNs, string key) => $"{decidedAtNs.ToString(CultureInfo.InvariantCulture)}-{key}";

    /// <summary>Where a mark stands; null when it is none.</summary>
    public static (long DecidedAtNs, string Key)? PlaceOf(string mark) =>
        mark.Split('-', 2) is [var at, { Length: > 0 } key] && long.TryParse(at, NumberStyles.None, CultureInfo.InvariantCulture, out var ns)
            ? (ns, key) : null;
}
