namespace Nines.Cli;

/// <summary>What the exit code of <c>nines</c> means; documented in docs/reference/cli.md.</summary>
public static class ExitCode
{
    /// <summary>Done, and all is well.</summary>
    public const int Ok = 0;

    /// <summary>Done, and something is wrong with what was looked at: problems in a workspace, a broken journal.</summary>
    public const int Problems = 1;

    /// <summary>The command line is off.</summary>
    public const int Usage = 2;

    /// <summary>Something this command needs cannot be had: a file, a server, a port, a database.</summary>
    public const int Unavailable = 3;

    /// <summary>The server refused: not signed in, or not allowed.</summary>
    public const int Refused = 4;
}
