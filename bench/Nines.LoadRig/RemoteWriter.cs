using System.Buffers.Binary;
using System.Net.Http.Headers;
using System.Text;

namespace Nines.LoadRig;

/// <summary>Sends samples by remote write 1.0: some series with some ticks a request, over a few connections.</summary>
internal sealed class RemoteWriter(HttpClient client, ITickData data)
{
    private const int SeriesPerRequest = 1000;
    private readonly byte[][] _labels = [.. data.Labels.Select(LabelBytes)];

    /// <summary>Samples sent.</summary>
    public long Samples { get; private set; }

    /// <summary>Sends ticks at <paramref name="startMs"/>, + <paramref name="stepMs"/>, …; a request carries some ticks of a thousand series.</summary>
    public async Task SendAsync(long startMs, long stepMs, int ticks, int ticksPerRequest, Action<int>? progress, CancellationToken stop)
    {
        for (var done = 0; done < ticks; done += ticksPerRequest)
        {
            var count = Math.Min(ticksPerRequest, ticks - done);
            var values = new double[count][];
            for (var i = 0; i < count; i++)
            {
                values[i] = data.Tick().ToArray();
            }
            var first = startMs + (done * stepMs);
            await Parallel.ForEachAsync(Chunks(), new ParallelOptions { MaxDegreeOfParallelism = 2, CancellationToken = stop }, async (from, token) =>
                await PostAsync(Request(from, values, first, stepMs), token));
            Samples += (long)count * _labels.Length;
            progress?.Invoke(done + count);
        }
    }

    private IEnumerable<int> Chunks()
    {
        for (var from = 0; from < _labels.Length; from += SeriesPerRequest)
        {
            yield return from;
        }
    }

    private async Task PostAsync(byte[] body, CancellationToken stop)
    {
        using var content = new ByteArrayContent(body);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/x-protobuf");
        content.Headers.ContentEncoding.Add("snappy");
        content.Headers.Add("X-Prometheus-Remote-Write-Version", "0.1.0");
        using var response = await client.PostAsync("/api/v1/write", content, stop);
        if (!response.IsSuccessStatusCode)
        {
            throw new HttpRequestException($"{client.BaseAddress} answers {(int)response.StatusCode}: {await response.Content.ReadAsStringAsync(stop)}");
        }
    }

    private byte[] Request(int from, double[][] values, long startMs, long stepMs)
    {
        var message = new MemoryStream(SeriesPerRequest * (100 + (values.Length * 20)));
        var sample = new byte[32];
        for (var s = from; s < Math.Min(from + SeriesPerRequest, _labels.Length); s++)
        {
            var size = _labels[s].Length;
            for (var t = 0; t < values.Length; t++)
            {
                size += SampleBytes(values[t][s], startMs + (t * stepMs), sample);
            }
            message.WriteByte(0x0a);
            WriteVarint(message, (ulong)size);
            message.Write(_labels[s]);
            for (var t = 0; t < values.Length; t++)
            {
                message.Write(sample, 0, SampleBytes(values[t][s], startMs + (t * stepMs), sample));
            }
        }
        return Literals(message.GetBuffer().AsSpan(0, (int)message.Length));
    }

    private static int SampleBytes(double value, long timeMs, Span<byte> into)
    {
        var time = (ulong)timeMs;
        int length;
        into[2] = 0x09;
        BinaryPrimitives.WriteDoubleLittleEndian(into[3..], value);
        into[11] = 0x10;
        for (length = 12; time >= 0x80; time >>= 7)
        {
            into[length++] = (byte)(time | 0x80);
        }
        into[length++] = (byte)time;
        into[0] = 0x12;
        into[1] = (byte)(length - 2);
        return length;
    }

    private static byte[] LabelBytes((string Name, string Value)[] labels)
    {
        var bytes = new MemoryStream();
        foreach (var (name, value) in labels)
        {
            var (n, v) = (Encoding.UTF8.GetBytes(name), Encoding.UTF8.GetBytes(value));
            bytes.WriteByte(0x0a);
            WriteVarint(bytes, (ulong)(n.Length + v.Length + 4));
            bytes.WriteByte(0x0a);
            bytes.WriteByte((byte)n.Length);
            bytes.Write(n);
            bytes.WriteByte(0x12);
            bytes.WriteByte((byte)v.Length);
            bytes.Write(v);
        }
        return bytes.ToArray();
    }

    // A snappy block of literals alone: what is measured is the receiver.
    private static byte[] Literals(ReadOnlySpan<byte> plain)
    {
        var block = new MemoryStream(plain.Length + 1024);
        WriteVarint(block, (ulong)plain.Length);
        for (var at = 0; at < plain.Length; at += 65_536)
        {
            var part = plain.Slice(at, Math.Min(65_536, plain.Length - at));
            block.WriteByte(61 << 2);
            block.WriteByte((byte)(part.Length - 1));
            block.WriteByte((byte)((part.Length - 1) >> 8));
            block.Write(part);
        }
        return block.ToArray();
    }

    private static void WriteVarint(MemoryStream to, ulong value)
    {
        for (; value >= 0x80; value >>= 7)
        {
            to.WriteByte((byte)(value | 0x80));
        }
        to.WriteByte((byte)value);
    }
}
