namespace Nines.Server.Delivery;

/// <summary>Ends the process between decision and send, so that a proof can show what survives. Off unless <c>NINES_FAULT_BEFORE_SEND=exit</c>.</summary>
/// <param name="act">What happens before each send; null for nothing.</param>
internal sealed class DeliveryFault(Action? act)
{
    /// <summary>Reads the environment: the only place that does.</summary>
    public static DeliveryFault FromEnvironment() =>
        new(Environment.GetEnvironmentVariable("NINES_FAULT_BEFORE_SEND") == "exit"
            ? static () => Environment.FailFast("NINES_FAULT_BEFORE_SEND=exit")
            : null);

    public void BeforeSend() => act?.Invoke();
}
