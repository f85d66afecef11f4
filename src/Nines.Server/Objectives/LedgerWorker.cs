using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Nines.Core.Alerting;

namespace Nines.Server.Objectives;

/// <summary>Steps the ledger every 15 s on a thread of its own, named <c>ledger</c> so that its cost can be told from the kernel's account, and posts what
/// it finds.</summary>
internal sealed partial class LedgerWorker(LedgerEngine engine, LedgerMeter meter, IAlertDoor door, TimeProvider time, ILogger<LedgerWorker> logger)
    : IHostedService, IDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(15);

    private readonly AutoResetEvent _due = new(false);
    private readonly CancellationTokenSource _stopping = new();
    private readonly Channel<IReadOnlyList<PostedAlert>> _alerts = Channel.CreateBounded<IReadOnlyList<PostedAlert>>(
        new BoundedChannelOptions(64) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });

    private Thread? _thread;
    private ITimer? _timer;
    private Task _posting = Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _thread = new Thread(Run) { Name = "ledger", IsBackground = true };
        _thread.Start();
        // At :05 past the minute, as soon as a minute has settled, and every 15 s from there.
        var nowMs = time.GetUtcNow().ToUnixTimeMilliseconds();
        var periodMs = (long)Period.TotalMilliseconds;
        var first = periodMs - (nowMs - LedgerEngine.SettleMs) % periodMs;
        _timer = time.CreateTimer(_ => _due.Set(), null, TimeSpan.FromMilliseconds(first), Period);
        _posting = PostAsync();
        _due.Set();
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync();
        _timer?.Dispose();
        _due.Set();
        _thread?.Join();
        _alerts.Writer.TryComplete();
        await _posting.WaitAsync(cancellationToken);
        engine.Flush();
    }

    /// <summary>Steps as soon as possible instead of at the next turn.</summary>
    public void Hurry() => _due.Set();

    public void Dispose()
    {
        _timer?.Dispose();
        _stopping.Dispose();
        _due.Dispose();
    }

    private void Run()
    {
        while (true)
        {
            _due.WaitOne();
            if (_stopping.IsCancellationRequested)
            {
                return;
            }
            try
            {
                var begun = time.GetTimestamp();
                var alerts = engine.Step(time.GetUtcNow().ToUnixTimeMilliseconds());
                meter.Stepped(time.GetElapsedTime(begun));
                if (alerts.Count > 0)
                {
                    _alerts.Writer.TryWrite(alerts);
                }
            }
#pragma warning disable CA1031 // The ledger's thread must outlive a bug in one step: without it nobody is paged.
            catch (Exception e)
#pragma warning restore CA1031
            {
                LogStepFailed(e);
            }
        }
    }

    private async Task PostAsync()
    {
        await foreach (var alerts in _alerts.Reader.ReadAllAsync(CancellationToken.None))
        {
            try
            {
                await door.PostAsync(alerts, _stopping.Token);
            }
            catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
            {
                return;
            }
#pragma warning disable CA1031 // What the door refuses is posted again within a minute; the loop must live.
            catch (Exception e)
#pragma warning restore CA1031
            {
                LogPostFailed(e);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Critical, Message = "A step of the ledger failed. It is tried again in 15 s.")]
    private partial void LogStepFailed(Exception exception);

    [LoggerMessage(Level = LogLevel.Error, Message = "Alerts were not taken in. They are posted again in a minute.")]
    private partial void LogPostFailed(Exception exception);
}
