using System.Globalization;
using System.Text.RegularExpressions;
using Nines.Core.Alerting;
using Nines.PromQL;
using NodaTime;

namespace Nines.Core.Workspace;

/// <summary>A ladder as declared, before its calendars and services are looked up.</summary>
internal sealed record DraftLadder(BindingFile File, YamlText Name, List<YamlText> Services, YamlText? Calendar, List<DraftLevel> Levels);

/// <summary>A level of it.</summary>
internal sealed record DraftLevel(SeverityLevel Level, List<YamlText> Words, ResponseTime? Response, YamlText? ResponseText, YamlText? Calendar);

/// <summary>Reads SeverityLadder documents: a team's words for how urgent an alert is, from the most urgent down.</summary>
internal static partial class SeverityLadderReader
{
    /// <summary>A level from this rank on pages unless it says otherwise: that of <c>page</c> and <c>critical</c>.</summary>
    private const int PagesFrom = 50;

    private const int MaxRank = 100;
    private const int MaxLevels = 20;
    private const long MaxMs = 400L * 86_400_000;
    private static readonly string[] UsualWords = ["emergency", "page", "critical", "major", "medium", "ticket", "warning", "info", "debug"];

    public static void Read(Fields spec, YamlText name, Found found)
    {
        var file = spec.File;
        var services = Words(spec, "services");
        var calendar = spec.Text("calendar");
        var levels = new List<DraftLevel>();
        var given = spec.Maps("levels", "level", required: true).ToList();
        foreach (var fields in given)
        {
            if (Level(fields, levels.LastOrDefault()?.Level) is { } level)
            {
                levels.Add(level);
            }
        }
        if (given.Count > MaxLevels || given.Count == 0 && spec.Any("levels") is YamlList)
        {
            file.Error(spec.Any("levels")!, given.Count == 0 ? "missing" : "bad-value", $"a ladder has 1 to {MaxLevels} levels, not {given.Count}");
        }
        if (found.IsNew(file, name, "severity ladder", name.Value))
        {
            found.Ladders.Add(new(file, name, services, calendar, levels));
        }
    }

    /// <summary>The ladders with their calendars. A word that means two things to the alerts of one service is a problem.</summary>
    public static SeverityLadders Link(Found found)
    {
        var known = new Dictionary<(string Service, string Word), (SeverityLevel Level, SourcePosition At)>();
        var ladders = new List<SeverityLadder>();
        foreach (var draft in found.Ladders.OrderBy(l => l.Name.Value, StringComparer.Ordinal))
        {
            foreach (var service in draft.Services.Where(s => !found.Services.ContainsKey(s.Value)))
            {
                draft.File.Error(service, "unknown-reference", $"there is no service {service.Value}", Near.Hint(service.Value, found.Services.Keys));
            }
            List<string> services = [.. draft.Services.Select(s => s.Value)];
            foreach (var (level, word) in draft.Levels.SelectMany(l => l.Words.Select(w => (l.Level, w))))
            {
                foreach (var service in services.DefaultIfEmpty(""))
                {
                    if (!known.TryAdd((service, word.Value.ToUpperInvariant()), (level, draft.File.At(word))))
                    {
                        var (other, at) = known[(service, word.Value.ToUpperInvariant())];
                        draft.File.Error(word, "duplicate", $"{word.Value} has two meanings: rank {level.Rank} here, rank {other.Rank} at {at}",
                            "drop one, or say by services whose alerts each ladder is for");
                        break;
                    }
                }
            }
            ladders.Add(new(draft.Name.Value, services, [.. draft.Levels.Select(l => l.Level with { RespondWithin = Response(draft, l, found) })]));
        }
        return new(ladders);
    }

    private static ResponseTime? Response(DraftLadder ladder, DraftLevel level, Found found)
    {
        var (file, response) = (ladder.File, level.Response);
        // Without a calendar of its own a level goes by that of its ladder.
        var named = level.Calendar ?? ladder.Calendar;
        var calendar = named is null ? null : found.Calendars.GetValueOrDefault(named.Value);
        if (named is not null && !found.Calendars.ContainsKey(named.Value))
        {
            file.Error(named, "unknown-reference", $"there is no calendar {named.Value}",
                Near.Hint(named.Value, found.Calendars.Keys) is { Length: > 0 } hint ? hint : "declare it in a nines/v1 document of kind Calendar");
        }
        if (level.Calendar is not null && (response is null || !IsBusiness(level.ResponseText!)))
        {
            file.Error(level.Calendar, "not-used", response is null ? "the calendar is not used: the level has no respondWithin"
                : $"the calendar is not used: {level.ResponseText!.Value} passes around the clock", "write such as 2 business hours, or drop the calendar");
        }
        if (response is null || !IsBusiness(level.ResponseText!))
        {
            return response;
        }
        if (named is null)
        {
            file.Error(level.ResponseText!, "missing", $"{level.ResponseText!.Value} needs a calendar",
                "add calendar: NAME to the level or the ladder, and declare it in a nines/v1 document of kind Calendar");
        }
        return calendar is null ? null : response with { Calendar = calendar };
    }

    private static DraftLevel? Level(Fields fields, SeverityLevel? before)
    {
        var file = fields.File;
        var name = fields.Text("name", required: true);
        var aliases = Words(fields, "aliases");
        var (rank, like) = (fields.Number("rank", 0, MaxRank), fields.Text("like"));
        var ranked = RankOf(fields, name, (int?)rank, like);
        var pages = fields.Flag("pages", ranked >= PagesFrom);
        var text = fields.Text("respondWithin");
        var response = text is null ? null : Time(file, text);
        var calendar = fields.Text("calendar");
        fields.Done();
        if (name is null || ranked is not { } known)
        {
            return null;
        }
        if (rank is not null && rank != known)
        {
            file.Error(fields.Any("rank")!, "bad-value", $"rank must be a whole number, not {rank}");
        }
        if (known >= before?.Rank)
        {
            file.Error(fields.Any("rank") ?? like ?? name, "order", $"{name.Value} has rank {known}, not below {before.Word} before it with {before.Rank}",
                "write the levels from the most urgent to the least, each with a rank of its own");
        }
        foreach (var word in aliases.Prepend(name).Where(w => !w.Value.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_')))
        {
            file.Error(word, "bad-value", $"{word.Value} is no word for a label", "use letters, digits, - and _");
        }
        if (!pages && fields.Any("pages") is null && aliases.Prepend(name).FirstOrDefault(w => w.Value.ToLowerInvariant() is "page" or "critical") is { } usual)
        {
            file.Error(usual, "ambiguous", $"{usual.Value} usually wakes people, and with rank {known} it does not",
                $"say pages: true or pages: false; from rank {PagesFrom} on a level pages by itself");
        }
        return new(new(name.Value, known, pages) { Aliases = [.. aliases.Select(a => a.Value)], Above = before?.Word ?? name.Value },
            [name, .. aliases], response, response is null ? null : text, calendar);
    }

    /// <summary>The rank given, that of the word it is like, or what its name usually means.</summary>
    private static int? RankOf(Fields fields, YamlText? name, int? rank, YamlText? like)
    {
        if (like is not null && fields.Any("rank") is not null)
        {
            fields.File.Error(like, "bad-value", "a level has rank or like, not both");
        }
        if (rank is not null || fields.Any("rank") is not null)
        {
            return rank;
        }
        var word = like ?? name;
        var usual = word is null ? null : Severity.RankOf(word.Value);
        if (word is not null && usual is null)
        {
            var usually = $"the usual words are {string.Join(", ", UsualWords)}, P0 to P5, SEV-0 to SEV-5";
            fields.File.Error(word, like is null ? "missing" : "unknown-name", $"{word.Value} is none of the usual words",
                like is null ? "give it rank: 0 to 100, or like: and the usual word that is as urgent"
                : Near.Hint(word.Value, UsualWords) is { Length: > 0 } hint ? hint : usually);
        }
        return usual;
    }

    private static ResponseTime? Time(BindingFile file, YamlText text)
    {
        if (Durations.TryParseMs(text.Value, out var ms) && ms is 0 or >= 1000 and <= MaxMs)
        {
            return new(ms == 0 ? "1 min" : Words(ms), Duration.FromMilliseconds(ms));
        }
        if (BusinessTime().Match(text.Value) is { Success: true } match)
        {
            var count = match.Groups["count"].Value is "next" ? 1 : int.Parse(match.Groups["count"].Value, CultureInfo.InvariantCulture);
            var unit = match.Groups["unit"].Value;
            var words = $"{count} business {unit}{(count == 1 ? "" : "s")}";
            var (length, most) = unit switch
            {
                "minute" => (Duration.FromMinutes(count), 6000),
                "hour" => (Duration.FromHours(count), 100),
                _ => (Duration.Zero, 60),
            };
            if (count > 0 && count <= most)
            {
                return new(words, length, unit == "day" ? count : 0);
            }
        }
        file.Error(text, "bad-value", $"respondWithin is no time: {text.Value}",
            "write 0s (at once), 15m or 1h, or in business time 30 business minutes (at most 6000), 4 business hours (100), 1 business day (60)");
        return null;
    }

    private static bool IsBusiness(YamlText text) => BusinessTime().IsMatch(text.Value);

    private static string Words(long ms)
    {
        (long Count, string Unit)[] parts = [(ms / 86_400_000, "d"), (ms / 3_600_000 % 24, "h"), (ms / 60_000 % 60, "min"), (ms / 1000 % 60, "s")];
        return string.Join(' ', parts.Where(p => p.Count > 0).Select(p => $"{p.Count} {p.Unit}"));
    }

    private static List<YamlText> Words(Fields fields, string key)
    {
        var words = new List<YamlText>();
        foreach (var node in fields.List(key))
        {
            if (node is YamlText { Value.Length: > 0 } text)
            {
                words.Add(text);
            }
            else
            {
                fields.File.Error(node, "wrong-type", $"{key} must be a list of words");
            }
        }
        return words;
    }

    [GeneratedRegex("^(?<count>next|[0-9]{1,4}) business (?<unit>minute|hour|day)s?$", RegexOptions.NonBacktracking)]
    private static partial Regex BusinessTime();
}
