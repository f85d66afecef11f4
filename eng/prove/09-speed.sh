#!/usr/bin/env bash
# Promise: with 30 days behind them and the same stream, an objective costs Nines at most a thousandth of the CPU that it costs Prometheus 2.42 with Sloth's
# rules (100 objectives; with --full also 1,000). Alone, at 10,000 objectives, the ledger's thread takes at most 0.6 s of CPU a minute, and an objective 64 KB of
# resident memory. CPU is that of the whole process with objectives minus without, by the kernel's clock of the process, of the median minute; for Nines, where
# that difference drowns in the rest, at least the ledger's thread. Nines is measured when it has run for some minutes, Prometheus meanwhile, so that its
# run-time has compiled what runs often. Of the thread named "ledger" it is the scheduler's account.
# Needs a quiet machine, 17 minutes, and Debian's prometheus; without it this ends with 77. SECONDS_MEASURED makes it shorter for a look.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
command -v prometheus >/dev/null || { echo "09-speed: prometheus is not installed"; exit 77; }
build
need dotnet build "$ROOT/bench/Nines.LoadRig" -c Release -v quiet -nologo -clp:NoSummary >&2
rig=$ROOT/artifacts/bin/Nines.LoadRig/release/loadrig
measured=${SECONDS_MEASURED:-180}
figures=()

# at_most VALUE BOUND WHAT
at_most() { awk -v v="${1:-x}" -v b="$2" 'BEGIN { exit !(v ~ /^-?[0-9]/ && v <= b) }' || fail "$3 is ${1:-unknown}, more than $2"; }

compare() { # objectives
    local out=$WORK/compared-$1.json ratio theirs ours
    say "$1 objectives, Prometheus and then Nines, $measured s each"
    "$rig" objectives --nines "$NINES_BIN" --count "$1" --seconds "$measured" 2>"$WORK/rig.log" | tail -1 >"$out"
    json 'd.ratio' "$out" >/dev/null || { fail "the comparison at $1 ended badly: $(tail -1 "$WORK/rig.log")"; return; }
    cat "$out" >&2
    [ "$(json 'd.prometheus.recorded' "$out")" = "$1" ] || fail "Sloth's rules did not record $1 budgets"
    json 'd.prometheus.history_ticks >= 80000 && d.nines.counted_share >= 0.97' "$out" | grep -q true || fail "30 days are not behind it"
    ratio=$(json 'd.ratio' "$out") theirs=$(json 'd.prometheus.evaluation_ms.toFixed(1)' "$out") ours=$(json 'd.nines.evaluation_ms.toFixed(3)' "$out")
    at_most "$ratio" 0.001 "at $1, Nines' share of what Prometheus needs"
    figures+=("$1 objectives: $ours ms of CPU an objective and minute, Prometheus $theirs ms (1/$(json 'Math.round(1 / Math.max(d.ratio, 1e-9))' "$out"))")
}

compare 100
[ "${1:-}" != --full ] || compare 1000

say "10,000 objectives, Nines alone"
alone=$WORK/alone.json
"$rig" objectives --nines "$NINES_BIN" --count 10000 --seconds "$measured" --alone 2>"$WORK/rig.log" | tail -1 >"$alone"
if json 'd.objectives' "$alone" >/dev/null; then
    cat "$alone" >&2
    at_most "$(json 'd.ledger_cpu_s_per_minute' "$alone")" 0.6 "the ledger's CPU a minute at 10,000"
    at_most "$(json 'd.kb_per_objective' "$alone")" 64 "memory an objective in KB"
    json 'd.counted_share >= 0.97' "$alone" | grep -q true || fail "30 days are not behind the 10,000"
    figures+=("10,000: ledger $(json 'd.ledger_cpu_s_per_minute.toFixed(2)' "$alone") s of CPU a minute (0.6), $(json 'd.kb_per_objective.toFixed(0)' "$alone") KB an objective (64)")
else
    fail "the measurement at 10,000 ended badly: $(tail -1 "$WORK/rig.log")"
fi
verdict "$(printf '%s; ' "${figures[@]}" | sed 's/; $//')"
