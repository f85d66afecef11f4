using System.Net;
using Nines.Core.Probes;
using Nines.Core.Telemetry;

namespace Nines.Core.Workspace;

/// <summary>Reads what a probe does: the mapping under <c>http</c>, <c>tcp</c>, <c>dns</c>, …</summary>
internal static class ProbeCheckReader
{
    private static readonly string[] Methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    private static readonly string[] Records = ["A", "AAAA", "CNAME", "MX", "NS", "PTR", "SOA", "SRV", "TXT"];

    public static ProbeCheck? Read(string kind, Fields fields)
    {
        ProbeCheck? check = kind switch
        {
            "http" => Http(fields),
            "tcp" => Tcp(fields),
            "dns" => Dns(fields),
            "postgres" => Postgres(fields),
            "redis" => Redis(fields),
            "rabbitmq" => RabbitMq(fields),
            _ => Script(fields),
        };
        fields.Done();
        return check;
    }

    private static HttpCheck? Http(Fields http)
    {
        var text = http.Text("url", required: true);
        Uri? url = null;
        if (text is not null && (!Uri.TryCreate(text.Value, UriKind.Absolute, out url) || url.Scheme is not ("http" or "https") || url.UserInfo.Length > 0))
        {
            http.File.Error(text, "bad-value", url?.UserInfo.Length > 0 ? "url holds credentials" : "url is not an http address",
                url?.UserInfo.Length > 0 ? "use basic_auth" : "write it as https://shop.example/health");
            url = null;
        }
        var method = http.OneOf("method", "GET", Methods);
        var headers = DataSourceReader.Headers(http);
        var body = http.Secret("body", required: false, warnWhenLiteral: false);
        var redirects = http.Number("maxRedirects", 0, 20) ?? 5;
        var most = http.Number("maxBodyBytes", 1, 16 << 20) ?? 1 << 20;
        var access = HttpAccessReader.Read(http);
        return url is null || method is null ? null : new(url)
        {
            Method = method,
            Headers = headers,
            Body = body,
            Access = access,
            MaxRedirects = access.FollowRedirects ? (int)redirects : 0,
            MaxBodyBytes = (int)most,
        };
    }

    private static TcpCheck? Tcp(Fields tcp)
    {
        var address = Address(tcp, "address", null);
        var tls = Tls(tcp);
        var (send, expect) = (tcp.Text("send")?.Value, tcp.Text("expect")?.Value);
        return address is { } where ? new(where) { Tls = tls, Send = send, Expect = expect } : null;
    }

    private static DnsCheck? Dns(Fields dns)
    {
        var name = dns.Text("name", required: true);
        var type = dns.OneOf("type", "A", Records);
        var server = Address(dns, "server", 53);
        var expect = dns.List("expect").OfType<YamlText>().Select(t => t.Value).ToList();
        return name is null || type is null || server is not { } where ? null : new(name.Value, type, where, expect);
    }

    private static PostgresCheck? Postgres(Fields postgres)
    {
        var address = Address(postgres, "address", 5432);
        var (database, username) = (postgres.Text("database")?.Value ?? "postgres", postgres.Text("username")?.Value ?? "postgres");
        var password = postgres.Secret("password", required: false, warnWhenLiteral: true);
        var tls = postgres.OneOf("tls", "prefer", "disable", "prefer", "require", "verify-full");
        var query = postgres.Text("query")?.Value ?? "SELECT 1";
        return address is { } where && tls is not null
            ? new(where) { Database = database, Username = username, Password = password, Tls = tls, Query = query } : null;
    }

    private static RedisCheck? Redis(Fields redis)
    {
        var address = Address(redis, "address", 6379);
        var username = redis.Text("username")?.Value;
        var password = redis.Secret("password", required: false, warnWhenLiteral: true);
        var tls = Tls(redis);
        return address is { } where ? new(where) { Username = username, Password = password, Tls = tls } : null;
    }

    private static RabbitMqCheck? RabbitMq(Fields rabbit)
    {
        var address = Address(rabbit, "address", 5672);
        var (host, username) = (rabbit.Text("virtualHost")?.Value ?? "/", rabbit.Text("username")?.Value ?? "guest");
        var password = rabbit.Secret("password", required: false, warnWhenLiteral: true);
        return address is { } where ? new(where) { VirtualHost = host, Username = username, Password = password } : null;
    }

    private static ScriptCheck? Script(Fields script)
    {
        var command = script.List("command", required: true).OfType<YamlText>().Select(t => t.Value).ToList();
        if (script.Any("command") is YamlList && (command.Count == 0 || command[0].Length == 0))
        {
            script.File.Error(script.Any("command")!, "missing", "command names no program",
                "write [/usr/local/bin/check, --quick]: a program and its arguments");
        }
        var environment = new List<(string, Secret)>();
        var map = script.Map("environment");
        foreach (var (key, _) in (map?.Node as YamlMap)?.Entries ?? [])
        {
            if (map!.Secret(key.Value, required: false, warnWhenLiteral: false) is { } value)
            {
                environment.Add((key.Value, value));
            }
        }
        var most = script.Number("maxOutputBytes", 1, 1 << 20) ?? 64 * 1024;
        return command.Count == 0 ? null : new(command) { Environment = environment, MaxOutputBytes = (int)most };
    }

    private static TlsTrust? Tls(Fields fields)
    {
        var (wanted, config) = (fields.Flag("tls", false), fields.Map("tls_config"));
        var trust = config is null ? new() : HttpAccessReader.Tls(config);
        return wanted || config is not null ? trust : null;
    }

    private static ProbeAddress? Address(Fields fields, string key, int? usualPort)
    {
        if (fields.Text(key, required: true) is not { } text)
        {
            return null;
        }
        // An IPv6 address without a port has no brackets.
        var whole = IPAddress.TryParse(text.Value, out var alone) && text.Value.Contains(':') ? $"[{alone}]" : text.Value;
        if (whole.Any(c => char.IsWhiteSpace(c) || c is '/' or '@' or '?' or '#') || !Uri.TryCreate("tcp://" + whole, UriKind.Absolute, out var uri)
            || uri.Host.Length == 0 || (uri.Port <= 0 && usualPort is null))
        {
            fields.File.Error(text, "bad-value", $"{key} is not host:port: {text.Value}",
                $"write it as db.internal:{usualPort ?? 8080} or [::1]:{usualPort ?? 8080}");
            return null;
        }
        return new(uri.Host.Trim('[', ']'), uri.Port > 0 ? uri.Port : usualPort!.Value);
    }
}
