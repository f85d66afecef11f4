using Nines.Core.Telemetry;

namespace Nines.Core.Workspace;

/// <summary>Reads how a scrape job asks its targets: <c>basic_auth</c>, <c>authorization</c>, <c>bearer_token</c>, <c>tls_config</c>.</summary>
internal static class HttpAccessReader
{
    private static readonly string[] Versions = ["TLS10", "TLS11", "TLS12", "TLS13"];

    public static HttpAccess Read(Fields job)
    {
        var basic = job.Map("basic_auth");
        var authorization = job.Map("authorization");
        var bearer = job.Secret("bearer_token", required: false, warnWhenLiteral: true);
        var bearerFile = Path(job, "bearer_token_file");
        var ways = (basic is null ? 0 : 1) + (authorization is null ? 0 : 1) + (bearer is null ? 0 : 1) + (bearerFile is null ? 0 : 1);
        if (ways > 1)
        {
            job.File.Error(job.Node, "bad-value", "at most one of basic_auth, authorization, bearer_token and bearer_token_file may be given");
        }
        var access = new HttpAccess
        {
            Username = basic?.Text("username", required: true)?.Value,
            Password = basic?.Secret("password", required: false, warnWhenLiteral: true),
            PasswordFile = basic is null ? null : Path(basic, "password_file"),
            AuthorizationType = authorization?.Text("type")?.Value ?? "Bearer",
            Credentials = authorization is null ? bearer : authorization.Secret("credentials", required: false, warnWhenLiteral: true),
            CredentialsFile = authorization is null ? bearerFile : Path(authorization, "credentials_file"),
            FollowRedirects = job.Flag("follow_redirects", true),
            Tls = job.Map("tls_config") is { } tls ? Tls(tls) : new(),
        };
        OneOfTwo(basic, access.Password, access.PasswordFile, "password");
        OneOfTwo(authorization, access.Credentials, access.CredentialsFile, "credentials");
        if (access.AuthorizationType.Equals("Basic", StringComparison.OrdinalIgnoreCase))
        {
            job.File.Error(authorization!.Any("type")!, "bad-value", "authorization type cannot be Basic", "use basic_auth");
        }
        basic?.Done();
        authorization?.Done();
        return access;
    }

    internal static TlsTrust Tls(Fields tls)
    {
        var trust = new TlsTrust
        {
            CaFile = Path(tls, "ca_file"),
            CertFile = Path(tls, "cert_file"),
            KeyFile = Path(tls, "key_file"),
            ServerName = tls.Text("server_name")?.Value,
            InsecureSkipVerify = tls.Flag("insecure_skip_verify", false),
            MinVersion = tls.OneOf("min_version", "", Versions) is { Length: > 0 } least ? least : null,
            MaxVersion = tls.OneOf("max_version", "", Versions) is { Length: > 0 } most ? most : null,
        };
        if (trust.CertFile is null != trust.KeyFile is null)
        {
            tls.File.Error(tls.Node, "missing", "cert_file and key_file belong together");
        }
        if (trust is { MinVersion: { } min, MaxVersion: { } max } && string.CompareOrdinal(min, max) > 0)
        {
            tls.File.Error(tls.Any("min_version")!, "bad-value", "min_version is newer than max_version");
        }
        tls.Done();
        return trust;
    }

    private static void OneOfTwo(Fields? fields, Secret? value, string? file, string key)
    {
        if (value is not null && file is not null)
        {
            fields!.File.Error(fields.Node, "bad-value", $"at most one of {key} and {key}_file may be given");
        }
    }

    // A relative path is meant from the file that names it; here it becomes one from the workspace.
    private static string? Path(Fields fields, string key)
    {
        if (fields.Text(key)?.Value is not { Length: > 0 } path || path.StartsWith('/'))
        {
            return fields.Text(key)?.Value;
        }
        var slash = fields.File.Path.LastIndexOf('/');
        return slash < 0 ? path : fields.File.Path[..(slash + 1)] + path;
    }
}
