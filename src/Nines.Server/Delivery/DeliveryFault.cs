namespace Nines.Server.Delivery;

/// <summary>Ends the process between decision and send, so that a proof can show what survives. Off unless <c>NINES_FAULT_BEFORE_SEND=exit</c>.</summary>
internal sealed class DeliveryFault(bool exit)
{
    /// <summary>Reads the environment: the only place that does.</summary>
    public static DeliveryFault FromEnvironment() => new(Environment.GetEnvironmentVariable("NINES_FAULT_BEFORE_SEND") == "exit");

    public void BeforeSend()
    {
        if (exit)
        {
            Environment.FailFast("NINES_FAULT_BEFORE_SEND=exit");
        }
    }
}
