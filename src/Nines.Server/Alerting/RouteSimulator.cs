using Nines.Core.Alerting;
using Nines.Core.Alerting.Routing;
using Nines.Core.Delivery;
using Nines.Server.Web;

namespace Nines.Server.Alerting;

/// <summary>What is tried: an alert and a moment, as they stand in the address.</summary>
/// <param name="Alert">Labels, JSON or a fingerprint as typed; empty when nothing is tried.</param>
/// <param name="At">The moment as typed; empty for now.</param>
public sealed record SimulationQuery(string Alert, string At)
{
    /// <summary>Reads the parameters of an address.</summary>
    public static SimulationQuery Read(string? alert, string? at) => new(alert?.ReplaceLineEndings("\n").Trim() ?? "", at?.Trim() ?? "");
}

/// <summary>A message that an integration would get.</summary>
/// <param name="Integration">The integration.</param>
/// <param name="Preview">The message.</param>
public sealed record SimulatedMessage(Integration Integration, MessagePreview Preview);

/// <summary>What came of trying.</summary>
/// <param name="Trial">What would become of the alert; null when nothing was tried or something cannot be read.</param>
/// <param name="Messages">The messages, for each telling of the trial in order.</param>
/// <param name="AlertProblem">What is wrong with the alert; empty when nothing is.</param>
/// <param name="AtProblem">What is wrong with the moment.</param>
public sealed record Simulation(
    AlertTrial? Trial, IReadOnlyList<IReadOnlyList<SimulatedMessage>> Messages, string AlertProblem = "", string AtProblem = "");

/// <summary>Tries what routing would make of an alert. Nothing is told and nothing is changed.</summary>
internal sealed class RouteSimulator(IAlertRouting routing, IMessagePreviews previews, TimeProvider time)
{
    private static readonly Simulation Nothing = new(null, []);

    /// <summary>The configuration in force.</summary>
    public RoutingPlan Plan => routing.Plan;

    /// <summary>Tries an alert.</summary>
    public Simulation Run(SimulationQuery query)
    {
        var nowNs = (time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * 100;
        var atMs = 0L;
        var atProblem = query.At.Length == 0 || UtcText.TryParse(query.At, out atMs) ? "" : $"This is no time. {UtcText.Hint}";
        if (query.Alert.Length == 0)
        {
            return Nothing with { AtProblem = atProblem };
        }
        var atNs = query.At.Length == 0 ? nowNs : atMs * 1_000_000;
        var active = routing.Alerts();
        var (alert, problem) = Alert(query.Alert, active, atNs);
        if (alert is null || atProblem.Length > 0)
        {
            return new(null, [], problem, atProblem);
        }
        var trial = AlertTrial.Of(routing.Plan, alert, atNs, routing.Silences(),
            [.. active.Select(a => a.State.Labels)], query.At.Length == 0 ? routing.Groups() : []);
        return new(trial, [.. trial.Tellings.Select(t => (IReadOnlyList<SimulatedMessage>)
            [.. t.Receiver.Integrations.Select(i => new SimulatedMessage(i, previews.Of(i, t.Notification(i, alert))))])]);
    }

    private static (NotifiedAlert? Alert, string Problem) Alert(string text, IReadOnlyList<RoutedAlert> active, long atNs)
    {
        if (text.Length == 16 && text.All(char.IsAsciiHexDigit))
        {
            return active.FirstOrDefault(a => a.State.Fingerprint.Equals(text, StringComparison.OrdinalIgnoreCase))?.State is { } state
                ? (new(state.Fingerprint, state.Labels, state.Annotations, state.StartsAtNs, 0, state.GeneratorUrl), "")
                : (null, $"No alert with the fingerprint {text} fires now. Paste its labels instead.");
        }
        var reading = AlertText.Read(text);
        return reading.Labels is not { } labels ? (null, Format.Capital(reading.Error ?? "") + ".")
            : labels.Count == 0 ? (null, "An alert has one label at least: write severity=critical.")
            : (new(AlertMachine.FingerprintOf(labels), labels, reading.Annotations, atNs, 0, ""), "");
    }
}
