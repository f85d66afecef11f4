using System.Net;
using Nines.Core.Probes;

namespace Nines.Core.Tests.Probes;

public sealed class AddressRuleTests
{
    [Theory]
    [InlineData("8.8.8.8", AddressKind.Public)]
    [InlineData("2606:4700::1111", AddressKind.Public)]
    [InlineData("127.0.0.1", AddressKind.Loopback)]
    [InlineData("127.9.9.9", AddressKind.Loopback)]
    [InlineData("0.0.0.0", AddressKind.Loopback)]
    [InlineData("::1", AddressKind.Loopback)]
    [InlineData("::", AddressKind.Loopback)]
    [InlineData("::ffff:127.0.0.1", AddressKind.Loopback)]
    [InlineData("::127.0.0.1", AddressKind.Loopback)]
    [InlineData("64:ff9b::7f00:1", AddressKind.Loopback)]
    [InlineData("2002:7f00:1::", AddressKind.Loopback)]
    [InlineData("10.1.2.3", AddressKind.Private)]
    [InlineData("172.16.0.1", AddressKind.Private)]
    [InlineData("172.32.0.1", AddressKind.Public)]
    [InlineData("192.168.1.1", AddressKind.Private)]
    [InlineData("100.64.0.1", AddressKind.Private)]
    [InlineData("::ffff:10.0.0.1", AddressKind.Private)]
    [InlineData("fd12::1", AddressKind.Private)]
    [InlineData("169.254.169.254", AddressKind.LinkLocal)]
    [InlineData("::ffff:169.254.169.254", AddressKind.LinkLocal)]
    [InlineData("fe80::1", AddressKind.LinkLocal)]
    [InlineData("fd00:ec2::254", AddressKind.LinkLocal)]
    [InlineData("224.0.0.1", AddressKind.Reserved)]
    [InlineData("255.255.255.255", AddressKind.Reserved)]
    [InlineData("ff02::1", AddressKind.Reserved)]
    public void Each_address_is_of_a_kind(string address, AddressKind kind) => AddressRule.KindOf(IPAddress.Parse(address)).ShouldBe(kind);

    [Theory]
    // What the document writes is meant.
    [InlineData("127.0.0.1", "127.0.0.1", true, false, true)]
    [InlineData("169.254.169.254", "169.254.169.254", true, false, true)]
    [InlineData("[::1]", "::1", true, false, true)]
    [InlineData("localhost", "127.0.0.1", true, false, true)]
    [InlineData("backend", "172.17.0.3", true, false, true)]
    [InlineData("db.internal", "10.0.0.3", true, false, true)]
    [InlineData("shop.example", "93.184.216.34", true, false, true)]
    // A public name leads to private places only when that is written.
    [InlineData("shop.example", "127.0.0.1", true, false, false)]
    [InlineData("shop.example", "10.0.0.1", true, false, false)]
    [InlineData("shop.example", "10.0.0.1", true, true, true)]
    [InlineData("shop.example", "169.254.169.254", true, true, false)]
    [InlineData("backend", "169.254.169.254", true, true, false)]
    // A redirect is never what the document wrote.
    [InlineData("127.0.0.1", "127.0.0.1", false, false, false)]
    [InlineData("backend", "172.17.0.3", false, false, false)]
    [InlineData("10.0.0.1", "10.0.0.1", false, true, true)]
    [InlineData("169.254.169.254", "169.254.169.254", false, true, false)]
    [InlineData("other.example", "93.184.216.34", false, false, true)]
    public void What_a_name_or_a_redirect_leads_to_has_to_be_meant(string host, string address, bool written, bool allowPrivate, bool allowed) =>
        (AddressRule.Refusal(host, IPAddress.Parse(address), written, allowPrivate) is null).ShouldBe(allowed);
}
