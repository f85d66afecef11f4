using System.Globalization;
using Nines.PromQL;
using NodaTime;

namespace Nines.Core.Workspace;

/// <summary>A file being bound: where its problems go and how places in it are named.</summary>
internal sealed record BindingFile(string Path, string Text, List<Problem> Problems)
{
    public SourcePosition At(YamlNode node) => new(Path, node.Line, node.Column);

    public void Error(YamlNode at, string code, string message, string hint = "") => Problems.Add(new(At(at), ProblemSeverity.Error, code, message, hint));

    public void Warn(YamlNode at, string code, string message, string hint = "") => Problems.Add(new(At(at), ProblemSeverity.Warning, code, message, hint));
}

/// <summary>Takes typed values out of a mapping and, at the end, names the keys nobody asked for.</summary>
internal sealed class Fields(BindingFile file, YamlNode node, string what)
{
    private readonly HashSet<string> _asked = new(StringComparer.Ordinal);
    private readonly YamlMap? _map = node as YamlMap;

    public BindingFile File => file;

    public YamlNode Node => node;

    public YamlNode? Any(string key, bool required = false)
    {
        _asked.Add(key);
        if (_map is null)
        {
            return null;
        }
        var found = _map.Entries.Find(e => e.Key.Value == key).Value;
        if (found is null or YamlText { IsNull: true })
        {
            if (required)
            {
                file.Error(node, "missing", $"{what} needs {key}");
            }
            return null;
        }
        return found;
    }

    public YamlText? Text(string key, bool required = false)
    {
        var found = Any(key, required);
        if (found is null or YamlText)
        {
            if (found is YamlText { Value: "" } empty && required)
            {
                file.Error(empty, "missing", $"{key} is empty");
                return null;
            }
            return found as YamlText;
        }
        file.Error(found, "wrong-type", $"{key} must be a text");
        return null;
    }

    /// <summary>A mapping, or null when there is none.</summary>
    public Fields? Map(string key, bool required = false)
    {
        var found = Any(key, required);
        if (found is not null and not YamlMap)
        {
            file.Error(found, "wrong-type", $"{key} must be a mapping");
        }
        return found is YamlMap ? new(file, found, key) : null;
    }

    public IReadOnlyList<YamlNode> List(string key, bool required = false)
    {
        var found = Any(key, required);
        if (found is not null and not YamlList)
        {
            file.Error(found, "wrong-type", $"{key} must be a list", "begin each item with \"- \"");
        }
        return (found as YamlList)?.Items ?? [];
    }

    public IEnumerable<Fields> Maps(string key, string item, bool required = false)
    {
        foreach (var one in List(key, required))
        {
            if (one is YamlMap)
            {
                yield return new(file, one, item);
            }
            else
            {
                file.Error(one, "wrong-type", $"{item} must be a mapping");
            }
        }
    }

    public bool Flag(string key, bool otherwise)
    {
        var text = Text(key);
        if (text is null)
        {
            return otherwise;
        }
        if (text.Value is "true" or "false")
        {
            return text.Value == "true";
        }
        file.Error(text, "wrong-type", $"{key} must be true or false, not {text.Value}");
        return otherwise;
    }

    public decimal? Number(string key, decimal least, decimal most, bool required = false)
    {
        var text = Text(key, required);
        if (text is null)
        {
            return null;
        }
        if (!decimal.TryParse(text.Value, NumberStyles.Float, CultureInfo.InvariantCulture, out var value))
        {
            file.Error(text, "wrong-type", $"{key} must be a number, not {text.Value}");
            return null;
        }
        if (value < least || value > most)
        {
            file.Error(text, "bad-value", $"{key} must be between {least} and {most}, not {text.Value}");
            return null;
        }
        return value;
    }

    /// <summary>A share of a whole, written as 99.5% or 0.995. A number above 1 without the sign is refused: percent was probably meant.</summary>
    public decimal? Share(string key, bool required = false)
    {
        if (Text(key, required) is not { } text)
        {
            return null;
        }
        var percent = text.Value.EndsWith('%');
        if (!decimal.TryParse(text.Value.AsSpan().TrimEnd('%').Trim(), NumberStyles.Float, CultureInfo.InvariantCulture, out var share))
        {
            file.Error(text, "wrong-type", $"{key} must be a number or a percentage, not {text.Value}", "write it as 25% or 0.25");
            return null;
        }
        if (!percent && Math.Abs(share) > 1)
        {
            file.Error(text, "bad-value", $"{key} is a share of a whole, not {text.Value}", $"did you mean {text.Value}%?");
            return null;
        }
        return percent ? share / 100 : share;
    }

    /// <summary>A duration in Prometheus' notation, in milliseconds.</summary>
    public long? Duration(string key, long leastMs, long mostMs, bool required = false)
    {
        var text = Text(key, required);
        if (text is null)
        {
            return null;
        }
        if (!Durations.TryParseMs(text.Value, out var ms))
        {
            file.Error(text, "bad-value", $"{key} is not a duration: {text.Value}", "write it as 30s, 5m, 1h or 28d");
            return null;
        }
        if (ms < leastMs || ms > mostMs)
        {
            file.Error(text, "bad-value", $"{key} must be between {Durations.Format(leastMs)} and {Durations.Format(mostMs)}, not {text.Value}");
            return null;
        }
        return ms;
    }

    /// <summary>A time zone by its IANA name.</summary>
    public DateTimeZone? Zone(string key, bool required = false)
    {
        if (Text(key, required) is not { } name)
        {
            return null;
        }
        var zone = DateTimeZoneProviders.Tzdb.GetZoneOrNull(name.Value);
        if (zone is null)
        {
            file.Error(name, "bad-value", $"there is no time zone {name.Value}",
                Near.Hint(name.Value, DateTimeZoneProviders.Tzdb.Ids) is { Length: > 0 } hint ? hint : "write it as Europe/Berlin or UTC");
        }
        return zone;
    }

    public string? OneOf(string key, string otherwise, params string[] choices)
    {
        var text = Text(key);
        if (text is null)
        {
            return otherwise;
        }
        if (choices.Contains(text.Value, StringComparer.Ordinal))
        {
            return text.Value;
        }
        file.Error(text, "bad-value", $"{key} must be {string.Join(" or ", choices)}, not {text.Value}", Near.Hint(text.Value, choices));
        return null;
    }

    /// <summary>Keys that are understood but carry nothing for us.</summary>
    public void Ignore(params ReadOnlySpan<string> keys)
    {
        foreach (var key in keys)
        {
            _asked.Add(key);
        }
    }

    /// <summary>Names the keys nobody asked for.</summary>
    public void Done()
    {
        var known = _asked.ToList();
        foreach (var (key, _) in _map?.Entries ?? [])
        {
            if (_asked.Add(key.Value))
            {
                file.Error(key, "unknown-key", $"{what} has no key {key.Value}", Near.Hint(key.Value, known));
            }
        }
    }
}

/// <summary>Names that may have been meant.</summary>
internal static class Near
{
    public static string Hint(string name, IEnumerable<string> choices)
    {
        if (name.Length is 0 or > 100)
        {
            return "";
        }
        var best = choices.Select(c => (Name: c, Distance: Distance(name.ToLowerInvariant(), c.ToLowerInvariant())))
            .Where(c => c.Distance <= Math.Max(1, name.Length / 3)).OrderBy(c => c.Distance).ThenBy(c => c.Name, StringComparer.Ordinal).FirstOrDefault().Name;
        return best is null ? "" : $"did you mean {best}?";
    }

    private static int Distance(string a, string b)
    {
        if (Math.Abs(a.Length - b.Length) > 30)
        {
            return int.MaxValue;
        }
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var (corner, left) = (row[0], row[0] = i);
            for (var j = 1; j <= b.Length; j++)
            {
                left = Math.Min(Math.Min(left, row[j]) + 1, corner + (a[i - 1] == b[j - 1] ? 0 : 1));
                (corner, row[j]) = (row[j], left);
            }
        }
        return row[^1];
    }
}
