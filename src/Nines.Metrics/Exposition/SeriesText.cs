using System.Text;
using System.Text.Unicode;

namespace Nines.Metrics.Exposition;

/// <summary>The labels in the bytes that name a series.</summary>
public static class SeriesText
{
    /// <summary>Parses <c>name{label="value",…}</c>; the name may also stand quoted inside the braces.</summary>
    /// <param name="text">The bytes, as <see cref="ExposedSample.Series"/> gives them.</param>
    /// <param name="line">The line for errors.</param>
    /// <param name="names">Keeps one string for each name and value that occurs often; grows with what it has not seen.</param>
    /// <exception cref="ExpositionException">The bytes do not name a series.</exception>
    public static Labels Parse(ReadOnlySpan<byte> text, int line, Utf8Names names)
    {
        var reader = new Reader(text, line, names);
        return reader.Read();
    }

    private ref struct Reader(ReadOnlySpan<byte> text, int line, Utf8Names names)
    {
        private readonly ReadOnlySpan<byte> _text = text;
        private int _at;
        private readonly List<(string Name, string Value)> _pairs = [];

        public Labels Read()
        {
            if (!Utf8.IsValid(_text))
            {
                throw Error("not UTF-8");
            }
            var name = Bare(colons: true);
            if (!name.IsEmpty)
            {
                Add(Labels.MetricName, names.Get(name));
            }
            Space();
            if (_at < _text.Length)
            {
                if (_text[_at] != '{')
                {
                    throw Error("not a metric name");
                }
                _at++;
                ReadPairs();
            }
            if (_at < _text.Length)
            {
                throw Error("text after the labels");
            }
            if (_pairs.Count == 0 || _pairs.TrueForAll(p => p.Name != Labels.MetricName))
            {
                throw Error("a series without a metric name");
            }
            return Labels.Of(_pairs);
        }

        private void ReadPairs()
        {
            for (var first = true; ; first = false)
            {
                Space();
                if (Next() == '}')
                {
                    _at++;
                    return;
                }
                if (!first)
                {
                    Expect(',');
                    Space();
                    if (Next() == '}')
                    {
                        _at++;
                        return;
                    }
                }
                ReadPair();
            }
        }

        private void ReadPair()
        {
            var quoted = Next() == '"';
            var name = quoted ? Quoted() : names.Get(Bare(colons: false));
            if (name.Length == 0)
            {
                throw Error("a label without a name");
            }
            Space();
            if (quoted && Next() != '=')
            {
                Add(Labels.MetricName, name);
                return;
            }
            Expect('=');
            Space();
            if (Next() != '"')
            {
                throw Error($"the value of label {name} is not quoted");
            }
            if (name == Labels.MetricName)
            {
                throw Error("__name__ written as a label");
            }
            Add(name, Quoted());
        }

        private void Add(string name, string value)
        {
            foreach (var pair in _pairs)
            {
                if (pair.Name == name)
                {
                    throw Error(name == Labels.MetricName ? "two metric names" : $"label {name} occurs twice");
                }
            }
            _pairs.Add((name, value));
        }

        private ReadOnlySpan<byte> Bare(bool colons)
        {
            var start = _at;
            while (_at < _text.Length
                && (char.IsAsciiLetter((char)_text[_at]) || _text[_at] == '_' || (colons && _text[_at] == ':')
                    || (_at > start && char.IsAsciiDigit((char)_text[_at]))))
            {
                _at++;
            }
            return _text[start.._at];
        }

        private string Quoted()
        {
            _at++;
            var start = _at;
            var rest = _text[_at..];
            var end = rest.IndexOfAny((byte)'"', (byte)'\\');
            if (end >= 0 && rest[end] == '"')
            {
                _at += end + 1;
                return names.Get(rest[..end]);
            }
            var plain = new List<byte>(_text.Length - start);
            while (true)
            {
                switch (Next())
                {
                    case 0 when _at >= _text.Length:
                        throw Error("a label value without a closing quote");
                    case '"':
                        _at++;
                        return Encoding.UTF8.GetString([.. plain]);
                    case '\\':
                        _at++;
                        plain.Add(Next() switch
                        {
                            'n' => (byte)'\n',
                            '"' => (byte)'"',
                            '\\' => (byte)'\\',
                            _ => throw Error("an escape other than \\n, \\\" and \\\\"),
                        });
                        break;
                    default:
                        plain.Add(_text[_at]);
                        break;
                }
                _at++;
            }
        }

        private readonly int Next() => _at < _text.Length ? _text[_at] : 0;

        private void Space()
        {
            while (Next() is ' ' or '\t')
            {
                _at++;
            }
        }

        private void Expect(char c)
        {
            if (Next() != c)
            {
                throw Error(_at < _text.Length ? $"'{c}' expected in the labels" : "labels that end too early");
            }
            _at++;
        }

        private readonly ExpositionException Error(string reason) => new(line, reason);
    }
}

/// <summary>Keeps one string for each short text that occurs again and again: label names and common values.</summary>
public sealed class Utf8Names
{
    private const int Slots = 1024;
    private const int Longest = 64;
    private readonly (byte[] Bytes, string Text)[] _kept = new (byte[], string)[Slots];

    /// <summary>The text of UTF-8 bytes.</summary>
    public string Get(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length is 0 or > Longest)
        {
            return Encoding.UTF8.GetString(bytes);
        }
        var hash = 2166136261u;
        foreach (var b in bytes)
        {
            hash = (hash ^ b) * 16777619u;
        }
        ref var slot = ref _kept[hash % Slots];
        if (slot.Bytes is null || !bytes.SequenceEqual(slot.Bytes))
        {
            slot = (bytes.ToArray(), Encoding.UTF8.GetString(bytes));
        }
        return slot.Text;
    }
}
