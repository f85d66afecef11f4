using Nines.Core.Alerting.Routing;
using NodaTime;

namespace Nines.Core.Workspace;

/// <summary>A wish as declared, before its receiver is looked up.</summary>
internal sealed record DraftWishes(BindingFile File, YamlText Receiver, ReceiverWishes Wishes);

/// <summary>Reads <c>spec.wishes</c> of Delivery documents: what a receiver is to be told otherwise than its route says.</summary>
internal static class WishesReader
{
    private const long Day = 86_400_000;

    public static void Read(Fields spec, Found found)
    {
        foreach (var wish in spec.Maps("wishes", "wish"))
        {
            var receiver = wish.Text("receiver", required: true);
            var urgent = wish.Text("urgent");
            var matchers = urgent is null ? new([]) : MatcherText.Read(urgent.Value);
            if (matchers.Error is { } error)
            {
                wish.File.Error(urgent!, "bad-value", $"urgent is no list of matchers: {error}", "write it as in a route: severity=\"critical\"");
            }
            else if (urgent is not null && matchers.Matchers is not { Count: > 0 })
            {
                wish.File.Error(urgent, "bad-value", "urgent is empty", "leave it out when nothing is urgent");
            }
            var cooldown = wish.Duration("cooldown", 1000, 7 * Day) ?? 0;
            var digest = wish.Map("digest") is { } times ? Digest(times) : null;
            var ends = wish.Flag("endsWhileQuiet", true);
            wish.Done();
            if (receiver is not null && found.IsNew(wish.File, receiver, "wish for receiver", receiver.Value))
            {
                found.Wishes.Add(new(wish.File, receiver, new()
                {
                    Urgent = matchers.Matchers ?? [], CooldownMs = cooldown, TellsQuietEnds = ends, Digest = digest,
                }));
            }
        }
    }

    /// <summary><c>{at: [Mon-Fri 09:00, 17:00], timezone: Europe/Berlin}</c>.</summary>
    private static DigestTimes? Digest(Fields digest)
    {
        var zone = digest.Zone("timezone", required: true);
        var (found, texts) = (new List<(IsoDayOfWeek, int)>(), new List<string>());
        foreach (var node in digest.List("at", required: true))
        {
            var text = (node as YamlText)?.Value ?? "";
            var parts = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            var days = parts.Length == 2 ? parts[0].Split(',').SelectMany(CalendarReader.DaysOf).ToList()
                : [.. Enumerable.Range(1, 7).Select(d => (IsoDayOfWeek?)d)];
            if (parts.Length is 0 or > 2 || CalendarReader.Minute(parts[^1]) is not { } minute || minute == 1440 || days.Contains(null))
            {
                digest.File.Error(node, "bad-value", $"this is no time: {text}",
                    "write a time of the day, with days before it or without: 09:00, or Mon-Fri 09:00");
                continue;
            }
            found.AddRange(days.Select(d => (d!.Value, minute)));
            texts.Add(string.Join(' ', parts));
        }
        if (digest.Any("at") is YamlList { Items.Count: 0 } none)
        {
            digest.File.Error(none, "missing", "at is empty", "write when the digest is told, such as Mon-Fri 09:00");
        }
        digest.Done();
        return zone is null || found.Count == 0 ? null : new(found, zone, string.Join(", ", texts));
    }

    /// <summary>The wishes by receiver; one for a receiver that is nowhere is a problem.</summary>
    public static IReadOnlyDictionary<string, ReceiverWishes> Link(Found found)
    {
        var names = found.Receivers.Select(r => r.Name).Concat(found.Alertmanager?.Config.Receivers.Select(r => r.Name) ?? []).ToList();
        foreach (var (file, receiver, _) in found.Wishes.Where(w => !names.Contains(w.Receiver.Value, StringComparer.Ordinal)))
        {
            file.Error(receiver, "unknown-name", $"there is no receiver {receiver.Value}", Near.Hint(receiver.Value, names));
        }
        return found.Wishes.ToDictionary(w => w.Receiver.Value, w => w.Wishes, StringComparer.Ordinal);
    }
}
