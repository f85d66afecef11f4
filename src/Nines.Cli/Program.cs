using Nines.Server;

Console.WriteLine(typeof(NinesOptions).Assembly.GetName().Version);
