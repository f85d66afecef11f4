using System.Buffers;
using System.Text;
using Nines.Metrics;

namespace Nines.Server.Alerting.Api;

/// <summary>
/// Writes JSON byte for byte as Go does: keys in the order given, text beyond ASCII as it is, U+2028 and U+2029 escaped, <c>&lt;&gt;&amp;</c> escaped where
/// Alertmanager's own writers come in, times in milliseconds.
/// </summary>
internal sealed class GoJson
{
    private static readonly SearchValues<char> Special = SearchValues.Create([.. Enumerable.Range(0, 0x20).Select(c => (char)c), .. "\"\\\u2028\u2029<>&"]);

    private readonly ArrayBufferWriter<byte> _bytes = new(1024);
    private bool _first = true;

    /// <summary>Whether <c>&lt;</c>, <c>&gt;</c> and <c>&amp;</c> are escaped.</summary>
    public bool EscapesHtml { get; set; }

    public ReadOnlyMemory<byte> Bytes => _bytes.WrittenMemory;

    public GoJson Open(char bracket)
    {
        Next();
        Append(bracket);
        _first = true;
        return this;
    }

    public GoJson Close(char bracket)
    {
        Append(bracket);
        _first = false;
        return this;
    }

    public GoJson Key(string name)
    {
        Text(name);
        Append(':');
        _first = true;
        return this;
    }

    public GoJson Text(string value)
    {
        Next();
        Append('"');
        var rest = value.AsSpan();
        for (var at = rest.IndexOfAny(Special); at >= 0; at = rest.IndexOfAny(Special))
        {
            Encoding.UTF8.GetBytes(rest[..at], _bytes);
            Escaped(rest[at]);
            rest = rest[(at + 1)..];
        }
        Encoding.UTF8.GetBytes(rest, _bytes);
        Append('"');
        return this;
    }

    public GoJson Flag(bool value)
    {
        Next();
        Encoding.UTF8.GetBytes(value ? "true" : "false", _bytes);
        return this;
    }

    public GoJson Number(int value)
    {
        Next();
        Encoding.UTF8.GetBytes(value.ToString(), _bytes);
        return this;
    }

    /// <summary>A moment, cut to milliseconds; 0 is Go's zero time.</summary>
    public GoJson Moment(long ns) => Text(ns == 0 ? "0001-01-01T00:00:00.000Z"
        : DateTime.UnixEpoch.AddTicks(ns / 100).ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'"));

    public GoJson Texts(IEnumerable<string> values)
    {
        Open('[');
        foreach (var value in values)
        {
            Text(value);
        }
        return Close(']');
    }

    public GoJson Map(Labels labels)
    {
        Open('{');
        foreach (var (name, value) in labels.Pairs)
        {
            Key(name).Text(value);
        }
        return Close('}');
    }

    private void Next()
    {
        if (!_first)
        {
            Append(',');
        }
        _first = false;
    }

    private void Escaped(char c)
    {
        var text = c switch
        {
            '"' => "\\\"",
            '\\' => "\\\\",
            '\n' => "\\n",
            '\r' => "\\r",
            '\t' => "\\t",
            '<' or '>' or '&' when !EscapesHtml => c.ToString(),
            _ => $"\\u{(int)c:x4}",
        };
        Encoding.UTF8.GetBytes(text, _bytes);
    }

    private void Append(char ascii)
    {
        _bytes.GetSpan(1)[0] = (byte)ascii;
        _bytes.Advance(1);
    }
}
