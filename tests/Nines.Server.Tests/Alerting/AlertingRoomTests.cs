using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Nines.Core.Alerting.Routing;
using Nines.Server.Alerting;
using Nines.Server.Delivery;
using Nines.Server.State;
using Nines.Server.Telemetry;
using Nines.Server.Tests.Delivery;

namespace Nines.Server.Tests.Alerting;

/// <summary>The rooms as a server puts them together, over real HTTP.</summary>
public sealed class AlertingRoomTests
{
    [Fact]
    public async Task Alert_posted_over_HTTP_is_delivered_and_listed()
    {
        var cancel = TestContext.Current.CancellationToken;
        var root = Directory.CreateTempSubdirectory("nines-test-").FullName;
        await using var sink = await Sink.StartAsync();
        var options = new NinesOptions { WorkspaceDirectory = root, DataDirectory = Path.Combine(root, "data") };
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddSingleton<Nines.Core.Telemetry.ReadTargetFile>(Nines.Core.Workspace.TargetFileReader.Read);
        builder.Services.AddState(options).AddDelivery(options, hasPages: false).AddTelemetry(options).AddAlerting(new Uri("http://127.0.0.1:9999"));
        await using var app = builder.Build();
        app.MapAlerting();
        await app.StartAsync(cancel);
        app.Services.GetRequiredService<AlertDoor>().Apply(RoutingPlan.Of([AlertWorld.Webhook("hook", sink.Url)]));
        using var client = new HttpClient { BaseAddress = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()) };

        using var body = new StringContent("""[{"labels":{"alertname":"Gold","severity":"page"},"annotations":{"summary":"x"},"generatorURL":"http://x/y"}]""", Encoding.UTF8, "application/json");
        (await client.PostAsync("/api/v2/alerts", body, cancel)).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await sink.NextAsync()).AlertName.ShouldBe("Gold");
        var peers = await client.GetFromJsonAsync<JsonElement>("/api/v2/alerts", cancel);
        peers[0].GetProperty("status").GetProperty("state").GetString().ShouldBe("active");
        peers[0].GetProperty("labels").GetProperty("alertname").GetString().ShouldBe("Gold");
        peers[0].GetProperty("generatorURL").GetString().ShouldBe("http://x/y");
        var ours = await client.GetFromJsonAsync<JsonElement>("/nines/v1/alerts", cancel);
        ours.GetProperty("items")[0].GetProperty("state").GetString().ShouldBe("firing");
        ours.GetProperty("items")[0].GetProperty("deliveries")[0].GetProperty("receiver").GetString().ShouldBe("hook");

        using var wrong = new StringContent("{", Encoding.UTF8, "application/json");
        (await client.PostAsync("/api/v2/alerts", wrong, cancel)).StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        await app.StopAsync(cancel);
        await app.DisposeAsync();
        DataDirectory.IsHeld(options.DataDirectory).ShouldBeFalse();
        Directory.Delete(root, true);
    }
}
