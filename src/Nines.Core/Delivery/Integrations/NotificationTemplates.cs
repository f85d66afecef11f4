using System.Text;
using Nines.Core.Alerting;
using Nines.Core.Alerting.Routing;
using Nines.Metrics.Templates;
using NodaTime;

namespace Nines.Core.Delivery.Integrations;

/// <summary>The templates that messages are made of: ours, and over them those of the files that <c>alertmanager.yml</c> names.</summary>
public sealed class NotificationTemplates
{
    // The longest message any receiver takes is a PagerDuty event; nobody reads half a megabyte.
    private static readonly TemplateLimits Limits = new(MaxLength: 512 * 1024);

    private readonly TemplateSet _set = new(AlertTemplates.Functions);

    private NotificationTemplates()
    {
    }

    /// <summary>Our templates alone.</summary>
    public static NotificationTemplates Default { get; } = Read([]).Templates;

    /// <summary>Our templates as text.</summary>
    public static string DefaultText { get; } = ReadDefault();

    /// <summary>Reads the template files.</summary>
    /// <param name="files">The files in order, by the name messages about them use.</param>
    /// <returns>The templates of all files that can be read, and why the others cannot.</returns>
    public static (NotificationTemplates Templates, IReadOnlyList<(string File, string Error)> Errors) Read(IEnumerable<(string File, string Text)> files)
    {
        var templates = new NotificationTemplates();
        if (templates._set.Add("default.tmpl", ReadDefault()) is { } wrong)
        {
            throw new InvalidOperationException(wrong);
        }
        var errors = new List<(string, string)>();
        foreach (var (file, text) in files)
        {
            if (templates._set.Add(file, text) is { } error)
            {
                errors.Add((file, error));
            }
        }
        return (templates, errors);
    }

    /// <summary>What a template makes of a notification.</summary>
    /// <param name="text">The template; it may call any of the named ones.</param>
    /// <param name="data">The dot, see <see cref="NotificationData"/>.</param>
    /// <param name="html">Whether the values are escaped for HTML.</param>
    /// <param name="nowNs">The moment for <c>since</c>, nanoseconds since the Unix epoch.</param>
    public TemplateOutcome Render(string text, object data, long nowNs, bool html = false) =>
        !text.Contains("{{", StringComparison.Ordinal) ? new TemplateOutcome(text, null)
            : _set.ExecuteText(text, data, Functions(nowNs), Limits, html);

    private static string ReadDefault()
    {
        using var stream = typeof(NotificationTemplates).Assembly.GetManifestResourceStream("default.tmpl")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    private static Dictionary<string, TemplateFunction> Functions(long nowNs) => new(Fixed, StringComparer.Ordinal)
    {
        ["since"] = Of([ArgumentKind.Any], a => new GoDuration(nowNs - Time(a[0]).Nanoseconds)),
    };

    private static readonly Dictionary<string, TemplateFunction> Fixed = new(StringComparer.Ordinal)
    {
        ["toUpper"] = Of([ArgumentKind.Text], a => Text(a[0]).ToUpperInvariant()),
        ["toLower"] = Of([ArgumentKind.Text], a => Text(a[0]).ToLowerInvariant()),
        ["title"] = Of([ArgumentKind.Text], a => Title(Text(a[0]))),
        ["trimSpace"] = Of([ArgumentKind.Text], a => Text(a[0]).Trim()),
        ["join"] = Of([ArgumentKind.Text, ArgumentKind.List],
            a => string.Join(Text(a[0]), ((IReadOnlyList<object?>?)a[1] ?? []).Select(item => item as string
                ?? throw new TemplateCallException("wrong type for value; expected []string")))),
        ["match"] = Of([ArgumentKind.Text, ArgumentKind.Text], a => GoText.IsMatch(Text(a[0]), Text(a[1]))),
        ["safeHtml"] = Of([ArgumentKind.Text], a => new SafeText(Text(a[0]), IsUrl: false)),
        ["safeUrl"] = Of([ArgumentKind.Text], a => new SafeText(Text(a[0]), IsUrl: true)),
        ["urlUnescape"] = Of([ArgumentKind.Text], a => Uri.UnescapeDataString(Text(a[0]).Replace('+', ' '))),
        ["reReplaceAll"] = new([ArgumentKind.Text, ArgumentKind.Text, ArgumentKind.Text],
            (run, a) => GoText.ReplaceAll(Text(a[0]), Text(a[1]), Text(a[2]), run.MaxLength)),
        ["stringSlice"] = Of([ArgumentKind.Text], a => a.ToArray(), repeats: true),
        ["date"] = Of([ArgumentKind.Text, ArgumentKind.Any], a => Time(a[1]).Format(Text(a[0]))),
        ["tz"] = Of([ArgumentKind.Text, ArgumentKind.Any], a => InZone(Text(a[0]), Time(a[1]))),
        ["humanizeDuration"] = Of([ArgumentKind.Any], a => RuleFunctions.HumanizeDuration(Seconds(a[0]))),
        ["toJson"] = Of([ArgumentKind.Any], a => GoJson.Of(a[0])),
    };

    private static TemplateFunction Of(IReadOnlyList<ArgumentKind> kinds, Func<object?[], object?> call, bool repeats = false) =>
        new(kinds, (_, arguments) => call(arguments), repeats);

    private static string Text(object? value) => (string)value!;

    private static GoTime Time(object? value) => value as GoTime ?? throw new TemplateCallException("wrong type for value; expected time.Time");

    private static double Seconds(object? value) => value switch
    {
        GoDuration duration => duration.Seconds,
        long whole => whole,
        double number => number,
        string text when GoFloat.TryParse(text, out var number) => number,
        _ => throw new TemplateCallException("can't convert to float"),
    };

    private static GoTime InZone(string name, GoTime time)
    {
        var zone = DateTimeZoneProviders.Tzdb.GetZoneOrNull(name) ?? throw new TemplateCallException($"unknown time zone {name}");
        if (time == GoTime.Zero)
        {
            return time;
        }
        var interval = zone.GetZoneInterval(NodaConstants.UnixEpoch + Duration.FromNanoseconds(time.Nanoseconds));
        return new GoTime(time.Nanoseconds, interval.WallOffset.Seconds, interval.Name);
    }

    // Go's cases.Title: the first letter of a word as a capital, the others small. Marks between letters do not part words.
    private static string Title(string text)
    {
        var letters = new StringBuilder(text.Length);
        var inside = false;
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            letters.Append(char.IsLetter(c) ? inside ? char.ToLowerInvariant(c) : char.ToUpperInvariant(c) : c);
            var joins = c is '\'' or '’' or '.' or ':' or '·' && inside && i + 1 < text.Length && char.IsLetter(text[i + 1]);
            inside = char.IsLetter(c) || joins || (inside && (char.IsDigit(c) || c == '_' || char.GetUnicodeCategory(c)
                is System.Globalization.UnicodeCategory.NonSpacingMark));
        }
        return letters.ToString();
    }
}
