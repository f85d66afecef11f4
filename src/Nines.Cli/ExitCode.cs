namespace Nines.Cli;

/// <summary>What the command's exit codes mean.</summary>
public static class ExitCode
{
    public const int Ok = 0;
    public const int ProblemsFound = 1;
    public const int Usage = 2;
    /// <summary>A file, a directory or the server cannot be reached.</summary>
    public const int Unreachable = 3;
}
