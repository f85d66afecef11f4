using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Nines.Core;
using Nines.Core.Alerting;
using Nines.Core.Alerting.Routing;
using Nines.Core.Delivery;
using Nines.Metrics;
using Nines.Server.Alerting;
using Nines.Server.Delivery;
using Nines.Server.Delivery.Integrations;
using Nines.Server.State;

namespace Nines.Server.Tests.Delivery;

/// <summary>Alerting and delivery on a real store in a directory of its own, with a clock and faults in the test's hand.</summary>
internal sealed class AlertWorld : IAsyncDisposable
{
    private static readonly SourcePosition Nowhere = new("delivery.yml", 1, 1);
    private readonly List<string> _directories = [];
    private bool _dead;

    private AlertWorld(string root, ManualTime time, Action? beforeSend)
    {
        Root = root;
        _directories.Add(root);
        Time = time;
        Inner = SqliteStateStore.Open(Path.Combine(root, "state.db"), time);
        Store = new FaultyStore(Inner);
        Recorder = new DurableRecorder(Store, new IoTime(Io), new Log<DurableRecorder>(Logged));
        Spool = Spool.Open(root);
        var options = new NinesOptions { WorkspaceDirectory = root, DataDirectory = root };
        Client = new IntegrationClient(options, time, new IoTime(Io), new MessageMemory());
        Outbox = new OutboxWorker(Recorder, Client, Spool, time, new IoTime(Io), () => 0.5, new DeliveryFault(beforeSend), new Log<OutboxWorker>(Logged));
        Door = new AlertDoor(Store, Recorder, Outbox, time, new Log<AlertDoor>(Logged));
    }

    public string Root { get; }
    public ManualTime Time { get; }

    /// <summary>The clock by which the store and receivers are given up.</summary>
    public ManualTime Io { get; } = new();
    public SqliteStateStore Inner { get; }
    public FaultyStore Store { get; }
    public DurableRecorder Recorder { get; }
    public Spool Spool { get; }
    public IntegrationClient Client { get; }
    public OutboxWorker Outbox { get; }
    public AlertDoor Door { get; }
    public ConcurrentQueue<string> Logged { get; } = [];

    public static async Task<AlertWorld> StartAsync(IReadOnlyList<DirectReceiver> receivers, Action? beforeSend = null)
    {
        var world = new AlertWorld(Directory.CreateTempSubdirectory("nines-test-").FullName, new ManualTime(), beforeSend);
        await world.Door.StartAsync(TestContext.Current.CancellationToken);
        world.Apply(receivers);
        return world;
    }

    /// <summary>Puts receivers in force, and who stands in for whom.</summary>
    public void Apply(IReadOnlyList<DirectReceiver> receivers, params (string Receiver, Failover By)[] failovers) => Door.Apply(
        RoutingPlan.Of(receivers) with { Failover = failovers.ToDictionary(f => f.Receiver, f => f.By, StringComparer.Ordinal) });

    /// <summary>What a kill -9 leaves on disk, started again. This world is left to itself.</summary>
    public async Task<AlertWorld> KillAndRestartAsync(IReadOnlyList<DirectReceiver> receivers, TimeSpan down = default)
    {
        _dead = true;
        Door.Dispose();
        Time.Advance(down);
        var root = Directory.CreateTempSubdirectory("nines-test-").FullName;
        foreach (var file in Directory.EnumerateFiles(Root).Where(f => !f.EndsWith("-shm", StringComparison.Ordinal)))
        {
            await using var from = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            await using var to = File.Create(Path.Combine(root, Path.GetFileName(file)));
            await from.CopyToAsync(to, TestContext.Current.CancellationToken);
        }
        var world = new AlertWorld(root, Time, null);
        world._directories.AddRange(_directories);
        await world.Door.StartAsync(TestContext.Current.CancellationToken);
        world.Door.Apply(RoutingPlan.Of(receivers));
        return world;
    }

    public static DirectReceiver Webhook(string name, Uri url, bool resolved = true, params string[] severities) =>
        Webhook(name, new Secret(url + "hook")) is var made
            ? made with { Severities = severities, Integration = made.Integration with { SendsResolved = resolved } } : made;

    public static DirectReceiver Webhook(string name, Secret url, Secret? bearer = null)
    {
        var settings = new Dictionary<string, object>(StringComparer.Ordinal) { ["url"] = url };
        if (bearer is not null)
        {
            settings["http_config"] = Of(("authorization", Of(("type", "Bearer"), ("credentials", bearer))));
        }
        return new(name, [], new("webhook", 0, true, new Settings(settings), Nowhere));
    }

    public static DirectReceiver Telegram(string name, Uri url, string token) =>
        new(name, [], new("telegram", 0, true, Of(("api_url", url.AbsoluteUri), ("bot_token", new Secret(token)), ("chat_id", "42")), Nowhere));

    private static Settings Of(params (string Name, object Value)[] settings) =>
        new(settings.ToDictionary(s => s.Name, s => s.Value, StringComparer.Ordinal));

    public static PostedAlert Alert(string name, long startsNs, long endsNs = 0, string severity = "page") =>
        new(Labels.Of(("alertname", name), ("severity", severity)), Labels.Of(("summary", $"{name} happens")), startsNs, endsNs, "");

    public Task PostAsync(params PostedAlert[] alerts) => Door.PostAsync(alerts, TestContext.Current.CancellationToken);

    /// <summary>Waits in real time for something other threads bring about; fails after 10 s.</summary>
    public static async Task UntilAsync(Func<bool> reached)
    {
        for (var i = 0; !reached(); i++)
        {
            i.ShouldBeLessThan(2000, "it was not reached within 10 s");
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Lets time pass, a quarter of a second at a time, until something arrives.</summary>
    public Task PassUntilArrivedAsync(Sink sink) => UntilAsync(() =>
    {
        if (sink.Empty)
        {
            Time.Advance(TimeSpan.FromMilliseconds(250));
        }
        return !sink.Empty;
    });

    public Task<List<string>> QueryAsync(string sql) =>
        Inner.ReadAsync(reader => reader.Query(sql, row => string.Join(' ', Enumerable.Range(0, row.FieldCount).Select(i => row.GetValue(i).ToString()))), CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        Store.Fault = StoreFault.None;
        if (!_dead)
        {
            await Door.StopAsync(CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(1), TimeProvider.System).ContinueWith(static _ => { }, TaskScheduler.Default);
            Door.Dispose();
            Outbox.Dispose();
            Client.Dispose();
            Spool.Dispose();
            await Inner.DisposeAsync();
            _directories.ForEach(d => Directory.Delete(d, true));
        }
    }

    private sealed class Log<T>(ConcurrentQueue<string> lines) : ILogger<T>
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        void ILogger.Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            lines.Enqueue(formatter(state, exception) + exception);
    }
}

/// <summary>How a store misbehaves.</summary>
internal enum StoreFault
{
    None,
    Refuse,
    Hang,
    Break,
}

/// <summary>A real store whose writes can be made to fail, or to hang until the fault is gone.</summary>
internal sealed class FaultyStore(IStateStore inner) : IStateStore
{
    private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private StoreFault _fault;

    public StoreFault Fault
    {
        get => _fault;
        set
        {
            _fault = value;
            if (value == StoreFault.None)
            {
                _released.TrySetResult();
            }
        }
    }

    public string Engine => inner.Engine;

    public Task<T> ReadAsync<T>(Func<StateReader, T> read, CancellationToken cancellation) => inner.ReadAsync(read, cancellation);

    public async Task<T> WriteAsync<T>(Func<StateTransaction, T> work, CancellationToken cancellation)
    {
        if (Fault == StoreFault.Refuse)
        {
            throw new StoreRefusedException("database or disk is full", null);
        }
        if (Fault == StoreFault.Break)
        {
            throw new InvalidOperationException("a bug");
        }
        if (Fault == StoreFault.Hang)
        {
            await _released.Task;
        }
        return await inner.WriteAsync(work, cancellation);
    }

    public ValueTask DisposeAsync() => inner.DisposeAsync();
}
