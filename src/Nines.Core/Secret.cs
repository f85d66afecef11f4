namespace Nines.Core;

/// <summary>A value that is not shown: literal, <c>${env:NAME}</c> or <c>${file:path}</c>. Resolved when used, so that a rotated secret needs no
/// reload.</summary>
/// <param name="Reference">The text as written in the workspace.</param>
/// <param name="Verbatim">Whether the text is the value, whatever it looks like.</param>
public sealed record Secret(string Reference, bool Verbatim = false)
{
    /// <summary>Never the value.</summary>
    public override string ToString() => "<secret>";
}
