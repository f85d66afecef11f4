using Nines.Server.Access;

namespace Nines.Server;

/// <summary>The way to the first admin, for whoever starts the server: only the console shows it.</summary>
public sealed class FirstAdmin
{
    private readonly Accounts _accounts;

    internal FirstAdmin(Accounts accounts) => _accounts = accounts;

    /// <summary>The one-time link, or null once there is a user.</summary>
    /// <param name="address">The server's address.</param>
    public async Task<string?> LinkAsync(string address, CancellationToken cancellation) =>
        await _accounts.SetupTokenAsync(cancellation) is { } token ? $"{address.TrimEnd('/')}/setup?token={token}" : null;
}
