using Nines.Core.Alerting.Routing;
using Nines.Metrics;

namespace Nines.Core.Workspace.Alertmanager;

/// <summary>What came of reading an <c>alertmanager.yml</c>.</summary>
/// <param name="Config">What it says; null when there is an error.</param>
/// <param name="Problems">All problems, in order of position.</param>
/// <param name="Text">The file as it may be shown: without comments, secrets hidden; empty when there is an error.</param>
public sealed record AlertmanagerReading(AlertmanagerConfig? Config, IReadOnlyList<Problem> Problems, string Text = "");

/// <summary>Reads Alertmanager's configuration as it stands, strictly, and names all problems at once.</summary>
public static class AlertmanagerReader
{
    private const long DefaultWaitMs = 30_000;
    private const long DefaultIntervalMs = 300_000;
    private const long DefaultRepeatMs = 4 * 3_600_000;

    /// <summary>Reads a file.</summary>
    /// <param name="source">The file.</param>
    /// <param name="mode">Which grammar of matchers counts.</param>
    public static AlertmanagerReading Read(WorkspaceFile source, MatcherMode mode = MatcherMode.Fallback)
    {
        var problems = new List<Problem>();
        AlertmanagerConfig? config = null;
        var shown = "";
        if (RuleFileReader.Documents(source, problems, out var file) is { } documents && problems.Count == 0)
        {
            if (documents is [{ Root: YamlMap root }])
            {
                (config, shown) = (Read(file, root, mode), ShownText.Of(file.Text, root));
            }
            else
            {
                file.Error(documents.FirstOrDefault()?.Root ?? new YamlText(1, 1, "", 0, default), "wrong-type",
                    "alertmanager.yml must be one mapping with a route");
            }
        }
        problems.Sort((a, b) => (a.Position.Line, a.Position.Column).CompareTo((b.Position.Line, b.Position.Column)));
        return problems.Exists(p => p.Severity == ProblemSeverity.Error) ? new(null, problems) : new(config, problems, shown);
    }

    /// <summary>Reads the document of a workspace's file; null when there is an error.</summary>
    internal static AlertmanagerConfig? Read(BindingFile file, YamlMap root, MatcherMode mode) =>
        new Reading(file, mode).Top(new Fields(file, root, "alertmanager.yml"));

    private sealed class Reading(BindingFile file, MatcherMode mode)
    {
        private readonly Dictionary<string, TimeInterval> _intervals = new(StringComparer.Ordinal);
        private readonly HashSet<string> _receivers = new(StringComparer.Ordinal);

        public AlertmanagerConfig? Top(Fields top)
        {
            var global = SettingsReader.Read(top.Map("global") ?? new Fields(file, new YamlMap(1, 1, []), "global"), GlobalGrammar.Global);
            foreach (var (key, node) in top.Maps("time_intervals", "a time interval").Select(f => ("time_intervals", f))
                .Concat(top.Maps("mute_time_intervals", "a time interval").Select(f => ("mute_time_intervals", f))))
            {
                if (TimeIntervalReader.Read(node) is { } interval && !_intervals.TryAdd(interval.Name, interval))
                {
                    file.Error(node.Any("name")!, "duplicate", $"time interval \"{interval.Name}\" is not unique", $"rename one of them (here in {key})");
                }
            }
            var receivers = top.Maps("receivers", "a receiver").Select(r => Receiver(r, global)).OfType<AlertReceiver>().ToList();
            var rules = top.Maps("inhibit_rules", "an inhibit rule").Select(Inhibit).ToList();
            var templates = SettingsReader.Texts(top, "templates").Select(t => t.Value).ToList();
            Route? root = null;
            if (top.Map("route") is { } route)
            {
                root = Root(route);
            }
            else if (top.Any("route") is null)
            {
                file.Error(top.Node, "missing", "no route provided in config", "add route: with a receiver");
            }
            top.Done();
            return root is null ? null
                : new AlertmanagerConfig(root, receivers, rules, [.. _intervals.Values], templates, global.Number("resolve_timeout") ?? DefaultIntervalMs);
        }

        private AlertReceiver? Receiver(Fields receiver, Settings global)
        {
            var name = receiver.Text("name", required: true);
            if (name is not null && !_receivers.Add(name.Value))
            {
                file.Error(name, "duplicate", $"notification config name \"{name.Value}\" is not unique");
            }
            var integrations = new List<Integration>();
            foreach (var (kind, sendsResolved, grammar) in ReceiverGrammar.Integrations)
            {
                var index = 0;
                foreach (var one in receiver.Maps($"{kind}_configs", grammar.What))
                {
                    var sends = SettingsReader.Flag(one, "send_resolved") ?? sendsResolved;
                    integrations.Add(new(kind, index++, sends, SettingsReader.Read(one, grammar, global), file.At(one.Node)));
                }
            }
            receiver.Done();
            return name is null ? null : new AlertReceiver(name.Value, integrations, file.At(receiver.Node));
        }

        private InhibitRule Inhibit(Fields rule)
        {
            var read = new InhibitRule(rule.Text("name")?.Value ?? "", Conditions(rule, "source_match", "source_match_re", "source_matchers"),
                Conditions(rule, "target_match", "target_match_re", "target_matchers"), [.. Labels(rule, "equal").Select(l => l.Value)], file.At(rule.Node));
            rule.Done();
            return read;
        }

        private Route? Root(Fields route)
        {
            if (route.Any("receiver") is null or YamlText { Value: "" })
            {
                file.Error(route.Node, "missing", "root route must specify a default receiver");
            }
            foreach (var (key, message) in new[]
            {
                ("match", "root route must not have any matchers"), ("match_re", "root route must not have any matchers"),
                ("matchers", "root route must not have any matchers"), ("mute_time_intervals", "root route must not have any mute time intervals"),
                ("active_time_intervals", "root route must not have any active time intervals"),
            })
            {
                if (route.Any(key) is YamlMap { Entries.Count: > 0 } or YamlList { Items.Count: > 0 })
                {
                    file.Error(route.Any(key)!, "bad-value", message, "put it into a route below");
                }
            }
            if (SettingsReader.Flag(route, "continue") == true)
            {
                file.Error(route.Any("continue")!, "bad-value", "cannot have continue in root route");
            }
            return Route(route, null, []);
        }

        private Route Route(Fields route, Route? parent, IReadOnlyList<int> path)
        {
            var matchers = MatcherText.Sorted(Conditions(route, "match", "match_re", "matchers"));
            var groupBy = route.Any("group_by") is null ? null : Labels(route, "group_by");
            if (groupBy is { Count: > 1 } && groupBy.FirstOrDefault(l => l.Value == "...") is { } all)
            {
                file.Error(all, "bad-value", "cannot have wildcard group_by (`...`) and other labels at the same time");
            }
            var self = new Route
            {
                Key = parent is null ? MatcherText.Print(matchers) : $"{parent.Key}/{MatcherText.Print(matchers)}",
                Path = path,
                Matchers = matchers,
                Receiver = ReceiverOf(route) ?? parent?.Receiver ?? "",
                GroupBy = groupBy is null ? parent?.GroupBy ?? [] : [.. groupBy.Select(l => l.Value).Where(l => l != "...")],
                GroupByAll = groupBy is null ? parent?.GroupByAll ?? false : groupBy.Any(l => l.Value == "..."),
                GroupWaitMs = SettingsReader.Duration(route, "group_wait") ?? parent?.GroupWaitMs ?? DefaultWaitMs,
                GroupIntervalMs = NotZero(route, "group_interval") ?? parent?.GroupIntervalMs ?? DefaultIntervalMs,
                RepeatIntervalMs = NotZero(route, "repeat_interval") ?? parent?.RepeatIntervalMs ?? DefaultRepeatMs,
                MutedIn = Intervals(route, "mute_time_intervals"),
                ActiveIn = Intervals(route, "active_time_intervals"),
                Continue = SettingsReader.Flag(route, "continue") ?? false,
                Position = file.At(route.Node),
            };
            if (self.RepeatIntervalMs < self.GroupIntervalMs && (route.Any("group_interval") ?? route.Any("repeat_interval")) is { } at)
            {
                file.Warn(at, "repeat-interval", "repeat_interval is shorter than group_interval, so notifications are repeated each group_interval");
            }
            self = self with { Routes = [.. route.Maps("routes", "a route").Select((r, i) => Route(r, self, [.. path, i]))] };
            route.Done();
            return self;
        }

        private string? ReceiverOf(Fields route)
        {
            if (route.Text("receiver") is not { Value.Length: > 0 } name)
            {
                return null;
            }
            if (!_receivers.Contains(name.Value))
            {
                file.Error(name, "unknown-receiver", $"undefined receiver \"{name.Value}\" used in route", Near.Hint(name.Value, _receivers));
            }
            return name.Value;
        }

        private long? NotZero(Fields route, string key)
        {
            var ms = SettingsReader.Duration(route, key);
            if (ms == 0)
            {
                file.Error(route.Any(key)!, "bad-value", $"{key} cannot be zero");
            }
            return ms;
        }

        private List<TimeInterval> Intervals(Fields route, string key)
        {
            var found = new List<TimeInterval>();
            foreach (var name in SettingsReader.Texts(route, key))
            {
                if (_intervals.TryGetValue(name.Value, out var interval))
                {
                    found.Add(interval);
                }
                else
                {
                    file.Error(name, "unknown-interval", $"undefined time interval \"{name.Value}\" used in route", Near.Hint(name.Value, _intervals.Keys));
                }
            }
            return found;
        }

        private List<YamlText> Labels(Fields fields, string key)
        {
            var labels = new List<YamlText>();
            foreach (var text in SettingsReader.Texts(fields, key))
            {
                if (labels.Exists(l => l.Value == text.Value))
                {
                    file.Error(text, "duplicate", $"duplicated label \"{text.Value}\" in {key}");
                }
                else if (text.Value.Length == 0 || (mode == MatcherMode.Classic && text.Value != "..." && !IsClassicName(text.Value)))
                {
                    file.Error(text, "bad-value", $"invalid label name \"{text.Value}\" in {key}");
                }
                labels.Add(text);
            }
            return labels;
        }

        // match and match_re by equality and expression, and the matchers of 0.22 and later; all must hold.
        private List<Matcher> Conditions(Fields fields, string equal, string regex, string matchers)
        {
            var conditions = new List<Matcher>();
            foreach (var (key, op) in new[] { (equal, MatchOp.Equal), (regex, MatchOp.Regex) })
            {
                foreach (var (name, node) in (fields.Map(key)?.Node as YamlMap)?.Entries ?? [])
                {
                    if (node is not YamlText { IsNull: false } value)
                    {
                        file.Error(node, "wrong-type", $"{key}: {name.Value} needs a text");
                    }
                    else if (!IsClassicName(name.Value))
                    {
                        file.Error(name, "bad-value", $"invalid label name \"{name.Value}\"");
                    }
                    else
                    {
                        Add(conditions, value, () => new(ReadOne(name.Value, op, value.Value)));
                    }
                }
            }
            foreach (var text in SettingsReader.Texts(fields, matchers))
            {
                Add(conditions, text, () => MatcherText.Read(text.Value, mode));
            }
            return conditions;
        }

        private static List<Matcher> ReadOne(string name, MatchOp op, string value) => [new Matcher(name, op, value)];

        private void Add(List<Matcher> to, YamlText at, Func<MatcherReading> read)
        {
            MatcherReading reading;
            try
            {
                reading = read();
            }
            catch (ArgumentException e)
            {
                reading = MatcherText.Refused(e);
            }
            if (reading.Warning is { } warning)
            {
                file.Warn(at, "matcher", warning);
            }
            if (reading.Matchers is { } matchers)
            {
                to.AddRange(matchers);
            }
            else
            {
                file.Error(at, "matcher", reading.Error!, "write it as name=\"value\" or name=~\"expression\"");
            }
        }

        private static bool IsClassicName(string name) =>
            name.Length > 0 && !char.IsAsciiDigit(name[0]) && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_');
    }
}
