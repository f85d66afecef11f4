namespace Nines.Core.Telemetry;

/// <summary>How an HTTP server is asked: who asks, and what is believed of the other side.</summary>
public sealed record HttpAccess
{
    /// <summary>No credentials; certificates as the system trusts them.</summary>
    public static readonly HttpAccess Plain = new();

    /// <summary>User of basic authentication, or null.</summary>
    public string? Username { get; init; }

    /// <summary>Password of basic authentication, or null.</summary>
    public Secret? Password { get; init; }

    /// <summary>File of that password, or null. Files here are relative to the workspace and read when they are used.</summary>
    public string? PasswordFile { get; init; }

    /// <summary>The scheme in the <c>Authorization</c> header. Default <c>Bearer</c>.</summary>
    public string AuthorizationType { get; init; } = "Bearer";

    /// <summary>What follows the scheme, or null for no such header.</summary>
    public Secret? Credentials { get; init; }

    /// <summary>File of what follows the scheme, or null.</summary>
    public string? CredentialsFile { get; init; }

    /// <summary>Whether a redirect is followed. Default true.</summary>
    public bool FollowRedirects { get; init; } = true;

    /// <summary>What is believed of the other side.</summary>
    public TlsTrust Tls { get; init; } = new();
}

/// <summary><c>tls_config</c>: what is believed of the other side, and what it is shown.</summary>
public sealed record TlsTrust
{
    /// <summary>File of the authorities that are trusted, in PEM; null for the system's.</summary>
    public string? CaFile { get; init; }

    /// <summary>File of the certificate shown to the other side, in PEM, or null.</summary>
    public string? CertFile { get; init; }

    /// <summary>File of that certificate's key, in PEM.</summary>
    public string? KeyFile { get; init; }

    /// <summary>The name the other side's certificate must carry; null for that of the address. It is also sent as the host's name.</summary>
    public string? ServerName { get; init; }

    /// <summary>Whether any certificate is accepted.</summary>
    public bool InsecureSkipVerify { get; init; }

    /// <summary>The oldest version of TLS, as in <c>TLS12</c>; null for the system's choice.</summary>
    public string? MinVersion { get; init; }

    /// <summary>The newest version of TLS; null for the system's choice.</summary>
    public string? MaxVersion { get; init; }

    /// <summary>Whether it says anything.</summary>
    public bool IsPlain => this == new TlsTrust();
}
