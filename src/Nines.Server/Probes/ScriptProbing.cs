using System.ComponentModel;
using System.Diagnostics;
using Nines.Core.Probes;

namespace Nines.Server.Probes;

/// <summary>
/// Runs a command of the workspace file. It gets nothing of the server's environment, which may hold secrets, and no input; with its timeout, or when it
/// writes too much, it is killed with all that it started.
/// </summary>
internal sealed class ScriptProbing(string directory)
{
    private const string UsualPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    /// <summary>Runs a check into what was seen.</summary>
    /// <exception cref="ProbeFailedException">It cannot be started, or writes too much.</exception>
    public async Task RunAsync(ScriptCheck check, ProbeSight sight, CancellationToken stop)
    {
        // A path is meant from the workspace, a bare name is looked for by PATH.
        var program = check.Command[0].Contains('/', StringComparison.Ordinal)
            ? Path.GetFullPath(check.Command[0], Path.GetFullPath(directory)) : check.Command[0];
        var start = new ProcessStartInfo(program, check.Command.Skip(1))
        {
            UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
            WorkingDirectory = Path.GetFullPath(directory),
        };
        start.Environment.Clear();
        start.Environment["PATH"] = UsualPath;
        start.Environment["LANG"] = "C.UTF-8";
        foreach (var (name, value) in check.Environment)
        {
            start.Environment[name] = SecretReader.Resolve(value);
        }
        using var process = new Process { StartInfo = start };
        try
        {
            process.Start();
        }
        catch (Exception e) when (e is Win32Exception or InvalidOperationException)
        {
            throw new ProbeFailedException($"{check.Command[0]} cannot be started: {e.Message}");
        }
        try
        {
            process.StandardInput.Close();
            var errors = ReadAsync(process.StandardError.BaseStream, check.MaxOutputBytes, cuts: true, stop);
            var output = await ReadAsync(process.StandardOutput.BaseStream, check.MaxOutputBytes, cuts: false, stop);
            var complaints = await errors;
            await process.WaitForExitAsync(stop);
            (sight.Connected, sight.Status, sight.Body) = (true, process.ExitCode, output.Length > 0 || process.ExitCode == 0 ? output : complaints);
        }
        finally
        {
            End(process);
        }
    }

    private static async Task<byte[]> ReadAsync(Stream stream, int most, bool cuts, CancellationToken stop)
    {
        var (read, buffer) = (new MemoryStream(), new byte[4096]);
        for (int count; (count = await stream.ReadAsync(buffer, stop)) > 0;)
        {
            if (read.Length + count <= most)
            {
                read.Write(buffer, 0, count);
            }
            else if (!cuts)
            {
                throw new ProbeFailedException($"it writes more than {most} bytes");
            }
        }
        return read.ToArray();
    }

    private static void End(Process process)
    {
        try
        {
            process.Kill(entireProcessTree: true);
        }
        catch (Exception e) when (e is InvalidOperationException or Win32Exception or AggregateException)
        {
            // It was over already.
            return;
        }
    }
}
