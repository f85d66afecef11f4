#!/usr/bin/env bash
# Runs the tests and sums them up; the last line is "N passed, N failed, N skipped".
#   ./test.sh         tidy, unit, property and integration tests: some six minutes at most
#   ./test.sh --all   also the state on PostgreSQL, the browser, the proofs (eng/prove) and the publish check: about an hour on two cores
# With CI=true packages are restored as locked, and a server or browser that cannot be installed is a failure; otherwise its tier is skipped and named.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
all=false
case "${1:-}" in
  --all) all=true ;;
  "") ;;
  *) echo "usage: $0 [--all]" >&2; exit 2 ;;
esac
ci=${CI:-false}
logs=artifacts/test
mkdir -p "$logs"
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 NO_COLOR=1
passed=0 failed=0 skipped=0
failures=() skips=()
updated=false
postgres=

say() { printf '%s  %s\n' "$(date +%T)" "$*"; }
pass() { passed=$((passed + 1)); }
fail() { failed=$((failed + 1)); failures+=("$1"); say "FAILED  $1"; }
skip() { skipped=$((skipped + 1)); skips+=("$1"); say "skipped $1"; }

finish() {
  [ -z "$postgres" ] || eng/postgres.sh stop "$postgres"
  if [ ${#skips[@]} -gt 0 ]; then echo; echo "Skipped:"; printf '  %s\n' "${skips[@]}"; fi
  if [ ${#failures[@]} -gt 0 ]; then echo; echo "Failed:"; printf '  %s\n' "${failures[@]}"; fi
  echo
  echo "$passed passed, $failed failed, $skipped skipped"
  [ "$failed" -eq 0 ]
  exit
}

# Installs a Debian package unless its program is there; on failure counts the tier as skipped, in CI as failed.
need() { # program package tier
  if command -v "$1" >/dev/null || ls /usr/lib/postgresql/*/bin/"$1" >/dev/null 2>&1; then return 0; fi
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    say "installing $2"
    if ! $updated; then apt-get update -qq >"$logs/apt.log" 2>&1; updated=true; fi
    if DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$2" >>"$logs/apt.log" 2>&1; then return 0; fi
  fi
  if [ "$ci" = true ]; then fail "$3: $2 cannot be installed"; else skip "$3: $2 is not installed"; fi
  return 1
}

# Runs one test project and counts what it says.
run_tests() { # project
  local name=$1 log=$logs/$1.log
  local exe=artifacts/bin/$name/debug/$name
  if [ ! -x "$exe" ]; then fail "$name: was not built"; return; fi
  local begun=$SECONDS summary status=0
  "$exe" -noLogo -noColor >"$log" 2>&1 || status=$?
  summary=$(grep -aE 'Total: [0-9]+, Errors: ' "$log" | tail -1)
  if [ -z "$summary" ]; then
    if grep -aqE 'Total: 0$|Total: 0,' "$log"; then return; fi
    tail -20 "$log"
    fail "$name: ended with $status before its tests were done ($log)"
    return
  fi
  local total errors bad left
  read -r total errors bad left < <(sed -E 's/.*Total: ([0-9]+), Errors: ([0-9]+), Failed: ([0-9]+), Skipped: ([0-9]+).*/\1 \2 \3 \4/' <<<"$summary")
  passed=$((passed + total - bad - left)) failed=$((failed + bad + errors)) skipped=$((skipped + left))
  say "$name: $((total - bad - left)) passed, $((bad + errors)) failed, $left skipped in $((SECONDS - begun)) s"
  while read -r line; do skips+=("$line"); done < <(grep -aE '\[SKIP\]$' "$log" | sed -E 's/^ +//; s/ \[SKIP\]$//' | sort -u)
  if [ $((bad + errors)) -gt 0 ]; then
    grep -avE '^ *(Discover|Start|Finish)' "$log" | tail -80
    while read -r line; do failures+=("$line"); done < <(grep -aE '\[FAIL\]$' "$log" | sed -E 's/^ +//; s/ \[FAIL\]$//' | sort -u)
    [ "$errors" -eq 0 ] || failures+=("$name: errors outside of a test")
  elif [ "$status" -ne 0 ]; then
    fail "$name: ended with $status ($log)"
  fi
}

# Runs scripts that prove a promise, side by side; each counts as one test. Exit code 77 says that it cannot be tried here for want of a server, 78 for
# want of outside data, which cannot be installed.
run_scripts() { # "script arguments"...
  local pids=() logs_of=() i=0 script log status begun=$SECONDS
  for script in "$@"; do
    log=$logs/$(basename "${script// /}" .sh).log
    say "$script"
    # shellcheck disable=SC2086  # a script and its arguments
    timeout 900 bash $script >"$log" 2>&1 &
    pids+=($!) logs_of+=("$log")
  done
  for script in "$@"; do
    status=0 log=${logs_of[$i]}
    wait "${pids[$i]}" || status=$?
    case $status in
      0) pass; sed 's/^/          /' <(tail -1 "$log"); say "$script passed in $((SECONDS - begun)) s" ;;
      78) skip "$script: $(tail -1 "$log")" ;;
      77) if [ "$ci" = true ]; then fail "$script: $(tail -1 "$log")"; else skip "$script: $(tail -1 "$log")"; fi ;;
      *) tail -40 "$log"; fail "$script ended with $status ($log)" ;;
    esac
    i=$((i + 1))
  done
}

for program in dotnet npm; do
  command -v "$program" >/dev/null || { echo "$program is needed and not on the PATH" >&2; fail "$program is not there"; finish; }
done
say "building"
if ! dotnet build Nines.slnx -v quiet -nologo -clp:NoSummary >"$logs/build.log" 2>&1; then
  grep -E 'error|warn' "$logs/build.log" | sort -u | head -40
  fail "build ($logs/build.log)"
  finish
fi

if $all && need initdb postgresql "state on PostgreSQL"; then
  postgres=$(mktemp -d)/pg
  chmod 755 "$(dirname "$postgres")"
  if NINES_TEST_POSTGRES=$(eng/postgres.sh start "$postgres"); then export NINES_TEST_POSTGRES; else fail "PostgreSQL did not start"; postgres=; fi
fi
if $all; then export NINES_SIMULATION_WORLDS=10000; fi
need prometheus prometheus "real Prometheus" || true
need amtool prometheus-alertmanager "real Alertmanager" || true
need python3 python3 "timelines from outside" || true
for project in tests/*.Tests; do
  name=$(basename "$project")
  case $name in
    Nines.Browser.Tests)
      if ! $all; then skips+=("$name: only with --all")
      elif need chromium chromium "$name"; then run_tests "$name"; fi ;;
    Nines.Conformance.Tests)
      # Without it the comparison with a live Prometheus is skipped, by name; in CI it fails.
      need prometheus prometheus "$name" || true
      run_tests "$name" ;;
    *) run_tests "$name" ;;
  esac
done

if $all; then
  say "building the server for release"
  if dotnet build src/Nines.Cli -c Release -v quiet -nologo -clp:NoSummary >"$logs/release.log" 2>&1; then
    export NINES_BIN=$PWD/artifacts/bin/Nines.Cli/release/nines
    # These count and wait; those that measure what something costs run alone.
    run_scripts eng/prove/01-exact.sh eng/prove/02-page.sh eng/prove/08-exact-external.sh
    run_scripts "eng/prove/01-exact.sh --mutants" eng/prove/00-demo.sh eng/prove/06-promql.sh eng/prove/10-burn.sh
    for proof in eng/prove/10-alertmanager.sh eng/prove/11-*.sh eng/prove/03-*.sh eng/prove/04-*.sh eng/prove/05-*.sh eng/prove/07-*.sh; do run_scripts "$proof"; done
  else
    fail "release build ($logs/release.log)"
  fi
  run_scripts eng/publish.sh
else
  skips+=("state on PostgreSQL, browser, proofs, publish check: only with --all")
fi
finish
