using Microsoft.AspNetCore.Http;
using Nines.Core.Alerting;
using Nines.Core.Alerting.Routing;
using Nines.Metrics;
using Nines.Server.Web;

namespace Nines.Server.Alerting.Api;

/// <summary>What the API says of the server, and which matchers it takes.</summary>
/// <param name="Matchers">Which grammar of matchers and label names counts.</param>
/// <param name="StartedAt">Since when the server runs.</param>
/// <param name="ClusterAddress">The address the status names as the only peer; null when the server is no cluster.</param>
internal sealed record AlertmanagerApiOptions(MatcherMode Matchers, DateTimeOffset StartedAt, string? ClusterAddress = null);

/// <summary>Alertmanager's API v2: what is asked for is read, checked and answered as version 0.28 does.</summary>
internal sealed class AlertmanagerApi(
    IAlertRouting routing, IAlertDoor door, TimeProvider time, AlertmanagerApiOptions options, IInboundAlerts? inbound = null)
{
    /// <summary>The version of Alertmanager whose contract this is; clients compare it with their own.</summary>
    public const string Version = "0.28.0";

    private const string PeerName = "nines";

    private static readonly string OwnVersion = typeof(AlertmanagerApi).Assembly.GetName().Version?.ToString(3) ?? "0";

    public IResult Status(HttpRequest request)
    {
        if (ApiBody.NotAcceptable(request) is { } refusal)
        {
            return refusal;
        }
        var json = new GoJson().Open('{').Key("cluster").Open('{');
        if (options.ClusterAddress is { } address)
        {
            json.Key("name").Text(PeerName).Key("peers").Open('[').Open('{').Key("address").Text(address).Key("name").Text(PeerName).Close('}').Close(']');
        }
        else
        {
            json.Key("peers").Texts([]);
        }
        json.Key("status").Text(options.ClusterAddress is null ? "disabled" : "ready").Close('}');
        json.Key("config").Open('{').Key("original").Text(routing.Plan.Text).Close('}');
        json.Key("uptime").Moment(Ns(options.StartedAt));
        json.Key("versionInfo").Open('{').Key("branch").Text("nines").Key("buildDate").Text("").Key("buildUser").Text("nines")
            .Key("goVersion").Text($"dotnet{Environment.Version}").Key("revision").Text($"nines-{OwnVersion}").Key("version").Text(Version).Close('}');
        return ApiAnswer.Ok(json.Close('}'));
    }

    public IResult Receivers(HttpRequest request)
    {
        if (ApiBody.NotAcceptable(request) is { } refusal)
        {
            return refusal;
        }
        var json = new GoJson().Open('[');
        foreach (var receiver in routing.Plan.Receivers.Values.OrderBy(r => r.Position.File, StringComparer.Ordinal).ThenBy(r => r.Position.Line))
        {
            json.Open('{').Key("name").Text(receiver.Name).Close('}');
        }
        return ApiAnswer.Ok(json.Close(']'));
    }

    public IResult Alerts(HttpRequest request)
    {
        if (AlertQuery.Read(request, options.Matchers, out var refusal) is not { } query)
        {
            return refusal!;
        }
        var now = NowNs;
        var json = new GoJson { EscapesHtml = true }.Open('[');
        foreach (var alert in routing.Alerts().Where(a => query.Takes(a, now) && a.Receivers.Any(query.TakesReceiver))
            .OrderBy(a => a.State.Fingerprint, StringComparer.Ordinal))
        {
            AlertAnswers.Write(json, alert, alert.Receivers);
        }
        return ApiAnswer.Ok(json.Close(']'));
    }

    public IResult Groups(HttpRequest request)
    {
        if (AlertQuery.Read(request, options.Matchers, out var refusal) is not { } query)
        {
            return refusal!;
        }
        var muted = AlertQuery.Flag(request, "muted");
        var now = NowNs;
        var json = new GoJson().Open('[');
        // Alertmanager puts groups of fewer labels first.
        foreach (var group in routing.Groups().Where(g => query.TakesReceiver(g.Receiver)).OrderBy(g => g.Labels.Count)
            .ThenBy(g => g.Labels, Comparer<Labels>.Create(Labels.Compare)).ThenBy(g => g.Receiver, StringComparer.Ordinal))
        {
            var alerts = group.Alerts.Where(a => query.Takes(a, now)).ToList();
            if (alerts.Count == 0 || (!muted && group.Alerts.All(a => a.MutedBy.Count > 0)))
            {
                continue;
            }
            json.Open('{').Key("alerts").Open('[');
            json.EscapesHtml = true;
            foreach (var alert in alerts)
            {
                AlertAnswers.Write(json, alert, alert.Receivers.Order(StringComparer.Ordinal));
            }
            json.EscapesHtml = false;
            json.Close(']').Key("labels").Map(group.Labels).Key("receiver").Open('{').Key("name").Text(group.Receiver).Close('}').Close('}');
        }
        return ApiAnswer.Ok(json.Close(']'));
    }

    public async Task<IResult> PostAlertsAsync(HttpRequest request)
    {
        var (body, refusal) = await ApiBody.ReadAsync(request, "alerts", AlertmanagerJson.Default.PostableAlertArray);
        if (refusal is not null)
        {
            return refusal;
        }
        var (alerts, problems, unfit) = AlertPosting.Read(body ?? [], options.Matchers);
        if (unfit is not null)
        {
            return unfit;
        }
        alerts = inbound is null ? alerts : await inbound.HearAsync(alerts);
        if (alerts.Count > 0)
        {
            // What was read is taken in even when the client does not wait for the answer.
            await door.PostAsync(alerts, CancellationToken.None);
        }
        return problems.Count > 0 ? ApiAnswer.Refused(400, string.Join("; ", problems)) : ApiAnswer.Ok();
    }

    public IResult Silences(HttpRequest request)
    {
        if (ApiBody.NotAcceptable(request) is { } refusal)
        {
            return refusal;
        }
        if (AlertQuery.Matchers(request, options.Matchers, out var reason) is not { } matchers)
        {
            return ApiAnswer.Refused(400, reason);
        }
        var now = NowNs;
        var json = new GoJson { EscapesHtml = true }.Open('[');
        foreach (var silence in SilenceBodies.Sorted(routing.Silences().Where(s => matchers.All(s.Matchers.Contains)), now))
        {
            SilenceBodies.Write(json, silence, now);
        }
        return ApiAnswer.Ok(json.Close(']'));
    }

    public async Task<IResult> PostSilenceAsync(HttpRequest request)
    {
        var (body, refusal) = await ApiBody.ReadAsync(request, "silence", AlertmanagerJson.Default.PostableSilence);
        if (refusal is not null)
        {
            return refusal;
        }
        var (silence, wrong) = SilenceBodies.Read(body ?? new(null, null, null, null, null, null), options.Matchers, NowNs,
            id => routing.Silences().Any(s => s.Id == id));
        if (silence is null)
        {
            return wrong!;
        }
        return await routing.SetSilenceAsync(silence.Id, silence, Actors.ResponderOf(request.HttpContext, "api"), request.HttpContext.RequestAborted) switch
        {
            null => SilenceBodies.Unknown,
            { Refusal: { } reason } => ApiAnswer.Refused(400, $"invalid silence: {reason}"),
            { } change => ApiAnswer.Ok(new GoJson().Open('{').Key("silenceID").Text(change.Stored[^1].Id).Close('}')),
        };
    }

    public IResult Silence(HttpRequest request, string id)
    {
        if ((ApiBody.NotAcceptable(request) ?? SilenceBodies.NoIdentity(id)) is { } refusal)
        {
            return refusal;
        }
        return routing.Silences().FirstOrDefault(s => s.Id == id) is { } silence
            ? ApiAnswer.Ok(SilenceBodies.Write(new GoJson { EscapesHtml = true }, silence, NowNs)) : ApiAnswer.Empty(404);
    }

    public async Task<IResult> ExpireSilenceAsync(HttpRequest request, string id)
    {
        if ((ApiBody.NotAcceptable(request) ?? SilenceBodies.NoIdentity(id)) is { } refusal)
        {
            return refusal;
        }
        var known = await routing.ExpireSilenceAsync(id, Actors.ResponderOf(request.HttpContext, "api"), request.HttpContext.RequestAborted);
        return ApiAnswer.Empty(known ? 200 : 404);
    }

    /// <summary>What version 1 of the API has answered since Alertmanager 0.27.</summary>
    public static IResult Removed() => new ApiAnswer(410, ApiAnswer.Line(new GoJson().Open('{').Key("status").Text("deprecated").Key("error")
        .Text("The Alertmanager v1 API was deprecated in version 0.16.0 and is removed as of version 0.27.0 - please use the equivalent route in the v2 API")
        .Close('}')));

    private long NowNs => Ns(time.GetUtcNow());

    private static long Ns(DateTimeOffset at) => (at - DateTimeOffset.UnixEpoch).Ticks * 100;
}
