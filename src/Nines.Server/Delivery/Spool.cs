using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Nines.Core.Delivery;

namespace Nines.Server.Delivery;

/// <summary>
/// What the store refused, in a file whose space was reserved at start. Records follow one another from the beginning:
/// 4 bytes length (big-endian; 0 ends), 4 bytes of the SHA-256 of the text, then a notification's JSON, or <c>sent KEY</c>.
/// </summary>
internal sealed class Spool : IDisposable
{
    /// <summary>The space reserved, in bytes.</summary>
    public const int Size = 1 << 20;

    /// <summary>More than this waiting for a disk that hangs is not kept.</summary>
    private const int MaxWaiting = 1000;

    private readonly Lock _gate = new();
    private Task _tail = Task.CompletedTask;
    private int _waiting;
    private readonly FileStream? _file;
    private long _position;

    private Spool(FileStream? file, SpoolContent content)
    {
        _file = file;
        Content = content;
    }

    /// <summary>What was found at start.</summary>
    public SpoolContent Content { get; }

    /// <summary>How many records could not be written.</summary>
    public long Lost { get; private set; }

    /// <summary>Opens the file, reads what an earlier process left and reserves the space. Without a file it works on, keeping nothing.</summary>
    public static Spool Open(string directory)
    {
        FileStream? file = null;
        try
        {
            file = new FileStream(Path.Combine(directory, "unrecorded"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read, 0,
                FileOptions.WriteThrough);
            var content = new byte[Size];
            var length = file.ReadAtLeast(content, Size, throwOnEndOfStream: false);
            if (length < Size)
            {
                // Zeros, not a hole: only written blocks are ours when the disk is full.
                file.Position = length;
                file.Write(content, length, Size - length);
                file.Flush(true);
            }
            var notifications = new Dictionary<string, GroupNotification>(StringComparer.Ordinal);
            var sent = new HashSet<string>(StringComparer.Ordinal);
            var position = Read(content, notifications, sent);
            return new Spool(file, new(notifications, sent))
            {
                _position = position,
            };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            file?.Dispose();
            return new Spool(null, new(new Dictionary<string, GroupNotification>(StringComparer.Ordinal), new HashSet<string>(StringComparer.Ordinal)));
        }
    }

    /// <summary>Appends a notification that is about to go out unrecorded. The task ends when it is written, or cannot be; on a disk that hangs,
    /// never.</summary>
    public Task AppendAsync(GroupNotification notification) => Queue(() => Append(OutboxStore.Serialize(notification)));

    /// <summary>Appends that a notification was delivered, or that a later one told the same.</summary>
    public Task AppendSentAsync(string key) => Queue(() => Append($"sent {key}"));

    /// <summary>Forgets everything: the store has it now.</summary>
    public Task ClearAsync() => Queue(() =>
    {
        if (_position > 0 && Write(0, new byte[8]))
        {
            _position = 0;
        }
    });

    public void Dispose() => _file?.Dispose();

    /// <summary>One after another, on threads of the pool: whoever hands something over decides how long to wait for it.</summary>
    private Task Queue(Action write)
    {
        lock (_gate)
        {
            if (_waiting >= MaxWaiting)
            {
                Lost++;
                return Task.CompletedTask;
            }
            _waiting++;
            return _tail = _tail.ContinueWith(_ =>
            {
                write();
                Interlocked.Decrement(ref _waiting);
            }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        }
    }

    private void Append(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        // The zero length behind the record ends the file's content, whatever an earlier use left there.
        var record = new byte[8 + bytes.Length + 4];
        BinaryPrimitives.WriteInt32BigEndian(record, bytes.Length);
        SHA256.HashData(bytes).AsSpan(0, 4).CopyTo(record.AsSpan(4));
        bytes.CopyTo(record, 8);
        if (_position + record.Length > Size || !Write(_position, record))
        {
            Lost++;
            return;
        }
        _position += record.Length - 4;
    }

    private bool Write(long position, byte[] record)
    {
        if (_file is null)
        {
            return false;
        }
        try
        {
            RandomAccess.Write(_file.SafeFileHandle, record, position);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ObjectDisposedException)
        {
            return false; // The message goes out all the same.
        }
    }

    private static int Read(byte[] content, Dictionary<string, GroupNotification> notifications, HashSet<string> sent)
    {
        var position = 0;
        while (position + 8 <= content.Length)
        {
            var length = BinaryPrimitives.ReadInt32BigEndian(content.AsSpan(position));
            if (length <= 0 || length > content.Length - position - 8)
            {
                break;
            }
            var bytes = content.AsSpan(position + 8, length);
            if (!SHA256.HashData(bytes).AsSpan(0, 4).SequenceEqual(content.AsSpan(position + 4, 4)))
            {
                break;
            }
            var text = Encoding.UTF8.GetString(bytes);
            if (text.StartsWith("sent ", StringComparison.Ordinal))
            {
                sent.Add(text[5..]);
            }
            else
            {
                var notification = OutboxStore.Deserialize(text);
                notifications[notification.Key] = notification;
            }
            position += 8 + length;
        }
        return position;
    }
}
