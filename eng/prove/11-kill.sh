#!/usr/bin/env bash
# Promise: nothing that was acknowledged is lost by kill -9. A server of alerts is killed three times while 10,000 alerts are posted, each time right after it
# took a silence, and with a webhook in flight that does not answer. Each alert and silence is there after each start, before anything is posted again; each
# alert is told; what is told twice says that it may be a repeat, has the same key, and is at most what was in flight (8 messages a receiver).
# Beside it the same is done to Debian's Alertmanager, for the record; it is not judged.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
build
node "$ROOT/eng/prove/11-kill.mjs" "$WORK/nines" "$NINES_BIN" alertmanager >"$WORK/nines.json" 2>"$WORK/rig.log" || { tail -5 "$WORK/rig.log" "$WORK/nines/server.log" >&2; fail "the storm ended badly"; }
[ ! -s "$WORK/nines.json" ] && verdict "no figures"
cat "$WORK/nines.json" >&2
is() { [ "$(json "$1" "$WORK/nines.json")" = true ] || fail "$2"; }
is 'd.kills.length === 3 && d.acknowledged === 10000' "not all alerts were taken"
is 'd.kills.every(k => k.lost_alerts === 0)' "acknowledged alerts were lost"
is 'd.kills.every(k => k.lost_silences === 0)' "acknowledged silences were lost"
is 'd.told === 10000' "not every alert was told"
is 'd.unmarked_repeats === 0 && d.other_keys === 0' "repeats that do not say so"
is 'd.repeats <= 3 * 8' "more repeats than were in flight"
is 'd.pending_sent === 4 && d.pending_marked === 3' "the page that hung was not sent once more after each start, marked"
other="Alertmanager is not installed"
if command -v prometheus-alertmanager >/dev/null && node "$ROOT/eng/prove/11-kill.mjs" "$WORK/alertmanager" prometheus-alertmanager >"$WORK/am.json" 2>>"$WORK/rig.log"; then
    cat "$WORK/am.json" >&2
    other=$(json '"Alertmanager lost " + d.kills.map(k => `${k.lost_alerts} of ${k.acknowledged}`).join(", ") + " alerts and " + d.kills.map(k => `${k.lost_silences} of ${k.silences}`).join(", ") + " silences"' "$WORK/am.json")
fi
verdict "$(json '`3 kills: 0 of ${d.acknowledged} alerts and 0 of 3 silences lost, all told, ${d.repeats} of ${d.messages} messages repeated, each marked`' "$WORK/nines.json"); $other"
