using System.Text;
using Nines.Core.Alerting.Routing;
using Nines.Core.Delivery;
using Nines.Core.Tests.Delivery.Integrations;
using Nines.Core.Workspace;
using Nines.Core.Workspace.Alertmanager;
using Nines.Server.Delivery.Integrations;
using Nines.Server.State;

namespace Nines.Server.Tests.Delivery.Contracts;

/// <summary>Mail over a real connection: TLS, passwords, the mail itself, and servers that refuse, hang or break.</summary>
public sealed class EmailTests : IAsyncDisposable
{
    private readonly SmtpContract _server = new();
    private readonly ManualTime _io = new();
    private readonly IntegrationClient _client;

    public EmailTests() => _client = new IntegrationClient(
        new NinesOptions { WorkspaceDirectory = "/", DataDirectory = "/", PublicUrl = new Uri("https://nines.example.org") }, new ManualTime(), new IoTime(_io),
        new MessageMemory());

    [Fact]
    public async Task EveryNotification_IsAMailByTheRfcs()
    {
        foreach (var integration in new[] { Ours(), Alertmanager() })
        {
            foreach (var (name, notification) in Groups.All)
            {
                var outcome = await SendAsync(integration, notification, new DeliveryMarks(2, true, true, null));
                (outcome.Verdict, outcome.Detail.StartsWith("SMTP 250 ", StringComparison.Ordinal)).ShouldBe((SendVerdict.Sent, true), $"{name}: {outcome.Detail}");
                var mail = await _server.NextAsync();
                SmtpContract.Violations(mail.Data).ShouldBeEmpty(name);
                (mail.Encrypted, mail.From).ShouldBe((true, "nines@example.org"));
                mail.To.ShouldBe(["ops@example.org", "b@example.org"]);
                var parts = Parts(mail.Data);
                parts.Keys.ShouldBe(["text/plain", "text/html"]);
                parts.Values.ShouldAllBe(p => p.Contains("possible repeat"));
                parts["text/html"].ShouldNotContain("<script>");
                parts["text/html"].ShouldNotContain("href=\"javascript");
                Header(mail.Data, "Message-ID").ShouldBe($"<{notification.Key}@example.org>");
            }
        }
    }

    [Fact]
    public async Task OneGroup_IsOneThread_WithASubjectThatSaysWhat()
    {
        foreach (var which in (string[])["one", "several", "resolved"])
        {
            await SendAsync(Ours(), Groups.All[which]);
        }
        var mails = new[] { await _server.NextAsync(), await _server.NextAsync(), await _server.NextAsync() };
        mails.Select(m => Header(m.Data, "References")).Distinct().ShouldHaveSingleItem().ShouldMatch("^<group\\.[0-9a-f]{32}@example\\.org>$");
        mails.Select(m => Decoded(Header(m.Data, "Subject"))).ShouldBe(
        [
            "🔴 PAGE · checkout · Checkout fails on a", "🔴 PAGE · 2 firing, 1 resolved · cluster eu", "✅ RESOLVED · all 2 resolved · cluster eu",
        ]);
        Header(mails[0].Data, "Date").ShouldBe("Sat, 21 Nov 2026 10:01:00 +0000");
    }

    [Theory]
    [InlineData("PLAIN", "auth_password")]
    [InlineData("LOGIN", "auth_password")]
    [InlineData("CRAM-MD5", "auth_secret")]
    public async Task EachMechanism_SignsIn(string mechanism, string setting)
    {
        _server.Mechanisms = mechanism;
        (await SendAsync(Ours(("auth_username", SmtpContract.User), (setting, SmtpContract.Password)), Groups.All["one"])).Verdict.ShouldBe(SendVerdict.Sent);
        (await _server.NextAsync()).User.ShouldBe($"{mechanism} {SmtpContract.User}");

        var refused = await SendAsync(Ours(("auth_username", SmtpContract.User), (setting, "a wrong password")), Groups.All["one"]);
        refused.Verdict.ShouldBe(SendVerdict.Failed);
        refused.Detail.ShouldStartWith("AUTH: 535");
        refused.Detail.ShouldNotContain(Convert.ToBase64String(Encoding.UTF8.GetBytes($"\0{SmtpContract.User}\0a wrong password")));
    }

    [Fact]
    public async Task Tls_IsAskedFor_AndTheCertificateChecked()
    {
        (await SendAsync(Ours(trusted: false), Groups.All["one"])).ShouldBe(
            new SendOutcome(SendVerdict.Retry, "TLS failed: the server's certificate is not trusted or names another host"));
        _server.OffersTls = false;
        (await SendAsync(Ours(), Groups.All["one"])).Verdict.ShouldBe(SendVerdict.Failed);
        _server.Empty.ShouldBeTrue();
        (await SendAsync(Ours(("require_tls", false)), Groups.All["one"])).Verdict.ShouldBe(SendVerdict.Sent);
        (await _server.NextAsync()).Encrypted.ShouldBeFalse();
        _server.ImplicitTls = true;
        (await SendAsync(Ours(("implicit_tls", true)), Groups.All["one"])).Verdict.ShouldBe(SendVerdict.Sent);
        (await _server.NextAsync()).Encrypted.ShouldBeTrue();
    }

    [Theory]
    [InlineData("MAIL", "421 4.3.2 going down", SendVerdict.Retry)]
    [InlineData("RCPT", "450 4.2.1 greylisted", SendVerdict.Retry)]
    [InlineData("RCPT", "550 5.1.1 nobody", SendVerdict.Failed)]
    [InlineData("DATA", "552 5.2.2 full", SendVerdict.Failed)]
    [InlineData("mail", "451 4.7.1 later", SendVerdict.Retry)]
    [InlineData("mail", "554 5.7.1 spam", SendVerdict.Failed)]
    [InlineData("mail", "drop", SendVerdict.InDoubt)]
    [InlineData("MAIL", "drop", SendVerdict.Retry)]
    [InlineData("STARTTLS", "454 4.7.0 not now", SendVerdict.Retry)]
    public async Task Refusals_BecomeVerdicts(string step, string answer, SendVerdict verdict)
    {
        _server.Answers[step] = answer;
        (await SendAsync(Ours(), Groups.All["one"])).Verdict.ShouldBe(verdict);
    }

    [Fact]
    public async Task OneRefusedRecipient_DoesNotKeepTheOthersFromTheirMail()
    {
        _server.Answers["b@example.org"] = "550 5.1.1 nobody";
        (await SendAsync(Ours(), Groups.All["one"])).ShouldBe(new SendOutcome(SendVerdict.Sent, "1 of 2 recipients were refused: 550"));
    }

    [Theory]
    [InlineData("EHLO", SendVerdict.Retry)]
    [InlineData("mail", SendVerdict.InDoubt)]
    public async Task AServerThatHangs_LeavesADoubtOnlyOnceItHasTheMail(string step, SendVerdict verdict)
    {
        _server.Answers[step] = "hang";
        var sending = SendAsync(Ours(), Groups.All["one"]);
        await _server.Hangs.Task.WaitAsync(TimeSpan.FromSeconds(20), TimeProvider.System, TestContext.Current.CancellationToken);
        _io.Advance(TimeSpan.FromSeconds(31));
        (await sending).ShouldBe(new SendOutcome(verdict, "no answer within 30 s"));
    }

    [Fact]
    public async Task WhatIsNoAddress_IsNotSent()
    {
        (await SendAsync(Ours(("to", "nobody")), Groups.All["one"])).ShouldBe(new SendOutcome(SendVerdict.Failed, "To holds what is no address"));
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _server.DisposeAsync();
    }

    private Task<SendOutcome> SendAsync(Integration integration, GroupNotification notification, DeliveryMarks? marks = null) =>
        _client.SendAsync(integration, notification, marks ?? Groups.Plain, TestContext.Current.CancellationToken);

    private Integration Ours(params (string Name, object Value)[] more) => Ours(true, more);

    private Integration Ours(bool trusted, params (string Name, object Value)[] more)
    {
        var settings = new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["smarthost"] = _server.Smarthost, ["from"] = "Nines <nines@example.org>", ["to"] = "\"Ops, Team Ä\" <ops@example.org>, b@example.org",
        };
        if (trusted)
        {
            settings["tls_config"] = new Settings(new Dictionary<string, object>(StringComparer.Ordinal) { ["ca"] = _server.CertificatePem });
        }
        foreach (var (name, value) in more)
        {
            settings[name] = value;
        }
        return new Integration("email", 0, true, new Settings(settings), default!);
    }

    private Integration Alertmanager()
    {
        var pem = string.Concat(_server.CertificatePem.Split('\n').Select(l => "\n        " + l));
        var yaml = $"route: {{ receiver: r }}\nreceivers:\n- name: r\n  email_configs:\n  - to: ops@example.org\n    from: nines@example.org\n    smarthost: {_server.Smarthost}\n"
            + $"    headers: {{ Cc: b@example.org, X-Alert: '{{{{ .CommonLabels.alertname }}}}' }}\n    tls_config:\n      ca: |{pem}\n";
        var reading = AlertmanagerReader.Read(new WorkspaceFile("alertmanager.yml", Encoding.UTF8.GetBytes(yaml)));
        return reading.Config.ShouldNotBeNull(string.Join('\n', reading.Problems)).Receivers[0].Integrations[0];
    }

    private static string Header(string data, string name) =>
        data.Replace("\r\n ", " ").Split("\r\n").First(line => line.StartsWith(name + ":", StringComparison.OrdinalIgnoreCase))[(name.Length + 2)..];

    private static string Decoded(string header) => string.Concat(header.Split(' ').Select(word =>
        word.StartsWith("=?utf-8?B?", StringComparison.Ordinal) ? Encoding.UTF8.GetString(Convert.FromBase64String(word[10..^2])) : word + " ")).Trim();

    // The parts by their type, quoted-printable undone.
    private static Dictionary<string, string> Parts(string data)
    {
        var boundary = data.Split("boundary=\"")[1].Split('"')[0];
        var parts = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var part in data.Split($"--{boundary}\r\n")[1..])
        {
            var body = part[(part.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..].Split($"\r\n--{boundary}--")[0].Replace("=\r\n", "");
            var bytes = new List<byte>();
            for (var i = 0; i < body.Length; i++)
            {
                bytes.Add(body[i] == '=' ? Convert.ToByte(body.Substring(i + 1, 2), 16) : (byte)body[i]);
                i += body[i] == '=' ? 2 : 0;
            }
            parts[Header(part, "Content-Type").Split(';')[0]] = Encoding.UTF8.GetString([.. bytes]);
        }
        return parts;
    }
}
