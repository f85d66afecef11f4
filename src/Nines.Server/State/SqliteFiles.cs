using System.Runtime.InteropServices;

namespace Nines.Server.State;

/// <summary>Tells whether a database's files can be written, before SQLite touches them.</summary>
internal static class SqliteFiles
{
    private const int Write = 2;
    private const int PermissionDenied = 13, NotPermitted = 1, ReadOnlyFileSystem = 30;

    /// <summary>
    /// Why the files of a database cannot be written; null when they can. In WAL mode SQLite writes to <c>-shm</c> through a mapping: if that file was made
    /// immutable or its file system read-only, even a read, or closing the connection, would end the process by SIGBUS instead of failing. So this is asked
    /// first, and until the files can be written again the connection is left exactly as it is. Opening the files to find out would drop SQLite's own locks.
    /// </summary>
    public static string? Refusal(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            return null;
        }
        foreach (var suffix in (ReadOnlySpan<string>)["", "-wal", "-shm"])
        {
            if (Access(path + suffix, Write) != 0 && Marshal.GetLastPInvokeError() is PermissionDenied or NotPermitted or ReadOnlyFileSystem)
            {
                return $"{Path.GetFileName(path)}{suffix} cannot be written: {Marshal.GetLastPInvokeErrorMessage()}";
            }
        }
        return null;
    }

    [DllImport("libc", EntryPoint = "access", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Access([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int mode);
}
