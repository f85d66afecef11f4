#!/usr/bin/env bash
# Promise: `nines alertmanager` stands in for Alertmanager 0.28. Outside timelines of alerts, silences, inhibition, reload and receivers that fail
# (NINES_CONFORMANCE, or shared/conformance beside the repository; without them this ends with 78) give the notifications that Alertmanager gives, at their
# times; a real Prometheus sends to it, and amtool reads, silences and ends a silence. Needs Debian's prometheus and python3; without them this ends with 77.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
timelines=${NINES_CONFORMANCE:-$ROOT/../shared/conformance}/alertmanager
[ -d "$timelines" ] || { echo "10-alertmanager: no outside data at $timelines"; exit 78; }
for program in prometheus amtool python3; do
    command -v "$program" >/dev/null || { echo "10-alertmanager: $program is not installed"; exit 77; }
done
build
printf '#!/bin/sh\nexec "%s" alertmanager "$@"\n' "$NINES_BIN" >"$WORK/am"
chmod +x "$WORK/am"
(cd "$WORK" && TMPDIR=$WORK AM=$WORK/am AMVER=0.28 python3 -B "$timelines/run.py" >"$WORK/timelines.txt" 2>&1) || fail "the timelines did not run"
cat "$WORK/timelines.txt" >&2
read -r passed of < <(sed -nE '$s/^([0-9]+) passed of ([0-9]+)$/\1 \2/p' "$WORK/timelines.txt")
[ -n "${passed:-}" ] && [ "$passed" = "$of" ] || fail "${passed:-no} timelines of ${of:-?} passed"

free_port AM PROM
cat >"$WORK/am.yml" <<'Y'
route: {receiver: nobody, group_wait: 0s}
receivers: [{name: nobody}]
Y
cat >"$WORK/prometheus.yml" <<Y
global: {evaluation_interval: 1s}
alerting: {alertmanagers: [{static_configs: [{targets: ['127.0.0.1:$AM']}]}]}
rule_files: [rules.yml]
Y
cat >"$WORK/rules.yml" <<'Y'
groups: [{name: g, rules: [{alert: AlwaysFires, expr: vector(1), labels: {team: shop}, annotations: {summary: it fires <always>}}]}]
Y
start NINES "$WORK/nines.log" "$WORK/am" --config.file="$WORK/am.yml" --storage.path="$WORK/data" --web.listen-address="127.0.0.1:$AM" --cluster.listen-address=
start PROMETHEUS "$WORK/prometheus.log" prometheus --rules.alert.resend-delay=1s --config.file="$WORK/prometheus.yml" --storage.tsdb.path="$WORK/tsdb" --web.listen-address="127.0.0.1:$PROM"
am() { amtool --alertmanager.url="http://127.0.0.1:$AM" "$@" 2>>"$WORK/amtool.err"; }
# until_says TEXT COMMAND...: runs a command each half second until it prints a text; at most 60 times.
until_says() {
    local text=$1 i
    shift
    for ((i = 0; i < 60; i++)); do
        "$@" | grep -qF -- "$text" && return 0
        sleep 0.5
    done
    fail "\"$*\" did not print $text"
}
until_says 'it fires <always>' am alert query alertname=AlwaysFires team=shop
id=$(am silence add --comment drill --author aiko --duration 1h alertname=AlwaysFires)
[ "$(am alert query AlwaysFires | grep -c AlwaysFires)" = 0 ] || fail "a silenced alert is listed"
until_says AlwaysFires am alert query --silenced AlwaysFires
am silence expire "$id"
until_says AlwaysFires am alert query AlwaysFires
am config routes test team=shop | grep -qx nobody || fail "amtool config routes test gives another receiver"
verdict "${passed:-0} of ${of:-?} timelines; Prometheus $(prometheus --version 2>&1 | sed -nE '1s/.*version ([^ ]+).*/\1/p') sends, amtool silences"
