namespace Nines.Core.Delivery.Integrations;

/// <summary>A message as it goes over HTTP.</summary>
/// <param name="Url">Where to.</param>
/// <param name="Body">Its body.</param>
/// <param name="Answer">How the answer is read.</param>
public sealed record HttpMessage(string Url, byte[] Body, AnswerRule Answer)
{
    /// <summary><c>POST</c> unless said otherwise.</summary>
    public string Method { get; init; } = "POST";

    /// <summary>What the body is.</summary>
    public string ContentType { get; init; } = "application/json";

    /// <summary>Headers besides those of all messages.</summary>
    public IReadOnlyList<(string Name, string Value)> Headers { get; init; } = [];

    /// <summary>Sent at once instead when the answer contains <see cref="FallsBackOn"/>: a plainer form of the same message.</summary>
    public HttpMessage? Fallback { get; init; }

    /// <summary>What the answer says when the receiver cannot read this form.</summary>
    public string FallsBackOn { get; init; } = "";
}

/// <summary>A message cannot be made of its settings; the text says why and holds no secret.</summary>
public sealed class MessageException(string message) : Exception(message);
