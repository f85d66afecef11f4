namespace Nines.PromQL.Evaluation;

/// <summary>The functions of single values.</summary>
internal static class InstantFunctions
{
    /// <summary>Functions of a number.</summary>
    public static readonly IReadOnlyDictionary<string, Func<double, double>> Numbers = new Dictionary<string, Func<double, double>>(StringComparer.Ordinal)
    {
        ["abs"] = Math.Abs,
        ["acos"] = Math.Acos,
        ["acosh"] = Math.Acosh,
        ["asin"] = Math.Asin,
        ["asinh"] = Math.Asinh,
        ["atan"] = Math.Atan,
        ["atanh"] = Math.Atanh,
        ["ceil"] = Math.Ceiling,
        ["cos"] = Math.Cos,
        ["cosh"] = Math.Cosh,
        ["deg"] = static v => v * 180 / Math.PI,
        ["exp"] = Math.Exp,
        ["floor"] = Math.Floor,
        ["ln"] = Math.Log,
        ["log10"] = Math.Log10,
        ["log2"] = Math.Log2,
        ["rad"] = static v => v * Math.PI / 180,
        ["sgn"] = static v => v < 0 ? -1 : v > 0 ? 1 : v,
        ["sin"] = Math.Sin,
        ["sinh"] = Math.Sinh,
        ["sqrt"] = Math.Sqrt,
        ["tan"] = Math.Tan,
        ["tanh"] = Math.Tanh,
    };

    /// <summary>Functions of a time in seconds since the Unix epoch, in UTC.</summary>
    public static readonly IReadOnlyDictionary<string, Func<double, double>> Dates = new Dictionary<string, Func<double, double>>(StringComparer.Ordinal)
    {
        ["day_of_month"] = static v => Of(v, static d => d.Day),
        ["day_of_week"] = static v => Of(v, static d => (int)d.DayOfWeek),
        ["day_of_year"] = static v => Of(v, static d => d.DayOfYear),
        ["days_in_month"] = static v => Of(v, static d => DateTime.DaysInMonth(d.Year, d.Month)),
        ["hour"] = static v => Of(v, static d => d.Hour),
        ["minute"] = static v => Of(v, static d => d.Minute),
        ["month"] = static v => Of(v, static d => d.Month),
        ["year"] = static v => Of(v, static d => d.Year),
    };

    // Years 1 to 9999; what lies outside, NaN among it, has no date.
    private static double Of(double seconds, Func<DateTime, double> part) =>
        Math.Truncate(seconds) is >= -62_135_596_800 and <= 253_402_300_799 and var whole ? part(DateTime.UnixEpoch.AddSeconds(whole)) : double.NaN;
}
