#!/usr/bin/env bash
# Promise: 10,000 pushed events a second are answered, each durably; over a kill -9 in their midst, and with a tenth of them sent twice, every event counts once.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
build
RATE=${RATE:-10000} SIZE=${SIZE:-500} CALM=${CALM:-20} KILLED=${KILLED:-20}

mkdir -p "$WORK/workspace"
free_port port
api=http://127.0.0.1:$port
serve() { start server "$WORK/nines.log" "$NINES_BIN" serve --workspace "$WORK/workspace" --data "$WORK/data" --listen "$api"; wait_url 30 "$api/health/ready" || verdict "no server"; }
serve
wait_for 10 "the setup token" grep -qE 'setup\?token=' "$WORK/nines.log" || verdict "no setup token"
first=$(grep -oE 'setup\?token=[A-Za-z0-9]+' "$WORK/nines.log" | head -1 | cut -d= -f2)
tokens=$(node "$ROOT/eng/prove/push.mjs" setup "$api" "$first" push viewer) || verdict "no tokens"
push=$(json d.push - <<<"$tokens") viewer=$(json d.viewer - <<<"$tokens")

counted() { curl -fsS -m 10 -H "Authorization: Bearer $viewer" --data-urlencode "query=sum(nines_events_total{event=\"load\",outcome=\"$1\"})" "$api/api/v1/query" | json '+d.data.result[0].value[1]'; }
is_counted() { [ "$(counted good)" = "$1" ] && [ "$(counted bad)" = "$2" ]; }

say "$RATE events a second for $CALM s"
calm=$(node "$ROOT/eng/prove/push.mjs" run "$api" "$push" "$RATE" "$CALM" "$SIZE") || fail "an event was lost"
[ "$(json 'd.answeredIn - d.sentIn < 2000' - <<<"$calm")" = true ] || fail "answers came later than events: $calm"
wait_for 15 "the count of the first part" is_counted "$(json d.good - <<<"$calm")" "$(json d.bad - <<<"$calm")" || fail "counted $(counted good) good, $(counted bad) bad; sent $calm"

say "again, with a kill in their midst"
node "$ROOT/eng/prove/push.mjs" run "$api" "$push" "$((RATE / 2))" "$KILLED" "$((SIZE + 1))" >"$WORK/killed.json" &
pusher=$!
PIDS+=("$pusher")
sleep $((KILLED / 2))
stop 9 "$server"
serve
wait "$pusher" || fail "an event was lost"
killed=$(cat "$WORK/killed.json")
[ "$(json 'd.retries > 0' - <<<"$killed")" = true ] || fail "the kill hit no request"
# The keys of both parts are the same as far as they go: what the first part sent counts once over both.
both=$(node -e '
    const [rate, calm, killed, size] = process.argv.slice(1).map(Number), seen = new Map();
    for (const [seconds, of, r] of [[calm, size, rate], [killed, size + 1, rate >> 1]])
        for (let n = 0; n * 1000 * of / r < seconds * 1000; n++) for (let i = 0; i < of; i++) if (!seen.has(n + "-" + i)) seen.set(n + "-" + i, (n + i) % 7 ? 0 : 1);
    const bad = [...seen.values()].reduce((a, b) => a + b, 0);
    console.log(JSON.stringify({ good: seen.size - bad, bad }));' "$RATE" "$CALM" "$KILLED" "$SIZE")
wait_for 15 "the count of both parts" is_counted "$(json d.good - <<<"$both")" "$(json d.bad - <<<"$both")" || fail "counted $(counted good) good, $(counted bad) bad; sent $both"
verdict "$(json 'd.good + d.bad' - <<<"$calm") events in $CALM s answered in median $(json d.median - <<<"$calm") ms, p99 $(json d.p99 - <<<"$calm") ms for $SIZE; $(json d.good+d.bad - <<<"$both") counted once over a kill"
