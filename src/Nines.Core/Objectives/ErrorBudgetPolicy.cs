namespace Nines.Core.Objectives;

/// <summary>What is done at which share of budget left. Actions are carried out by the rooms that have them; the
/// policy says in words what each band means.</summary>
/// <param name="Name">The policy's name.</param>
/// <param name="Bands">Its bands, best first; each holds the shares above its own bound up to that of the one before it, the last all that is left.</param>
/// <param name="Hysteresis">How far above a better band's bound the share must be to return to it, 0 to 1.</param>
/// <param name="Exceptions">Classes of changes that go on in every band, such as <c>p0</c> or <c>security</c>.</param>
/// <param name="NotCounted">Causes whose failures may be adjusted out of the account, such as <c>network</c>; empty for any.</param>
/// <param name="Owner">Who decides when people disagree; may be empty.</param>
/// <param name="Position">Where it is declared.</param>
public sealed record ErrorBudgetPolicy(
    string Name, IReadOnlyList<BudgetBand> Bands, double Hysteresis, IReadOnlyList<string> Exceptions, IReadOnlyList<string> NotCounted, string Owner,
    SourcePosition Position)
{
    /// <summary>The hysteresis of a policy that gives none: five points.</summary>
    public const double DefaultHysteresis = 0.05;

    /// <summary>The policy of objectives that name none.</summary>
    public static readonly ErrorBudgetPolicy Default = new("default",
    [
        new("ok", 0.5, BudgetState.Ok, "Changes go on as usual."),
        new("caution", 0.25, BudgetState.Caution, "Risky changes wait; what burns the budget is looked at in working hours."),
        new("freeze", 0, BudgetState.Freeze, "Only urgent and security changes; the team works on reliability."),
        new("exhausted", null, BudgetState.Exhausted, "The promise is broken: only urgent and security changes until it is kept again."),
    ], DefaultHysteresis, ["p0", "security"], [], "", default);

    /// <summary>Whether failures of a cause may be adjusted out of the account.</summary>
    public bool LetsGo(string cause) => NotCounted.Count == 0 || NotCounted.Contains(cause, StringComparer.Ordinal);

    /// <summary>The band that holds a share, whatever was before.</summary>
    public BudgetBand BandOf(double share) => Bands[IndexOf(share)];

    /// <summary>The band after a share was seen. Down it goes at once; up only when the share is above the better band's bound by the hysteresis.</summary>
    /// <param name="before">The band so far; null or one that the policy no longer has starts anew.</param>
    /// <param name="share">Share of budget left.</param>
    public BudgetBand Next(string? before, double share)
    {
        var natural = IndexOf(share);
        var current = before is null ? -1 : Bands.ToList().FindIndex(b => b.Name == before);
        if (current < 0 || natural >= current)
        {
            return Bands[natural];
        }
        for (var better = natural; better < current; better++)
        {
            if (share > Bands[better].Above + Hysteresis)
            {
                return Bands[better];
            }
        }
        return Bands[current];
    }

    private int IndexOf(double share)
    {
        var index = 0;
        while (Bands[index].Above is { } above && share <= above)
        {
            index++;
        }
        return index;
    }
}

/// <summary>A band of an error budget policy.</summary>
/// <param name="Name">Its name, unique in the policy.</param>
/// <param name="Above">It holds shares above this one, up to the bound of the band before it, included; null for all that is left below.</param>
/// <param name="Level">How it is shown.</param>
/// <param name="Means">What it means for the team, in words.</param>
public sealed record BudgetBand(string Name, double? Above, BudgetState Level, string Means);

/// <summary>In which band an objective's budget is.</summary>
/// <param name="Objective">Its key.</param>
/// <param name="Policy">The policy it was judged by.</param>
/// <param name="Band">The band.</param>
/// <param name="SinceMs">Since when, ms since the Unix epoch.</param>
public sealed record BandState(string Objective, string Policy, string Band, long SinceMs);

/// <summary>An objective's budget went to another band.</summary>
/// <param name="Objective">Its key.</param>
/// <param name="Policy">The policy.</param>
/// <param name="From">The band before; empty at first sight.</param>
/// <param name="To">The band from now on.</param>
/// <param name="RemainingShare">Share of budget left.</param>
public sealed record BandChanged(string Objective, string Policy, string From, string To, double RemainingShare);

/// <summary>Decides in which band a budget is. Pure.</summary>
public static class BudgetPolicyMachine
{
    /// <summary>The fact that a budget went to another band.</summary>
    public const string Changed = "objective.band-changed/1";

    /// <summary>
    /// What a share makes of a state. A share that is not known changes nothing. The best band at first sight is no change.
    /// </summary>
    public static (BandState? State, BandChanged? Change) Decide(BandState? before, Objective objective, double? share, long nowMs)
    {
        if (share is not { } left)
        {
            return (before, null);
        }
        var policy = objective.ErrorBudgetPolicy;
        var band = policy.Next(before?.Policy == policy.Name ? before.Band : null, left);
        if (before is not null && before.Band == band.Name && before.Policy == policy.Name)
        {
            return (before, null);
        }
        var state = new BandState(objective.Key, policy.Name, band.Name, before?.Band == band.Name ? before.SinceMs : nowMs);
        var isChange = before is null ? band != policy.Bands[0] : before.Band != band.Name;
        return (state, isChange ? new BandChanged(objective.Key, policy.Name, before?.Band ?? "", band.Name, Math.Round(left, 6)) : null);
    }

    /// <summary>The band after a change, as folding the journal's facts gives it.</summary>
    public static BandState Fold(BandChanged change, long atMs) => new(change.Objective, change.Policy, change.To, atMs);

    /// <summary>The bands an objective would have been in: its account replayed through its policy, one look every <paramref name="stepMinutes"/>.
    /// What is later than <paramref name="asOfMs"/> is not missing but to come.</summary>
    public static PolicyReplay Replay(
        Objective objective, LedgerBook book, ExcludedTime excluded, long fromMinute, long toMinute, int stepMinutes = 60,
        long asOfMs = long.MaxValue)
    {
        var points = new List<SharePoint>();
        var stretches = new List<BandStretch>();
        BandState? state = null;
        // Before the first entry there is nothing to judge; the last look is at the end.
        var start = Math.Max(fromMinute, book.FirstMinute ?? toMinute);
        start += Math.Max(0, toMinute - start) % stepMinutes;
        for (var minute = start; minute <= toMinute; minute += stepMinutes)
        {
            var share = BudgetCalculator.Over(objective, book, objective.Windows[0], minute, asOfMs, excluded).RemainingShare;
            var (next, _) = Decide(state, objective, share, minute * LedgerTime.MinuteMs);
            if (next is not null && next.Band != state?.Band)
            {
                if (stretches.Count > 0)
                {
                    stretches[^1] = stretches[^1] with { ToMinute = minute };
                }
                stretches.Add(new(next.Band, minute, toMinute, share));
            }
            points.Add(new(minute, share, next?.Band ?? ""));
            state = next;
        }
        return new(stretches, points);
    }
}

/// <summary>An account replayed through a budget policy.</summary>
/// <param name="Stretches">Each stretch in one band, oldest first, up to the end.</param>
/// <param name="Points">The share of budget left at each look, oldest first.</param>
public sealed record PolicyReplay(IReadOnlyList<BandStretch> Stretches, IReadOnlyList<SharePoint> Points);

/// <summary>One look at a budget.</summary>
/// <param name="Minute">When, Unix minutes.</param>
/// <param name="RemainingShare">Share of budget left of the window that ended then; null without events.</param>
/// <param name="Band">The band it was in; empty before the first share.</param>
public readonly record struct SharePoint(long Minute, double? RemainingShare, string Band);

/// <summary>A time in one band.</summary>
/// <param name="Band">The band.</param>
/// <param name="FromMinute">Its start, Unix minutes.</param>
/// <param name="ToMinute">Its end.</param>
/// <param name="RemainingShare">Share of budget left when it began.</param>
public readonly record struct BandStretch(string Band, long FromMinute, long ToMinute, double? RemainingShare);
