#!/usr/bin/env bash
# Promise: at an error rate equal to the budget, the default burn policy pages at most once an objective-year at 1, 10 and 100 requests an hour (99.9 %,
# Poisson arrivals), and a total outage at 10 requests an hour is found within 15 minutes in the median; no outage of
# a day begins more than three pages. Plays virtual years through the real account and evaluator; some minutes. All figures are printed.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
need dotnet build "$ROOT/tests/Nines.Core.Tests" -c Release -v quiet -nologo -clp:NoSummary >&2

say "virtual years"
if ! "$ROOT/artifacts/bin/Nines.Core.Tests/release/Nines.Core.Tests" -method '*BurnEvidenceTests.Simulation_Long*' -explicit only -showLiveOutput -noColor \
    >"$WORK/burn.txt" 2>&1; then
    grep -a '/h' "$WORK/burn.txt" >&2
    fail "a demand does not hold"
fi
grep -a '/h' "$WORK/burn.txt" | sed 's/.*OUTPUT\] //' | sort -u >&2
false_pages=$(grep -a '/h, errors' "$WORK/burn.txt" | sed -nE 's/.*[^0-9](10?0?)\/h, errors.*: ([0-9.]+) false.*/\1\/h \2/p' | sort -u | paste -sd' ')
found=$(grep -a '[^0-9]10/h, 100' "$WORK/burn.txt" | sed -nE 's/.*median after ([0-9.]+) min.*/\1/p' | head -1)
verdict "false pages a year: ${false_pages:-?}; total outage at 10/h found after ${found:-?} min in the median"
