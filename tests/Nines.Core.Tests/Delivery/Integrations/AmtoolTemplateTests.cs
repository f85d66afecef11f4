using System.Diagnostics;
using Nines.Core.Delivery.Integrations;

namespace Nines.Core.Tests.Delivery.Integrations;

/// <summary>Alertmanager's own <c>amtool template render</c> judges what we make of our templates, of the functions and of HTML.</summary>
public class AmtoolTemplateTests
{
    private static readonly string[] Texts =
    [
        "{{ toUpper .Status }} {{ toLower \"ÄB\" }}", "{{ title \"fOO bar-baz don't x_y a.b 1st\" }}", "{{ join \",\" .GroupLabels.Names }}",
        "{{ .CommonLabels.SortedPairs }}", "{{ .CommonLabels }}", "{{ .CommonLabels.Names }} {{ .CommonLabels.Values }}",
        "{{ range .CommonLabels.SortedPairs }}{{ .Name }}={{ .Value }};{{ end }}", "{{ (.CommonLabels.Remove (stringSlice \"severity\" \"team\")).SortedPairs }}",
        "{{ .CommonLabels.severity }} {{ .CommonLabels.nothing }}.", "{{ index .CommonLabels \"severity\" }}", "{{ len .Alerts }} {{ len .Alerts.Firing }} {{ .Alerts.Resolved | len }}",
        "{{ range .Alerts }}{{ .Status }} {{ .StartsAt }} {{ .EndsAt }} {{ .Fingerprint }} {{ .GeneratorURL }}\n{{ end }}",
        "{{ range $i, $a := .Alerts.Firing }}{{ $i }}{{ $a.Labels.instance }}{{ end }}", "{{ (index .Alerts 0).StartsAt.Unix }}",
        "{{ (index .Alerts 0).EndsAt.IsZero }} {{ (index .Alerts 0).StartsAt.Format \"Mon Jan 2 15:04:05 2006 MST\" }}",
        "{{ if match \"^[a-z]+$\" .Status }}yes{{ else }}no{{ end }}", "{{ reReplaceAll \"([a-z])x?\" \"<$1>\" .Status }}", "{{ safeHtml \"<b>\" }}",
        "{{ stringSlice \"a\" \"b\" }}", "{{ .Receiver }} {{ .ExternalURL }}", "{{ .Alerts.Firing }}", "{{ with .CommonAnnotations }}{{ .SortedPairs.Values }}{{ end }}",
        "{{ .Alerts }}", "{{ printf \"%.5s|%q|%v\" .Status .Status .CommonLabels }}", "{{ .CommonLabels.SortedPairs.Names | join \"/\" }}",
        "{{ .Nothing }}", "{{ .CommonLabels.Remove }}", "{{ template \"nope\" . }}", "{{ join \",\" 3 }}", "{{ toUpper 3 }}", "{{ match \"(\" \"x\" }}",
        "{{ urlquery .ExternalURL }} {{ html \"<a b='c'>\" }} {{ js \"it's\" }}",
    ];

    private static readonly string[] Html =
    [
        "<p>{{ .CommonLabels.alertname }}</p>", "<a href=\"{{ (index .Alerts 0).GeneratorURL }}\">x</a>", "<a href=\"https://x/?q={{ .CommonLabels.alertname }}\">x</a>",
        "<a href='/p/{{ .Receiver }}/'>x</a>", "<a href=\"{{ index (index .Alerts 0).Annotations \"runbook_url\" }}\">x</a>", "<p title=\"{{ .CommonLabels.alertname }}\">x</p>",
        "<p title='{{ .Receiver }}'>x</p>", "<p title={{ .Receiver }}>x</p>", "<p>{{ safeHtml \"<b>x</b>\" }}{{ \"<i>\" }}</p>", "<!-- secret -->x<!-- {{ .Status }} -->y",
        "<p>{{ .CommonLabels.alertname | html }}</p>", "<a href=\"{{ .ExternalURL }}/#/alerts?receiver={{ .Receiver | urlquery }}\">x</a>",
        "<title>{{ .CommonLabels.alertname }}</title>", "<p style=\"color:{{ if eq .Status \"firing\" }}red{{ else }}green{{ end }}\">x</p>", "a + b {{ \"a + b\" }}",
        "<textarea>{{ .Receiver }}</textarea>", "<a href=\"{{ \"http://x/ä b?c=d e&f\" }}\">x</a>", "<img src=\"{{ .ExternalURL }}/{{ .Status }}.png\">",
    ];

    public static TheoryData<string> Notifications => [.. Groups.All.Keys];

    [Theory]
    [MemberData(nameof(Notifications))]
    public async Task OurTemplatesAndAllFunctions_RenderAlike(string which)
    {
        Assert.SkipUnless(File.Exists("/usr/bin/amtool"), "amtool is not installed (Debian: prometheus-alertmanager)");
        var notification = Groups.All[which];
        var data = Path.GetTempFileName();
        var ours = Path.GetTempFileName();
        await File.WriteAllTextAsync(data, Groups.Json(notification), TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(ours, NotificationTemplates.DefaultText, TestContext.Current.CancellationToken);
        var named = NotificationTemplates.DefaultText.Split("{{ define \"").Skip(1).Select(t => t[..t.IndexOf('"', StringComparison.Ordinal)])
            .Where(name => name.Contains(".default.", StringComparison.Ordinal) && !name.EndsWith("instances", StringComparison.Ordinal) && !name.EndsWith(".alerts", StringComparison.Ordinal))
            .Select(name => $"{{{{ template \"{name}\" . }}}}").ToList();
        named.Count.ShouldBeGreaterThan(40);
        // All of them in one run of amtool, unless that would be more than a message may be.
        const string html = "{{ template \"email.default.html\" . }}";
        var cases = named.Append("{{ template \"pagerduty.default.instances\" .Alerts }}").Except([html]).Chunk(which is "many" or "hostile" or "one hostile" ? 1 : 100)
            .Select(texts => (string.Join("\n-----\n", texts), false)).Append((html, true));
        // The functions do not depend on how many alerts there are.
        cases = which is "one" or "one hostile" or "several" ? cases.Concat(Texts.Select(t => (t, false))).Concat(Html.Select(t => (t, true))) : cases;
        var dot = NotificationData.Of(notification, "https://nines.example.org");
        var differences = new List<string>();
        foreach (var (text, isHtml) in cases)
        {
            var theirs = await RenderAsync(text, data, ours, isHtml);
            var mine = NotificationTemplates.Default.Render(text, dot, Groups.At, isHtml).Text;
            if (mine != theirs)
            {
                differences.Add($"{text}\n  ours   {Shown(mine, theirs)}\n  amtool {Shown(theirs, mine)}");
            }
        }
        File.Delete(data);
        File.Delete(ours);
        differences.ShouldBeEmpty();
    }

    // Filters of mailboxes and rules of chats know these.
    [Fact]
    public async Task TheSubjectAndTheLink_AreAlertmanagers()
    {
        const string theirs = "/usr/share/prometheus/alertmanager/default.tmpl";
        Assert.SkipUnless(File.Exists(theirs), "Alertmanager's templates are not installed (Debian: prometheus-alertmanager)");
        var data = Path.GetTempFileName();
        const string text = "{{ template \"__subject\" . }}|{{ template \"__alertmanagerURL\" . }}|{{ template \"slack.default.title\" . }}";
        foreach (var (name, notification) in Groups.All)
        {
            await File.WriteAllTextAsync(data, Groups.Json(notification), TestContext.Current.CancellationToken);
            var ours = NotificationTemplates.Default.Render(text, NotificationData.Of(notification, "https://nines.example.org"), 0).Text;
            ours.ShouldNotBeNull().ShouldBe(await RenderAsync(text, data, theirs, html: false), name);
        }
        File.Delete(data);
    }

    // From where they differ.
    private static string Shown(string? text, string? other)
    {
        var at = (text ?? "").Zip(other ?? "").TakeWhile(p => p.First == p.Second).Count();
        return text is null ? "an error" : $"…{text[Math.Max(0, at - 40)..Math.Min(text.Length, at + 120)]}";
    }

    // An error is null: its words are those of another version of Go.
    private static async Task<string?> RenderAsync(string text, string data, string templates, bool html)
    {
        var start = new ProcessStartInfo("/usr/bin/amtool") { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in (string[])["template", "render", "--template.glob=" + templates, "--template.text=" + text, "--template.data=" + data,
            "--template.type=" + (html ? "html" : "text")])
        {
            start.ArgumentList.Add(argument);
        }
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        await error;
        return process.ExitCode == 0 ? output : null;
    }
}
