#!/usr/bin/env bash
# Promise: bad input costs only itself. (i) fifty mistakes in four workspace files are named in one run, each with its place. (ii) Targets that answer with a
# web page, with 2 GB of samples, with an endless line, a byte a second, a gzip bomb or nothing at all each lose their own `up`, with the reason; the server's
# memory grows at most 32 MB over a run with healthy targets in their place, and the other targets are scraped on time (within a second).
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
build
WARM_UP=${WARM_UP:-20} MEASURED=${MEASURED:-75}

fifty=$ROOT/tests/Nines.Core.Tests/Workspace/fifty
code=0
"$NINES_BIN" check "$fifty" >"$WORK/check.txt" 2>"$WORK/check.err" || code=$?
[ "$code" = 1 ] || fail "nines check ends with $code instead of 1"
# "file:line:column: error: message [code]" as "file:line:column code", in the order of the expected ones.
sed -E 's/^([^:]+:[0-9]+:[0-9]+): .*\[([a-z-]+)\]$/\1 \2/' "$WORK/check.txt" | LC_ALL=C sort >"$WORK/found.txt"
LC_ALL=C sort "$fifty/expected.txt" >"$WORK/expected.txt"
named=$(comm -12 "$WORK/found.txt" "$WORK/expected.txt" | wc -l)
[ "$named" = 50 ] && [ "$(wc -l <"$WORK/found.txt")" = 50 ] || { diff "$WORK/expected.txt" "$WORK/found.txt" >&2; fail "$named of 50 mistakes are named with their place"; }

# run MODE: PEAK is the highest VmRSS in MB over the measured time, JITTER the largest deviation of the time between two scrapes of a healthy target in ms.
run() {
    local dir=$WORK/$1 targets server port
    mkdir -p "$dir"
    mkfifo "$dir/until"
    exec 7<>"$dir/until"
    node "$ROOT/eng/prove/bad-targets.mjs" "$dir/workspace" "$1" "$dir/requests.log" <"$dir/until" >"$dir/targets.log" 2>&1 &
    targets=$!
    PIDS+=($targets)
    wait_for 20 "the targets" grep -q ready "$dir/targets.log" || { tail "$dir/targets.log" >&2; verdict "no targets"; }
    free_port port
    start server "$dir/nines.log" "$NINES_BIN" serve --demo true --workspace "$dir/workspace" --data "$dir/data" --listen "http://127.0.0.1:$port"
    wait_url 30 "http://127.0.0.1:$port/nines/v1/targets" || verdict "no server"
    sleep "$WARM_UP"
    local until=$(($(now_ms) + MEASURED * 1000)) rss
    PEAK=0
    while [ "$(now_ms)" -lt "$until" ]; do
        rss=$(awk '/^VmRSS/ { print int($2 / 1024) }' "/proc/$server/status") || { fail "the server is gone"; break; }
        [ "$rss" -le "$PEAK" ] || PEAK=$rss
        sleep 0.2
    done
    curl -fsS -m 10 "http://127.0.0.1:$port/nines/v1/targets" >"$dir/targets.json" || fail "no answer about the targets"
    JITTER=$(awk '{ if (last[$1]) { d = $2 - last[$1] - 5000; if (d < 0) d = -d; if (d > worst) worst = d } last[$1] = $2; count[$1]++ }
        END { for (p in count) if (count[p] < 10) { print 99999; exit } print int(worst) }' "$dir/requests.log")
    stop TERM "$server"
    stop TERM "$targets"
    exec 7>&-
}

say "control run: all targets healthy"
run healthy
control=$PEAK
[ "$(json 'd.targets.every(t => t.health === "up")' "$WORK/healthy/targets.json")" = true ] || fail "not all targets of the control run are up"
say "peak $control MB, jitter $JITTER ms; now six hostile targets"
run hostile
json 'd.targets.map(t => `${t.job} ${t.health} ${t.lastError ?? ""}`).join("\n")' "$WORK/hostile/targets.json" >&2
[ "$(json 'd.targets.filter(t => t.job === "good" && t.health === "up").length' "$WORK/hostile/targets.json")" = 5 ] || fail "not all healthy targets are up"
[ "$(json 'd.targets.filter(t => t.job !== "good" && t.health === "down" && t.lastError).length' "$WORK/hostile/targets.json")" = 6 ] || fail "not every hostile target is down with a reason"
[ "$JITTER" -lt 1000 ] || fail "healthy targets were scraped up to $JITTER ms off their time"
extra=$((PEAK - control))
[ "$extra" -le 32 ] || fail "hostile targets cost $extra MB, more than 32"
verdict "$named of 50 mistakes named; hostile targets cost $extra MB (32) over $control MB; scrapes at most $JITTER ms off (1000)"
