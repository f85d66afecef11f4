namespace Nines.Server.State;

/// <summary>The data directory cannot be used; the message says why and what to do.</summary>
public sealed class DataDirectoryException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>The directory of the server's own data, locked for this process until disposed.</summary>
public sealed class DataDirectory : IDisposable
{
    /// <summary>The layout this version writes. A directory with a greater number is refused.</summary>
    public const int FormatVersion = 1;

    private readonly FileStream _lock;

    private DataDirectory(string root, FileStream held)
    {
        Root = root;
        _lock = held;
    }

    /// <summary>The directory, absolute.</summary>
    public string Root { get; }

    /// <summary>Rows, journal, alerts, outbox.</summary>
    public string StateFile => StateFileOf(Root);

    /// <summary>The ledger's entries.</summary>
    public string LedgerFile => Path.Combine(Root, "ledger.db");

    /// <summary>The metrics engine's directory.</summary>
    public string TsdbDirectory => Path.Combine(Root, "tsdb");

    /// <summary>Messages that the store refused to record.</summary>
    public string SpoolDirectory => Path.Combine(Root, "spool");

    /// <summary>Keys that protect cookies.</summary>
    public string KeysDirectory => Path.Combine(Root, "keys");

    /// <summary>Creates the directory (for its owner only) as needed and takes its lock.</summary>
    /// <exception cref="DataDirectoryException">Another server holds it, it was written by a newer version, or it cannot be written.</exception>
    public static DataDirectory Open(string path)
    {
        var root = Path.GetFullPath(path);
        try
        {
            Create(root);
            var held = Lock(root);
            try
            {
                CheckFormat(root);
                foreach (var part in (string[])["tsdb", "spool", "keys"])
                {
                    Create(Path.Combine(root, part));
                }
                return new DataDirectory(root, held);
            }
            catch
            {
                held.Dispose();
                throw;
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DataDirectoryException($"the data directory {root} cannot be used: {e.Message}", e);
        }
    }

    /// <summary>Whether a server holds the directory now.</summary>
    public static bool IsHeld(string path)
    {
        if (!File.Exists(Path.Combine(path, "lock")))
        {
            return false;
        }
        try
        {
            Lock(Path.GetFullPath(path)).Dispose();
            return false;
        }
        catch (DataDirectoryException)
        {
            return true;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _lock.Dispose();

    internal static string StateFileOf(string root) => Path.Combine(root, "state.db");

    internal static void CheckFormat(string root)
    {
        var file = Path.Combine(root, "format");
        if (!File.Exists(file))
        {
            File.WriteAllText(file, $"{FormatVersion}\n");
            return;
        }
        var text = File.ReadAllText(file).Trim();
        if (!int.TryParse(text, out var version) || version < 1)
        {
            throw new DataDirectoryException($"{file} does not hold a format version: it is no data directory of Nines, or damaged");
        }
        if (version > FormatVersion)
        {
            throw new DataDirectoryException($"{root} was written by a newer version of Nines (format {version}; this version reads up to {FormatVersion})");
        }
    }

    internal static void Create(string directory)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(directory);
        }
        else
        {
            Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    private static FileStream Lock(string root)
    {
        try
        {
            return new FileStream(Path.Combine(root, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e) when (e is not (DirectoryNotFoundException or FileNotFoundException))
        {
            throw new DataDirectoryException($"another server holds the data directory {root}: stop it, or give this one a directory of its own (--data)", e);
        }
    }
}
