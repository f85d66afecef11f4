using System.Net;

namespace Nines.Core.Probes;

/// <summary>
/// Which addresses a probe may connect to. An address that the document itself writes is meant. A name that is local by its looks (no point in it, or one of
/// the endings that are nobody's on the internet) may lead to private and loopback addresses. What a public name or a redirect leads to must be public,
/// unless the document says <c>allowPrivate</c>. Link-local addresses, where clouds keep their keys, are reached only when they are written.
/// </summary>
public static class AddressRule
{
    private static readonly IPAddress MetadataV6 = IPAddress.Parse("fd00:ec2::254");

    private static readonly string[] LocalEndings =
        [".localhost", ".local", ".internal", ".intranet", ".lan", ".home.arpa", ".corp", ".private", ".test", ".svc"];

    private static readonly (IPNetwork Network, AddressKind Kind)[] Networks =
    [
        (IPNetwork.Parse("127.0.0.0/8"), AddressKind.Loopback), (IPNetwork.Parse("::1/128"), AddressKind.Loopback),
        (IPNetwork.Parse("169.254.0.0/16"), AddressKind.LinkLocal), (IPNetwork.Parse("fe80::/10"), AddressKind.LinkLocal),
        (IPNetwork.Parse("10.0.0.0/8"), AddressKind.Private), (IPNetwork.Parse("172.16.0.0/12"), AddressKind.Private),
        (IPNetwork.Parse("192.168.0.0/16"), AddressKind.Private), (IPNetwork.Parse("100.64.0.0/10"), AddressKind.Private),
        (IPNetwork.Parse("fc00::/7"), AddressKind.Private), (IPNetwork.Parse("fec0::/10"), AddressKind.Private),
        (IPNetwork.Parse("0.0.0.0/8"), AddressKind.Loopback), (IPNetwork.Parse("::/128"), AddressKind.Loopback),
        (IPNetwork.Parse("192.0.0.0/24"), AddressKind.Reserved), (IPNetwork.Parse("198.18.0.0/15"), AddressKind.Reserved),
        (IPNetwork.Parse("224.0.0.0/4"), AddressKind.Reserved), (IPNetwork.Parse("240.0.0.0/4"), AddressKind.Reserved),
        (IPNetwork.Parse("ff00::/8"), AddressKind.Reserved), (IPNetwork.Parse("2001::/32"), AddressKind.Reserved),
    ];

    /// <summary>What kind an address is. One that carries an IPv4 address in it is of that one's kind.</summary>
    public static AddressKind KindOf(IPAddress address)
    {
        var plain = Embedded(address);
        if (plain.Equals(MetadataV6))
        {
            return AddressKind.LinkLocal;
        }
        foreach (var (network, kind) in Networks)
        {
            if (network.Contains(plain))
            {
                return kind;
            }
        }
        return AddressKind.Public;
    }

    /// <summary>Why an address may not be connected to, as the end of a sentence; null when it may.</summary>
    /// <param name="host">The name or address that led to it.</param>
    /// <param name="address">The address.</param>
    /// <param name="written">Whether the document itself names the host, and no redirect does.</param>
    /// <param name="allowPrivate">Whether the document allows private addresses that it does not write.</param>
    public static string? Refusal(string host, IPAddress address, bool written, bool allowPrivate)
    {
        var kind = KindOf(address);
        var isLiteral = IPAddress.TryParse(host.Trim('[', ']'), out _);
        if (kind == AddressKind.Public || (written && isLiteral))
        {
            return null;
        }
        var what = $"{(isLiteral ? "" : $"{host} is ")}{address}, which is {Word(kind)}";
        if (kind is AddressKind.LinkLocal or AddressKind.Reserved)
        {
            return $"{what}; such an address is asked only when the document writes it";
        }
        return allowPrivate || (written && IsLocalName(host)) ? null
            : $"{what}, and {(written ? "a public name" : "a redirect")} may not lead there; write allowPrivate: true if it is meant";
    }

    /// <summary>Whether a name is local by its looks.</summary>
    public static bool IsLocalName(string host)
    {
        var name = host.TrimEnd('.');
        return !name.Contains('.') || LocalEndings.Any(e => name.EndsWith(e, StringComparison.OrdinalIgnoreCase))
            || name.EndsWith(".cluster.local", StringComparison.OrdinalIgnoreCase);
    }

    private static string Word(AddressKind kind) => kind switch
    {
        AddressKind.Loopback => "this machine", AddressKind.LinkLocal => "link-local", AddressKind.Private => "private", _ => "reserved",
    };

    private static IPAddress Embedded(IPAddress address)
    {
        var bytes = address.GetAddressBytes();
        if (bytes.Length == 4)
        {
            return address;
        }
        var zeros = bytes.AsSpan(0, 10).IndexOfAnyExcept((byte)0) < 0;
        return address.IsIPv4MappedToIPv6 ? address.MapToIPv4()
            : bytes is [0x00, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0, ..] || (zeros && bytes[10] == 0 && bytes[11] == 0 && bytes[12] != 0)
                ? new IPAddress(bytes.AsSpan(12))
            : bytes is [0x20, 0x02, ..] ? new IPAddress(bytes.AsSpan(2, 4))
            : address;
    }
}

/// <summary>What kind of address it is.</summary>
public enum AddressKind
{
    /// <summary>One of the internet.</summary>
    Public,
    /// <summary>This machine.</summary>
    Loopback,
    /// <summary>Of the link, where clouds answer with keys.</summary>
    LinkLocal,
    /// <summary>Of a private network.</summary>
    Private,
    /// <summary>For no single machine.</summary>
    Reserved,
}
