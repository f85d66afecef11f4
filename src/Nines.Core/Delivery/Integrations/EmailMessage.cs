using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using NodaTime;
using NodaTime.Text;

namespace Nines.Core.Delivery.Integrations;

/// <summary>A mail as it goes over SMTP: text and HTML, all messages of a group in one thread.</summary>
/// <param name="From">The envelope's sender.</param>
/// <param name="To">The envelope's recipients; at least one.</param>
/// <param name="Data">The message, lines ended by CR LF.</param>
public sealed record EmailMessage(string From, IReadOnlyList<string> To, byte[] Data)
{
    private const int MaxSubject = 400;
    private const int MaxText = 100_000;

    /// <summary>The subject as people read it.</summary>
    public string Subject { get; init; } = "";

    /// <summary>The text as people read it where HTML is not shown.</summary>
    public string Text { get; init; } = "";

    private static readonly OffsetDateTimePattern Date = OffsetDateTimePattern.CreateWithInvariantCulture("ddd, dd MMM uuuu HH:mm:ss '+0000'");

    /// <summary>The mail.</summary>
    /// <exception cref="MessageException">An address is not one.</exception>
    public static EmailMessage Of(MessageScope scope)
    {
        var headers = Headers(scope);
        var from = Addresses(headers["From"], "from");
        var to = Addresses(scope.Text("to"), "to").Concat(Addresses(headers.GetValueOrDefault("Cc", ""), "Cc", mayBeEmpty: true))
            .Concat(Addresses(headers.GetValueOrDefault("Bcc", ""), "Bcc", mayBeEmpty: true)).Select(a => a.Address)
            .Distinct(StringComparer.Ordinal).ToList();
        headers.Remove("Bcc");
        var (text, html) = Parts(scope);
        var message = new StringBuilder();
        foreach (var (name, value) in headers)
        {
            Header(message, name, value);
        }
        var boundary = "nines-" + scope.Notification.Key;
        message.Append($"MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=\"{boundary}\"\r\n\r\n");
        foreach (var (type, part) in new[] { ("plain", text), ("html", html) })
        {
            message.Append($"--{boundary}\r\nContent-Type: text/{type}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n");
            message.Append(QuotedPrintable(part)).Append("\r\n");
        }
        message.Append($"--{boundary}--\r\n");
        return new EmailMessage(from[0].Address, to, Encoding.ASCII.GetBytes(message.ToString())) { Subject = headers["Subject"], Text = text };
    }

    /// <summary>The addresses of a list such as <c>Ops &lt;ops@example.org&gt;, b@example.org</c>.</summary>
    /// <exception cref="MessageException">One is none.</exception>
    public static IReadOnlyList<(string Name, string Address)> Addresses(string list, string what, bool mayBeEmpty = false)
    {
        var addresses = new List<(string, string)>();
        foreach (var item in Split(list))
        {
            var open = item.LastIndexOf('<');
            var address = (open >= 0 && item.EndsWith('>') ? item[(open + 1)..^1] : item).Trim();
            var at = address.LastIndexOf('@');
            if (at <= 0 || at == address.Length - 1 || address.Any(c => c is <= ' ' or '<' or '>' or ',' or ';' or > '~'))
            {
                throw new MessageException($"{what} holds what is no address");
            }
            addresses.Add((open > 0 ? item[..open].Trim().Trim('"') : "", address));
        }
        return addresses.Count > 0 || mayBeEmpty ? addresses : throw new MessageException($"{what} holds no address");
    }

    private static IEnumerable<string> Split(string list)
    {
        var (start, quoted) = (0, false);
        for (var i = 0; i <= list.Length; i++)
        {
            quoted ^= i < list.Length && list[i] == '"';
            if ((i == list.Length || (list[i] == ',' && !quoted)) && list[start..i].Trim() is var item)
            {
                start = i + 1;
                if (item.Length > 0)
                {
                    yield return item;
                }
            }
        }
    }

    private static SortedDictionary<string, string> Headers(MessageScope scope)
    {
        var headers = new SortedDictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var (name, value) in scope.Integration.Settings.Map("headers"))
        {
            if (name.Length is > 0 and < 100 && name.All(c => c is > ' ' and < '\u007f' and not ':'))
            {
                headers[name] = OneLine(scope.Render("headers." + name, value));
            }
        }
        if (!headers.TryGetValue("Subject", out var subject) || subject.Length == 0)
        {
            subject = scope.IsOurs ? scope.Default.Headline : scope.Render("title", "{{ template \"email.default.subject\" . }}");
        }
        headers["Subject"] = RichText.Clean(OneLine(subject), MaxSubject);
        headers.TryAdd("From", OneLine(scope.Text("from")));
        headers.TryAdd("To", OneLine(scope.Text("to")));
        foreach (var name in (string[])["From", "To", "Cc", "Reply-To"])
        {
            if (headers.TryGetValue(name, out var addresses) && addresses.Length > 0)
            {
                headers[name] = string.Join(", ", Addresses(addresses, name).Select(a => a.Name.Length > 0
                    ? $"{Encoded(a.Name, true)} <{a.Address}>" : a.Address));
            }
        }
        var notification = scope.Notification;
        var host = Addresses(headers["From"], "from")[0].Address is var sender ? sender[(sender.LastIndexOf('@') + 1)..] : "";
        var root = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{notification.Receiver}\n{notification.GroupKey}")).AsSpan(0, 16));
        headers["Date"] = Date.Format((NodaConstants.UnixEpoch + Duration.FromNanoseconds(notification.DecidedAtNs)).WithOffset(Offset.Zero));
        headers["Message-ID"] = $"<{notification.Key}@{host}>";
        headers["References"] = headers["In-Reply-To"] = $"<group.{root}@{host}>";
        headers["Auto-Submitted"] = "auto-generated";
        headers["X-Nines-Attempt"] = scope.Marks.Attempt.ToString(CultureInfo.InvariantCulture);
        if (scope.IsOurs && scope.Default.IsPage)
        {
            headers["X-Priority"] = "1";
        }
        return headers;
    }

    private static (string Text, string Html) Parts(MessageScope scope)
    {
        if (scope.IsOurs)
        {
            return (PlainOf(scope), HtmlOf(scope.Default));
        }
        var html = scope.Text("html", html: true);
        var text = scope.Text("text");
        var notes = scope.Notes;
        text = text.Trim().Length == 0 ? PlainOf(scope) : text + string.Concat(notes.Select(n => "\n" + n));
        if (html.Trim().Length == 0)
        {
            html = HtmlOf(scope.Default);
        }
        else if (notes.Count > 0)
        {
            var note = $"<p><em>{WebUtility.HtmlEncode(string.Join("; ", notes))}</em></p>";
            var end = html.LastIndexOf("</body>", StringComparison.OrdinalIgnoreCase);
            html = end < 0 ? html + note : html.Insert(end, note);
        }
        return (text, html);
    }

    private static string PlainOf(MessageScope scope) => scope.Default.Fit(t => t.Plain.Length, MaxText).Plain
        + string.Concat(scope.Default.Links.Select(l => $"\n{l.Title}: {l.Url}")) + "\n";

    private static string HtmlOf(DefaultMessage ours)
    {
        var links = string.Join(" · ", ours.Links.Where(l => l.Url.StartsWith("http", StringComparison.OrdinalIgnoreCase))
            .Select(l => $"<a href=\"{WebUtility.HtmlEncode(l.Url)}\">{l.Title}</a>"));
        return $"""
            <!DOCTYPE html>
            <html lang="en"><head><meta charset="utf-8"><title>{WebUtility.HtmlEncode(ours.Headline)}</title></head>
            <body style="margin:0;padding:24px;font-family:sans-serif;font-size:15px;line-height:1.5;color:#1c2128">
            <div style="border-left:4px solid {ours.Color};padding-left:16px">{ours.Fit(t => t.Html.Length, MaxText).Html}</div>
            <p>{links}</p>
            </body></html>
            """;
    }

    private static string OneLine(string text) => text.ReplaceLineEndings(" ").Replace('\t', ' ').Trim();

    private static void Header(StringBuilder to, string name, string value)
    {
        // Addresses are encoded already; folding is between words.
        var line = name is "From" or "To" or "Cc" or "Reply-To" ? value : Encoded(value, quotes: false);
        to.Append(name).Append(':');
        var width = name.Length + 1;
        foreach (var word in line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (width + word.Length + 1 > 76 && width > name.Length + 1)
            {
                to.Append("\r\n");
                width = 0;
            }
            to.Append(' ').Append(word);
            width += word.Length + 1;
        }
        to.Append("\r\n");
    }

    /// <summary>A header's text: as it is in ASCII, else as encoded words (RFC 2047) of whole characters.</summary>
    private static string Encoded(string text, bool quotes)
    {
        if (text.All(c => c is >= ' ' and < '\u007f') && text.Split(' ').All(w => w.Length < 900))
        {
            return quotes ? $"\"{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"" : text;
        }
        var words = new List<string>();
        var word = new List<byte>();
        var bytes = new byte[4];
        foreach (var rune in text.EnumerateRunes())
        {
            var length = rune.EncodeToUtf8(bytes);
            if (word.Count + length > 42)
            {
                words.Add($"=?utf-8?B?{Convert.ToBase64String([.. word])}?=");
                word.Clear();
            }
            word.AddRange(bytes.AsSpan(0, length));
        }
        words.Add($"=?utf-8?B?{Convert.ToBase64String([.. word])}?=");
        return string.Join(' ', words);
    }

    private static string QuotedPrintable(string text)
    {
        var encoded = new StringBuilder(text.Length + 64);
        foreach (var line in text.ReplaceLineEndings("\n").Split('\n'))
        {
            var width = 0;
            var bytes = Encoding.UTF8.GetBytes(line);
            for (var i = 0; i < bytes.Length; i++)
            {
                var b = bytes[i];
                var plain = b is > 32 and < 127 and not (byte)'=' && !(b == '.' && width == 0) || (b is 32 or 9 && i + 1 < bytes.Length);
                if (width + (plain ? 1 : 3) > 75)
                {
                    encoded.Append("=\r\n");
                    width = 0;
                    plain &= b != '.';
                }
                _ = plain ? encoded.Append((char)b) : encoded.Append('=').Append(b.ToString("X2", CultureInfo.InvariantCulture));
                width += plain ? 1 : 3;
            }
            encoded.Append("\r\n");
        }
        return encoded.ToString();
    }
}
