using System.Globalization;
using Nines.Core.Probes;
using Npgsql;

namespace Nines.Server.Probes;

/// <summary>Signs in to PostgreSQL over a connection of its own and runs a query that can change nothing.</summary>
internal sealed class PostgresProbing(ProbeConnector connector)
{
    /// <summary>Runs a check into what was seen.</summary>
    /// <exception cref="ProbeFailedException">It is not there, does not let the user in, or refuses the query.</exception>
    public async Task RunAsync(Probe probe, PostgresCheck check, ProbeSight sight, CancellationToken stop)
    {
        var address = (await connector.AddressesAsync(check.Address.Host, written: true, probe.AllowPrivate, stop))[0];
        var settings = new NpgsqlConnectionStringBuilder
        {
            // The address that was checked; a certificate that has to be of the name tells a wrong one by itself.
            Host = check.Tls == "verify-full" ? check.Address.Host : address.ToString(),
            Port = check.Address.Port,
            Database = check.Database,
            Username = check.Username,
            Password = check.Password is { } password ? SecretReader.Resolve(password) : null,
            SslMode = check.Tls switch { "disable" => SslMode.Disable, "require" => SslMode.Require, "verify-full" => SslMode.VerifyFull, _ => SslMode.Prefer },
            ApplicationName = "nines-probe",
            Options = "-c default_transaction_read_only=on",
            Pooling = false,
            // The run's own timeout is the limit.
            Timeout = 300,
            CommandTimeout = 0,
        };
        try
        {
            await using var connection = new NpgsqlConnection(settings.ConnectionString);
            await connection.OpenAsync(stop);
            (sight.Connected, sight.Ip) = (true, address.ToString());
            await using var command = new NpgsqlCommand(check.Query, connection);
            var value = Convert.ToString(await command.ExecuteScalarAsync(stop), CultureInfo.InvariantCulture) ?? "";
            sight.Body = System.Text.Encoding.UTF8.GetBytes(value);
        }
        catch (PostgresException e)
        {
            throw new ProbeFailedException($"PostgreSQL refuses: {e.MessageText} ({e.SqlState})");
        }
        catch (NpgsqlException e)
        {
            throw new ProbeFailedException($"no answer from PostgreSQL at {check.Address}: {e.InnerException?.Message ?? e.Message}");
        }
    }
}
