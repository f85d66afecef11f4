using Nines.Core.Delivery.Integrations;

namespace Nines.Core.Tests.Delivery.Integrations;

/// <summary>The functions that came after the Alertmanager that judges here, by Alertmanager's documentation.</summary>
public class TemplateFunctionTests
{
    [Theory]
    [InlineData("{{ trimSpace \"  a b \" }}", "a b")]
    [InlineData("{{ (index .Alerts 0).StartsAt | date \"15:04 MST\" }}", "10:00 UTC")]
    [InlineData("{{ (index .Alerts 0).StartsAt | tz \"Europe/Paris\" | date \"15:04:05 MST -07:00\" }}", "11:00:00 CET +01:00")]
    [InlineData("{{ since (index .Alerts 0).StartsAt }}", "2m0s")]
    [InlineData("{{ since (index .Alerts 0).StartsAt | humanizeDuration }}", "2m 0s")]
    [InlineData("{{ humanizeDuration 93784 }}", "1d 2h 3m 4s")]
    [InlineData("{{ toJson .GroupLabels }}", "{\"cluster\":\"eu\"}")]
    [InlineData("{{ toJson \"<ä😀>\" }}", "\"\\u003cä😀\\u003e\"")]
    [InlineData("{{ urlUnescape \"a%20b+c\" }}", "a b c")]
    [InlineData("{{ safeUrl \"x:y\" }}", "x:y")]
    public void Functions_DoWhatAlertmanagerSays(string template, string expected) =>
        NotificationTemplates.Default.Render(template, NotificationData.Of(Groups.All["one"], "http://x"), Groups.At + 120 * Groups.Second)
            .ShouldBe(new Nines.Metrics.Templates.TemplateOutcome(expected, null));

    [Fact]
    public void FilesOverlayOurs_AndBrokenOnesAreNamed()
    {
        var (templates, errors) = NotificationTemplates.Read([("own.tmpl", "{{ define \"slack.default.title\" }}mine{{ end }}"), ("bad.tmpl", "{{ nope }}")]);
        errors.ShouldHaveSingleItem().File.ShouldBe("bad.tmpl");
        templates.Render("{{ template \"slack.default.title\" . }}|{{ template \"slack.default.username\" . }}", NotificationData.Of(Groups.All["one"], "http://x"), 0)
            .Text.ShouldBe("mine|Nines");
    }

    [Fact]
    public void ABrokenTemplate_CostsNoPage()
    {
        var scope = Groups.Scope("slack", Groups.All["one"], new(StringComparer.Ordinal) { ["title"] = "{{ .Nope }}", ["color"] = "{{ .Nope }}" });
        scope.Text("title").ShouldContain("Checkout fails on a");
        scope.Text("color").ShouldBeEmpty();
        scope.Notes.Count.ShouldBe(2);
        scope.Notes[0].ShouldContain("the template of title failed");
    }
}
