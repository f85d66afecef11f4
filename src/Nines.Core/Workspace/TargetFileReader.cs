using Nines.Core.Telemetry;

namespace Nines.Core.Workspace;

/// <summary>Reads files of targets (<c>file_sd_configs</c>): a list of groups, each with <c>targets</c> and <c>labels</c>, in JSON or YAML.</summary>
public static class TargetFileReader
{
    /// <summary>Reads a file of targets.</summary>
    /// <param name="path">Its path, for problems.</param>
    /// <param name="content">Its bytes; at most 1 MiB.</param>
    public static TargetFile Read(string path, ReadOnlyMemory<byte> content)
    {
        var problems = new List<Problem>();
        var top = new YamlText(1, 1, "", 0, default);
        var text = content.Length > YamlReader.MaxBytes ? null : YamlReader.Decode(content.Span);
        var file = new BindingFile(path, text ?? "", problems);
        var groups = new List<TargetGroup>();
        if (text is null)
        {
            file.Error(top, "yaml", content.Length > YamlReader.MaxBytes ? "the file is larger than 1 MiB" : "the file is not UTF-8");
        }
        else
        {
            foreach (var document in new YamlReader(path, text, problems).Read())
            {
                Document(file, document.Root, groups);
            }
        }
        return problems.Exists(p => p.Severity == ProblemSeverity.Error) ? new([], problems) : new(groups, problems);
    }

    private static void Document(BindingFile file, YamlNode root, List<TargetGroup> groups)
    {
        if (root is not YamlList list)
        {
            file.Error(root, "wrong-type", "a file of targets must be a list of groups", "write - targets: [host:port]");
            return;
        }
        foreach (var node in list.Items)
        {
            if (node is not YamlMap)
            {
                file.Error(node, "wrong-type", "a group must be a mapping with targets");
                continue;
            }
            var targets = ScrapeConfigReader.Group(new Fields(file, node, "the group"));
            if (targets.Count > 0)
            {
                groups.Add(new([.. targets.Select(t => t.Address)], targets[0].Labels));
            }
        }
    }
}
