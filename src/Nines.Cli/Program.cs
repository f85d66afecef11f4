using Nines.Cli;

var command = NinesCommand.Create().Parse(args);
var code = await command.InvokeAsync();
return command.Errors.Count > 0 ? ExitCode.Usage : code;
