namespace Nines.Core.Probes.Collectors;

/// <summary>A file that was found.</summary>
/// <param name="WrittenMs">When it was last written, ms since the Unix epoch.</param>
/// <param name="Bytes">Its size.</param>
public readonly record struct FoundFile(long WrittenMs, long Bytes);

/// <summary>A certificate that was found.</summary>
/// <param name="Where">The label that says where: <c>endpoint</c> or <c>path</c>.</param>
/// <param name="Subject">Whom it names.</param>
/// <param name="Issuer">Who made it.</param>
/// <param name="EndsMs">When it ends, ms since the Unix epoch.</param>
/// <param name="Serial">Its number in hex; tells two of one file apart.</param>
public readonly record struct FoundCertificate((string Name, string Value) Where, string Subject, string Issuer, long EndsMs, string Serial);

/// <summary>Makes samples of files and certificates.</summary>
public static class FileFigures
{
    /// <summary>Adds age and size of the newest file of a pattern, and how many there are. Without a file there is a count of 0 and nothing else.</summary>
    public static void Files(string pattern, IEnumerable<FoundFile> files, long nowMs, CollectedSet set)
    {
        var count = 0;
        var newest = new FoundFile(long.MinValue, 0);
        foreach (var file in files)
        {
            count++;
            newest = file.WrittenMs > newest.WrittenMs ? file : newest;
        }
        set.Gauge("file_count", "Files that the pattern finds.", count, ("path", pattern));
        if (count > 0)
        {
            set.Gauge("file_newest_age_seconds", "Seconds since the newest of them was written.", (nowMs - newest.WrittenMs) / 1000.0, ("path", pattern));
            set.Gauge("file_newest_size_bytes", "Size of the newest of them.", newest.Bytes, ("path", pattern));
        }
    }

    /// <summary>Adds how long a certificate is good for: below 0 when it is not any more.</summary>
    public static void Certificate(FoundCertificate found, long nowMs, CollectedSet set) =>
        set.Gauge("certificate_seconds_left", "Seconds until the certificate ends.", (found.EndsMs - nowMs) / 1000.0,
            (found.Where.Name, found.Where.Value), ("subject", found.Subject), ("issuer", found.Issuer), ("serial", found.Serial));
}
