# Shared by the proofs in this folder; sourced, not run. A proof starts real processes on free ports of 127.0.0.1, in a directory of its own that goes
# with them, and ends with `verdict`: one line with its figure, and an exit code. Needs: bash, node, curl, and dotnet unless NINES_BIN and SHOP_BIN are set.
set -uo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
NAME=$(basename "$0" .sh)
WORK=$(mktemp -d "${TMPDIR:-/tmp}/nines-$NAME.XXXXXX")
STARTED=$SECONDS
PIDS=()
UNDO=()         # commands to run before WORK is removed, such as an unmount

say() { printf '%s  %s\n' "$(date -u +%H:%M:%S)" "$*" >&2; }
fail() { echo "$*" >>"$WORK/failures"; say "FAILED: $*"; }     # works from subshells too
need() { "$@" || { say "cannot go on: $*"; exit 1; }; }

# Ends everything this proof started and removes its directory; with NINES_KEEP=1 the directory stays.
cleanup() {
    local code=$? pid undo
    for pid in "${PIDS[@]:-}"; do [ -n "$pid" ] && kill -9 "$pid" 2>/dev/null; done
    for pid in "${PIDS[@]:-}"; do [ -n "$pid" ] && wait "$pid" 2>/dev/null; done
    for undo in "${UNDO[@]:-}"; do [ -n "$undo" ] && eval "$undo"; done
    if [ "${NINES_KEEP:-}" = 1 ]; then say "kept: $WORK"; else rm -rf "$WORK"; fi
    exit "$code"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

# build: NINES_BIN and SHOP_BIN are the two programs, built for release once unless they are given.
build() {
    local where=$ROOT/artifacts/bin
    if [ -z "${NINES_BIN:-}" ]; then
        say "building"
        (cd "$ROOT" && dotnet build -c Release src/Nines.Cli -v q -nologo >"$WORK/build.log" 2>&1) || { tail -30 "$WORK/build.log" >&2; exit 1; }
        NINES_BIN=$where/Nines.Cli/release/nines
    fi
    SHOP_BIN=${SHOP_BIN:-$(dirname "$NINES_BIN")/shop}
    [ -x "$SHOP_BIN" ] || SHOP_BIN=$where/Nines.Shop/release/shop
    export NINES_BIN SHOP_BIN
    need test -x "$NINES_BIN"
    need test -x "$SHOP_BIN"
}

# free_port VAR...: puts a free port into each variable.
free_port() {
    local ports i=0
    ports=($(node -e '
        const net = require("net"), held = [];
        for (let i = 0; i < +process.argv[1]; i++) held.push(new Promise(done => { const s = net.createServer().listen(0, "127.0.0.1", () => done(s)); }));
        Promise.all(held).then(all => { console.log(all.map(s => s.address().port).join(" ")); all.forEach(s => s.close()); });' $#))
    for var in "$@"; do printf -v "$var" '%s' "${ports[$i]}"; i=$((i + 1)); done
}

# start VAR LOG COMMAND...: starts a process in the background, its output in LOG, its id in VAR. NAME=value before the command goes to its environment.
start() {
    local var=$1 log=$2
    shift 2
    env "$@" >>"$log" 2>&1 &
    printf -v "$var" '%s' $!
    PIDS+=($!)
}

# stop SIGNAL PID: ends a process we started, and waits until it is gone.
stop() {
    kill "-$1" "$2" 2>/dev/null
    wait "$2" 2>/dev/null
    return 0
}

# wait_for SECONDS WHAT COMMAND...: until the command succeeds; fails the proof otherwise.
wait_for() {
    local until=$(($(now_ms) + $1 * 1000)) what=$2
    shift 2
    until "$@" >/dev/null 2>&1; do
        [ "$(now_ms)" -lt "$until" ] || { fail "in vain: $what"; return 1; }
        sleep 0.25
    done
}

# wait_url SECONDS URL
wait_url() { wait_for "$1" "an answer of $2" curl -fsS -m 5 -o /dev/null "$2"; }

# until_ms MS: sleeps until a moment.
until_ms() { local left=$(($1 - $(now_ms))); [ "$left" -le 0 ] || sleep "$((left / 1000)).$(printf %03d $((left % 1000)))"; }

now_ms() { date +%s%3N; }

# json EXPRESSION [FILE]: evaluates JavaScript over JSON `d`, from a file or the standard input; arguments after the file are `a`.
json() {
    node -e '
        const [expression, file, ...a] = process.argv.slice(1);
        const text = require("fs").readFileSync(file && file !== "-" ? file : 0, "utf8");
        const d = JSON.parse(text);
        const value = eval(expression);
        console.log(typeof value === "object" ? JSON.stringify(value) : String(value));' "$@"
}

# get URL EXPRESSION: fetches JSON and evaluates an expression over it as `d`.
get() { curl -fsS -m 10 "$1" | json "$2"; }

# verdict TEXT: the last line, with the figure, and the exit code.
verdict() {
    local took=$((SECONDS - STARTED))
    if [ ! -s "$WORK/failures" ]; then
        echo "PASS $NAME: $* (${took} s)"
        exit 0
    fi
    echo "FAIL $NAME: $(paste -sd';' "$WORK/failures"); $* (${took} s)"
    exit 1
}
