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
        ["day_of_month"] = static v => Of(v, static t => t.Day),
        ["day_of_week"] = static v => Of(v, static t => Modulo(t.Days + 4, 7)),
        ["day_of_year"] = static v => Of(v, static t => t.Days - CivilTime.DaysTo(t.Year, 1) + 1),
        ["days_in_month"] = static v => Of(v, static t =>
            (t.Month == 12 ? CivilTime.DaysTo(t.Year + 1, 1) : CivilTime.DaysTo(t.Year, t.Month + 1)) - CivilTime.DaysTo(t.Year, t.Month)),
        ["hour"] = static v => Of(v, static t => t.Seconds / 3600),
        ["minute"] = static v => Of(v, static t => t.Seconds % 3600 / 60),
        ["month"] = static v => Of(v, static t => t.Month),
        ["year"] = static v => Of(v, static t => t.Year),
    };

    private static double Of(double seconds, Func<CivilTime, long> part) =>
        Math.Abs(seconds) < 9.2e18 ? part(CivilTime.At((long)seconds)) : double.NaN;

    private static long Modulo(long value, long by) => ((value % by) + by) % by;

    /// <summary>
    /// A time in the Gregorian calendar, any number of years away, since queries compute times far from ours (days and months after Richards, "Mapping time",
    /// 1998, in the form with years that begin in March).
    /// </summary>
    private readonly record struct CivilTime(long Days, long Seconds, long Year, int Month, int Day)
    {
        private const long DaysOfEra = 146_097;
        private const long DaysFromMarchOfYear0 = 719_468;

        public static CivilTime At(long unixSeconds)
        {
            var second = Modulo(unixSeconds, 86_400);
            var days = (unixSeconds - second) / 86_400;
            var inEra = Modulo(days + DaysFromMarchOfYear0, DaysOfEra);
            var era = (days + DaysFromMarchOfYear0 - inEra) / DaysOfEra;
            var year = (inEra - (inEra / 1460) + (inEra / 36_524) - (inEra / 146_096)) / 365;
            var ofYear = inEra - ((365 * year) + (year / 4) - (year / 100));
            var march = ((5 * ofYear) + 2) / 153;
            var month = (int)(march < 10 ? march + 3 : march - 9);
            return new CivilTime(days, second, year + (era * 400) + (month <= 2 ? 1 : 0), month, (int)(ofYear - (((153 * march) + 2) / 5) + 1));
        }

        /// <summary>Days from the Unix epoch to the first of a month.</summary>
        public static long DaysTo(long year, int month)
        {
            var shifted = year - (month <= 2 ? 1 : 0);
            var inEra = Modulo(shifted, 400);
            var ofYear = ((153 * (month > 2 ? month - 3 : month + 9)) + 2) / 5;
            return ((shifted - inEra) / 400 * DaysOfEra) + (inEra * 365) + (inEra / 4) - (inEra / 100) + ofYear - DaysFromMarchOfYear0;
        }
    }
}
