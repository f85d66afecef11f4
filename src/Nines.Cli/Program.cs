using Nines.Cli;

return await NinesCommand.Create().Parse(args).InvokeAsync();
