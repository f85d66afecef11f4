using System.Text;
using Nines.Core.Alerting.Routing;
using Nines.Core.Delivery;
using Nines.Core.Workspace;
using Nines.Core.Workspace.Alertmanager;
using Nines.Server.Delivery.Integrations;
using Nines.Server.State;

namespace Nines.Server.Tests.Delivery.Contracts;

/// <summary>A vendor's server of ours and a client that sends to it, with the clock of waiting in the test's hand.</summary>
internal sealed class ContractWorld : IAsyncDisposable
{
    public const string Token = "s3cr3t-token-0123456789abcdefghi";

    private ContractWorld(VendorContract contract, Sink sink)
    {
        (Contract, Sink) = (contract, sink);
        Client = new IntegrationClient(new NinesOptions { WorkspaceDirectory = "/", DataDirectory = "/", PublicUrl = new Uri("https://nines.example.org") },
            new ManualTime(), new IoTime(Io), new MessageMemory());
    }

    public VendorContract Contract { get; }

    public Sink Sink { get; }

    /// <summary>The clock by which receivers are given up.</summary>
    public ManualTime Io { get; } = new();

    public IntegrationClient Client { get; }

    public static async Task<ContractWorld> StartAsync(string kind)
    {
        var world = new ContractWorld(VendorContract.All[kind], await Sink.StartAsync());
        world.Sink.Answer = world.TakeAsync;
        return world;
    }

    /// <summary>An integration as <c>alertmanager.yml</c> gives it: the defaults' templates filled in.</summary>
    public Integration Alertmanager(string? more = null)
    {
        var root = Sink.Url.ToString().TrimEnd('/');
        var settings = Contract.Kind switch
        {
            "webhook" => $"url: {root}/hook/{Token}",
            "slack" => $"api_url: {root}/services/T0/B0/{Token}\n    channel: '#alerts'",
            "telegram" => $"api_url: {root}\n    bot_token: {Token}\n    chat_id: -100",
            "pagerduty" => $"url: {root}/v2/enqueue\n    routing_key: {Token}",
            "opsgenie" => $"api_url: {root}/\n    api_key: {Token}\n    tags: 'a, b,c'\n    priority: P2\n    responders: [{{ name: shop, type: team }}]",
            "pushover" => $"token: {Token}\n    user_key: {Token}",
            "webex" => $"api_url: {root}/v1/messages\n    room_id: room\n    http_config: {{ authorization: {{ credentials: {Token} }} }}",
            "victorops" => $"api_url: {root}/\n    api_key: {Token}\n    routing_key: shop\n    custom_fields: {{ extra: '{{{{ .Status }}}}' }}",
            "rocketchat" => $"api_url: {root}/\n    token: {Token}\n    token_id: {Token}\n    channel: alerts",
            var kind when kind.StartsWith("msteams", StringComparison.Ordinal) || kind == "discord" => $"webhook_url: {root}/hook/{Token}",
            var kind => throw new InvalidOperationException(kind),
        };
        var yaml = $"route: {{ receiver: r }}\nreceivers:\n- name: r\n  {Contract.Kind}_configs:\n  - send_resolved: true\n    {settings}\n{more}";
        var reading = AlertmanagerReader.Read(new WorkspaceFile("alertmanager.yml", Encoding.UTF8.GetBytes(yaml)));
        return reading.Config.ShouldNotBeNull(string.Join('\n', reading.Problems)).Receivers[0].Integrations[0];
    }

    /// <summary>An integration as a Delivery document gives it: nothing said about the message.</summary>
    public Integration Ours(Dictionary<string, object>? more = null)
    {
        var root = Sink.Url.ToString().TrimEnd('/');
        var settings = new Dictionary<string, object>(more ?? [], StringComparer.Ordinal)
        {
            ["url"] = Contract.Kind == "pagerduty" ? $"{root}/v2/enqueue" : $"{root}/{Token}",
            ["webhook_url"] = $"{root}/{Token}",
            ["api_url"] = Contract.Kind == "slack" ? $"{root}/services/{Token}" : root + "/",
            ["bot_token"] = Token,
            ["token"] = Token,
            ["token_id"] = Token,
            ["user_key"] = Token,
            ["api_key"] = Token,
            ["alert_source_token"] = Token,
            ["routing_key"] = Token,
            ["chat_id"] = "@alerts",
            ["signing_secret"] = Token,
            ["buttons"] = true,
            ["channel"] = "alerts",
            ["room_id"] = "room",
            ["topic"] = "alerts-topic",
            ["to"] = "+4912345",
        };
        if (Contract.Kind == "webex")
        {
            settings["http_config"] = new Settings(new Dictionary<string, object>(StringComparer.Ordinal) { ["bearer_token"] = Token });
        }
        return new Integration(Contract.Kind, 0, true, new Settings(settings), default!);
    }

    public Task<SendOutcome> SendAsync(Integration integration, GroupNotification notification, DeliveryMarks? marks = null) =>
        Client.SendAsync(integration, notification, marks ?? new DeliveryMarks(1, false, false, null), TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await Sink.DisposeAsync();
    }

    private Task TakeAsync(Microsoft.AspNetCore.Http.HttpContext context)
    {
        context.Response.StatusCode = Contract.Status;
        return Contract.Answer.Length > 0 ? context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(Contract.Answer)).AsTask() : Task.CompletedTask;
    }
}
