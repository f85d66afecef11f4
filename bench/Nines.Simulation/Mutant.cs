namespace Nines.Simulation;

/// <summary>A fault planted in the simulated shell, so that the checkers can be seen to find it.</summary>
public enum Mutant
{
    /// <summary>None: the code as it is.</summary>
    None,
    /// <summary>A message that waits is not there any more after a restart.</summary>
    LostOutboxRow,
    /// <summary>What the store takes is durable only with the next write.</summary>
    SkippedFsync,
    /// <summary>An attempt that is due begins twice.</summary>
    DoubleTimer,
    /// <summary>429 passes for taken.</summary>
    Dropped429,
    /// <summary>A restart leaves out a silence.</summary>
    ForgottenSilence,
    /// <summary>A leader that was suspended goes on after another took over.</summary>
    IgnoredEpoch,
    /// <summary>Durations are read off the wall's clock.</summary>
    BackwardClock,
}
