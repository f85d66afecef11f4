namespace Nines.Core.Workspace;

/// <summary>Reads references to secrets.</summary>
internal static class SecretFields
{
    /// <summary>A secret: <c>${env:NAME}</c>, <c>${file:path}</c>, or the value itself.</summary>
    public static Secret? Secret(this Fields fields, string key, bool required, bool warnWhenLiteral)
    {
        if (fields.Text(key, required) is not { } text)
        {
            return null;
        }
        if (text.Value.Contains("${", StringComparison.Ordinal))
        {
            if (!((text.Value.StartsWith("${env:", StringComparison.Ordinal) && text.Value.Length > 7)
                || (text.Value.StartsWith("${file:", StringComparison.Ordinal) && text.Value.Length > 8))
                || text.Value.IndexOf('}', StringComparison.Ordinal) != text.Value.Length - 1)
            {
                fields.File.Error(text, "bad-value", $"{key} is not a reference to a secret", "write ${env:NAME} or ${file:path}, alone");
                return null;
            }
        }
        else if (warnWhenLiteral)
        {
            fields.File.Warn(text, "literal-secret", $"{key} stands in the file as it is", "write ${env:NAME} or ${file:path}");
        }
        return new(text.Value);
    }
}
