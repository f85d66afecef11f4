using Microsoft.AspNetCore.Http;

namespace Nines.Server.Web;

/// <summary>Gathers what the shell of a page shows.</summary>
/// <param name="Gather">Everything but the visitor; given by the composition root, which knows all rooms.</param>
internal sealed record ShellSource(Func<ShellModel> Gather)
{
    public ShellModel For(HttpContext context) => Gather() with { User = context.User.Identity is { IsAuthenticated: true, Name: { Length: > 0 } name } ? name : null };
}
