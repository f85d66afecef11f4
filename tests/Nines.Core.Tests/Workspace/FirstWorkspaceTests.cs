using System.Text;
using System.Text.RegularExpressions;
using Nines.Core.Workspace;

namespace Nines.Core.Tests.Workspace;

public sealed partial class FirstWorkspaceTests
{
    [Theory]
    [InlineData("shop=http://127.0.0.1:8080/health", "shop", "http", "http://127.0.0.1:8080/health")]
    [InlineData("https://www.shop.test/", "www", "http", "https://www.shop.test/")]
    [InlineData("http://localhost:8080", "port-8080", "http", "http://localhost:8080")]
    [InlineData("127.0.0.1:5000", "port-5000", "tcp", "127.0.0.1:5000")]
    [InlineData("redis://cache.internal", "redis", "redis", "cache.internal:6379")]
    [InlineData("http://shop.test/?a=b", "shop", "http", "http://shop.test/?a=b")]
    public void Watched_Addresses_AreReadAsMeant(string text, string name, string kind, string address)
    {
        var (read, error) = Watched.Parse(text);
        error.ShouldBe("");
        read.ShouldBe(new Watched(name, kind, address));
    }

    [Fact]
    public void Watched_Postgres_HasItsCredentialsApart() =>
        Watched.Parse("db=postgres://app:p%40ss@127.0.0.1:5433/shop").Read.ShouldBe(new Watched("db", "postgres", "127.0.0.1:5433", "app", "p@ss", "shop"));

    [Theory]
    [InlineData("shop", "has no port")]
    [InlineData("ftp://shop.test/", "ftp is not probed")]
    [InlineData("http://app:secret@shop.test/", "holds credentials")]
    [InlineData("://", "is no address")]
    [InlineData("", "is no address")]
    public void Watched_Mistakes_SayWhatToWrite(string text, string error)
    {
        var (read, said) = Watched.Parse(text);
        read.ShouldBeNull();
        said.ShouldContain(error);
        said.ShouldNotContain("secret");
    }

    [Theory]
    [InlineData("123456789:AAEhBOweik6ad9r_QXMENQjcrGbqCr4K-bc", "telegram")]
    [InlineData("ntfy:alerts", "ntfy")]
    [InlineData("https://hooks.slack.com/services/T/B/x", "slack")]
    [InlineData("http://127.0.0.1:9/hook", "webhook")]
    [InlineData("me@shop.test", null)]
    public void Reached_IsKnownByItsShape(string text, string? kind) => Reached.Parse(text).Read?.Kind.ShouldBe(kind);

    /// <summary>Whatever was answered, the files have neither an error nor a warning, and no secret.</summary>
    [Theory]
    [InlineData("telegram", false)]
    [InlineData("ntfy", true)]
    [InlineData("slack", false)]
    [InlineData("webhook", true)]
    [InlineData(null, false)]
    [InlineData(null, true)]
    public void Files_OfAnyAnswers_PassEveryCheck(string? kind, bool beats)
    {
        const string secret = "123456789:AAEhBOweik6ad9r_QXMENQjcrGbqCr4K-bc";
        var first = new FirstWorkspace(
            [new("shop", "http", "http://127.0.0.1:8080/it's?a=1"), new("db", "postgres", "127.0.0.1:5432", "app", "p'a$s", "shop"), new("redis", "redis", "[::1]:6379"), new("mail", "tcp", "127.0.0.1:25")],
            kind is null ? null : new(kind, "-100123", secret), 0.995m)
        { Beat = beats ? new("https://hc.test/ping/123") : null };
        var files = first.Files("/srv/nines/secrets");
        var reading = WorkspaceReader.Read([.. files.Select(f => new WorkspaceFile(f.Path, Encoding.UTF8.GetBytes(f.Text)))]);
        reading.Problems.ShouldBeEmpty();
        var model = reading.Model.ShouldNotBeNull();
        model.Objectives.Select(o => (o.Service, o.Target)).ShouldBe([("db", 0.995m), ("mail", 0.995m), ("redis", 0.995m), ("shop", 0.995m)], ignoreOrder: true);
        model.Receivers.Count.ShouldBe(kind is null ? 0 : 1);
        files.ShouldAllBe(f => !f.Text.Contains("AAEhBOweik", StringComparison.Ordinal) && !f.Text.Contains("p'a$s", StringComparison.Ordinal) && !f.Text.Contains("ping/123", StringComparison.Ordinal));
        first.Secrets.Count.ShouldBe(1 + (kind is null ? 0 : 1) + (beats ? 1 : 0));
    }

    /// <summary>What is commented out can be commented in.</summary>
    [Fact]
    public void Files_Examples_AreRightToo()
    {
        foreach (var (path, text) in new FirstWorkspace([new("shop", "http", "http://127.0.0.1:8080/")], null, 0.99m).Files("/secrets"))
        {
            var all = Commented().Replace(text, "");
            WorkspaceReader.Read([new(path, Encoding.UTF8.GetBytes(all))]).Problems.Where(p => p.Code is "yaml" or "unknown-key" or "bad-value" or "wrong-type" or "missing" or "unknown-kind").ShouldBeEmpty(path);
        }
    }

    [GeneratedRegex("^# (?=apiVersion:|kind:|metadata:|spec:|---|  )", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Commented();
}
