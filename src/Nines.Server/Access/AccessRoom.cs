using System.Security.Claims;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.DataProtection.Repositories;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Nines.Core.Access;
using Nines.Server.Access.Pages;
using Nines.Server.State;
using Nines.Server.Web;

namespace Nines.Server.Access;

/// <summary>The room of access: signing in, tokens, the gate.</summary>
internal static class AccessRoom
{
    public static IServiceCollection AddAccess(this IServiceCollection services)
    {
        services.AddSingleton<Accounts>();
        services.AddSingleton(s => new FirstAdmin(s.GetRequiredService<Accounts>()));
        services.AddDataProtection().SetApplicationName("nines");
        services.AddOptions<KeyManagementOptions>().Configure<DataDirectory, ILoggerFactory>((keys, directory, loggers) =>
            keys.XmlRepository = new FileSystemXmlRepository(new DirectoryInfo(directory.KeysDirectory), loggers));
        services.AddAuthentication(Accounts.Scheme).AddCookie(Accounts.Scheme, cookie =>
        {
            cookie.Cookie.Name = "nines";
            cookie.Cookie.HttpOnly = true;
            cookie.Cookie.SameSite = SameSiteMode.Lax;
            cookie.Cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
            cookie.ExpireTimeSpan = TimeSpan.FromDays(7);
            cookie.SlidingExpiration = true;
            cookie.Events = new CookieAuthenticationEvents { OnRedirectToLogin = _ => Task.CompletedTask, OnRedirectToAccessDenied = _ => Task.CompletedTask };
        });
        services.AddAntiforgery(a => a.Cookie.Name = "nines.forms");
        services.AddSingleton<SignInLimit>();
        return services;
    }

    public static void MapAccess(this IEndpointRouteBuilder pages)
    {
        var limit = pages.ServiceProvider.GetRequiredService<SignInLimit>();
        pages.MapGet("/login", async (string? next, Accounts accounts, CancellationToken stop) =>
            await accounts.SetupTokenAsync(stop) is null
                ? (IResult)new RazorComponentResult<LoginPage>(new { Next = next ?? "/" })
                : TypedResults.Redirect("/setup"));
        pages.MapPost("/login", SignInAsync).AddEndpointFilter(limit);
        pages.MapGet("/setup", async (string? token, Accounts accounts, CancellationToken stop) =>
            await accounts.SetupTokenAsync(stop) is null
                ? (IResult)TypedResults.Redirect("/login")
                : new RazorComponentResult<SetupPage>(new { Token = token ?? "" }));
        pages.MapPost("/setup", SetUpAsync).AddEndpointFilter(limit);
        pages.MapPost("/logout", async (HttpContext context) =>
        {
            await context.SignOutAsync(Accounts.Scheme);
            return TypedResults.Redirect("/login");
        }).WithMetadata(new RequireAntiforgeryTokenAttribute());
        pages.MapGet("/account", (HttpContext context, Accounts accounts, ShellSource shell, CancellationToken stop) =>
            AccountPageAsync(context, accounts, shell, null, null, stop));
        pages.MapPost("/account/tokens",
            async (HttpContext context, Accounts accounts, ShellSource shell, [FromForm] string name, [FromForm] string role, CancellationToken stop) =>
        {
            var secret = await accounts.AddTokenAsync(name, RoleIn(role), ActorOf(context), stop);
            return await AccountPageAsync(context, accounts, shell, secret, null, stop);
        });
        pages.MapPost("/account/tokens/delete", async (HttpContext context, Accounts accounts, [FromForm] string id, CancellationToken stop) =>
        {
            await accounts.DeleteTokenAsync(id, ActorOf(context), stop);
            return TypedResults.Redirect("/account");
        });
        pages.MapPost("/account/users",
            async (HttpContext context, Accounts accounts, ShellSource shell, [FromForm] string name, [FromForm] string password, [FromForm] string role,
                CancellationToken stop) =>
        {
            var wrong = await accounts.AddUserAsync(name, password, role == "push" ? Role.Viewer : RoleIn(role), ActorOf(context), stop);
            return await AccountPageAsync(context, accounts, shell, null, wrong, stop);
        });
    }

    private static async Task<IResult> SignInAsync(HttpContext context, Accounts accounts, [FromForm] string name, [FromForm] string password,
        [FromForm] string? next, CancellationToken stop)
    {
        if (await accounts.SignInAsync(name, password, stop) is not { } user)
        {
            context.Response.StatusCode = StatusCodes.Status401Unauthorized;
            return new RazorComponentResult<LoginPage>(new { Next = next ?? "/", Name = name, Wrong = "Name or password is not right." });
        }
        await context.SignInAsync(Accounts.Scheme, user);
        return TypedResults.LocalRedirect(IsLocal(next) ? next! : "/");
    }

    private static async Task<IResult> SetUpAsync(HttpContext context, Accounts accounts, [FromForm] string token, [FromForm] string name,
        [FromForm] string password, CancellationToken stop)
    {
        if (await accounts.SetUpAsync(token, name, password, stop) is { } wrong)
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            return new RazorComponentResult<SetupPage>(new { Token = token, Name = name, Wrong = wrong });
        }
        await context.SignInAsync(Accounts.Scheme, (await accounts.SignInAsync(name, password, stop))!);
        return TypedResults.LocalRedirect("/");
    }

    private static async Task<IResult> AccountPageAsync(HttpContext context, Accounts accounts, ShellSource shell, string? secret, string? wrong,
        CancellationToken stop)
    {
        var admin = Accounts.RoleOf(context.User) >= Role.Admin;
        return new RazorComponentResult<AccountPage>(new
        {
            Shell = shell.For(context),
            Role = Accounts.RoleOf(context.User),
            Secret = secret,
            Wrong = wrong,
            Tokens = admin ? (await accounts.TokensAsync(stop)).Select(t => (t.Id, t.Name, t.Role, t.CreatedAt)).ToList() : [],
            Users = admin ? (await accounts.UsersAsync(stop)).Select(u => (u.Name, u.Role)).ToList() : [],
        });
    }

    // A path of ours: not another host ("//evil"), not a scheme.
    private static bool IsLocal(string? next) => next is ['/', ..] and not (['/', '/', ..] or ['/', '\\', ..]);

    private static string ActorOf(HttpContext context) => "person:" + context.User.FindFirstValue(ClaimTypes.NameIdentifier);

    private static Role RoleIn(string word) => word switch { "admin" => Role.Admin, "responder" => Role.Responder, "push" => Role.Push, _ => Role.Viewer };
}
