using Nines.Shop;

return await ShopProgram.RunAsync(args, CancellationToken.None);
