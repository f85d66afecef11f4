using System.Text.Json.Serialization;
using Nines.Core.Probes.Push;

namespace Nines.Server.Probes.Push;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(string[]))]
[JsonSerializable(typeof(HeartbeatState))]
[JsonSerializable(typeof(BookedRun))]
internal sealed partial class PushJson : JsonSerializerContext;
