using System.Text.Json;
using Nines.Core.Probes.Collectors;
using Nines.Server.Telemetry;

namespace Nines.Server.Probes.Collectors;

/// <summary>Fetches a document of JSON and takes numbers out of it. The body is read up to a limit.</summary>
internal sealed class JsonReader(JsonWork work, HttpAccessClients clients, TimeProvider time) : ICollectorReader
{
    public async Task ReadAsync(CollectedSet set, CancellationToken stop)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, work.Url);
        request.Headers.TryAddWithoutValidation("Accept", "application/json");
        request.Headers.TryAddWithoutValidation("User-Agent", "Nines");
        clients.Sign(request, work.Access);
        foreach (var (name, value) in work.Headers)
        {
            request.Headers.TryAddWithoutValidation(name, SecretReader.Resolve(value));
        }
        using var response = await clients.For(work.Access).SendAsync(request, HttpCompletionOption.ResponseHeadersRead, stop);
        if (!response.IsSuccessStatusCode)
        {
            throw new CollectException($"HTTP status {(int)response.StatusCode} {response.ReasonPhrase}");
        }
        await using var body = await response.Content.ReadAsStreamAsync(stop);
        var buffer = new byte[JsonWork.MaxBytes + 1];
        var length = await body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, stop);
        if (length > JsonWork.MaxBytes)
        {
            throw new CollectException($"the answer is larger than {JsonWork.MaxBytes >> 20} MiB");
        }
        using var document = Parse(buffer.AsMemory(0, length));
        var nowMs = time.GetUtcNow().ToUnixTimeMilliseconds();
        foreach (var value in work.Values)
        {
            JsonPath.Read(value, document.RootElement, nowMs, set);
        }
    }

    private static JsonDocument Parse(ReadOnlyMemory<byte> body)
    {
        try
        {
            return JsonDocument.Parse(body);
        }
        catch (JsonException)
        {
            // What the library says may quote the answer.
            throw new CollectException("the answer is not JSON");
        }
    }
}
