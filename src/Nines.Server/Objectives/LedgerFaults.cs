using Nines.Core.Objectives;

namespace Nines.Server.Objectives;

/// <summary>Reads which planted fault a proof wants, from <c>NINES_MUTANT</c>; the only place that does.</summary>
internal static class LedgerFaults
{
    /// <summary>The fault; none when the variable is unset.</summary>
    /// <exception cref="InvalidOperationException">The variable names no fault.</exception>
    public static LedgerFault FromEnvironment() => Environment.GetEnvironmentVariable("NINES_MUTANT") switch
    {
        null or "" => LedgerFault.None,
        "first-sample" => LedgerFault.FirstSample,
        "reset" => LedgerFault.Reset,
        "double-count" => LedgerFault.DoubleCount,
        "late" => LedgerFault.Late,
        "gap" => LedgerFault.Gap,
        var other => throw new InvalidOperationException($"NINES_MUTANT={other} is no planted fault; there are first-sample, reset, double-count, late, gap"),
    };
}
