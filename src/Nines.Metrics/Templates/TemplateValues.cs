using System.Text.RegularExpressions;

namespace Nines.Metrics.Templates;

// The values of templates are null, string, long, double, bool, GoDuration, IReadOnlyList<object?>, TemplateMap, ITemplateObject and TemplateFunction.

/// <summary>A value with named fields and methods. Its <c>ToString</c> is how it is printed.</summary>
public interface ITemplateObject
{
    /// <summary>Go's name of its type, for messages.</summary>
    string TypeName { get; }

    /// <summary>A field, or a method as a <see cref="TemplateFunction"/>.</summary>
    bool TryGet(string name, out object? value);
}

/// <summary>A map or list with methods beside its entries.</summary>
public interface ITemplateMethods
{
    /// <summary>Go's name of its type, for messages.</summary>
    string TypeName { get; }

    /// <summary>A method; null when there is none of that name.</summary>
    TemplateFunction? Method(string name);
}

/// <summary>A text that is HTML or an address already; where HTML is written it is not escaped again.</summary>
/// <param name="Text">The text.</param>
/// <param name="IsUrl">Whether it is an address, or HTML.</param>
public sealed record SafeText(string Text, bool IsUrl) : ITemplateObject
{
    /// <inheritdoc/>
    public string TypeName => IsUrl ? "template.URL" : "template.HTML";

    /// <inheritdoc/>
    public bool TryGet(string name, out object? value)
    {
        value = null;
        return false;
    }

    /// <summary>The text.</summary>
    public override string ToString() => Text;
}

/// <summary>A map from texts.</summary>
/// <param name="Entries">Its entries.</param>
/// <param name="Missing">The value of a key that is not there: the empty text for a map of texts, else null.</param>
public record TemplateMap(IReadOnlyDictionary<string, object?> Entries, object? Missing)
{
    /// <summary>Go's name of its type.</summary>
    public virtual string TypeName => Missing is string ? "map[string]string" : "map[string]interface {}";

    /// <summary>The entries in order of key.</summary>
    public IEnumerable<KeyValuePair<string, object?>> Sorted => Entries.OrderBy(e => e.Key, StringComparer.Ordinal);

    /// <summary>A map of texts.</summary>
    public static TemplateMap Of(Labels labels)
    {
        var entries = new Dictionary<string, object?>(labels.Count, StringComparer.Ordinal);
        foreach (var (name, value) in labels.Pairs)
        {
            entries.Add(name, value);
        }
        return new TemplateMap(entries, "");
    }

    /// <summary>The value of a key.</summary>
    public object? this[string key] => Entries.TryGetValue(key, out var value) ? value : Missing;
}

/// <summary>What a function takes.</summary>
public enum ArgumentKind
{
    /// <summary>Any value, nil included.</summary>
    Any,
    /// <summary>A text.</summary>
    Text,
    /// <summary>A whole number.</summary>
    Whole,
    /// <summary>A number.</summary>
    Number,
    /// <summary>A list.</summary>
    List,
    /// <summary>An object.</summary>
    Object,
}

/// <summary>A function that templates may call.</summary>
/// <param name="Arguments">What it takes.</param>
/// <param name="Call">Computes its value; throws <see cref="TemplateCallException"/> to fail.</param>
/// <param name="Repeats">Whether the last argument may be left out or repeated.</param>
public sealed record TemplateFunction(IReadOnlyList<ArgumentKind> Arguments, Func<ITemplateRun, object?[], object?> Call, bool Repeats = false);

/// <summary>What a function may ask of the execution it is called from.</summary>
public interface ITemplateRun
{
    /// <summary>The most characters of a text.</summary>
    int MaxLength { get; }

    /// <summary>Executes a named template and returns its text.</summary>
    string Execute(string name, object? data);
}

/// <summary>A function fails; the message says why.</summary>
public sealed class TemplateCallException(string message) : Exception(message);

/// <summary>How far an execution may go.</summary>
/// <param name="MaxLength">Most characters of the output, and of any text on the way.</param>
/// <param name="MaxSteps">Most steps: values computed and parts written.</param>
/// <param name="MaxDepth">How deep templates, blocks and brackets may be nested.</param>
public sealed record TemplateLimits(int MaxLength = 1 << 20, int MaxSteps = 1_000_000, int MaxDepth = 1000)
{
    /// <summary>The default: 1 Mi characters, a million steps, 1,000 deep.</summary>
    public static readonly TemplateLimits Default = new();
}

/// <summary>What an execution came to.</summary>
/// <param name="Text">The output; null when there is an error.</param>
/// <param name="Error">Why there is none, in Go's words where it has some; null when there is an output.</param>
public readonly record struct TemplateOutcome(string? Text, string? Error);

/// <summary>Text functions of Go that several sets of functions share.</summary>
public static class GoText
{
    /// <summary><c>url.QueryEscape</c>: a space becomes a plus.</summary>
    public static string QueryEscape(string text) => Uri.EscapeDataString(text).Replace("%20", "+", StringComparison.Ordinal);

    /// <summary><c>html.EscapeString</c> as templates use it.</summary>
    public static string HtmlEscape(string text) =>
        text.Replace("&", "&amp;", StringComparison.Ordinal).Replace("'", "&#39;", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal)
            .Replace(">", "&gt;", StringComparison.Ordinal).Replace("\"", "&#34;", StringComparison.Ordinal).Replace('\0', '\uFFFD');

    /// <summary>A value as a template prints it.</summary>
    public static string Print(object? value) => GoFormat.Print([value], TemplateLimits.Default.MaxLength);

    /// <summary><c>strings.Title</c>: the first letter of each word as a capital.</summary>
    public static string Title(string text)
    {
        var letters = text.ToCharArray();
        for (var i = 0; i < letters.Length; i++)
        {
            var starts = i == 0 || !(char.IsLetterOrDigit(letters[i - 1]) || letters[i - 1] is '_' or '\'' || char.IsSurrogate(letters[i - 1]));
            letters[i] = starts ? char.ToUpperInvariant(letters[i]) : letters[i];
        }
        return new string(letters);
    }

    /// <summary><c>regexp.MatchString</c>: whether a pattern occurs anywhere.</summary>
    /// <exception cref="TemplateCallException">RE2 refuses the pattern.</exception>
    public static bool IsMatch(string pattern, string text) => Compiled(pattern).IsMatch(text);

    /// <summary><c>Regexp.ReplaceAllString</c>; <c>$1</c>, <c>${name}</c> and <c>$$</c> in the replacement.</summary>
    /// <exception cref="TemplateCallException">RE2 refuses the pattern, or the text would grow beyond a limit.</exception>
    public static string ReplaceAll(string pattern, string replacement, string text, int maxLength)
    {
        var output = new System.Text.StringBuilder();
        var regex = Compiled(pattern, $"regexp: Compile(`{pattern}`): ");
        var done = 0;
        // An empty match right behind a match is none in Go.
        var lastEnd = -1;
        foreach (Match match in regex.Matches(text))
        {
            if (match.Length == 0 && match.Index == lastEnd)
            {
                continue;
            }
            output.Append(text, done, match.Index - done);
            Expand(replacement, match, output);
            done = lastEnd = match.Index + match.Length;
            if (output.Length > maxLength)
            {
                throw new TemplateCallException($"the text is longer than {maxLength} characters");
            }
        }
        return output.Append(text, done, text.Length - done).ToString();
    }

    private static void Expand(string replacement, Match match, System.Text.StringBuilder output)
    {
        for (var i = 0; i < replacement.Length; i++)
        {
            if (replacement[i] != '$' || i + 1 == replacement.Length)
            {
                output.Append(replacement[i]);
                continue;
            }
            if (replacement[i + 1] == '$')
            {
                output.Append('$');
                i++;
                continue;
            }
            var braced = replacement[i + 1] == '{';
            var start = i + (braced ? 2 : 1);
            var end = start;
            while (end < replacement.Length && (char.IsLetterOrDigit(replacement[end]) || replacement[end] == '_'))
            {
                end++;
            }
            if (end == start || (braced && (end == replacement.Length || replacement[end] != '}')))
            {
                output.Append('$');
                continue;
            }
            output.Append(match.Groups[replacement[start..end]].Value);
            i = braced ? end : end - 1;
        }
    }

    private static Regex Compiled(string pattern, string prefix = "")
    {
        try
        {
            return Re2.Anywhere(pattern);
        }
        catch (ArgumentException e)
        {
            throw new TemplateCallException($"{prefix}error parsing regexp: {e.InnerException?.Message}: `{pattern}`");
        }
    }
}
