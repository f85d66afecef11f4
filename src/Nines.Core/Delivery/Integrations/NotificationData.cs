using System.Text.RegularExpressions;
using Nines.Metrics;
using Nines.Metrics.Templates;

namespace Nines.Core.Delivery.Integrations;

/// <summary>What templates see of a notification: Alertmanager's <c>template.Data</c>.</summary>
public static class NotificationData
{
    private static readonly Regex Special = new(@"[\\.+*?()|\[\]{}^$]", RegexOptions.NonBacktracking, TimeSpan.FromSeconds(1));

    /// <summary>The dot of a notification's templates.</summary>
    /// <param name="notification">The notification.</param>
    /// <param name="externalUrl">The address people reach this server at.</param>
    public static ITemplateObject Of(GroupNotification notification, string externalUrl) => new DataObject("*template.Data",
    [
        ("Receiver", Quoted(notification.Receiver)),
        ("Status", notification.Resolved ? "resolved" : "firing"),
        ("Alerts", new AlertList([.. notification.Alerts.Select(Alert)])),
        ("GroupLabels", new Kv(notification.GroupLabels)),
        ("CommonLabels", new Kv(notification.CommonLabels)),
        ("CommonAnnotations", new Kv(notification.CommonAnnotations)),
        ("ExternalURL", externalUrl),
    ]);

    /// <summary>The receiver's name as Alertmanager shows it: quoted as a regular expression.</summary>
    public static string Quoted(string receiver) => Special.Replace(receiver, @"\$0");

    private static DataObject Alert(NotifiedAlert alert) => new("template.Alert",
    [
        ("Status", alert.EndsAtNs == 0 ? "firing" : "resolved"),
        ("Labels", new Kv(alert.Labels)),
        ("Annotations", new Kv(alert.Annotations)),
        ("StartsAt", new GoTime(alert.StartsAtNs)),
        ("EndsAt", alert.EndsAtNs == 0 ? GoTime.Zero : new GoTime(alert.EndsAtNs)),
        ("GeneratorURL", alert.GeneratorUrl),
        ("Fingerprint", alert.Fingerprint),
    ]);
}

/// <summary>A structure of Go with its fields in order.</summary>
internal sealed class DataObject(string typeName, IReadOnlyList<(string Name, object? Value)> fields) : ITemplateObject
{
    public string TypeName => typeName;

    public IReadOnlyList<(string Name, object? Value)> Fields => fields;

    public bool TryGet(string name, out object? value)
    {
        foreach (var field in fields)
        {
            if (field.Name == name)
            {
                value = field.Value;
                return true;
            }
        }
        value = null;
        return false;
    }

    /// <summary>Its fields' names in JSON; those of a pair have no other.</summary>
    public string JsonNameOf(string name) => typeName == "template.Pair" ? name : char.ToLowerInvariant(name[0]) + name[1..];

    public override string ToString() =>
        (typeName[0] == '*' ? "&{" : "{") + string.Join(' ', fields.Select(f => GoText.Print(f.Value))) + "}";
}

/// <summary>Labels or annotations, with Alertmanager's methods.</summary>
internal sealed record Kv(Labels Labels) : TemplateMap(Of(Labels).Entries, ""), ITemplateMethods
{
    public override string TypeName => "template.KV";

    public TemplateFunction? Method(string name) => name switch
    {
        "SortedPairs" => new([], (_, _) => new PairList(Pairs())),
        "Names" => new([], (_, _) => new PairList(Pairs()).Names),
        "Values" => new([], (_, _) => new PairList(Pairs()).Values),
        "Remove" => new([ArgumentKind.List], (_, a) => new Kv(Labels.Without([.. ((IReadOnlyList<object?>?)a[0] ?? []).OfType<string>()]))),
        _ => null,
    };

    // The alert's name first, then in order of name.
    private List<(string Name, string Value)> Pairs() =>
        [.. Labels.Pairs.ToArray().Select(p => (p.Key, p.Value)).OrderBy(p => p.Key != "alertname").ThenBy(p => p.Key, StringComparer.Ordinal)];
}

/// <summary>Pairs of names and values.</summary>
internal sealed class PairList(List<(string Name, string Value)> pairs) : TemplateList(
    [.. pairs.Select(p => new DataObject("template.Pair", [("Name", p.Name), ("Value", p.Value)]))])
{
    public override string TypeName => "template.Pairs";

    public object?[] Names => [.. pairs.Select(p => p.Name)];

    public object?[] Values => [.. pairs.Select(p => p.Value)];

    public override TemplateFunction? Method(string name) => name switch
    {
        "Names" => new([], (_, _) => Names),
        "Values" => new([], (_, _) => Values),
        _ => null,
    };
}

/// <summary>Alerts, with Alertmanager's methods.</summary>
internal sealed class AlertList(IReadOnlyList<DataObject> alerts) : TemplateList(alerts)
{
    public override string TypeName => "template.Alerts";

    public override TemplateFunction? Method(string name) => name switch
    {
        "Firing" => new([], (_, _) => Of("firing")),
        "Resolved" => new([], (_, _) => Of("resolved")),
        _ => null,
    };

    private AlertList Of(string status) => new([.. alerts.Where(a => a.TryGet("Status", out var s) && s is string text && text == status)]);
}

/// <summary>A list with methods.</summary>
internal abstract class TemplateList(IReadOnlyList<object?> items) : IReadOnlyList<object?>, ITemplateMethods
{
    public abstract string TypeName { get; }

    public int Count => items.Count;

    public object? this[int index] => items[index];

    public abstract TemplateFunction? Method(string name);

    public IEnumerator<object?> GetEnumerator() => items.GetEnumerator();

    System.Collections.IEnumerator System.Collections.IEnumerable.GetEnumerator() => items.GetEnumerator();
}
