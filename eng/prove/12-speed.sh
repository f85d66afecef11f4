#!/usr/bin/env bash
# Promise: with every acknowledged alert on disk, nines alertmanager takes 10,000 alerts of 10,000 groups at least as fast as Debian's Alertmanager, which keeps
# them in memory only; an alert on an idle server reaches its webhook within twice Alertmanager's time (99th percentile); and all of a burst of 50,000 alerts in
# 1,000 groups (each group's alerts in one post) is delivered within 10 s of the last post. Both one after the other, in the same run, twice; the better of each.
# Needs Debian's prometheus-alertmanager; without it this ends with 77.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
command -v prometheus-alertmanager >/dev/null || { echo "12-speed: prometheus-alertmanager is not installed"; exit 77; }
build
for turn in 1 2; do
    node "$ROOT/eng/prove/12-speed.mjs" "$WORK/am" prometheus-alertmanager >"$WORK/am$turn.json" 2>>"$WORK/rig.log" || fail "the measurement of Alertmanager ended badly: $(tail -1 "$WORK/rig.log")"
    node "$ROOT/eng/prove/12-speed.mjs" "$WORK/nines" "$NINES_BIN" alertmanager >"$WORK/nines$turn.json" 2>>"$WORK/rig.log" || fail "the measurement ended badly: $(tail -1 "$WORK/rig.log")"
done
[ -s "$WORK/failures" ] && verdict "no figures"
node -e '
    const read = name => [1, 2].map(turn => JSON.parse(require("fs").readFileSync(`${process.argv[1]}/${name}${turn}.json`, "utf8")));
    const best = turns => ({
        ingest: Math.max(...turns.map(t => t.ingest.per_s)), idle: Math.min(...turns.map(t => t.idle_p99_ms)), p50: Math.min(...turns.map(t => t.idle_p50_ms)),
        burst: Math.max(...turns.map(t => t.burst.told)), after: Math.min(...turns.map(t => t.burst.after_s)), mb: Math.max(...turns.map(t => t.burst.mb)),
    });
    const nines = read("nines");
    console.log(JSON.stringify({ nines: best(nines), am: best(read("am")), fsync: nines[0].fsync_ms, told: nines.every(t => t.ingest.told === 10000 && t.burst.told === 50000) }));
' "$WORK" >"$WORK/both.json"
cat "$WORK"/am?.json "$WORK"/nines?.json >&2
is() { [ "$(json "$1" "$WORK/both.json")" = true ] || fail "$2"; }
is 'd.told' "not every alert was delivered in time"
is 'd.nines.ingest >= d.am.ingest' "it takes fewer alerts a second than Alertmanager"
is 'd.nines.idle <= 2 * d.am.idle' "an alert takes more than twice as long to its webhook"
verdict "$(json '`ingest ${Math.round(d.nines.ingest)}/s with fsync (${d.fsync.toFixed(2)} ms), Alertmanager ${Math.round(d.am.ingest)}/s without: ${(d.nines.ingest / d.am.ingest).toFixed(2)}x; idle p99 ${d.nines.idle.toFixed(1)} ms, Alertmanager ${d.am.idle.toFixed(1)} ms; burst ${d.nines.burst} of 50000 after ${d.nines.after.toFixed(1)} s, Alertmanager ${d.am.burst}; ${Math.round(d.nines.mb)} and ${Math.round(d.am.mb)} MB`' "$WORK/both.json")"
