using Nines.Core.Probes.Collectors;
using Nines.Core.Probes.Collectors.Host;
using Nines.Metrics;

namespace Nines.Core.Tests.Probes.Collectors;

public sealed class MountTests
{
    internal const string Text = """
        22 27 0:21 / /proc rw,relatime - proc proc rw
        24 27 0:6 / /dev rw,relatime - devtmpfs devtmpfs rw,size=12334432k
        27 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw,discard
        28 27 0:25 / /tmp rw - tmpfs tmpfs rw
        40 27 8:1 / /mnt/back\040up ro,relatime - xfs /dev/sdb1 rw
        41 27 8:2 / /mnt/\303\274ber rw,relatime master:1 - btrfs /dev/sdc1 ro
        42 27 0:40 / /var/lib/docker/overlay2/abc/merged rw - ext4 /dev/vda rw
        43 27 8:3 / /data rw - ext4 /dev/old rw
        44 27 8:4 / /data rw - ext4 /dev/new rw
        45 27 0:52 / /srv rw - overlay overlay rw
        """;

    [Fact]
    public void Mounts_AreTheRealOnes_TheLastOfEachPlace() =>
        Mount.Read(Text, null).Select(m => $"{m} {m.ReadOnly}").ShouldBe(
            ["/dev/vda on / (ext4) False", "/dev/sdb1 on /mnt/back up (xfs) True", "/dev/sdc1 on /mnt/über (btrfs) True", "/dev/new on /data (ext4) False"]);

    [Fact]
    public void Mounts_ThatAreExcluded_AreLeftOut() =>
        Mount.Read(Text, Re2.Anchored("/mnt/.*|/data")).Select(m => m.Point).ShouldBe(["/"]);

    [Fact]
    public void FileSystem_ThatCannotBeAsked_SaysSoAndNothingElse()
    {
        var set = new CollectedSet();
        Mount.Read(Text, null)[0].Add(null, set);
        HostTextTests.Series(set).ShouldBe(new Dictionary<string, double>
        {
            ["node_filesystem_device_error{device=\"/dev/vda\", fstype=\"ext4\", mountpoint=\"/\"}"] = 1,
        });
    }
}
