using System.Runtime.CompilerServices;

namespace Nines.PromQL.Evaluation;

/// <summary>An aggregation that needs of each series only to be shown it once: the group's state at every step.</summary>
internal abstract class Fold(Row result)
{
    /// <summary>The group's row; its values are right after <see cref="Finish"/>.</summary>
    public Row Result { get; } = result;

    public static Fold Of(string op, Row result) => op switch
    {
        "sum" => new SumFold(result),
        "avg" => new MeanFold(result),
        "count" => new CountFold(result),
        "group" => new GroupFold(result),
        "min" => new ExtremeFold(result, -1),
        "max" => new ExtremeFold(result, +1),
        "stddev" => new VarianceFold(result, root: true),
        "stdvar" => new VarianceFold(result, root: false),
        _ => throw new InvalidOperationException($"no aggregation {op}"),
    };

    /// <summary>What a group holds at each step beside its value, in samples of eight bytes.</summary>
    public static int StateOf(string op) => op switch
    {
        "sum" => 1,
        "avg" => Unsafe.SizeOf<CompensatedMean>() / sizeof(double),
        "stddev" or "stdvar" => Unsafe.SizeOf<RunningVariance>() / sizeof(double),
        _ => 0,
    };

    /// <summary>Shows a series of the group.</summary>
    public abstract void Add(ReadOnlySpan<double> values);

    /// <summary>The finished row.</summary>
    public virtual Row Finish() => Result;

    private sealed class SumFold(Row result) : Fold(result)
    {
        private readonly double[] _errors = new double[result.Values.Length];

        public override void Add(ReadOnlySpan<double> values)
        {
            var sums = Result.Values.AsSpan(0, values.Length);
            var errors = _errors.AsSpan(0, values.Length);
            for (var i = 0; i < values.Length; i++)
            {
                var value = values[i];
                if (Absent.Is(value))
                {
                    continue;
                }
                if (Absent.Is(sums[i]))
                {
                    sums[i] = value;
                    continue;
                }
                var sum = new CompensatedSum(sums[i]) { Error = errors[i] };
                sum.Add(value);
                (sums[i], errors[i]) = (sum.Sum, sum.Error);
            }
        }

        public override Row Finish()
        {
            for (var i = 0; i < _errors.Length; i++)
            {
                Result.Values[i] = Absent.Is(Result.Values[i]) ? Absent.Value : Result.Values[i] + _errors[i];
            }
            return Result;
        }
    }

    private sealed class MeanFold(Row result) : Fold(result)
    {
        private readonly CompensatedMean[] _means = new CompensatedMean[result.Values.Length];

        public override void Add(ReadOnlySpan<double> values)
        {
            for (var i = 0; i < values.Length; i++)
            {
                if (!Absent.Is(values[i]))
                {
                    _means[i].Add(values[i]);
                }
            }
        }

        public override Row Finish()
        {
            for (var i = 0; i < _means.Length; i++)
            {
                Result.Values[i] = _means[i].Count == 0 ? Absent.Value : _means[i].Value;
            }
            return Result;
        }
    }

    private sealed class CountFold(Row result) : Fold(result)
    {
        public override void Add(ReadOnlySpan<double> values)
        {
            for (var i = 0; i < values.Length; i++)
            {
                if (!Absent.Is(values[i]))
                {
                    Result.Values[i] = Absent.Is(Result.Values[i]) ? 1 : Result.Values[i] + 1;
                }
            }
        }
    }

    private sealed class GroupFold(Row result) : Fold(result)
    {
        public override void Add(ReadOnlySpan<double> values)
        {
            for (var i = 0; i < values.Length; i++)
            {
                if (!Absent.Is(values[i]))
                {
                    Result.Values[i] = 1;
                }
            }
        }
    }

    private sealed class ExtremeFold(Row result, int sign) : Fold(result)
    {
        public override void Add(ReadOnlySpan<double> values)
        {
            for (var i = 0; i < values.Length; i++)
            {
                var (value, best) = (values[i], Result.Values[i]);
                // NaN, which an absent best is too, counts only while there is nothing else.
                if (!Absent.Is(value) && ((sign > 0 ? value > best : value < best) || double.IsNaN(best)))
                {
                    Result.Values[i] = value;
                }
            }
        }
    }

    private sealed class VarianceFold(Row result, bool root) : Fold(result)
    {
        private readonly RunningVariance[] _variances = new RunningVariance[result.Values.Length];

        public override void Add(ReadOnlySpan<double> values)
        {
            for (var i = 0; i < values.Length; i++)
            {
                if (!Absent.Is(values[i]))
                {
                    _variances[i].Add(values[i]);
                }
            }
        }

        public override Row Finish()
        {
            for (var i = 0; i < _variances.Length; i++)
            {
                Result.Values[i] = _variances[i].Count == 0 ? Absent.Value : root ? Math.Sqrt(_variances[i].Value) : _variances[i].Value;
            }
            return Result;
        }
    }
}
