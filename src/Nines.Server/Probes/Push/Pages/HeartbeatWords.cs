using Nines.Core.Probes.Push;

namespace Nines.Server.Probes.Push.Pages;

/// <summary>How heartbeats are called on pages.</summary>
internal static class HeartbeatWords
{
    /// <summary>The word, icon and attribute value of a standing.</summary>
    public static (string Word, string Icon, string Look) Of(HeartbeatStanding standing) => standing switch
    {
        HeartbeatStanding.Up => ("Reports", "circle-check", "ok"),
        HeartbeatStanding.Running => ("Running", "play", "ok"),
        HeartbeatStanding.Late => ("Late", "history", "caution"),
        HeartbeatStanding.Missed => ("Missed", "bell", "exhausted"),
        HeartbeatStanding.Failed => ("Failed", "octagon-x", "exhausted"),
        _ => ("Not heard yet", "circle-dashed", "unknown"),
    };

    /// <summary>The word and attribute value of an outcome.</summary>
    public static (string Word, string Look) Of(RunOutcome outcome) => outcome switch
    {
        RunOutcome.Good => ("good", "ok"),
        RunOutcome.Bad => ("bad", "exhausted"),
        _ => ("unknown", "unknown"),
    };

    /// <summary>The address of a heartbeat's page.</summary>
    public static string UrlOf(string name) => "/heartbeats/" + Uri.EscapeDataString(name);
}
