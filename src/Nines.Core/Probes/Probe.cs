using Nines.Core.Telemetry;
using Nines.Metrics;

namespace Nines.Core.Probes;

/// <summary>Something Nines looks at from outside, again and again, as the workspace declares it.</summary>
/// <param name="Name">Its name, unique among probes.</param>
/// <param name="Check">What is done at each run.</param>
/// <param name="Position">Where it is declared.</param>
public sealed record Probe(string Name, ProbeCheck Check, SourcePosition Position)
{
    /// <summary>What people call it; the name when nothing else is given.</summary>
    public string DisplayName { get; init; } = Name;

    /// <summary>The service it is of; empty when the workspace does not say.</summary>
    public string Service { get; init; } = "";

    /// <summary>The environment it is in.</summary>
    public string Environment { get; init; } = Catalog.DeploymentEnvironment.Default;

    /// <summary>The severity of its alert.</summary>
    public string Severity { get; init; } = "page";

    /// <summary>The address of what to do when it fails; empty when the workspace does not say.</summary>
    public string Runbook { get; init; } = "";

    /// <summary>Labels put on its series and alerts beside its own.</summary>
    public Labels Extra { get; init; } = Labels.Empty;

    /// <summary>How far apart runs are, in milliseconds.</summary>
    public long IntervalMs { get; init; } = 60_000;

    /// <summary>After how long a run has failed, in milliseconds; less than the interval, or as long.</summary>
    public long TimeoutMs { get; init; } = 10_000;

    /// <summary>How many runs in a row have to fail before it is down.</summary>
    public int FailuresBeforeDown { get; init; } = 2;

    /// <summary>How many runs in a row have to succeed before it is up again.</summary>
    public int SuccessesBeforeUp { get; init; } = 1;

    /// <summary>What has to hold of what was seen; never empty.</summary>
    public IReadOnlyList<Condition> Conditions { get; init; } = [];

    /// <summary>Whether <see cref="Conditions"/> are those of the kind, since the document has none.</summary>
    public bool DefaultConditions { get; init; }

    /// <summary>How long before the end of a TLS certificate people are told, in milliseconds; null for never.</summary>
    public long? WarnBeforeMs { get; init; }

    /// <summary>Whether what the document does not write itself, such as the target of a redirect, may be private or loopback.</summary>
    public bool AllowPrivate { get; init; }

    /// <summary>What tells its series apart: <c>probe</c>, <c>service</c>, <c>environment</c>, and its own labels.</summary>
    public Labels Identity => Labels.Of([.. Extra.Pairs.ToArray().Select(p => (p.Key, p.Value)), ("probe", Name), ("environment", Environment),
        .. Service.Length > 0 ? [("service", Service)] : Array.Empty<(string, string)>()]);

    /// <summary>The kind as written: <c>http</c>, <c>tcp</c>, <c>dns</c>, …</summary>
    public string Kind => Check.Kind;
}

/// <summary>What a probe does at each run.</summary>
/// <param name="Kind">The word of the document.</param>
/// <param name="Target">What it looks at, for people; holds no secret.</param>
/// <param name="Usual">The condition of a document that has none.</param>
public abstract record ProbeCheck(string Kind, string Target, string Usual);

/// <summary>Asks an HTTP server.</summary>
/// <param name="Url">The address; http or https, without credentials.</param>
public sealed record HttpCheck(Uri Url) : ProbeCheck("http", Url.AbsoluteUri, "[STATUS] < 400")
{
    /// <summary>The method.</summary>
    public string Method { get; init; } = "GET";

    /// <summary>The headers, which go to the document's own host and port only.</summary>
    public IReadOnlyList<(string Name, Secret Value)> Headers { get; init; } = [];

    /// <summary>What is sent, or null.</summary>
    public Secret? Body { get; init; }

    /// <summary>Who asks, and what is believed of the other side.</summary>
    public HttpAccess Access { get; init; } = HttpAccess.Plain;

    /// <summary>Most redirects that are followed; 0 looks at the redirect itself.</summary>
    public int MaxRedirects { get; init; } = 5;

    /// <summary>Most bytes of an answer that are read.</summary>
    public int MaxBodyBytes { get; init; } = 1 << 20;
}

/// <summary>Where a server listens.</summary>
/// <param name="Host">Its name or address.</param>
/// <param name="Port">Its port.</param>
public readonly record struct ProbeAddress(string Host, int Port)
{
    /// <summary><c>host:port</c>.</summary>
    public override string ToString() => Host.Contains(':') ? $"[{Host}]:{Port}" : $"{Host}:{Port}";
}

/// <summary>Connects, and says and hears something when asked to.</summary>
/// <param name="Address">Where to.</param>
public sealed record TcpCheck(ProbeAddress Address) : ProbeCheck("tcp", Address.ToString(), "[CONNECTED] == true")
{
    /// <summary>Whether TLS is spoken, and what is believed of the other side; null for plain.</summary>
    public TlsTrust? Tls { get; init; }

    /// <summary>What is sent after connecting, or null.</summary>
    public string? Send { get; init; }

    /// <summary>A text that has to come, within the first 64 KiB, or null.</summary>
    public string? Expect { get; init; }
}

/// <summary>Asks a name server.</summary>
/// <param name="Name">The name asked for.</param>
/// <param name="Type">The type of records, such as <c>A</c>.</param>
/// <param name="Server">The name server.</param>
/// <param name="Expect">Answers that have to be among those that come.</param>
public sealed record DnsCheck(string Name, string Type, ProbeAddress Server, IReadOnlyList<string> Expect)
    : ProbeCheck("dns", $"{Name} {Type} @{Server}", "[DNS_RCODE] == NOERROR");

/// <summary>Signs in to PostgreSQL and runs a query, read-only.</summary>
/// <param name="Address">Where it listens.</param>
public sealed record PostgresCheck(ProbeAddress Address) : ProbeCheck("postgres", Address.ToString(), "[CONNECTED] == true")
{
    /// <summary>The database.</summary>
    public string Database { get; init; } = "postgres";

    /// <summary>The user.</summary>
    public string Username { get; init; } = "postgres";

    /// <summary>The password, or null.</summary>
    public Secret? Password { get; init; }

    /// <summary><c>disable</c>, <c>prefer</c>, <c>require</c> or <c>verify-full</c>.</summary>
    public string Tls { get; init; } = "prefer";

    /// <summary>What is asked; the first value of the first row is <c>[BODY]</c>.</summary>
    public string Query { get; init; } = "SELECT 1";
}

/// <summary>Signs in to Redis and pings it.</summary>
/// <param name="Address">Where it listens.</param>
public sealed record RedisCheck(ProbeAddress Address) : ProbeCheck("redis", Address.ToString(), "[BODY] == PONG")
{
    /// <summary>The user, or null for the default one.</summary>
    public string? Username { get; init; }

    /// <summary>The password, or null.</summary>
    public Secret? Password { get; init; }

    /// <summary>Whether TLS is spoken, and what is believed of the other side; null for plain.</summary>
    public TlsTrust? Tls { get; init; }
}

/// <summary>Signs in to RabbitMQ and opens a channel.</summary>
/// <param name="Address">Where it listens.</param>
public sealed record RabbitMqCheck(ProbeAddress Address) : ProbeCheck("rabbitmq", Address.ToString(), "[CONNECTED] == true")
{
    /// <summary>The virtual host.</summary>
    public string VirtualHost { get; init; } = "/";

    /// <summary>The user.</summary>
    public string Username { get; init; } = "guest";

    /// <summary>The password, or null for that of the default user.</summary>
    public Secret? Password { get; init; }
}

/// <summary>Runs a command. <c>[STATUS]</c> is its exit code, <c>[BODY]</c> what it writes to standard output.</summary>
/// <param name="Command">The program and its arguments; no shell reads them.</param>
public sealed record ScriptCheck(IReadOnlyList<string> Command) : ProbeCheck("script", string.Join(' ', Command), "[STATUS] == 0")
{
    /// <summary>What it gets beside <c>PATH</c> and <c>LANG</c>; nothing of the server's own environment.</summary>
    public IReadOnlyList<(string Name, Secret Value)> Environment { get; init; } = [];

    /// <summary>Most bytes of output; a command that writes more is ended.</summary>
    public int MaxOutputBytes { get; init; } = 64 * 1024;
}
