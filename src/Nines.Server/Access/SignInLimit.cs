using Microsoft.AspNetCore.Http;

namespace Nines.Server.Access;

/// <summary>
/// Ten tries to sign in a minute from one address. Ours because the framework's limiter wakes ten times a second for ever,
/// which costs more than the rest of an idle server.
/// </summary>
internal sealed class SignInLimit(TimeProvider time) : IEndpointFilter
{
    /// <summary>Tries a minute from one address.</summary>
    public const int Tries = 10;

    // A flood from more addresses than this is answered with refusals until the minute is over.
    private const int MostAddresses = 100_000;
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, int> _tries = [];
    private long _since = time.GetTimestamp();

    /// <summary>Counts a try.</summary>
    /// <returns>Whether it is allowed.</returns>
    public bool Try(string address)
    {
        lock (_gate)
        {
            if (time.GetElapsedTime(_since) >= Window)
            {
                _tries.Clear();
                _since = time.GetTimestamp();
            }
            if (!_tries.TryGetValue(address, out var tries) && _tries.Count >= MostAddresses)
            {
                return false;
            }
            _tries[address] = tries + 1;
            return tries < Tries;
        }
    }

    /// <inheritdoc/>
    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next) =>
        Try(context.HttpContext.Connection.RemoteIpAddress?.ToString() ?? "")
            ? await next(context)
            : TypedResults.StatusCode(StatusCodes.Status429TooManyRequests);
}
