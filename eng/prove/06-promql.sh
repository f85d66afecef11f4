#!/usr/bin/env bash
# Promise: of Prometheus' own scripts for the query language, the fourteen files about numbers pass without a failure, with at most three evaluations in ten
# left out because they are about native histograms. The scripts are outside data (NINES_CONFORMANCE, or shared/conformance beside the repository); without
# them this ends with 78. How far the scripts of newer features get is printed, not judged.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
scripts=${NINES_CONFORMANCE:-$ROOT/../shared/conformance}/promql
[ -d "$scripts" ] || { echo "06-promql: no outside data at $scripts"; exit 78; }
build
judged=()
for name in aggregators at_modifier collision functions histograms limit literals name_label_dropping operators range_queries selectors staleness subquery \
    trig_functions; do
    judged+=("$scripts/$name.test")
done
"$NINES_BIN" promql run --only-floats "${judged[@]}" >"$WORK/run.txt" 2>&1 || { cat "$WORK/run.txt" >&2; fail "an evaluation failed"; }
read -r passed failed skipped < <(sed -nE '$s/^([0-9]+) passed, ([0-9]+) failed, ([0-9]+) skipped$/\1 \2 \3/p' "$WORK/run.txt")
[ "${failed:-1}" = 0 ] || fail "no verdict: $(tail -1 "$WORK/run.txt")"
[ $((skipped * 10)) -le $(((passed + skipped) * 3)) ] || fail "$skipped of $((passed + skipped)) evaluations were left out"
for script in "$scripts"/*.test; do
    case " ${judged[*]} " in
        *" $script "*) ;;
        *) printf '%-24s %s\n' "$(basename "$script")" "$("$NINES_BIN" promql run --only-floats "$script" 2>&1 | tail -1)" ;;
    esac
done
verdict "$passed passed, ${failed:-?} failed, $skipped skipped in fourteen files"
