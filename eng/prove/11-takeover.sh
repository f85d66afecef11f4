#!/usr/bin/env bash
# Promise: of two servers on one PostgreSQL database the other one takes over within 30 s when the leader is killed (kill -9) or stands still (SIGSTOP), and
# nothing that was acknowledged is lost. 6,000 alerts are posted meanwhile, to whichever leads, with a webhook in flight that does not answer; a silence is
# set right before each. Each alert and silence is there at the new leader before anything is posted again, and each alert is told. What is told twice
# says that it may be a repeat, has the same key, and is at most what was in flight (8 messages a receiver). The leader that stood still, let go, sends and
# writes nothing more and ends with exit code 3.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
build
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || { echo "11-takeover: PostgreSQL is not installed"; exit 77; }
chmod 755 "$WORK"
postgres=$(need "$ROOT/eng/postgres.sh" start "$WORK/pg")
UNDO+=("'$ROOT/eng/postgres.sh' stop '$WORK/pg'")
node "$ROOT/eng/prove/11-takeover.mjs" "$WORK" "$NINES_BIN" "$postgres" >"$WORK/took.json" 2>"$WORK/rig.log" || { tail -5 "$WORK/rig.log" "$WORK"/[ab].log >&2; fail "the storm ended badly"; }
[ ! -s "$WORK/took.json" ] && verdict "no figures"
cat "$WORK/took.json" >&2
is() { [ "$(json "$1" "$WORK/took.json")" = true ] || fail "$2"; }
is 'd.takeovers.length === 2 && d.acknowledged === 6000' "not all alerts were taken"
is 'd.takeovers.every(t => t.lost_alerts === 0)' "acknowledged alerts were lost"
is 'd.takeovers.every(t => t.lost_silences === 0)' "acknowledged silences were lost"
is 'd.takeovers.every(t => t.seconds <= 30)' "nobody led for more than 30 s"
is 'd.told === 6000' "not every alert was told"
is 'd.unmarked_repeats === 0 && d.other_keys === 0' "repeats that do not say so"
is 'd.repeats <= 2 * 8' "more repeats than were in flight"
is 'd.pending_sent === 3 && d.pending_marked === 2' "the page that hung was not sent once more by each new leader, marked"
is 'd.let_go.exit_code === 3 && d.let_go.seconds <= 10' "the leader that stood still did not end by itself"
verdict "$(json '`killed: led again after ${d.takeovers[0].seconds} s, stood still: ${d.takeovers[1].seconds} s; 0 of ${d.acknowledged} alerts and 0 of 2 silences lost, all told, ${d.repeats} of ${d.messages} messages repeated, each marked; let go, it ended after ${d.let_go.seconds} s`' "$WORK/took.json")"
