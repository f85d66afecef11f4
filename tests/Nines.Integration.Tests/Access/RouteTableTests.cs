using System.Net;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.StaticAssets;
using Microsoft.Extensions.DependencyInjection;
using Nines.Core.Access;

namespace Nines.Integration.Tests.Access;

/// <param name="shared">One server for all entries: none of their requests changes what another is answered by the gate.</param>
public sealed class RouteTableTests(RouteTableTests.SharedServer shared) : IClassFixture<RouteTableTests.SharedServer>
{
    [Fact]
    public async Task Rules_EveryRouteOfTheServer_IsInTheTableAndTheOtherWayRound()
    {
        await using var server = await RunningServer.StartAsync();
        var mapped = server.App.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            // From a build folder, static assets have a route of their own for files that are newer than the build.
            .Where(e => e.Metadata.GetMetadata<StaticAssetDescriptor>() is null && e.RoutePattern.RawText != "{**path:file}")
            .SelectMany(e => e.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods.Select(m => $"{m} /{e.RoutePattern.RawText!.Trim('/')}"))
            .Order(StringComparer.Ordinal).Distinct().ToList();
        var table = RouteTable.Rules.Select(r => $"{r.Method} /{r.Route.Trim('/')}").Order(StringComparer.Ordinal).ToList();
        mapped.ShouldBe(table);
    }

    [Theory]
    [MemberData(nameof(Entries))]
    public async Task Gate_EachRouteAndRole_IsAsTheTableSays(string method, string route, Role least, Role role)
    {
        var client = await shared.ClientAsync(role);
        using var request = new HttpRequestMessage(new HttpMethod(method), route.Replace("{**key}", "a/b@production").Replace("{documentName}", "v1"));
        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        // Whoever sees everything must not push, and whoever pushes must not see anything.
        if (least == Role.Push ? role is Role.Push or Role.Admin : role >= least)
        {
            response.StatusCode.ShouldNotBeOneOf(HttpStatusCode.Unauthorized, HttpStatusCode.Forbidden);
        }
        else
        {
            response.StatusCode.ShouldBe(role == Role.Anyone ? HttpStatusCode.Unauthorized : HttpStatusCode.Forbidden);
            response.Content.Headers.ContentType!.MediaType.ShouldBe("application/problem+json");
        }
    }

    [Fact]
    public void Least_RouteNotInTheTable_IsNobodys() => RouteTable.Least("GET", "/secret").ShouldBeNull();

    public static TheoryData<string, string, Role, Role> Entries()
    {
        var entries = new TheoryData<string, string, Role, Role>();
        foreach (var rule in RouteTable.Rules)
        {
            foreach (var role in Enum.GetValues<Role>())
            {
                entries.Add(rule.Method, rule.Route, rule.Least, role);
            }
        }
        return entries;
    }

    public sealed class SharedServer : IAsyncLifetime
    {
        private readonly Dictionary<Role, HttpClient> _clients = [];
        private RunningServer? _server;

        public async Task<HttpClient> ClientAsync(Role role) =>
            _clients.TryGetValue(role, out var client) ? client : _clients[role] = await _server!.ClientAsync(role);

        public async ValueTask InitializeAsync() => _server = await RunningServer.StartAsync();

        public async ValueTask DisposeAsync()
        {
            _clients.Values.ToList().ForEach(c => c.Dispose());
            await _server!.DisposeAsync();
        }
    }
}
