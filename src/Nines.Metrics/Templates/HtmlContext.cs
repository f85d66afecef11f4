using System.Text;
using System.Text.Json;

namespace Nines.Metrics.Templates;

/// <summary>
/// Where in an HTML document the output of a template stands, and how a value is escaped there: in text, in attributes, in addresses, in styles and in
/// scripts. It follows the text as it is written, so a template may leave and enter tags in any branch. Facts: Go's <c>html/template</c>.
/// </summary>
internal sealed class HtmlContext
{
    private const string Refused = "ZgotmplZ";

    private static readonly string[] Raw = ["script", "style", "textarea", "title"];

    private static readonly HashSet<string> Addresses = new(StringComparer.Ordinal)
    {
        "action", "archive", "background", "cite", "classid", "codebase", "data", "formaction", "href", "icon", "longdesc", "manifest", "poster", "profile",
        "src", "usemap", "xmlns",
    };

    private readonly StringBuilder _name = new();
    private State _state;
    private string _tag = "";
    private string _attribute = "";
    private char _quote;
    private UrlPart _url;

    private enum State
    {
        Text, TagName, Tag, AttributeName, AfterName, BeforeValue, Value, RawText, Comment,
    }

    private enum UrlPart
    {
        Start, Path, Query,
    }

    private bool IsAddress => Addresses.Contains(_attribute) || _attribute.EndsWith("src", StringComparison.Ordinal)
        || _attribute.EndsWith("uri", StringComparison.Ordinal) || _attribute.EndsWith("url", StringComparison.Ordinal);

    /// <summary>Follows a piece of the template's own text.</summary>
    /// <returns>The piece without comments, which Go does not write.</returns>
    public string Text(string text)
    {
        var written = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            var rest = text.AsSpan(i);
            if (_state == State.Comment)
            {
                if (rest.StartsWith("-->"))
                {
                    _state = State.Text;
                    i += 2;
                }
                continue;
            }
            if (_state == State.Text && rest.StartsWith("<!--"))
            {
                _state = State.Comment;
                i += 3;
                continue;
            }
            Step(text[i], rest);
            written.Append(text[i]);
        }
        return written.ToString();
    }

    /// <summary>A value as it may stand here.</summary>
    /// <param name="text">The value in text.</param>
    /// <param name="safe">The value when it says to be safe already.</param>
    /// <param name="last">The last function of the pipeline: one that escapes already stands for ours.</param>
    public string Escape(string text, SafeText? safe, string last)
    {
        if (_state is State.BeforeValue)
        {
            // Go: a value behind "=" opens an attribute without quotes.
            (_state, _quote, _url) = (State.Value, ' ', UrlPart.Start);
        }
        if (_state is State.Value)
        {
            var value = _attribute switch
            {
                "style" => Style(text),
                var name when name.StartsWith("on", StringComparison.Ordinal) => JsonSerializer.Serialize(text, HtmlJson.Default.String),
                _ when IsAddress => Address(text, safe is { IsUrl: true }, last == "urlquery"),
                _ => text,
            };
            return last == "html" && _quote != ' ' ? value : Html(value, unquoted: _quote == ' ');
        }
        return _state switch
        {
            State.Comment => "",
            State.RawText when _tag == "script" => JsonSerializer.Serialize(text, HtmlJson.Default.String),
            State.RawText when _tag == "style" => Style(text),
            State.Text or State.RawText => last == "html" || (safe is { IsUrl: false } && _state == State.Text) ? text : Html(text),
            _ => text.Length > 0 && text.All(c => char.IsAsciiLetterOrDigit(c)) ? text : Refused,
        };
    }

    private void Step(char c, ReadOnlySpan<char> rest)
    {
        switch (_state)
        {
            case State.Text when c == '<' && rest.Length > 1 && (char.IsAsciiLetter(rest[1]) || rest[1] == '/'):
                (_state, _attribute) = (State.TagName, "");
                _name.Clear();
                break;
            case State.TagName when IsSpace(c) || c == '>':
                _tag = _name.ToString().ToLowerInvariant();
                _state = c == '>' ? Closed() : State.Tag;
                break;
            case State.TagName: _name.Append(c); break;
            case State.Tag or State.AfterName or State.AttributeName when c == '>': _state = Closed(); break;
            case State.Tag or State.AfterName when !IsSpace(c) && c != '/' && c != '=':
                _name.Clear().Append(c);
                _state = State.AttributeName;
                break;
            case State.AttributeName when c == '=' || IsSpace(c):
                _attribute = _name.ToString().ToLowerInvariant();
                _state = c == '=' ? State.BeforeValue : State.AfterName;
                break;
            case State.AttributeName: _name.Append(c); break;
            case State.AfterName when c == '=': _state = State.BeforeValue; break;
            case State.BeforeValue when c == '>': _state = Closed(); break;
            case State.BeforeValue when !IsSpace(c):
                (_state, _quote, _url) = (State.Value, c is '"' or '\'' ? c : ' ', c is '"' or '\'' ? UrlPart.Start : UrlPart.Path);
                break;
            case State.Value when c == _quote || (_quote == ' ' && IsSpace(c)): _state = State.Tag; break;
            case State.Value when _quote == ' ' && c == '>': _state = Closed(); break;
            case State.Value: _url = c is '?' or '#' ? UrlPart.Query : _url == UrlPart.Start && !IsSpace(c) ? UrlPart.Path : _url; break;
            case State.RawText when c == '<' && rest.Length > _tag.Length + 1 && rest[1] == '/'
                && rest.Slice(2, _tag.Length).Equals(_tag, StringComparison.OrdinalIgnoreCase):
                _state = State.TagName;
                _name.Clear();
                break;
        }
    }

    private State Closed() => Raw.Contains(_tag) ? State.RawText : State.Text;

    private string Address(string text, bool safe, bool escaped)
    {
        if (_url == UrlPart.Start && !safe && !HasSafeScheme(text))
        {
            return "#" + Refused;
        }
        return escaped ? text : Percent(text, keepsReserved: _url != UrlPart.Query || safe);
    }

    private static bool HasSafeScheme(string text)
    {
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        return colon < 0 || text.AsSpan(0, colon).Contains('/')
            || text[..colon].ToLowerInvariant() is "http" or "https" or "mailto";
    }

    private static string Percent(string text, bool keepsReserved)
    {
        var escaped = new StringBuilder(text.Length);
        var bytes = Encoding.UTF8.GetBytes(text);
        for (var i = 0; i < bytes.Length; i++)
        {
            var c = (char)bytes[i];
            var keeps = char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '_' or '~' || (keepsReserved && "!#$&*+,/:;=?@[]".Contains(c))
                || (keepsReserved && c == '%' && i + 2 < bytes.Length && char.IsAsciiHexDigit((char)bytes[i + 1]) && char.IsAsciiHexDigit((char)bytes[i + 2]));
            _ = keeps ? escaped.Append(c) : escaped.Append('%').Append(bytes[i].ToString("x2"));
        }
        return escaped.ToString();
    }

    private static string Style(string text) =>
        text.All(c => char.IsAsciiLetterOrDigit(c) || c is ' ' or '.' or ',' or '#' or '%' or '-' or '_' or '+' or '!')
            && !text.Contains("expression", StringComparison.OrdinalIgnoreCase) ? text : Refused;

    private static string Html(string text, bool unquoted = false)
    {
        var escaped = new StringBuilder(text.Length);
        foreach (var c in text)
        {
            _ = c switch
            {
                '\0' => escaped.Append('\uFFFD'),
                '"' => escaped.Append("&#34;"),
                '&' => escaped.Append("&amp;"),
                '\'' => escaped.Append("&#39;"),
                '+' => escaped.Append("&#43;"),
                '<' => escaped.Append("&lt;"),
                '>' => escaped.Append("&gt;"),
                '=' or '`' or (>= '\t' and <= '\r') or ' ' when unquoted => escaped.Append($"&#{(int)c};"),
                _ => escaped.Append(c),
            };
        }
        return unquoted && escaped.Length == 0 ? Refused : escaped.ToString();
    }

    private static bool IsSpace(char c) => c is ' ' or '\t' or '\r' or '\n' or '\f';
}

[System.Text.Json.Serialization.JsonSerializable(typeof(string))]
internal sealed partial class HtmlJson : System.Text.Json.Serialization.JsonSerializerContext;
