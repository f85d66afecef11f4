using System.Text.Encodings.Web;
using System.Text.Unicode;

namespace Nines.Core.Delivery.Integrations;

/// <summary>How Go writes texts in JSON: letters of all scripts as they are, <c>&lt;</c>, <c>&gt;</c> and <c>&amp;</c> escaped.</summary>
internal static class GoEscapes
{
    public static readonly JavaScriptEncoder Encoder = JavaScriptEncoder.Create(UnicodeRanges.All);
}
