using Nines.Core.Catalog;
using Nines.Core.Probes;
using Nines.Metrics;

namespace Nines.Core.Workspace;

/// <summary>A probe whose names are not looked up yet.</summary>
/// <param name="Severity">As written; null for that of the environment.</param>
internal sealed record DraftProbe(BindingFile File, Probe Probe, YamlText? Service, YamlText? Environment, string? Severity);

/// <summary>Reads the spec of a Probe.</summary>
internal static class ProbeReader
{
    private const long DayMs = 86_400_000;
    private static readonly string[] Kinds = ["http", "tcp", "dns", "postgres", "redis", "rabbitmq", "script"];
    private static readonly string[] OwnLabels = ["probe", "service", "environment", "alertname", "severity", "component"];

    public static void Read(Fields spec, YamlText name, string? displayName, Found found)
    {
        var file = spec.File;
        var kinds = Kinds.Where(k => spec.Any(k) is not null).ToList();
        if (kinds.Count != 1)
        {
            file.Error(spec.Node, kinds.Count == 0 ? "missing" : "bad-value", kinds.Count == 0 ? "a probe needs to know what to do"
                : $"a probe does one thing, not {string.Join(" and ", kinds)}",
                kinds.Count == 0 ? $"write one of {string.Join(", ", Kinds)}" : "write a probe for each");
        }
        var check = kinds.Count == 1 && spec.Map(kinds[0]) is { } details ? ProbeCheckReader.Read(kinds[0], details) : null;
        var interval = spec.Duration("interval", 1_000, DayMs) ?? 60_000;
        var timeout = spec.Duration("timeout", 100, 300_000) ?? Math.Min(10_000, interval);
        if (timeout > interval)
        {
            file.Error(spec.Any("timeout")!, "bad-value", "timeout is longer than interval", "runs of one probe never overlap");
        }
        var failures = (int)(spec.Number("failuresBeforeDown", 1, 100) ?? 2);
        var successes = (int)(spec.Number("successesBeforeUp", 1, 100) ?? 1);
        var conditions = Conditions(spec);
        var certificate = spec.Map("certificate");
        var warnBefore = certificate?.Duration("warnBefore", 3_600_000, 400 * DayMs, required: true);
        certificate?.Done();
        if (certificate is not null && check is not null && !HasCertificate(check))
        {
            file.Error(certificate.Node, "bad-value", $"a {check.Kind} probe without TLS sees no certificate", "drop it, or probe https");
        }
        var runbook = spec.Text("runbook");
        if (runbook is not null && !(Uri.TryCreate(runbook.Value, UriKind.Absolute, out var address) && address.Scheme is "http" or "https"))
        {
            file.Error(runbook, "bad-value", "runbook must be an address", "such as https://wiki.example/checkout");
        }
        var (service, environment, severity) = (spec.Text("service"), spec.Text("environment"), spec.Text("severity")?.Value);
        var (extra, allowPrivate) = (Extra(spec), spec.Flag("allowPrivate", false));
        if (!found.IsNew(file, name, "probe", name.Value) || check is null)
        {
            return;
        }
        var probe = new Probe(name.Value, check, file.At(name))
        {
            DisplayName = displayName ?? name.Value,
            Runbook = runbook?.Value ?? "",
            Extra = extra,
            IntervalMs = interval,
            TimeoutMs = timeout,
            FailuresBeforeDown = failures,
            SuccessesBeforeUp = successes,
            Conditions = conditions.Count > 0 ? conditions : [Condition.Parse(check.Usual, out _)!],
            DefaultConditions = conditions.Count == 0,
            WarnBeforeMs = warnBefore,
            AllowPrivate = allowPrivate,
        };
        found.Probes.Add(new(file, probe, service, environment, severity));
    }

    /// <summary>Looks names up. Without a severity of its own a probe pages where its environment does.</summary>
    public static IReadOnlyList<Probe> Link(Found found)
    {
        var probes = new List<Probe>();
        foreach (var draft in found.Probes.OrderBy(d => d.Probe.Name, StringComparer.Ordinal))
        {
            Linker.Known(draft.File, draft.Service, "service", found.Services.Keys, "declare it in a document of kind Service");
            Linker.Known(draft.File, draft.Environment, "environment", found.Environments.Keys, "declare it in a nines/v1 document of kind Environment");
            var environment = draft.Environment?.Value ?? DeploymentEnvironment.Default;
            var pages = found.Environments.TryGetValue(environment, out var place) && place.Pages;
            var severity = draft.Severity ?? (pages ? "page" : "ticket");
            probes.Add(draft.Probe with { Service = draft.Service?.Value ?? "", Environment = environment, Severity = severity });
        }
        return probes;
    }

    private static bool HasCertificate(ProbeCheck check) =>
        check is HttpCheck { Url.Scheme: "https" } or HttpCheck { MaxRedirects: > 0 } or TcpCheck { Tls: not null } or RedisCheck { Tls: not null };

    private static List<Condition> Conditions(Fields spec)
    {
        var conditions = new List<Condition>();
        foreach (var node in spec.List("conditions"))
        {
            if (node is not YamlText text)
            {
                spec.File.Error(node, "wrong-type", "a condition is a text", "quote it: \"[STATUS] == 200\"");
            }
            else if (Condition.Parse(text.Value, out var fault) is { } condition)
            {
                conditions.Add(condition);
            }
            else
            {
                var hint = fault!.Unknown is { } unknown && Near.Hint(unknown, Condition.Placeholders) is { Length: > 0 } near ? near : fault.Hint;
                var at = text with { Column = text.Column + fault.Offset + (text.Plain ? 0 : 1) };
                spec.File.Error(at, "bad-condition", fault.Message, hint);
            }
        }
        return conditions;
    }

    private static Labels Extra(Fields spec)
    {
        var labels = new List<(string, string)>();
        var map = spec.Map("labels");
        foreach (var (key, _) in (map?.Node as YamlMap)?.Entries ?? [])
        {
            var isName = key.Value.Length > 0 && !char.IsAsciiDigit(key.Value[0]) && key.Value.All(c => char.IsAsciiLetterOrDigit(c) || c == '_');
            if (!isName || key.Value.StartsWith("__", StringComparison.Ordinal) || OwnLabels.Contains(key.Value, StringComparer.Ordinal))
            {
                spec.File.Error(key, "bad-value", $"{key.Value} cannot be a label of a probe", isName ? "Nines sets it itself" : "use letters, digits and _");
            }
            else if (map!.Text(key.Value) is { } value)
            {
                labels.Add((key.Value, value.Value));
            }
        }
        return Labels.Of(labels);
    }
}
