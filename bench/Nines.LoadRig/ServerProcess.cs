using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text.RegularExpressions;

namespace Nines.LoadRig;

/// <summary>A server started for a measurement, on loopback, with a directory of its own that goes with it.</summary>
internal sealed partial class ServerProcess : IAsyncDisposable
{
    private Process _process;

    private ServerProcess(string name, Process process, HttpClient client, string directory) =>
        (Name, _process, Client, Directory) = (name, process, client, directory);

    public string Name { get; }

    public int Id => _process.Id;

    public HttpClient Client { get; }

    public string Directory { get; }

    /// <summary>CPU time used so far, user and system, threads that ended included; as the kernel's scheduler counts it, to the nanosecond.</summary>
    public TimeSpan Cpu => ProcessClock.Of(Id);

    /// <summary>CPU time of the thread named <c>ledger</c> so far.</summary>
    public TimeSpan LedgerCpu => System.IO.Directory.GetDirectories($"/proc/{Id}/task")
        .Where(task => File.ReadAllText(Path.Combine(task, "comm")).Trim() == "ledger")
        .Select(task => long.Parse(File.ReadAllText(Path.Combine(task, "schedstat")).Split(' ')[0], CultureInfo.InvariantCulture))
        .Aggregate(TimeSpan.Zero, (sum, ns) => sum + TimeSpan.FromMicroseconds(ns / 1000d));

    /// <summary>Resident memory in bytes: all of it, and what is not backed by files.</summary>
    public (long Resident, long Anonymous) Memory
    {
        get
        {
            var status = File.ReadAllLines($"/proc/{_process.Id}/status");
            long Of(string key)
            {
                var words = status.First(l => l.StartsWith(key, StringComparison.Ordinal)).Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
                return long.Parse(words[1], CultureInfo.InvariantCulture) * 1024;
            }
            return (Of("VmRSS:"), Of("RssAnon:"));
        }
    }

    public static async Task<ServerProcess> PrometheusAsync(CancellationToken stop)
    {
        var (directory, port) = Place();
        await File.WriteAllTextAsync(Path.Combine(directory, "prometheus.yml"), "global: {evaluation_interval: 30s}\nrule_files: [\"rules/*.yaml\"]\n", stop);
        var process = Start("prometheus", directory, "--web.enable-lifecycle", "--config.file=prometheus.yml", "--storage.tsdb.path=data",
            "--web.enable-remote-write-receiver",
            "--storage.tsdb.retention.time=90d", "--query.max-samples=500000000", $"--web.listen-address=127.0.0.1:{port}", "--log.level=error");
        return await ReadyAsync("Prometheus", process, directory, port, "/-/ready", stop);
    }

    /// <summary>Starts the server and becomes its first admin, as a person would.</summary>
    public static async Task<ServerProcess> NinesAsync(string program, CancellationToken stop)
    {
        var (directory, port) = Place();
        System.IO.Directory.CreateDirectory(Path.Combine(directory, "workspace"));
        var process = StartNines(program, directory, port);
        string? link = null;
        while (link is null && await process.StandardOutput.ReadLineAsync(stop) is { } line)
        {
            link = SetupLink().Match(line) is { Success: true } match ? match.Value : null;
        }
        _ = process.StandardOutput.ReadToEndAsync(stop);
        var server = await ReadyAsync("Nines", process, directory, port, "/health/ready", stop);
        try
        {
            await server.SignUpAsync(new Uri(link!).PathAndQuery, stop);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Ends Nines at once and starts it again on the same data, until it is ready.</summary>
    public async Task RestartAsync(string program, CancellationToken stop)
    {
        _process.Kill();
        await _process.WaitForExitAsync(stop);
        _process.Dispose();
        _process = StartNines(program, Directory, Client.BaseAddress!.Port);
        _ = _process.StandardOutput.ReadToEndAsync(stop);
        await ReadyAsync(_process, Client, "/health/ready", stop);
    }

    /// <summary>What a command prints.</summary>
    /// <exception cref="InvalidOperationException">It failed.</exception>
    public static async Task<string> OutputAsync(string program, string[] arguments, CancellationToken stop)
    {
        using var process = Start(program, ".", arguments);
        var text = await process.StandardOutput.ReadToEndAsync(stop);
        await process.WaitForExitAsync(stop);
        return process.ExitCode == 0 ? text : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}");
    }

    /// <summary>The first line of a command's output that has a text in it.</summary>
    public static async Task<string> SummaryAsync(string program, string[] arguments, string text, CancellationToken stop)
    {
        using var process = Start(program, ".", arguments);
        var lines = (await process.StandardOutput.ReadToEndAsync(stop)).Split('\n');
        await process.WaitForExitAsync(stop);
        return lines.FirstOrDefault(l => l.Contains(text, StringComparison.Ordinal)) ?? $"no answer of {program} {string.Join(' ', arguments)}";
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        Client.Dispose();
        System.IO.Directory.Delete(Directory, recursive: true);
    }

    private async Task SignUpAsync(string link, CancellationToken stop)
    {
        var setup = await FormAsync(link, stop);
        setup["token"] = Uri.UnescapeDataString(link[(link.IndexOf("token=", StringComparison.Ordinal) + 6)..]);
        setup["name"] = "loadrig";
        setup["password"] = "a password of the load rig";
        await PostAsync("/setup", setup, stop);
        var account = await FormAsync("/account", stop);
        account["name"] = "loadrig";
        account["role"] = "admin";
        var page = await PostAsync("/account/tokens", account, stop);
        Client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token().Match(page).Value);
    }

    private async Task<Dictionary<string, string>> FormAsync(string path, CancellationToken stop) =>
        HiddenInput().Matches(await Client.GetStringAsync(path, stop)).DistinctBy(m => m.Groups["name"].Value, StringComparer.Ordinal)
            .ToDictionary(m => m.Groups["name"].Value, m => WebUtility.HtmlDecode(m.Groups["value"].Value), StringComparer.Ordinal);

    private async Task<string> PostAsync(string path, Dictionary<string, string> fields, CancellationToken stop)
    {
        using var form = new FormUrlEncodedContent(fields);
        using var response = await Client.PostAsync(path, form, stop);
        return await response.EnsureSuccessStatusCode().Content.ReadAsStringAsync(stop);
    }

    private static Process StartNines(string program, string directory, int port) => Start(program, directory,
        "serve", "--listen", $"http://127.0.0.1:{port}", "--workspace", "workspace", "--data", "data", "--metrics-retention", "32d");

    private static async Task<ServerProcess> ReadyAsync(string name, Process process, string directory, int port, string path, CancellationToken stop)
    {
        var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}"), Timeout = TimeSpan.FromMinutes(5) };
        await ReadyAsync(process, client, path, stop);
        return new ServerProcess(name, process, client, directory);
    }

    private static async Task ReadyAsync(Process process, HttpClient client, string path, CancellationToken stop)
    {
        while (!process.HasExited)
        {
            try
            {
                using var response = await client.GetAsync(path, stop);
                if (response.IsSuccessStatusCode)
                {
                    return;
                }
            }
            catch (HttpRequestException)
            {
                // Not listening yet.
            }
        }
        throw new InvalidOperationException($"the server ended with {process.ExitCode}");
    }

    private static Process Start(string program, string directory, params string[] arguments) => Process.Start(new ProcessStartInfo(program, arguments)
    {
        WorkingDirectory = directory,
        UseShellExecute = false,
        RedirectStandardOutput = true,
    })!;

    private static (string Directory, int Port) Place()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return (System.IO.Directory.CreateTempSubdirectory("loadrig-").FullName, ((IPEndPoint)listener.LocalEndpoint).Port);
    }

    [GeneratedRegex(@"http://\S+/setup\S+", RegexOptions.None, 1000)]
    private static partial Regex SetupLink();

    [GeneratedRegex(@"nines_[A-Za-z0-9_-]+", RegexOptions.None, 1000)]
    private static partial Regex Token();

    [GeneratedRegex("""<input[^>]*type="hidden"[^>]*name="(?<name>[^"]+)"[^>]*value="(?<value>[^"]*)""", RegexOptions.None, 1000)]
    private static partial Regex HiddenInput();
}
