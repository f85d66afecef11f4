using System.Net.Http.Json;
using Nines.Core.Access;
using Nines.Server.Objectives;
using Nines.Shop;

namespace Nines.Integration.Tests;

/// <summary>The whole way in one process: a shop is served, scraped, counted, and the count is what its customers saw.</summary>
public sealed class SliceTests
{
    [Fact]
    public async Task Shop_WithCustomers_IsCountedToTheRequest()
    {
        var stop = TestContext.Current.CancellationToken;
        await using var shop = ShopService.Create(0, TimeProvider.System, new Random(5));
        await shop.StartAsync(stop);
        var address = new Uri(shop.Urls.First());
        var tally = Path.GetTempFileName();
        File.Delete(tally);
        await using var server = await RunningServer.StartAsync(ShopWorkspace.Files(address.Port));
        using var client = await server.ClientAsync(Role.Viewer);
        try
        {
            await new Traffic([address], 60, flat: true, tally, TimeProvider.System, new Random(5)).RunAsync(3, stop);
            using var http = new HttpClient();
            await http.PostAsync(new Uri(address, "/faults?errors=0.5"), null, stop);
            await new Traffic([address], 60, flat: true, tally, TimeProvider.System, new Random(6)).RunAsync(2, stop);
            var truth = (await System.Text.Json.JsonSerializer.DeserializeAsync<Dictionary<string, RouteTally>>(
                File.OpenRead(tally), System.Text.Json.JsonSerializerOptions.Web, stop))!;
            var wanted = (truth["/checkout"].Good, truth["/checkout"].Total);

            // The last scrape is up to a second away; the count can only reach the tally, never pass it.
            ObjectiveItem item;
            do
            {
                await ShopWorkspace.StepAsync(server);
                var list = await client.GetFromJsonAsync<ObjectiveList>("/nines/v1/objectives", stop);
                item = list!.Items.First(i => i.Key == "checkout/orders@production");
                item.Total.ShouldBeLessThanOrEqualTo(wanted.Total);
            }
            while (item.Total < wanted.Total);
            (item.Good, item.Total).ShouldBe(wanted);
            truth["/checkout"].Good.ShouldBeLessThan(truth["/checkout"].Total);
        }
        finally
        {
            File.Delete(tally);
        }
    }
}
