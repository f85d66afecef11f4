using Microsoft.AspNetCore.Http;

namespace Nines.Server.Telemetry.Api;

/// <summary>An answer of the query API that is none: Prometheus' <c>errorType</c>, HTTP status and message.</summary>
internal sealed class ApiException(string type, int status, string message) : Exception(message)
{
    public string Type => type;

    public int Status => status;

    public static ApiException Bad(string message) => new("bad_data", StatusCodes.Status400BadRequest, message);

    /// <summary>A parameter that cannot be used, in Prometheus' words.</summary>
    public static ApiException Parameter(string name, string message) => Bad($"invalid parameter \"{name}\": {message}");

    public static ApiException NotFound(string message) => new("not_found", StatusCodes.Status404NotFound, message);
}
