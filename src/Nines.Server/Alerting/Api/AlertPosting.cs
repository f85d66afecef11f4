using Nines.Core.Alerting;
using Nines.Core.Alerting.Routing;
using Nines.Metrics;

namespace Nines.Server.Alerting.Api;

/// <summary>What came of a posted body.</summary>
/// <param name="Alerts">The alerts that can be.</param>
/// <param name="Problems">What is wrong with the others.</param>
/// <param name="Unfit">The answer when the body as a whole does not fit; nothing is taken then.</param>
internal readonly record struct PostedBody(IReadOnlyList<PostedAlert> Alerts, IReadOnlyList<string> Problems, ApiAnswer? Unfit);

/// <summary>Reads posted alerts: those that are right are taken, the others are named.</summary>
internal static class AlertPosting
{
    public static PostedBody Read(IReadOnlyList<PostableAlert?> body, MatcherMode mode)
    {
        var times = new (long Starts, long Ends)[body.Count];
        for (var i = 0; i < body.Count; i++)
        {
            if (!ApiBody.Moment(body[i]?.StartsAt, out times[i].Starts, out var reason) || !ApiBody.Moment(body[i]?.EndsAt, out times[i].Ends, out reason))
            {
                return new([], [], ApiBody.Unparsable("alerts", reason));
            }
        }
        for (var i = 0; i < body.Count; i++)
        {
            if (Misfit(body[i], i) is { } misfit)
            {
                return new([], [], misfit);
            }
        }
        var alerts = new List<PostedAlert>(body.Count);
        var problems = new List<string>();
        for (var i = 0; i < body.Count; i++)
        {
            var alert = body[i]!;
            var (starts, ends) = times[i];
            if (Problem(alert, starts, ends, mode) is { } problem)
            {
                problems.Add(problem);
            }
            else
            {
                alerts.Add(new PostedAlert(LabelsOf(alert.Labels!), LabelsOf(alert.Annotations ?? []), starts == 0 ? ends : starts, ends,
                    alert.GeneratorURL ?? ""));
            }
        }
        return new(alerts, problems, null);
    }

    private static ApiAnswer? Misfit(PostableAlert? alert, int index) => alert switch
    {
        null => ApiBody.Invalid(602, $"{index} in body is required"),
        { GeneratorURL: { Length: > 0 } url } when !ApiBody.IsUri(url) =>
            ApiBody.Invalid(601, $"{index}.generatorURL in body must be of type uri: "
                + $"{System.Text.Json.JsonSerializer.Serialize(url, AlertApiJson.Default.String)}"),
        { Labels: null } => ApiBody.Invalid(602, $"{index}.labels in body is required"),
        _ => null,
    };

    private static string? Problem(PostableAlert alert, long starts, long ends, MatcherMode mode) =>
        starts != 0 && ends != 0 && ends < starts ? "start time must be before end time"
        : alert.Labels!.All(l => string.IsNullOrEmpty(l.Value)) ? "at least one label pair required"
        : WrongName(alert.Labels!.Where(l => !string.IsNullOrEmpty(l.Value)).Select(l => l.Key), mode) is { } label
            ? $"invalid label set: invalid name \"{label}\""
        : WrongName(alert.Annotations?.Keys ?? Enumerable.Empty<string>(), mode) is { } annotation ? $"invalid annotations: invalid name \"{annotation}\""
        : null;

    private static string? WrongName(IEnumerable<string> names, MatcherMode mode) => names.Order(StringComparer.Ordinal)
        .FirstOrDefault(name => mode == MatcherMode.Classic ? !SilenceBodies.IsClassicName(name) : name.Length == 0);

    private static Labels LabelsOf(Dictionary<string, string?> map) => Labels.Of(map.Select(l => (l.Key, l.Value ?? "")));
}
