namespace Nines.Tsdb.Files;

/// <summary>
/// The few things the store asks of a file system; tests put failing ones in its place. Paths are relative to the store's directory, with forward slashes.
/// </summary>
internal interface IStoreFiles
{
    /// <summary>Paths of all files in a folder, in order of name. An absent folder is made.</summary>
    IReadOnlyList<string> List(string folder);

    /// <summary>All bytes of a file.</summary>
    byte[] ReadAll(string path);

    /// <summary>The bytes of a file that is never changed, where the system keeps them. They stay readable after the file was deleted.</summary>
    MappedBytes Map(string path);

    /// <summary>Makes an empty file; one that is there is written over.</summary>
    IStoreFile Create(string path);

    /// <summary>Cuts a file.</summary>
    void Truncate(string path, long length);

    /// <summary>Gives a file another name in the same folder, in place of a file that has it.</summary>
    void Rename(string from, string to);

    /// <summary>Removes a file.</summary>
    void Delete(string path);

    /// <summary>Forces the names in a folder to disk.</summary>
    void SyncFolder(string folder);
}

/// <summary>A file being written.</summary>
internal interface IStoreFile : IDisposable
{
    /// <summary>Writes behind what is there. After an exception the end of the file is uncertain.</summary>
    void Append(ReadOnlySpan<byte> bytes);

    /// <summary>Writes over what is there.</summary>
    void Overwrite(long offset, ReadOnlySpan<byte> bytes);

    /// <summary>Forces what was written to disk.</summary>
    void Sync();
}

/// <summary>Bytes of a file that is never changed. While a span of them is used, the object must be kept alive (<see cref="GC.KeepAlive"/>):
/// what the system mapped is given back when nobody holds the object any more, so nothing unmapped is ever read.</summary>
internal abstract class MappedBytes
{
    /// <summary>How many bytes there are.</summary>
    public abstract long Length { get; }

    /// <summary>A part of the bytes. A part that is not there is <see cref="InvalidDataException"/>.</summary>
    public abstract ReadOnlySpan<byte> Slice(long offset, int length);

    /// <summary>
    /// Whether the disk gives a part of the bytes; asked before they are looked at for the first time, since a disk that refuses then would end the process.
    /// </summary>
    public virtual bool CanRead(long offset, long length) => offset >= 0 && length >= 0 && offset <= Length - length;

    /// <summary>Tells the system that the pages are not needed in memory for now; they can still be read.</summary>
    public virtual void Rest()
    {
    }

    protected void Check(long offset, int length)
    {
        if (offset < 0 || length < 0 || offset > Length - length)
        {
            throw new InvalidDataException($"{length} bytes at {offset} of {Length}");
        }
    }
}

/// <summary>Looks at files and changes none: what would be written is refused, what would be cut or deleted stays.</summary>
internal sealed class ReadOnlyFiles(IStoreFiles files) : IStoreFiles
{
    public IReadOnlyList<string> List(string folder) => files.List(folder);

    public byte[] ReadAll(string path) => files.ReadAll(path);

    public MappedBytes Map(string path) => files.Map(path);

    public IStoreFile Create(string path) => throw new IOException("the store is open for reading only");

    public void Truncate(string path, long length)
    {
    }

    public void Rename(string from, string to)
    {
    }

    public void Delete(string path)
    {
    }

    public void SyncFolder(string folder)
    {
    }
}
