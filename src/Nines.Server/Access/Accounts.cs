using System.Buffers.Text;
using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Identity;
using Nines.Core.Access;
using Nines.Core.Journal;
using Nines.Server.State;

namespace Nines.Server.Access;

/// <summary>A person who signs in. Stored as row <c>user</c>, found by lower-case name.</summary>
internal sealed record UserAccount(string Id, string Name, Role Role, string PasswordHash);

/// <summary>A token for programs, stored by hash only. Row <c>token</c>.</summary>
internal sealed record ApiToken(string Id, string Name, Role Role, string Hash, DateTimeOffset CreatedAt);

/// <summary>What is recorded of access; people by reference only.</summary>
internal sealed record AccessFact(string Id, string Role);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true)]
[JsonSerializable(typeof(UserAccount))]
[JsonSerializable(typeof(ApiToken))]
[JsonSerializable(typeof(AccessFact))]
internal sealed partial class AccessJson : JsonSerializerContext;

/// <summary>Users and tokens: who they are, and how they prove it.</summary>
internal sealed class Accounts(IStateStore store, TimeProvider time)
{
    /// <summary>The scheme of the sign-in cookie.</summary>
    public const string Scheme = "nines";

    private static readonly PasswordHasher<string> Passwords = new();

    // Verifying against this takes as long as against a real one, so that names cannot be found out by time.
    private static readonly string NobodysHash = Passwords.HashPassword("", "nobody");

    private readonly string _setupToken = NewSecret();
    private volatile bool _hasUsers;

    /// <summary>The one-time token that lets the first admin be made; null once there is a user.</summary>
    public async Task<string?> SetupTokenAsync(CancellationToken cancellation)
    {
        if (!_hasUsers)
        {
            _hasUsers = (await store.ListAsync("user", cancellation, limit: 1)).Count > 0;
        }
        return _hasUsers ? null : _setupToken;
    }

    /// <summary>Makes the first admin. Returns what is wrong, or null.</summary>
    public async Task<string?> SetUpAsync(string token, string name, string password, CancellationToken cancellation)
    {
        if (await SetupTokenAsync(cancellation) is not { } wanted)
        {
            return "There is an admin already. Sign in instead.";
        }
        return CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(token), Encoding.UTF8.GetBytes(wanted))
            ? await AddUserAsync(name, password, Role.Admin, "system", cancellation)
            : "This is not the token that the server printed when it started.";
    }

    /// <summary>Adds a user. Returns what is wrong, or null.</summary>
    public async Task<string?> AddUserAsync(string name, string password, Role role, string actor, CancellationToken cancellation)
    {
        name = name.Trim();
        if (name.Length is 0 or > 64)
        {
            return "A name has 1 to 64 characters.";
        }
        if (password.Length is < 10 or > 256)
        {
            return "A password has 10 to 256 characters.";
        }
        var id = name.ToLowerInvariant();
        var user = new UserAccount("usr_" + NewSecret()[..16], name, role, Passwords.HashPassword(id, password));
        var outcome = await store.PutAsync(new RowWrite("user", id, 0, JsonSerializer.Serialize(user, AccessJson.Default.UserAccount)), cancellation,
            FactOf("user.added/1", $"person/{user.Id}", actor, user.Id, role));
        _hasUsers |= outcome is CommitOutcome.Committed;
        return outcome switch
        {
            CommitOutcome.Committed => null,
            CommitOutcome.Conflicted => "There is a user of this name.",
            CommitOutcome.Refused refused => $"The store refuses writes: {refused.Reason}",
            _ => throw new System.Diagnostics.UnreachableException(),
        };
    }

    /// <summary>The signed-in person for a name and password, or null.</summary>
    public async Task<ClaimsPrincipal?> SignInAsync(string name, string password, CancellationToken cancellation)
    {
        var id = name.Trim().ToLowerInvariant();
        var row = await store.GetAsync("user", id, cancellation);
        var user = row is null ? null : JsonSerializer.Deserialize(row.Json, AccessJson.Default.UserAccount);
        var verdict = Passwords.VerifyHashedPassword(id, user?.PasswordHash ?? NobodysHash, password.Length > 256 ? "" : password);
        return user is null || verdict == PasswordVerificationResult.Failed ? null : Principal(user.Id, user.Name, user.Role, Scheme);
    }

    /// <summary>Makes a token; it is told only this once.</summary>
    public async Task<string> AddTokenAsync(string name, Role role, string actor, CancellationToken cancellation)
    {
        var secret = "nines_" + NewSecret();
        var token = new ApiToken("tok_" + NewSecret()[..16], name.Trim() is { Length: > 0 } given ? given[..Math.Min(64, given.Length)]
            : "token", role, HashOf(secret), time.GetUtcNow());
        var outcome = await store.PutAsync(new RowWrite("token", token.Id, 0, JsonSerializer.Serialize(token, AccessJson.Default.ApiToken), token.Hash),
            cancellation,
            FactOf("token.added/1", $"token/{token.Id}", actor, token.Id, role));
        return outcome is CommitOutcome.Committed ? secret : throw new StoreRefusedException("the token could not be stored", null);
    }

    /// <summary>Takes a token back; nothing happens when it is gone already.</summary>
    public async Task DeleteTokenAsync(string id, string actor, CancellationToken cancellation)
    {
        if (await store.GetAsync("token", id, cancellation) is { } row)
        {
            await store.DeleteAsync("token", id, row.Version, cancellation, FactOf("token.deleted/1", $"token/{id}", actor, id, Role.Anyone));
        }
    }

    /// <summary>All tokens, without their secrets.</summary>
    public async Task<IReadOnlyList<ApiToken>> TokensAsync(CancellationToken cancellation) =>
        [.. (await store.ListAsync("token", cancellation)).Select(r => JsonSerializer.Deserialize(r.Json, AccessJson.Default.ApiToken)!)];

    /// <summary>All users.</summary>
    public async Task<IReadOnlyList<UserAccount>> UsersAsync(CancellationToken cancellation) =>
        [.. (await store.ListAsync("user", cancellation)).Select(r => JsonSerializer.Deserialize(r.Json, AccessJson.Default.UserAccount)!)];

    /// <summary>The names of people and programs by what the journal calls them.</summary>
    public async Task<IReadOnlyDictionary<string, string>> NamesAsync(CancellationToken cancellation)
    {
        var names = new Dictionary<string, string>(StringComparer.Ordinal) { ["system"] = "Nines" };
        foreach (var user in await UsersAsync(cancellation))
        {
            names[$"person:{user.Id}"] = user.Name;
        }
        foreach (var token in await TokensAsync(cancellation))
        {
            names[$"token:{token.Id}"] = $"the token {token.Name}";
        }
        return names;
    }

    /// <summary>The program that a bearer token stands for, or null.</summary>
    public async Task<ClaimsPrincipal?> TokenAsync(string secret, CancellationToken cancellation)
    {
        var rows = await store.ListAsync("token", cancellation, key1: HashOf(secret), limit: 1);
        var token = rows.Count == 0 ? null : JsonSerializer.Deserialize(rows[0].Json, AccessJson.Default.ApiToken);
        return token is null ? null : Principal(token.Id, token.Name, token.Role, "token");
    }

    /// <summary>Someone with a role.</summary>
    public static ClaimsPrincipal Principal(string id, string name, Role role, string scheme) => new(new ClaimsIdentity(
        [new Claim(ClaimTypes.NameIdentifier, id), new Claim(ClaimTypes.Name, name), new Claim(ClaimTypes.Role, role.ToString())], scheme));

    /// <summary>The role someone has.</summary>
    public static Role RoleOf(ClaimsPrincipal user) =>
        user.FindFirstValue(ClaimTypes.Role) is { } role && Enum.TryParse<Role>(role, out var known) ? known : Role.Anyone;

    private Fact FactOf(string type, string subject, string actor, string id, Role role) => new(
        type, subject, (time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * 100, actor,
        JsonSerializer.SerializeToUtf8Bytes(new AccessFact(id, role.ToString().ToLowerInvariant()), AccessJson.Default.AccessFact));

    private static string NewSecret() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(24)).Replace('-', 'x').Replace('_', 'y');

    private static string HashOf(string secret) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(secret)));
}
