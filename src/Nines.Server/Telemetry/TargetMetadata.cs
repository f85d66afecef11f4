using System.Text;
using Nines.Metrics.Exposition;
using Nines.Metrics.RemoteWrite;

namespace Nines.Server.Telemetry;

/// <summary>What one target tells of its metric families. Lines it told before cost a comparison. One scrape at a time.</summary>
internal sealed class TargetMetadata
{
    /// <summary>Most bytes of names and texts; families beyond are not noted.</summary>
    public const int MaxBytes = 1 << 20;

    private const int PerFamily = 100;
    private readonly Dictionary<byte[], About> _families = new(ByteText.Comparer);
    private readonly Dictionary<byte[], About>.AlternateLookup<ReadOnlySpan<byte>> _byName;
    private readonly HashSet<byte[]> _changed = new(ByteText.Comparer);
    private int _bytes;

    public TargetMetadata() => _byName = _families.GetAlternateLookup<ReadOnlySpan<byte>>();

    /// <summary>Takes a line of the body.</summary>
    public void Take(MetadataKind kind, ReadOnlySpan<byte> family, ReadOnlySpan<byte> text)
    {
        var known = _byName.TryGetValue(family, out var name, out var about);
        if ((known && text.SequenceEqual(about.Of(kind))) || !Fits(known ? text.Length - about.Of(kind).Length : family.Length + text.Length + PerFamily))
        {
            return;
        }
        name ??= family.ToArray();
        _families[name] = about.With(kind, text.ToArray());
        _changed.Add(name);
    }

    /// <summary>Hands over what changed. Called once a body was read to its end.</summary>
    public void TellTo(MetadataStore store)
    {
        foreach (var name in _changed)
        {
            var about = _families[name];
            var type = about.Type is null or [] || about.Type.AsSpan().SequenceEqual("untyped"u8) ? "unknown" : Encoding.UTF8.GetString(about.Type);
            store.Note(new MetricMetadata(Encoding.UTF8.GetString(name), type, Unescaped(about.Help), Unescaped(about.Unit)));
        }
        _changed.Clear();
    }

    private bool Fits(int more)
    {
        if (_bytes + more > MaxBytes)
        {
            return false;
        }
        _bytes += more;
        return true;
    }

    private static string Unescaped(byte[]? text)
    {
        var plain = Encoding.UTF8.GetString(text ?? []);
        if (!plain.Contains('\\', StringComparison.Ordinal))
        {
            return plain;
        }
        var into = new StringBuilder(plain.Length);
        for (var i = 0; i < plain.Length; i++)
        {
            var next = plain[i] == '\\' && i + 1 < plain.Length ? plain[i + 1] : '\0';
            into.Append(next is 'n' ? '\n' : next is '\\' or '"' ? next : plain[i]);
            i += next is 'n' or '\\' or '"' ? 1 : 0;
        }
        return into.ToString();
    }

    private readonly record struct About(byte[]? Type, byte[]? Help, byte[]? Unit)
    {
        public ReadOnlySpan<byte> Of(MetadataKind kind) => kind switch { MetadataKind.Type => Type, MetadataKind.Help => Help, _ => Unit };

        public About With(MetadataKind kind, byte[] text) =>
            kind switch { MetadataKind.Type => this with { Type = text }, MetadataKind.Help => this with { Help = text }, _ => this with { Unit = text } };
    }
}
