using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace Nines.Cli;

/// <summary>Writes log lines as Alertmanager does: <c>time=… level=INFO source=… msg="…" key=value</c>, or the same as JSON.</summary>
internal sealed class LogfmtFormatter(TimeProvider time, LogfmtFormatter.Shape shape) : ConsoleFormatter(nameof(LogfmtFormatter))
{
    private static readonly JsonSerializerOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public override void Write<TState>(in LogEntry<TState> logEntry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
    {
        var fields = new List<(string Key, string Value)>
        {
            ("time", time.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'")),
            ("level", logEntry.LogLevel switch
            {
                LogLevel.Trace or LogLevel.Debug => "DEBUG",
                LogLevel.Information => "INFO",
                LogLevel.Warning => "WARN",
                _ => "ERROR",
            }),
            ("source", logEntry.Category),
            ("msg", logEntry.Formatter(logEntry.State, null)),
        };
        foreach (var (key, value) in logEntry.State as IReadOnlyList<KeyValuePair<string, object?>> ?? [])
        {
            if (key != "{OriginalFormat}")
            {
                fields.Add((char.ToLowerInvariant(key[0]) + key[1..], value?.ToString() ?? ""));
            }
        }
        if (logEntry.Exception is { } exception)
        {
            fields.Add(("err", exception.ToString()));
        }
        textWriter.WriteLine(shape.Json ? "{" + string.Join(',', fields.DistinctBy(f => f.Key, StringComparer.Ordinal).Select(f => $"{Quoted(f.Key)}:{Quoted(f.Value)}")) + "}"
            : string.Join(' ', fields.Select(f => $"{f.Key}={(NeedsQuotes(f.Value) ? Quoted(f.Value) : f.Value)}")));
    }

    private static bool NeedsQuotes(string value) => value.Length == 0 || value.EnumerateRunes().Any(r => r.Value is <= ' ' or '=' or '"' or 0x7f || Rune.IsControl(r));

    private static string Quoted(string value) => JsonSerializer.Serialize(value, Readable);

    /// <summary>Which of the two shapes.</summary>
    internal sealed record Shape(bool Json);
}
