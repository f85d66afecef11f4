using System.Net;
using DnsClient;
using DnsClient.Protocol;
using Nines.Core.Probes;

namespace Nines.Server.Probes;

/// <summary>Asks a name server, once and without a cache.</summary>
internal sealed class DnsProbing(ProbeConnector connector)
{
    /// <summary>Runs a check into what was seen.</summary>
    /// <exception cref="ProbeFailedException">There is no answer, or an expected one is missing.</exception>
    public async Task RunAsync(Probe probe, DnsCheck check, ProbeSight sight, CancellationToken stop)
    {
        var server = (await connector.AddressesAsync(check.Server.Host, written: true, probe.AllowPrivate, stop))[0];
        var client = new LookupClient(new LookupClientOptions(new IPEndPoint(server, check.Server.Port))
        {
            UseCache = false,
            Retries = 0,
            ThrowDnsErrors = false,
            ContinueOnDnsError = false,
            // The run's own timeout is the limit.
            Timeout = TimeSpan.FromMilliseconds(probe.TimeoutMs * 2),
        });
        IDnsQueryResponse response;
        try
        {
            response = await client.QueryAsync(Asked(check), Enum.Parse<QueryType>(check.Type), cancellationToken: stop);
        }
        catch (DnsResponseException e)
        {
            throw new ProbeFailedException($"no answer from {check.Server}: {e.DnsError}");
        }
        (sight.Connected, sight.Ip) = (true, server.ToString());
        sight.DnsRcode = Rcode((int)response.Header.ResponseCode);
        var answers = response.Answers.Where(a => a.RecordType.ToString() == check.Type).Select(Text).Order(StringComparer.Ordinal).ToList();
        sight.Body = System.Text.Encoding.UTF8.GetBytes(string.Join('\n', answers));
        var missing = check.Expect.Where(e => !answers.Contains(e, StringComparer.OrdinalIgnoreCase)).ToList();
        if (missing.Count > 0)
        {
            var came = answers.Count == 0 ? $"none, {sight.DnsRcode}" : string.Join(", ", answers.Take(5));
            throw new ProbeFailedException($"{string.Join(", ", missing)} is not among the answers: {came}");
        }
    }

    private static string Asked(DnsCheck check) => check.Type == "PTR" && IPAddress.TryParse(check.Name, out var address) ? address.GetArpaName() : check.Name;

    private static string Rcode(int code) => code switch
    {
        0 => "NOERROR", 1 => "FORMERR", 2 => "SERVFAIL", 3 => "NXDOMAIN", 4 => "NOTIMP", 5 => "REFUSED", _ => $"RCODE{code}",
    };

    // Names end without their point, as people write them.
    private static string Text(DnsResourceRecord record) => record switch
    {
        AddressRecord a => a.Address.ToString(),
        CNameRecord c => Name(c.CanonicalName),
        MxRecord m => $"{m.Preference} {Name(m.Exchange)}",
        NsRecord n => Name(n.NSDName),
        PtrRecord p => Name(p.PtrDomainName),
        SoaRecord s => $"{Name(s.MName)} {Name(s.RName)} {s.Serial}",
        SrvRecord s => $"{s.Priority} {s.Weight} {s.Port} {Name(s.Target)}",
        TxtRecord t => string.Concat(t.Text),
        _ => record.ToString(),
    };

    private static string Name(DnsString name) => name.Value.TrimEnd('.');
}
