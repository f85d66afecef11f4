using Nines.Metrics;
using Nines.Metrics.Templates;

namespace Nines.Core.Alerting;

/// <summary>A label's or annotation's value as a template: <c>{{ $labels.instance }} is down</c>.</summary>
public sealed class RuleTemplate
{
    private const string Prefix = "{{$labels := .Labels}}{{$externalLabels := .ExternalLabels}}{{$externalURL := .ExternalURL}}{{$value := .Value}}";

    private readonly TemplateSet _set = new(RuleFunctions.Names);
    private readonly string _name;

    private RuleTemplate(string alert) => _name = "__alert_" + alert;

    /// <summary>Reads a template.</summary>
    /// <param name="alert">The alert's name, for messages.</param>
    /// <param name="text">The template.</param>
    /// <param name="template">The template; null when it cannot be read.</param>
    /// <returns>Why it cannot be read, in Go's words, or null.</returns>
    public static string? TryRead(string alert, string text, out RuleTemplate? template)
    {
        template = new RuleTemplate(alert);
        var error = template._set.Add(template._name, Prefix + text);
        template = error is null ? template : null;
        return error;
    }

    /// <summary>The text for one sample; an error becomes a text that names it, as in Prometheus.</summary>
    public string Expand(Labels labels, double value, RuleFunctions functions)
    {
        var data = new Data(TemplateMap.Of(labels), value, functions);
        var outcome = _set.Execute(_name, data, functions.All, TemplateLimits.Default);
        return outcome.Text ?? $"<error expanding template: error executing template {_name}: {outcome.Error}>";
    }

    private sealed class Data(TemplateMap labels, double value, RuleFunctions functions) : ITemplateObject
    {
        public string TypeName => "struct { Labels map[string]string; ExternalLabels map[string]string; ExternalURL string; Value float64 }";

        public bool TryGet(string name, out object? found)
        {
            found = name switch
            {
                "Labels" => labels,
                "ExternalLabels" => TemplateMap.Of(functions.ExternalLabels),
                "ExternalURL" => functions.ExternalUrl,
                "Value" => value,
                _ => null,
            };
            return found is not null;
        }

        public override string ToString() => "{…}";
    }
}
