#!/usr/bin/env bash
# Promise: 10,000 series at 15 s for 24 simulated hours need at most 250 MB of memory and 2 bytes a sample in blocks; at 100,000 series, queries over an hour
# take at most as long as Prometheus takes in the same run, and queries of one time at most 1.5 times as long (geometric means).
# Needs Debian's prometheus; without it this ends with 77. SERIES and ROUNDS make the comparison smaller for a look.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
command -v prometheus >/dev/null || { echo "07-cost: prometheus is not installed"; exit 77; }
build
need dotnet build "$ROOT/bench/Nines.LoadRig" -c Release -v quiet -nologo -clp:NoSummary >&2
rig=$ROOT/artifacts/bin/Nines.LoadRig/release/loadrig

say "24 simulated hours of 10,000 series"
"$rig" soak --nines "$NINES_BIN" --series 10000 --hours 24 >"$WORK/soak.txt" 2>/dev/null || fail "the soak ended badly: $(tail -1 "$WORK/soak.txt")"
cat "$WORK/soak.txt" >&2
most=$(sed -nE 's/^resident .* at most ([0-9]+) MB$/\1/p' "$WORK/soak.txt")
bytes=$(sed -nE 's/.* ([0-9.]+) a sample.*/\1/p' "$WORK/soak.txt")
[ "${most:-9999}" -le 250 ] || fail "${most:-?} MB resident, more than 250"
awk -v b="${bytes:-9}" 'BEGIN { exit !(b <= 2) }' || fail "${bytes:-?} bytes a sample in blocks, more than 2"

say "the queries of an hour at ${SERIES:-100000} series, beside Prometheus"
"$rig" queries --nines "$NINES_BIN" --series "${SERIES:-100000}" --rounds "${ROUNDS:-3}" >"$WORK/queries.txt" 2>/dev/null \
    || fail "the comparison ended badly: $(tail -1 "$WORK/queries.txt")"
cat "$WORK/queries.txt" >&2
range=$(sed -nE 's/^range ([0-9.]+)$/\1/p' "$WORK/queries.txt")
instant=$(sed -nE 's/^instant ([0-9.]+)$/\1/p' "$WORK/queries.txt")
awk -v r="${range:-9}" 'BEGIN { exit !(r <= 1) }' || fail "range queries take ${range:-?} times as long as Prometheus'"
awk -v i="${instant:-9}" 'BEGIN { exit !(i <= 1.5) }' || fail "instant queries take ${instant:-?} times as long as Prometheus'"
verdict "${most:-?} MB, ${bytes:-?} bytes a sample; range ${range:-?}, instant ${instant:-?} of Prometheus' time"
