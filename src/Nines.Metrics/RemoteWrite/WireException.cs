namespace Nines.Metrics.RemoteWrite;

/// <summary>Bytes that are not what they should be: a broken snappy block or protobuf message.</summary>
public sealed class WireException(string message) : FormatException(message);
