using Nines.Core;
using Nines.Core.Workspace;
using Nines.Core.Workspace.Import;

namespace Nines.Conformance.Tests.Slo;

/// <summary>Other tools' documents become workspaces that load, or are refused by name and line; what is lost is named. The tables are what was read and agreed.</summary>
public sealed class ImportTests
{
    [Fact]
    public void Sloth_GoodFilesLoad_BadOnesAreRefusedAtTheirLine() => Outcomes("sloth", "validate").ShouldBe(Table("SLOTH"));

    [Fact]
    public void Sloth_Duplicates_AreRefusedWhereTheyRepeat()
    {
        var root = OutsideData.Folder("sloth");
        var files = Directory.EnumerateFiles(Path.Combine(root, "validate_with_duplicates"), "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
            .Select(SlothGoldenTests.Read).ToList();
        var result = Importer.Import(files, [], ImportOptions.Default);
        result.Files.ShouldBeEmpty();
        result.Problems.Where(p => p.Code == "duplicate").Select(p => $"{Path.GetFileName(p.Position.File)}:{p.Position.Line}").Distinct().ShouldBe(
        [
            "bad-prom-multi-duplicates.yaml:51", "bad-prom-multi-duplicates.yaml:72", "bad-k8s-1-duplicate.yaml:11", "bad-k8s-1-duplicate.yaml:32",
            "bad-k8s-1-original.yaml:11", "bad-k8s-1-original.yaml:32", "bad-openslo-1-duplicate.yaml:4", "bad-openslo-1-original.yaml:4",
            "bad-prom-1-duplicate.yaml:6", "bad-prom-1-duplicate.yaml:27",
        ]);
    }

    [Fact]
    public void Pyrra_AllDocumentsAreImported_LossesNamed() => Outcomes("pyrra").ShouldBe(Table("PYRRA"));

    [Fact]
    public void OpenSlo_DocumentsAreImportedOrRefused_LossesNamed() => Outcomes("openslo").ShouldBe(Table("OPENSLO"));

    /// <summary>One line a file: what came of it by itself.</summary>
    private static List<string> Outcomes(params string[] folder)
    {
        var root = OutsideData.Folder(Path.Combine(folder));
        return [.. Directory.EnumerateFiles(root, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Select(path => $"{Path.GetRelativePath(root, path)}: {Outcome(path)}")];
    }

    private static string Outcome(string path)
    {
        var result = Importer.Import([SlothGoldenTests.Read(path)], [], ImportOptions.Default);
        if (!result.Ok)
        {
            result.Files.ShouldBeEmpty();
            return "refused " + string.Join(", ", result.Problems.Select(p => $"{p.Position.Line} {p.Code}"));
        }
        WorkspaceReader.Read(result.Files).Problems.Where(p => p.Severity == ProblemSeverity.Error).ShouldBeEmpty(path);
        result.Losses.ShouldAllBe(l => l.Position.File == path && l.Position.Line > 0 && l.Lost.Length > 0 && l.Document.Length > 0);
        var objectives = WorkspaceReader.Read(result.Files).Model!.Objectives.Count;
        return string.Join(", ", result.Losses.GroupBy(l => l.Code, StringComparer.Ordinal).OrderBy(g => g.Key, StringComparer.Ordinal)
            .Select(g => $"{g.Count()} {g.Key}").Prepend($"{objectives} objectives"));
    }

    private static IEnumerable<string> Table(string name)
    {
        var lines = Tables.ReplaceLineEndings("\n").Split('\n');
        return lines.SkipWhile(l => l != name).Skip(1).TakeWhile(l => l.Length > 0);
    }

    private const string Tables = """
        SLOTH
        bad/bad-ba.yaml: refused 28 bad-value
        bad/bad-k8s.yaml: refused 7 missing
        bad/bad-multi-k8s.yaml: refused 22 missing
        bad/bad-openslo.yaml: refused 22 sloth-period
        good/good-k8s.yaml: 2 objectives, 1 alert-annotations, 3 alert-labels, 1 alert-name, 1 two-targets, 1 weighting
        good/good-multi.yaml: 4 objectives, 2 alert-annotations, 6 alert-labels, 2 alert-name, 2 two-targets, 2 weighting
        good/good-openslo.yaml: 1 objectives, 1 service-added

        PYRRA
        examples__caddy-response-latency.yaml: 1 objectives, 1 alert-for, 1 no-service, 1 unreachable-rule
        examples__docker-compose__pyrra__prometheus-http.yaml: 1 objectives, 1 alert-for, 1 no-service
        examples__kubernetes__manifests-webhook__slos__slo-apiserver-read-cluster-latency.yaml: 1 objectives, 1 alert-for, 1 no-service
        examples__kubernetes__manifests-webhook__slos__slo-apiserver-read-resource-latency.yaml: 1 objectives, 1 alert-for, 1 no-service
        examples__kubernetes__manifests-webhook__slos__slo-apiserver-write-response-errors.yaml: 1 objectives, 1 alert-for, 1 no-service
        examples__kubernetes__manifests-webhook__slos__slo-kubelet-request-errors.yaml: 1 objectives, 1 alert-for, 1 no-service
        examples__kubernetes__manifests-webhook__slos__slo-kubelet-runtime-errors.yaml: 1 objectives, 1 alert-for, 1 no-service
        examples__kubernetes__manifests-webhook__slos__slo-prometheus-operator-http-errors.yaml: 1 objectives, 1 alert-for, 1 no-service
        examples__kubernetes__manifests-webhook__slos__slo-prometheus-operator-reconcile-errors.yaml: 1 objectives, 1 alert-for, 1 no-service
        examples__kubernetes__manifests-webhook__slos__slo-prometheus-sd-kubernetes-errors.yaml: 1 objectives, 1 alert-for, 1 no-service
        examples__kubernetes__manifests__slos__slo-apiserver-read-cluster-latency.yaml: 1 objectives, 1 alert-for, 1 no-service
        examples__kubernetes__manifests__slos__slo-apiserver-read-resource-latency.yaml: 1 objectives, 1 alert-for, 1 no-service
        examples__kubernetes__manifests__slos__slo-apiserver-write-response-errors.yaml: 1 objectives, 1 alert-for, 1 no-service
        examples__kubernetes__manifests__slos__slo-kubelet-request-errors.yaml: 1 objectives, 1 alert-for, 1 no-service
        examples__kubernetes__manifests__slos__slo-kubelet-runtime-errors.yaml: 1 objectives, 1 alert-for, 1 no-service
        examples__kubernetes__manifests__slos__slo-prometheus-operator-http-errors.yaml: 1 objectives, 1 alert-for, 1 no-service
        examples__kubernetes__manifests__slos__slo-prometheus-operator-reconcile-errors.yaml: 1 objectives, 1 alert-for, 1 no-service
        examples__kubernetes__manifests__slos__slo-prometheus-sd-kubernetes-errors.yaml: 1 objectives, 1 alert-for, 1 no-service
        examples__mimir__example-slo.yaml: 1 objectives, 1 alert-for, 1 no-service
        examples__nginx.yaml: 2 objectives, 2 alert-for, 1 no-service, 1 unreachable-rule
        examples__openshift__manifests__slos__slo-apiserver-read-cluster-latency.yaml: 1 objectives, 1 alert-for, 1 no-service
        examples__openshift__manifests__slos__slo-apiserver-read-resource-latency.yaml: 1 objectives, 1 alert-for, 1 no-service
        examples__openshift__manifests__slos__slo-apiserver-write-response-errors.yaml: 1 objectives, 1 alert-for, 1 no-service
        examples__openshift__manifests__slos__slo-kubelet-request-errors.yaml: 1 objectives, 1 alert-for, 1 no-service
        examples__openshift__manifests__slos__slo-kubelet-runtime-errors.yaml: 1 objectives, 1 alert-for, 1 no-service
        examples__openshift__manifests__slos__slo-prometheus-operator-http-errors.yaml: 1 objectives, 1 alert-for, 1 no-service
        examples__openshift__manifests__slos__slo-prometheus-operator-reconcile-errors.yaml: 1 objectives, 1 alert-for, 1 no-service
        examples__openshift__manifests__slos__slo-prometheus-sd-kubernetes-errors.yaml: 1 objectives, 1 alert-for, 1 no-service
        examples__prometheus-http.yaml: 1 objectives, 1 alert-for, 1 no-service
        examples__thanos-grpc.yaml: 1 objectives, 1 alert-for, 1 no-service
        examples__thanos-http.yaml: 1 objectives, 1 alert-for, 1 no-service

        OPENSLO
        sdk/decode/sequence_of_objects.yaml: 0 objectives
        sdk/decode/two_documents.yaml: 0 objectives
        sdk/decode/v1_slos.yaml: refused 7 missing
        sdk/decode/v2alpha_data_source.yaml: 0 objectives, 1 data-source
        sdk/decode/v2alpha_slos.yaml: refused 16 query, 20 query, 37 unsupported-source
        sdk/encode/v1_slo.json: refused 10 missing
        sdk/export/inputs/v1_alert_policies.yaml: 0 objectives, 2 alert-policy
        sdk/export/inputs/v1_slo.yaml: 1 objectives, 3 alert-policy, 1 data-source, 1 service-added
        sdk/export/outputs/custom_config.yaml: 1 objectives, 3 alert-policy, 1 data-source, 1 service-added
        sdk/export/outputs/v1_slo.yaml: 1 objectives, 7 alert-policy, 1 data-source, 1 service-added
        sdk/inline/inputs/v1_alert_policies_invalid_target.yaml: 0 objectives, 1 alert-policy
        sdk/inline/inputs/v1_alert_policies_keep_refs.yaml: 0 objectives, 3 alert-policy
        sdk/inline/inputs/v1_alert_policies_remove_refs.yaml: 0 objectives, 7 alert-policy
        sdk/inline/inputs/v1_slo_invalid_policy.yaml: refused 9 unknown-reference
        sdk/inline/outputs/v1_alert_policies_keep_refs.yaml: 0 objectives, 3 alert-policy
        sdk/inline/outputs/v1_slo.yaml: 2 objectives, 2 alert-policy, 2 data-source, 1 service-added
        v1__examples__alert_conditions.yaml: 0 objectives, 2 alert-policy
        v1__examples__alert_notification_targets.yaml: 0 objectives, 2 alert-policy
        v1__examples__services.yaml: refused 24 duplicate
        v1__examples__slis.yaml: refused 19 unsupported-source, 25 unsupported-source, 45 unsupported-source, 52 unsupported-source
        v1__examples__slos.yaml: 1 objectives, 1 service-added
        v1alpha__examples__services.yaml: 0 objectives
        v1alpha__examples__slos.yaml: refused 51 unsupported-source, 55 unsupported-source
        v2alpha__examples__alert_notification_targets.yaml: 0 objectives, 2 alert-policy
        v2alpha__examples__data_sources.yaml: 0 objectives, 2 data-source
        v2alpha__examples__slis.yaml: refused 15 query, 19 query, 33 missing, 38 missing
        v2alpha__examples__slos.yaml: 1 objectives, 2 data-source, 1 service-added
        """;
}
