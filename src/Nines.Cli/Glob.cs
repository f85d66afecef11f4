using System.Text;
using System.Text.RegularExpressions;

namespace Nines.Cli;

/// <summary>File patterns as Go's <c>filepath.Glob</c> reads them: <c>*</c>, <c>?</c> and <c>[a-z]</c> within one part of a path.</summary>
internal static class Glob
{
    /// <summary>The files a pattern names, in order; a path without a pattern is itself when it exists.</summary>
    /// <param name="root">What relative patterns start from.</param>
    /// <param name="pattern">The pattern.</param>
    public static IReadOnlyList<string> Files(string root, string pattern)
    {
        var full = Path.IsPathRooted(pattern) ? pattern : Path.Combine(root, pattern);
        if (full.AsSpan().IndexOfAny("*?[") < 0)
        {
            return File.Exists(full) ? [full] : [];
        }
        var parts = full.Split('/');
        IEnumerable<string> found = [parts[0].Length == 0 ? "/" : parts[0]];
        for (var i = 1; i < parts.Length; i++)
        {
            var (part, last) = (parts[i], i == parts.Length - 1);
            found = part.AsSpan().IndexOfAny("*?[") < 0
                ? found.Select(f => Path.Combine(f, part)).Where(f => last ? File.Exists(f) : Directory.Exists(f)).ToList()
                : found.SelectMany(f => Matching(f, part, last)).ToList();
        }
        return [.. found.Order(StringComparer.Ordinal)];
    }

    private static IEnumerable<string> Matching(string directory, string part, bool files)
    {
        var regex = new Regex(Translated(part), RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
        return (files ? Directory.EnumerateFiles(directory) : Directory.EnumerateDirectories(directory)).Where(p => regex.IsMatch(Path.GetFileName(p)));
    }

    private static string Translated(string part)
    {
        var text = new StringBuilder(@"\A");
        for (var i = 0; i < part.Length; i++)
        {
            var close = part[i] == '[' ? part.IndexOf(']', i + 1) : -1;
            if (close > i + 1)
            {
                text.Append('[').Append(part[(i + 1)..close].Replace(@"\", @"\\").Replace("[", @"\[")).Append(']');
                i = close;
                continue;
            }
            text.Append(part[i] switch { '*' => ".*", '?' => ".", var c => Regex.Escape(c.ToString()) });
        }
        return text.Append(@"\z").ToString();
    }
}
