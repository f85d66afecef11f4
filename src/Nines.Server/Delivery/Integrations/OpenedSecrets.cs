using System.Text;
using Nines.Core.Alerting.Routing;

namespace Nines.Server.Delivery.Integrations;

/// <summary>The secrets of one attempt: opened when they are used, and taken out of whatever is said about it.</summary>
internal sealed class OpenedSecrets
{
    /// <summary>Shorter parts are words, not secrets: taking them out would make answers unreadable.</summary>
    private const int LongEnough = 6;

    private readonly HashSet<string> _values = new(StringComparer.Ordinal);

    /// <summary>A secret setting, or the content of the file its <c>…_file</c> names; null when neither is given.</summary>
    /// <exception cref="SecretMissingException">It cannot be read.</exception>
    public string? Open(Settings settings, string name)
    {
        if (settings.Secret(name) is { } secret)
        {
            return Remembered(SecretReader.Resolve(secret));
        }
        if (settings.Text(name + "_file") is not { } file)
        {
            return null;
        }
        return ReadFile(file);
    }

    /// <summary>The content of a file with a secret.</summary>
    /// <exception cref="SecretMissingException">It cannot be read.</exception>
    public string ReadFile(string file)
    {
        try
        {
            return Remembered(File.ReadAllText(file).Trim());
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SecretMissingException($"the file {file} cannot be read");
        }
    }

    /// <summary>A value that is not to be said, with the forms in which it goes over the wire.</summary>
    public string Remembered(string value)
    {
        _values.Add(value);
        _values.Add(Uri.EscapeDataString(value));
        if (Uri.TryCreate(value, UriKind.Absolute, out var address) && address.Scheme is "http" or "https")
        {
            // Such addresses carry their token in the path or the query, and receivers echo those.
            _values.UnionWith(address!.PathAndQuery.Split(['/', '?', '&', '=']));
            _values.Add(address.UserInfo);
        }
        return value;
    }

    /// <summary>A text without them.</summary>
    public string Strip(string text)
    {
        var stripped = new StringBuilder(text);
        foreach (var value in _values.Where(v => v.Length >= LongEnough).OrderByDescending(v => v.Length))
        {
            stripped.Replace(value, "<secret>");
        }
        return stripped.ToString();
    }
}
