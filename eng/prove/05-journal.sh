#!/usr/bin/env bash
# Promise: 100,000 facts are verified in 2 s; whatever byte of a stored fact is flipped, verification ends with 1 and names the fact; two processes that append
# 10,000 facts each to PostgreSQL leave no gap, and the result verifies (needs NINES_TEST_POSTGRES or an installed PostgreSQL; otherwise this part is left out, by name).
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
build
FLIPS=${FLIPS:-260}

say "100,000 facts"
"$NINES_BIN" prove append --data "$WORK/many" --count 100000 --batch 1000 >"$WORK/many.txt" || fail "the facts could not be appended"
best=999999
for _ in 1 2 3; do
    began=$(now_ms)
    "$NINES_BIN" journal verify --data "$WORK/many" >"$WORK/verify.txt" || fail "the journal does not verify: $(tail -1 "$WORK/verify.txt")"
    took=$(($(now_ms) - began))
    [ "$took" -ge "$best" ] || best=$took
done
grep -q '^100000 facts verified$' "$WORK/verify.txt" || fail "not 100,000 facts: $(tail -1 "$WORK/verify.txt")"
[ "$best" -le 2000 ] || fail "verifying takes $best ms, more than 2000"

say "$FLIPS flipped bytes"
"$NINES_BIN" prove append --data "$WORK/few" --count 60 --batch 60 >/dev/null || fail "the facts could not be appended"
"$NINES_BIN" prove flips --data "$WORK/few" --into "$WORK/flips" --count "$FLIPS" --seed "${SEED:-1}" >"$WORK/flips.txt" || fail "no bytes were flipped"
# A fact whose own number changed is named by the new number, or missed where its old one was, before the next.
check_flip() {
    local code=0 names=$2
    "$NINES_BIN" journal verify --data "$1" >"$1/found.txt" 2>&1 || code=$?
    [ "$3" != seq ] || names="$2|$(($2 + 1))|$4"
    if [ "$code" = 1 ] && grep -Eq "^fact ($names): $3 " "$1/found.txt"; then echo found; else echo "missed: fact $2 $3 (exit $code): $(head -1 "$1/found.txt")"; fi
}
export -f check_flip
found=$(xargs -P 2 -L 1 bash -c 'check_flip "$@"' _ <"$WORK/flips.txt" | tee "$WORK/found.txt" | grep -c '^found$')
[ "$found" = "$FLIPS" ] || { grep -v '^found$' "$WORK/found.txt" | head >&2; fail "$found of $FLIPS flipped bytes were found"; }

postgres=${NINES_TEST_POSTGRES:-}
two="two processes on PostgreSQL: left out, there is none"
if [ -z "$postgres" ] && ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; then
    chmod 755 "$WORK"
    postgres=$("$ROOT/eng/postgres.sh" start "$WORK/pg") && UNDO+=("'$ROOT/eng/postgres.sh' stop '$WORK/pg'")
    own=$postgres
else
    # The tests' server: a database of its own, so that the count is ours.
    own=
    if [ -n "$postgres" ] && command -v psql >/dev/null; then
        name=proof_$$
        base=$(sed -E 's/Host=([^;]*);Port=([^;]*);Username=([^;]*);.*/-h \1 -p \2 -U \3/' <<<"$postgres")
        # shellcheck disable=SC2086
        psql $base -q -d nines -c "create database $name" && own=$(sed -E "s/Database=[^;]*/Database=$name/" <<<"$postgres") && UNDO+=("psql $base -q -d nines -c 'drop database $name with (force)'")
    fi
fi
if [ -n "$own" ]; then
    say "two processes on PostgreSQL"
    "$NINES_BIN" prove append --data "$WORK/pgdata" --postgres "$own" --count 10000 --batch 5 >"$WORK/first.txt" 2>&1 &
    first=$!
    "$NINES_BIN" prove append --data "$WORK/pgdata" --postgres "$own" --count 10000 --batch 5 >"$WORK/second.txt" 2>&1 &
    second=$!
    wait "$first" || fail "the first process: $(tail -1 "$WORK/first.txt")"
    wait "$second" || fail "the second process: $(tail -1 "$WORK/second.txt")"
    "$NINES_BIN" journal verify --data "$WORK/pgdata" --postgres "$own" >"$WORK/pg.txt" 2>&1 || fail "PostgreSQL: $(tail -1 "$WORK/pg.txt")"
    grep -q '^20000 facts verified$' "$WORK/pg.txt" || fail "PostgreSQL: $(tail -1 "$WORK/pg.txt")"
    two="two processes on PostgreSQL: $(tail -1 "$WORK/pg.txt")"
fi
verdict "100,000 facts verified in $best ms (2000); $found of $FLIPS flipped bytes named; $two"
