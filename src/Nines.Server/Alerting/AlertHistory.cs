using Nines.Core.Alerting;
using Nines.Core.Alerting.Routing;
using Nines.Server.Delivery;
using Nines.Server.State;

namespace Nines.Server.Alerting;

/// <summary>All that is known of an alert.</summary>
/// <param name="Report">The alert.</param>
/// <param name="Explanation">Who was told and why; null when it was over more than a day ago.</param>
/// <param name="Transitions">Its begins and ends of 35 days, the latest first; at most 200.</param>
/// <param name="Messages">The messages that told of it, the latest first.</param>
/// <param name="Unread">Why the record of transitions and messages could not be read; null when it could.</param>
public sealed record KnownAlert(
    AlertReport Report, Explanation? Explanation, IReadOnlyList<AlertTransition> Transitions, IReadOnlyList<DeliveryMessage> Messages, string? Unread);

/// <summary>Puts together what memory and the store know of an alert, and what would have been kept quiet.</summary>
internal sealed class AlertHistory(
    IAlertReports reports, IAlertRouting routing, IAlertExplanations explanations, IDeliveryRecord deliveries, IStateStore store, TimeProvider time)
{
    private const int MostTransitions = 200;
    private const int MostBegins = 20_000;
    private const long DayNs = 86_400L * 1_000_000_000;

    /// <summary>An alert, also one that is no longer in memory; null when there never was one, or it is forgotten.</summary>
    public async Task<KnownAlert?> OfAsync(string fingerprint, CancellationToken cancellation)
    {
        var report = reports.Find(fingerprint);
        try
        {
            var (stored, transitions) = await store.ReadAsync(
                reader => (AlertStore.Find(reader, fingerprint), AlertStore.Transitions(reader, fingerprint, MostTransitions)), cancellation);
            report ??= stored is null ? null : ReportOf(stored);
            if (report is null)
            {
                return null;
            }
            var messages = await deliveries.OfAsync(fingerprint, report.SinceNs - DayNs, report.UpdatedNs + DayNs, cancellation);
            return new(report, explanations.Explain(fingerprint), transitions, messages, null);
        }
        catch (StoreRefusedException e)
        {
            return report is null ? null : new(report, explanations.Explain(fingerprint), [], [], e.Message);
        }
    }

    /// <summary>What a silence would do. When the store cannot be read, nothing of the past is in it.</summary>
    public async Task<SilencePreview> PreviewAsync(IReadOnlyList<Metrics.Matcher> matchers, long lengthNs, CancellationToken cancellation)
    {
        var nowNs = (time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * 100;
        List<PastFiring> past;
        try
        {
            past = await store.ReadAsync(reader => AlertStore.Begins(reader, nowNs - SilencePreview.Days * DayNs, MostBegins), cancellation);
        }
        catch (StoreRefusedException)
        {
            past = [];
        }
        return SilencePreview.Of(matchers, lengthNs, [.. routing.Alerts().Select(a => a.State.Labels)], past, routing.Plan.Ladders);
    }

    private AlertReport ReportOf(StoredAlert stored)
    {
        var state = stored.State;
        return new AlertReport(state.Fingerprint, state.Labels, state.Annotations, state.Firing, state.StartsAtNs, state.Firing ? null : state.EndsAtNs,
            state.UpdatedAtNs, state.GeneratorUrl, stored.Explanation, []).By(routing.Plan.Ladders, state);
    }
}
