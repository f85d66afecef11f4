using Nines.Core.Objectives;

namespace Nines.Server.Objectives.Pages;

/// <summary>An adjustment with what it does to each objective it is about.</summary>
/// <param name="Adjustment">The adjustment.</param>
/// <param name="Effects">Its effects; at most <see cref="MostEffects"/>.</param>
public sealed record AdjustmentView(Adjustment Adjustment, IReadOnlyList<(Objective Objective, AdjustmentEffect Effect)> Effects)
{
    /// <summary>Of a service with more objectives, the first are shown.</summary>
    public const int MostEffects = 8;

    /// <summary>The word for its state, its icon and the state whose colour it takes.</summary>
    public (string Word, string Icon, string? State) Status => Adjustment.Status switch
    {
        "requested" => ("Proposed", "circle-dashed", "caution"),
        "approved" => ("Approved", "circle-check", "ok"),
        "withdrawn" when Adjustment.UndoneBy != Adjustment.RequestedBy => ("Refused", "octagon-x", null),
        "withdrawn" => ("Withdrawn", "history", null),
        _ => ("Taken back", "history", null),
    };
}

/// <summary>What was typed into the form.</summary>
/// <param name="About">An objective's key or a service's name.</param>
/// <param name="From">Start.</param>
/// <param name="To">End.</param>
/// <param name="Reason">Why.</param>
/// <param name="Cause">In one word.</param>
public sealed record AdjustmentForm(string About, string From, string To, string Reason, string Cause);
