namespace Nines.Tsdb;

/// <summary>What the newest samples are made of, as Prometheus' <c>/api/v1/status/tsdb</c> tells it. Samples that are in blocks only do not count.</summary>
/// <param name="Series">Series that have samples in memory.</param>
/// <param name="LabelPairs">Different pairs of label name and value among them.</param>
/// <param name="Chunks">Compressed runs of samples in memory.</param>
/// <param name="MinMs">Time of the oldest sample in memory, ms since the Unix epoch; 0 when there is none.</param>
/// <param name="MaxMs">Time of the newest; 0 when there is none.</param>
/// <param name="SeriesByMetricName">The metric names with the most series.</param>
/// <param name="ValuesByLabelName">The label names with the most different values.</param>
/// <param name="BytesByLabelName">The label names whose values take the most bytes, counted once for each series.</param>
/// <param name="SeriesByLabelPair">The pairs <c>name=value</c> with the most series.</param>
public sealed record TsdbStats(
    int Series,
    int LabelPairs,
    long Chunks,
    long MinMs,
    long MaxMs,
    IReadOnlyList<TsdbCount> SeriesByMetricName,
    IReadOnlyList<TsdbCount> ValuesByLabelName,
    IReadOnlyList<TsdbCount> BytesByLabelName,
    IReadOnlyList<TsdbCount> SeriesByLabelPair);

/// <summary>How often a name occurs.</summary>
/// <param name="Name">The metric name, label name, or pair.</param>
/// <param name="Value">The count.</param>
public sealed record TsdbCount(string Name, long Value);
