using Nines.Metrics.Templates;

namespace Nines.Metrics.Tests.Templates;

/// <summary>Templates that mean the same to Go and to us. They are executed on <see cref="Data"/>.</summary>
public static class TemplateCases
{
    /// <summary>The data as <c>amtool</c> reads it.</summary>
    public const string Json = """
        {"receiver":"team","status":"firing","alerts":[],"groupLabels":{"alertname":"Down","empty":"","job":"api"},
         "commonLabels":{"a":"x<y>&'\"","b":"é😀"},"commonAnnotations":{},"externalURL":"http://host:9093"}
        """;

    public static readonly string[] All =
    [
        // texts, trimming, comments
        "plain", "", "a {{/* no */}} b", "a {{- /* no */ -}} b", "a  {{- \"x\" -}}  \n b", "{{ \"}}\" }}", "{{`raw\\n`}}", "{{\"a\\tb\\u00e9\\x41\\101\"}}",
        "{{- 3 -}} x", "{{3 -}}\n\n x", "x {{- -3}}", "{{'a'}} {{'\\n'}}",
        // numbers
        "{{1}} {{-1}} {{1.0}} {{1.5}} {{1e6}} {{1e20}} {{1e21}} {{123456789.0}} {{1e-5}} {{0.0001}} {{.5}}", "{{0x1F}} {{0b101}} {{0o17}} {{017}} {{1_000}}",
        "{{0x1p-2}} {{1_0.5}}", "{{9223372036854775807}}", "{{9223372036854775808}}", "{{1e400}}", "{{1a}}", "{{100000.0}} {{1000000.0}} {{1234567.5}}",
        // fields, chains, missing
        "{{.Receiver}} {{.Status}}", "{{.GroupLabels.job}} [{{.GroupLabels.nope}}]", "{{.Nope}}", "{{.GroupLabels.job.x}}", "{{(.GroupLabels).job}}",
        "{{$.Receiver}} {{$x := .GroupLabels}}{{$x.job}}", "{{.Receiver.x}}", "{{with $x := .GroupLabels}}{{$x.alertname}} {{.job}}{{end}}", "{{.}}x{{nil}}",
        // branches
        "{{if .GroupLabels.job}}y{{else}}n{{end}}", "{{if .GroupLabels.nope}}y{{else if .Status}}s{{else}}n{{end}}", "{{if 0}}a{{end}}{{if 0.0}}b{{end}}{{if \"\"}}c{{end}}",
        "{{with .GroupLabels.nope}}a{{else}}b{{end}}", "{{with .Status}}{{.}}{{end}}", "{{if and 1 0}}a{{else}}b{{end}}", "{{if}}x{{end}}", "{{if 1}}x",
        "{{end}}", "{{else}}", "{{if 1}}a{{else}}b{{else}}c{{end}}", "{{$x := 1}}{{if 1}}{{$x = 2}}{{end}}{{$x}}", "{{$x := 1}}{{if 1}}{{$x := 2}}{{$x}}{{end}}{{$x}}",
        "{{if 1}}{{$x := 2}}{{end}}{{$x}}", "{{$x = 1}}",
        // range
        "{{range $k, $v := .GroupLabels}}{{$k}}={{$v}},{{end}}", "{{range .GroupLabels}}[{{.}}]{{end}}", "{{range $v := .GroupLabels}}[{{$v}}]{{end}}",
        "{{range .Alerts}}a{{else}}none{{end}}", "{{range $k, $v := .GroupLabels}}{{if eq $k \"empty\"}}{{continue}}{{end}}{{$k}}{{end}}",
        "{{range $k, $v := .GroupLabels}}{{$k}}{{break}}{{end}}", "{{break}}", "{{range 1.5}}x{{end}}", "{{range .Status}}x{{end}}", "{{range $a, $b, $c := .GroupLabels}}{{end}}",
        "{{$n := \"\"}}{{range .GroupLabels}}{{$n = .}}{{end}}{{$n}}", "{{range $i, $v := .GroupLabels.SortedPairs}}{{$i}}{{$v.Name}}{{end}}",
        // templates
        "{{define \"t\"}}<{{.}}>{{end}}{{template \"t\" .Status}}{{template \"t\"}}", "{{template \"none\"}}", "{{block \"b\" .Status}}[{{.}}]{{end}}",
        "{{define \"a\"}}{{template \"b\" .}}{{end}}{{define \"b\"}}b{{.}}{{end}}{{template \"a\" 1}}", "{{define \"t\"}}{{$x}}{{end}}", "{{define 1}}{{end}}",
        "{{if 1}}{{define \"x\"}}{{end}}{{end}}",
        // functions
        "{{not 1}} {{not 0}} {{and 1 2}} {{and 0 2}} {{or 0 2}} {{or 1 2}} {{or 0 \"\"}}", "{{and}}", "{{and 0 (index .GroupLabels 1)}}", "{{1 | and 2}} {{1 | or 0}}",
        "{{len \"é\"}} {{len .GroupLabels}} {{len 3}}", "{{len \"é\"}} {{len .GroupLabels}}", "{{index .GroupLabels \"job\"}} {{index .GroupLabels \"nope\"}}", "{{index \"abc\" 1}}",
        "{{index \"abc\" 3}}", "{{index 1 1}}", "{{index .GroupLabels 1}}", "{{slice \"hello\" 1 3}} {{slice \"hello\" 2}} {{slice \"hello\"}}", "{{slice \"hello\" 3 2}}", "{{slice \"hello\" 9}}",
        "{{slice \"hello\" 1 2 3}}", "{{print 1 2 \"a\" \"b\" 3 4.5 true nil}}", "{{println 1 \"a\" 2}}", "{{print}}|{{println}}", "{{html \"<a href='x'>&\\\"\"}}", "{{js \"a'b\\\"<c>&=\\n\\\\é\"}}",
        "{{urlquery \"a b&c=d/é+~\"}} {{urlquery 1 2}}", "{{html 1 \"<\"}}", "{{.CommonLabels.a | html}} {{.CommonLabels.b | printf \"%q\"}}", "{{call 1}}", "{{nope 1}}", "{{len}}", "{{len 1 2}}", "{{not}}",
        "{{title 1}}",
        // comparison
        "{{eq 1 1}} {{eq 1 2}} {{eq \"a\" \"b\" \"a\"}} {{ne 1 2}} {{lt 1 2}} {{le 2 2}} {{gt 1.5 1.0}} {{ge \"b\" \"a\"}}", "{{eq 1 1.0}}", "{{lt 1 \"a\"}}", "{{eq 1}}", "{{lt true false}}",
        "{{eq .GroupLabels .GroupLabels}}", "{{eq true true}} {{eq .GroupLabels.job \"api\"}}", "{{lt nil 1}}", "{{eq 1 (len \"a\")}}", "{{ne 1 1.0}}",
        // pipelines
        "{{\"a\" | printf \"%s-%s\" \"b\"}}", "{{.Status | len | printf \"%03d\"}}", "{{1 | 2}}", "{{1 2}}", "{{(1) 2}}", "{{\"x\" | print (len \"ab\")}}", "{{printf \"%d\" (len (print 1 2))}}", "{{$x := 1 | print}}{{$x}}",
        "{{.Status |}}", "{{|}}", "{{(1}}", "{{1)}}", "{{()}}", "{{.Status.Len 1}}", "{{.GroupLabels.job 1}}", "{{\"a\".x}}", "{{nil}}", "{{nil | print}}", "{{\"abc", "{{`abc", "{{/* x", "{{/* x */ 1}}", "{{%}}", "{{$}}x{{$x}}",
        "{{1", "{{.a.}}", "{{a-b}}", "{{.a-b}}", "{{ . | printf }}", "{{printf 1}}", "{{true}} {{false}}", "{{print true}}{{print nil}}",
        // printf
        "{{printf \"%s|%10s|%-10s|%.2s|%q|%x|%X|% x|%v\" \"aé\" \"b\" \"c\" \"déf\" \"q\\\"\\n\" \"hé\" \"hé\" \"hé\" \"v\"}}",
        "{{printf \"%d|%5d|%-5d|%05d|%+d|% d|%x|%X|%#x|%o|%#o|%O|%b|%c|%q|%U|%#U\" 1 2 3 4 5 6 255 255 255 8 8 8 5 65 65 65 65}}",
        "{{printf \"%f|%.2f|%8.3f|%-8.1f|%08.2f|%+.1f|% .1f|%e|%.3e|%g|%.3g|%G|%v\" 1.5 2.345 3.14159 4.0 -5.5 6.0 7.0 12345.678 12345.678 1e-7 1234.5 1e21 1e21}}",
        "{{printf \"%.0f %.0f %.0f %.1f %.1f\" 0.5 1.5 2.5 0.25 0.35}}", "{{printf \"%.20f|%.17g|%.30e\" 0.1 0.1 0.1}}", "{{printf \"%6.2f%%\" 12.345}}", "{{printf \"%d\" \"x\"}}", "{{printf \"%s\" 1}}",
        "{{printf \"%d %s\" 1}}", "{{printf \"%d\" 1 2}}", "{{printf \"%!\"}}", "{{printf \"%\"}}", "{{printf \"%z\" 1}}", "{{printf \"%[2]d %[1]d\" 1 2}}", "{{printf \"%[3]d\" 1}}", "{{printf \"%*d|%-*d|\" 5 1 5 2}}",
        "{{printf \"%.*f\" 2 3.14159}}", "{{printf \"%t %v %5t\" true false true}}", "{{printf \"%t\" 1}}", "{{printf \"%s %v %d\" nil nil nil}}", "{{printf \"%T %T %T %T\" 1 1.5 \"a\" true}}", "{{printf \"%#v %#v %#v\" \"a\" 1 1.5}}",
        "{{printf \"%+q %#q\" \"é\" \"a\"}}", "{{printf \"%x %b\" 1.5 1.5}}", "{{printf \"%.3x\" 3.999}}", "{{printf \"%v %v\" .GroupLabels.job 1e100}}", "{{printf \"%05s|%-05d|%+05d\" \"a\" 1 2}}", "{{printf \"%x\" -255}}", "{{printf \"%#g %#.3g\" 1.0 2.0}}",
        "{{printf \"%.3d|%8.3d|%.0d\" 5 6 0}}", "{{printf \"%5.1f|%-7.2f|%07.1f\" -1.25 -1.25 -1.25}}", "{{printf \"%c%c\" 128512 10}}", "{{printf \"%e %E %F\" 0.0 1.0 2.0}}", "{{printf \"%6d|%-6d|%06d\" -42 -42 -42}}", "{{printf \"%v\" \"a\" \"b\" 3}}",
        "{{printf \"%3c|%-3c|\" 65 66}}", "{{printf \"%[1]v %[1]T %v\" 1 2}}", "{{printf \"%s\" true}}", "{{printf \"%q\" 128512}}", "{{printf \"%08b\" 37}}", "{{printf \"% x|%# x\" \"abc\" \"abc\"}}", "{{printf \"%-8q|\" \"a\"}}",
    ];

    /// <summary>The functions of Alertmanager that the templates name.</summary>
    public static readonly Dictionary<string, TemplateFunction> Functions = new(StringComparer.Ordinal)
    {
        ["title"] = new([ArgumentKind.Text], (_, a) => GoText.Title((string)a[0]!)),
    };

    public static ITemplateObject Data { get; } = new Fields("template.Data", new(StringComparer.Ordinal)
    {
        ["Receiver"] = "team",
        ["Status"] = "firing",
        ["Alerts"] = Array.Empty<object?>(),
        ["GroupLabels"] = Map(("alertname", "Down"), ("empty", ""), ("job", "api")),
        ["CommonLabels"] = Map(("a", "x<y>&'\""), ("b", "é😀")),
    });

    /// <summary>Executes a text on data.</summary>
    public static TemplateOutcome Execute(string text, object? data, TemplateLimits? limits = null)
    {
        var set = new TemplateSet(Functions.Keys.ToHashSet());
        return set.Add("", text) is { } error ? new TemplateOutcome(null, error) : set.Execute("", data, Functions, limits ?? TemplateLimits.Default);
    }

    private static TemplateMap Map(params (string Key, string Value)[] entries) => new(entries.ToDictionary(e => e.Key, e => (object?)e.Value), "");

    private sealed class Fields(string type, Dictionary<string, object?> fields) : ITemplateObject
    {
        public string TypeName => type;

        public bool TryGet(string name, out object? value) => fields.TryGetValue(name, out value);

        public override string ToString() => $"{{{type}}}";
    }
}
