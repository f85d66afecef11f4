using System.Text.RegularExpressions;
using Nines.Core;

namespace Nines.Server;

/// <summary>A secret cannot be read; the message names the reference, never a value.</summary>
internal sealed class SecretMissingException(string message) : Exception(message);

/// <summary>Resolves <c>${env:NAME}</c> and <c>${file:path}</c> when a secret is used, so that a rotated one needs no reload.</summary>
internal static partial class SecretReader
{
    public static string Resolve(Secret secret) => secret.Verbatim ? secret.Reference : Reference().Replace(secret.Reference, match =>
    {
        var name = match.Groups["name"].Value;
        if (match.Groups["from"].Value == "env")
        {
            return Environment.GetEnvironmentVariable(name)
                ?? throw new SecretMissingException($"the environment variable {name} is not set");
        }
        try
        {
            return File.ReadAllText(name).TrimEnd('\r', '\n');
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SecretMissingException($"the file {name} cannot be read");
        }
    });

    [GeneratedRegex(@"\$\{(?<from>env|file):(?<name>[^}]+)\}", RegexOptions.NonBacktracking)]
    private static partial Regex Reference();
}
