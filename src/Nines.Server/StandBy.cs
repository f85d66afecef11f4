using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Nines.Server.State;

namespace Nines.Server;

/// <summary>
/// Servers that share a PostgreSQL database: one leads, the others stand by. Who stands by does nothing but wait, and answers every request by saying so, so
/// that a load balancer, a Prometheus or a person goes to the leader.
/// </summary>
public static class StandBy
{
    /// <summary>Waits until this server leads; meanwhile answers on its address.</summary>
    /// <param name="options">How it is started; with a database.</param>
    /// <param name="waits">Told the address of the leader, if it has to wait.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <param name="time">The clock of renewals; null takes the system's.</param>
    public static async Task<LeaderLease> LeadAsync(NinesOptions options, Action<string> waits, CancellationToken cancellation, TimeProvider? time = null)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ApplicationName = "nines", ContentRootPath = AppContext.BaseDirectory });
        builder.WebHost.UseUrls(options.Listen);
        builder.Logging.AddFilter("Microsoft", LogLevel.Warning);
        await using var app = builder.Build();
        var holder = (options.PublicUrl?.ToString() ?? options.Listen).TrimEnd('/');
        var lease = LeaderLease.Open(options.Postgres ?? throw new ArgumentException("servers share a database, and there is none", nameof(options)),
            holder, time ?? TimeProvider.System, app.Services.GetRequiredService<ILogger<LeaderLease>>());
        try
        {
            if (!await lease.TryTakeAsync(cancellation))
            {
                waits(lease.Leader);
                app.Run(context => AnswerAsync(context, lease.Leader));
                await app.StartAsync(cancellation);
                await lease.TakeAsync(cancellation);
                // It leads: a client that takes its time must not keep it from beginning.
                await app.StopAsync(new CancellationToken(canceled: true));
            }
            return lease;
        }
        catch
        {
            await lease.DisposeAsync();
            throw;
        }
    }

    private static Task AnswerAsync(HttpContext context, string leader)
    {
        var response = context.Response;
        if (context.Request.Path == "/health/live")
        {
            return response.WriteAsync("stands by\n");
        }
        response.Headers.RetryAfter = "5";
        response.Headers.CacheControl = "no-store";
        var hint = leader.Length > 0 ? $"This server stands by; {leader} leads." : "This server stands by; nobody leads yet.";
        if (context.Request.Headers.Accept.ToString().Contains("text/html", StringComparison.Ordinal))
        {
            response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            response.ContentType = "text/html; charset=utf-8";
            var link = Uri.TryCreate(leader, UriKind.Absolute, out var url) && url.Scheme is "http" or "https"
                ? $"<p><a href=\"{HtmlEncoder.Default.Encode(leader)}\">Go to the leader</a></p>" : "";
            return response.WriteAsync("<!doctype html><html lang=\"en\"><title>Nines stands by</title><h1>Nines stands by</h1>"
                + $"<p>{HtmlEncoder.Default.Encode(hint)}</p>{link}");
        }
        return Problems.Write(context, StatusCodes.Status503ServiceUnavailable, "stands-by", hint);
    }
}
