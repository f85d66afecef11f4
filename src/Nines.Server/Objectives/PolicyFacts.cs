using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Nines.Core.Journal;
using Nines.Core.Objectives;

namespace Nines.Server.Objectives;

/// <summary>What the journal keeps of budget bands and adjustments. The payloads' bytes are for ever.</summary>
internal static class PolicyFacts
{
    public static Fact Of(BandChanged change, long nowMs) =>
        Make(BudgetPolicyMachine.Changed, $"objective/{change.Objective}", nowMs, "system", change, PolicyJson.Default.BandChanged);

    public static Fact Of(AdjustmentRequested request, string actor, long nowMs) =>
        Make(AdjustmentMachine.Requested, $"adjustment/{request.Id}", nowMs, actor, request, PolicyJson.Default.AdjustmentRequested);

    public static Fact Of(AdjustmentApproved approval, string actor, long nowMs) =>
        Make(AdjustmentMachine.Approved, $"adjustment/{approval.Id}", nowMs, actor, approval, PolicyJson.Default.AdjustmentApproved);

    public static Fact Of(AdjustmentUndone undo, string actor, long nowMs) =>
        Make(AdjustmentMachine.Undone, $"adjustment/{undo.Id}", nowMs, actor, undo, PolicyJson.Default.AdjustmentUndone);

    public static Fact Of(ObjectiveEdited edit, long nowMs) =>
        Make(ObjectiveDefinition.Edited, $"objective/{edit.Objective}", nowMs, "system", edit, PolicyJson.Default.ObjectiveEdited);

    private static Fact Make<T>(string type, string subject, long nowMs, string actor, T payload, JsonTypeInfo<T> shape) =>
        new(type, subject, nowMs * 1_000_000, actor, JsonSerializer.SerializeToUtf8Bytes(payload, shape));
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, IgnoreReadOnlyProperties = true)]
[JsonSerializable(typeof(BandChanged))]
[JsonSerializable(typeof(BandState))]
[JsonSerializable(typeof(Adjustment))]
[JsonSerializable(typeof(AdjustmentRequested))]
[JsonSerializable(typeof(AdjustmentApproved))]
[JsonSerializable(typeof(AdjustmentUndone))]
[JsonSerializable(typeof(ObjectiveDefinition))]
[JsonSerializable(typeof(ObjectiveEdited))]
internal sealed partial class PolicyJson : JsonSerializerContext;
