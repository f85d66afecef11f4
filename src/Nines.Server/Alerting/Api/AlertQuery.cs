using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;
using Nines.Core.Alerting.Routing;
using Nines.Metrics;

namespace Nines.Server.Alerting.Api;

/// <summary>Which alerts are asked for.</summary>
internal sealed class AlertQuery
{
    private IReadOnlyList<Matcher> _matchers = [];
    private bool _active;
    private bool _silenced;
    private bool _inhibited;
    private Regex? _receiver;

    /// <summary>Reads a query; null, with the refusal, when something in it is wrong.</summary>
    public static AlertQuery? Read(HttpRequest request, MatcherMode mode, out ApiAnswer? refusal)
    {
        refusal = ApiBody.NotAcceptable(request);
        if (refusal is not null)
        {
            return null;
        }
        if (Matchers(request, mode, out var reason) is not { } matchers)
        {
            refusal = ApiAnswer.Refused(400, reason);
            return null;
        }
        Regex? receiver = null;
        if (request.Query["receiver"].FirstOrDefault() is { Length: > 0 } pattern)
        {
            try
            {
                receiver = Re2.Anchored(pattern);
            }
            catch (ArgumentException e)
            {
                refusal = ApiAnswer.Refused(400, $"failed to parse receiver param: {e.Message.Split(" (Parameter", 2)[0]}");
                return null;
            }
        }
        return new AlertQuery
        {
            _matchers = matchers,
            _active = Flag(request, "active"),
            _silenced = Flag(request, "silenced"),
            _inhibited = Flag(request, "inhibited"),
            _receiver = receiver,
        };
    }

    /// <summary>The matchers of all <c>filter</c> parameters, one each; null, with the reason, when one is none.</summary>
    public static IReadOnlyList<Matcher>? Matchers(HttpRequest request, MatcherMode mode, out string reason)
    {
        reason = "";
        var matchers = new List<Matcher>();
        foreach (var filter in request.Query["filter"])
        {
            var reading = MatcherText.Read(filter ?? "", mode);
            if (reading.Matchers is not [var matcher] || filter!.TrimStart().StartsWith('{'))
            {
                reason = reading.Error ?? $"bad matcher format: {filter}";
                return null;
            }
            matchers.Add(matcher);
        }
        return matchers;
    }

    /// <summary>A flag that is true unless the query says otherwise; of several the last counts.</summary>
    public static bool Flag(HttpRequest request, string name) =>
        request.Query[name].LastOrDefault() is not { Length: > 0 } text || text.ToLowerInvariant() is "true" or "1" or "yes" or "ok" or "y" or "on"
            or "selected" or "checked" or "t" or "enabled";

    public bool TakesReceiver(string receiver) => _receiver?.IsMatch(receiver) ?? true;

    /// <summary>Whether an alert is asked for. As in Alertmanager, one whose groups were not looked at yet counts as active: it is not suppressed.</summary>
    public bool Takes(RoutedAlert alert, long nowNs) =>
        (alert.State.EndsAtNs == 0 || alert.State.EndsAtNs >= nowNs)
        && (_active || AlertAnswers.IsSuppressed(alert))
        && (_silenced || alert.SilencedBy.Count == 0)
        && (_inhibited || alert.InhibitedBy.Count == 0)
        && Matcher.AllMatch(_matchers, alert.State.Labels);
}

/// <summary>Alerts as the API shows them.</summary>
internal static class AlertAnswers
{
    public static bool IsSuppressed(RoutedAlert alert) =>
        alert.Standing == AlertStanding.Suppressed || alert.SilencedBy.Count + alert.InhibitedBy.Count + alert.MutedBy.Count > 0;

    public static void Write(GoJson json, RoutedAlert alert, IEnumerable<string> receivers)
    {
        var state = alert.State;
        json.Open('{').Key("annotations").Map(state.Annotations).Key("endsAt").Moment(state.EndsAtNs).Key("fingerprint").Text(state.Fingerprint);
        json.Key("receivers").Open('[');
        foreach (var receiver in receivers)
        {
            json.Open('{').Key("name").Text(receiver).Close('}');
        }
        json.Close(']').Key("startsAt").Moment(state.StartsAtNs);
        json.Key("status").Open('{').Key("inhibitedBy").Texts(alert.InhibitedBy).Key("mutedBy").Texts(alert.MutedBy).Key("silencedBy").Texts(alert.SilencedBy)
            .Key("state").Text(IsSuppressed(alert) ? "suppressed" : "active").Close('}');
        json.Key("updatedAt").Moment(state.UpdatedAtNs);
        if (state.GeneratorUrl.Length > 0)
        {
            json.Key("generatorURL").Text(state.GeneratorUrl);
        }
        json.Key("labels").Map(state.Labels).Close('}');
    }
}
