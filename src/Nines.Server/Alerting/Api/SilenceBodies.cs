using Nines.Core.Alerting.Routing;
using Nines.Metrics;

namespace Nines.Server.Alerting.Api;

/// <summary>Silences as the API takes and shows them.</summary>
internal static class SilenceBodies
{
    /// <summary>The answer when a silence is to be changed that does not exist.</summary>
    public static readonly ApiAnswer Unknown = ApiAnswer.Refused(404, "silence not found");

    /// <summary>Reads what is asked for: the silence, its identity empty for a new one, or the refusal.</summary>
    public static (Silence? Silence, ApiAnswer? Refusal) Read(PostableSilence body, MatcherMode mode, long nowNs, Func<string, bool> known)
    {
        if (!ApiBody.Moment(body.StartsAt, out var starts, out var reason) || !ApiBody.Moment(body.EndsAt, out var ends, out reason))
        {
            return (null, ApiBody.Unparsable("silence", reason));
        }
        if (Misfit(body) is { } misfit)
        {
            return (null, misfit);
        }
        if (starts >= ends)
        {
            return (null, ApiAnswer.Refused(400, "Failed to create silence: start time must be before end time"));
        }
        if (ends < nowNs)
        {
            return (null, ApiAnswer.Refused(400, "Failed to create silence: end time can't be in the past"));
        }
        if (!string.IsNullOrEmpty(body.Id) && !known(body.Id))
        {
            return (null, Unknown);
        }
        var matchers = new List<Matcher>();
        foreach (var asked in body.Matchers!)
        {
            if (Problem(asked!, mode, matchers) is { } problem)
            {
                return (null, ApiAnswer.Refused(400, $"invalid silence: invalid label matcher {matchers.Count}: {problem}"));
            }
        }
        return (new Silence
        {
            Id = body.Id ?? "",
            Matchers = matchers,
            StartsAtNs = starts,
            EndsAtNs = ends,
            UpdatedAtNs = nowNs,
            CreatedBy = body.CreatedBy!,
            Comment = body.Comment!,
        }, null);
    }

    /// <summary>The refusal of a path that names no UUID; null when it does.</summary>
    public static ApiAnswer? NoIdentity(string id) => Guid.TryParseExact(id, "D", out _) || Guid.TryParseExact(id, "N", out _) ? null
        : ApiBody.Invalid(601, $"silenceID in path must be of type uuid: \"{id}\"");

    /// <summary>Active ones first, the next to end first; then pending ones, the next to begin first; then those that are over, the last first.</summary>
    public static IEnumerable<Silence> Sorted(IEnumerable<Silence> silences, long nowNs) => silences
        .OrderBy(s => s.StateAt(nowNs) switch { SilenceState.Active => 0, SilenceState.Pending => 1, _ => 2 })
        .ThenBy(s => s.StateAt(nowNs) switch { SilenceState.Active => s.EndsAtNs, SilenceState.Pending => s.StartsAtNs, _ => -s.EndsAtNs });

    public static GoJson Write(GoJson json, Silence silence, long nowNs)
    {
        json.Open('{').Key("id").Text(silence.Id).Key("status").Open('{').Key("state").Text(silence.StateAt(nowNs).ToString().ToLowerInvariant()).Close('}');
        json.Key("updatedAt").Moment(silence.UpdatedAtNs).Key("comment").Text(silence.Comment).Key("createdBy").Text(silence.CreatedBy);
        json.Key("endsAt").Moment(silence.EndsAtNs).Key("matchers").Open('[');
        foreach (var matcher in silence.Matchers)
        {
            json.Open('{').Key("isEqual").Flag(matcher.Op is MatchOp.Equal or MatchOp.Regex)
                .Key("isRegex").Flag(matcher.Op is MatchOp.Regex or MatchOp.NotRegex).Key("name").Text(matcher.Name)
                .Key("value").Text(matcher.Value).Close('}');
        }
        return json.Close(']').Key("startsAt").Moment(silence.StartsAtNs).Close('}');
    }

    /// <summary>Whether a name is one that every Prometheus takes.</summary>
    public static bool IsClassicName(string name) =>
        name.Length > 0 && !char.IsAsciiDigit(name[0]) && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_');

    private static ApiAnswer? Misfit(PostableSilence body)
    {
        var missing = body.Comment is null ? "comment" : body.CreatedBy is null ? "createdBy" : body.EndsAt is null ? "endsAt"
            : body.Matchers is null ? "matchers" : null;
        if (missing is not null)
        {
            return ApiBody.Invalid(602, $"{missing} in body is required");
        }
        if (body.Matchers!.Length == 0)
        {
            return ApiBody.Invalid(612, "matchers in body should have at least 1 items");
        }
        for (var i = 0; i < body.Matchers.Length; i++)
        {
            var lacks = body.Matchers[i] switch
            {
                null => $"matchers.{i}",
                { IsRegex: null } => $"matchers.{i}.isRegex",
                { Name: null } => $"matchers.{i}.name",
                { Value: null } => $"matchers.{i}.value",
                _ => null,
            };
            if (lacks is not null)
            {
                return ApiBody.Invalid(602, $"{lacks} in body is required");
            }
        }
        return body.StartsAt is null ? ApiBody.Invalid(602, "startsAt in body is required") : null;
    }

    private static string? Problem(PostableMatcher asked, MatcherMode mode, List<Matcher> matchers)
    {
        if (mode == MatcherMode.Classic ? !IsClassicName(asked.Name!) : asked.Name!.Length == 0)
        {
            return $"invalid label name \"{asked.Name}\"";
        }
        var op = (asked.IsRegex!.Value, asked.IsEqual ?? true) switch
        {
            (false, true) => MatchOp.Equal,
            (false, false) => MatchOp.NotEqual,
            (true, true) => MatchOp.Regex,
            _ => MatchOp.NotRegex,
        };
        try
        {
            matchers.Add(new Matcher(asked.Name!, op, asked.Value!));
            return null;
        }
        catch (ArgumentException e)
        {
            return e.Message.Split(" (Parameter", 2)[0];
        }
    }
}
