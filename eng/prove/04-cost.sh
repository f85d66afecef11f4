#!/usr/bin/env bash
# Promise: 1,000 objectives on 10,000 series every 15 s cost at most 60 ms of CPU a minute on the ledger's thread, 0.6 s for the whole process,
# and 350 MB of resident memory after five minutes. CPU is the kernel's account (schedstat of the thread named "ledger"; utime + stime of the process).
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
build
WARM_UP=${WARM_UP:-75} MEASURED=${MEASURED:-300}

mkfifo "$WORK/until"
exec 8<>"$WORK/until"
node "$ROOT/eng/prove/cost-targets.mjs" "$WORK/workspace" <"$WORK/until" >"$WORK/targets.log" 2>&1 &
PIDS+=($!)
wait_for 20 "the targets" grep -q ready "$WORK/targets.log" || verdict "no targets"
free_port port
start server "$WORK/nines.log" "$NINES_BIN" serve --demo true --workspace "$WORK/workspace" --data "$WORK/data" --listen "http://127.0.0.1:$port"
api=http://127.0.0.1:$port/nines/v1
wait_url 30 "$api/objectives" || verdict "no server"

ledger_ns() {
    local task
    for task in /proc/"$server"/task/*; do
        if [ "$(cat "$task/comm" 2>/dev/null)" = ledger ]; then cut -d' ' -f1 "$task/schedstat"; fi
    done | awk '{ sum += $1 } END { if (NR == 0) exit 1; print sum }'
}
process_ticks() { awk '{ print $14 + $15 }' "/proc/$server/stat"; }

say "warming up for $WARM_UP s"
sleep "$WARM_UP"
ledger=$(ledger_ns) || { fail "no thread is named ledger"; verdict "nothing measured"; }
ticks=$(process_ticks) began=$(now_ms)
say "measuring for $MEASURED s"
sleep "$MEASURED"
took=$(($(now_ms) - began))
ledger=$(($(ledger_ns) - ledger)) ticks=$(($(process_ticks) - ticks))
resident=$(awk '/^VmRSS/ { print int($2 / 1024) }' "/proc/$server/status")

# The figures are worth something only if all of it was really counted until now.
objectives=$(get "$api/objectives" 'd.items.length') || fail "the objectives cannot be read"
counted=$(get "$api/objectives" 'd.items.filter(o => o.total > 0 && Date.now() - Date.parse(o.closedTo) < 150000).length') || fail "the accounts cannot be read"
samples=$(get "$api/targets" 'd.targets.reduce((sum, t) => sum + (t.health === "up" ? t.lastSamples : 0), 0)') || fail "the targets cannot be read"
[ "$objectives" = 1000 ] || fail "$objectives objectives instead of 1000"
[ "$counted" = 1000 ] || fail "only $counted objectives are counted"
[ "$samples" = 10000 ] || fail "$samples series instead of 10000"

ledger_ms=$(awk -v ns="$ledger" -v ms="$took" 'BEGIN { printf "%.1f", ns / 1e6 * 60000 / ms }')
process_s=$(awk -v t="$ticks" -v hz="$(getconf CLK_TCK)" -v ms="$took" 'BEGIN { printf "%.3f", t / hz * 60000 / ms }')
awk -v x="$ledger_ms" 'BEGIN { exit !(x <= 60) }' || fail "the ledger's thread takes $ledger_ms ms a minute, more than 60"
awk -v x="$process_s" 'BEGIN { exit !(x <= 0.6) }' || fail "the process takes $process_s s a minute, more than 0.6"
[ "$resident" -le 350 ] || fail "$resident MB are resident, more than 350"
verdict "ledger thread $ledger_ms ms CPU a minute (60), process $process_s s CPU a minute (0.6), resident $resident MB (350)"
