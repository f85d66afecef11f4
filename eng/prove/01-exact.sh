#!/usr/bin/env bash
# Proves that the ledger counts exactly. The truth is what the shop's customers saw: the traffic generator tallies each answer on its own side.
#
# (a) Under some 30 requests a second, scraped every 3 s:
#     - errors begin after a while, so the label set code="500" appears during the run;
#     - one replica is drained and replaced by another on another port, which has served requests before Nines first reads it;
#     - one replica answers its scrapes 16 s late, so that samples arrive for minutes that are closed already;
#     - Nines is killed (kill -9) for 70 s while the traffic goes on;
#     - a replica is restarted after its last requests were scraped, so its counters begin anew.
#     At the end good and total of every objective equal the tally, to the single request.
# (b) A replica is killed under load: what is missing is at most what it answered since its last scrape, and Nines names the stretch nobody saw, with an estimate.
#
# Usage: 01-exact.sh                  (about 6 minutes)
#        01-exact.sh --mutants        a shorter (a) with one server for each planted fault, and one without: succeeds if each fault is caught and no more
#        01-exact.sh --mutant NAME    the same with one planted fault: fails when it works
. "$(dirname "$0")/lib.sh"

MUTANTS=(first-sample reset double-count late gap)
case "${1:-}" in
    "") SERVERS=(none) DOWN=70 ;;
    --mutants) SERVERS=(none "${MUTANTS[@]}") DOWN=15 ;;
    --mutant) SERVERS=("${2:?name a mutant: ${MUTANTS[*]}}") DOWN=15 ;;
    *) grep '^# Usage' -A2 "$0" >&2; exit 2 ;;
esac
[[ " none ${MUTANTS[*]} " == *" ${SERVERS[0]} "* ]] || { echo "there is no planted fault ${SERVERS[0]}; there are ${MUTANTS[*]}" >&2; exit 2; }
. "$(dirname "$0")/tallied.sh"
TALLY_A=$WORK/tally-a       # of the traffic on the replica that is killed in (b)

# workspace TARGETS: two jobs, one of them for the replica that is slow to answer, and five objectives in different forms.
workspace() {
    mkdir -p "$WORK/workspace"
    cat >"$WORK/scrape.new" <<YAML
scrape_configs:
  - job_name: fast
    scrape_interval: 3s
    static_configs:
      - targets: [$1]
  - job_name: slow
    scrape_interval: 17s
    scrape_timeout: 17s
    static_configs:
      - targets: ["127.0.0.1:$SLOW"]
YAML
    mv "$WORK/scrape.new" "$WORK/workspace/scrape.yaml"
}

# sum FIELD FILE: over all routes.
sum() { json "Object.values(d).reduce((n, t) => n + t.$1, 0)" "$2"; }

# late_seen SERVER: whether it was given events of a minute that it had closed, whatever it did with them.
late_seen() { curl -fsS -m 5 "$(url "$1")/metrics" | grep -Eq '^nines_objectives_(revised|late)_events_total[^ ]* [1-9]'; }

# ---- (a) ----
build
free_port A B D SLOW PORT_none PORT_first_sample PORT_reset PORT_double_count PORT_late PORT_gap
shop A "$A"; shop B "$B"; shop SLOW "$SLOW"
faults "$SLOW" 'scrapeDelayMs=16400'
workspace "\"127.0.0.1:$A\", \"127.0.0.1:$B\""
printf 'apiVersion: openslo/v1\nkind: Service\nmetadata: {name: shop}\nspec: {}\n' >"$WORK/workspace/promises.yaml"
objective all bad 'http_requests_total{code=~"5.."}' 'http_requests_total'
objective orders good 'sum(rate(http_requests_total{route="/checkout",code!~"5.."}[5m]))' 'sum(rate(http_requests_total{route="/checkout"}[5m]))'
objective pages bad 'sum(http_requests_total{route="/catalogue",code="500"})' 'sum(http_requests_total{route="/catalogue"})'
objective carts bad 'http_requests_total{route="/cart",code=~"5.."}' 'http_requests_total{route="/cart"}'
objective searches bad 'http_requests_total{route="/search",code=~"5.."}' 'http_request_duration_seconds_count{route="/search"}'

traffic_on "$A" "$B" "$SLOW"
sleep 3
serve_all
say "customers and servers run: ${SERVERS[*]}"
sleep 20
faults "$A" 'errors=0.25'
say "errors begin"
sleep 20

traffic_off; traffic_on "$A" "$SLOW"
sleep 8         # the drained replica is scraped once more
stop KILL "$SHOP_B"
shop D "$D"
traffic_off; traffic_on "$A" "$SLOW" "$D"
sleep 5         # the new one serves before it is known
workspace "\"127.0.0.1:$A\", \"127.0.0.1:$D\""
say "a replica is replaced"
sleep 20
for s in "${SERVERS[@]}"; do wait_for 190 "samples of the slow replica that come to $s after their minute has closed" late_seen "$s"; done

for s in "${SERVERS[@]}"; do pid=PID_${s//-/_}; stop KILL "${!pid}"; done
say "Nines is dead for $DOWN s"
sleep $DOWN
serve_all
say "Nines is back"
sleep 10

traffic_off
sleep 8         # all that the replica answered is scraped
stop KILL "$SHOP_A"
shop A "$A"
faults "$A" 'errors=0.5'
traffic_on "$A" "$SLOW" "$D"
say "a quiesced replica was restarted"
sleep 20

settle() {
    traffic_off
    faults "$SLOW" 'scrapeDelayMs=0'
    say "no more requests; the last scrapes and a step of the ledger pass"
    sleep 37
}
settle
[ "$(sum unanswered "$TALLY")" = 0 ] || fail "the truth is not known: $(sum unanswered "$TALLY") requests were not answered"
good=$(sum good "$TALLY") total=$(sum total "$TALLY")
figure="(a) good $good of $total requests"
caught=0
for s in "${SERVERS[@]}"; do
    compare "$s" "$TALLY_A" >"$WORK/differences" || echo "no answer" >>"$WORK/differences"
    [ -s "$WORK/differences" ] && caught=$((caught + 1)) && say "$s: $(head -3 "$WORK/differences" | paste -sd';')"
    if [ "${1:-}" != --mutants ] || [ "$s" = none ]; then
        [ ! -s "$WORK/differences" ] || fail "$s: $(head -1 "$WORK/differences")"
    else
        [ -s "$WORK/differences" ] || fail "the planted fault $s was not noticed"
    fi
done
[ "${1:-}" != --mutants ] || verdict "$caught of ${#MUTANTS[@]} planted faults were noticed against a tally of $total requests; without a fault the ledger equals it"
[ ${#SERVERS[@]} -eq 1 ] && [ "${SERVERS[0]}" = none ] || verdict "$figure with the planted fault ${SERVERS[0]}"
figure="$figure, each objective equal to the tally"

# ---- (b) ----
start TRAFFIC_A "$WORK/traffic.log" "$SHOP_BIN" traffic --target "http://127.0.0.1:$A" --rate $RATE --flat --tally "$TALLY_A"
sleep 12
cp "$TALLY_A" "$WORK/before"        # the tally is written every second, so this is at least one interval of 3 s before the death, and at most 5 s
sleep 4
stop KILL "$SHOP_A"
killed=$(now_ms)
say "the replica is dead, under load"
sleep 2
cp "$TALLY_A" "$WORK/after"
sleep 3
shop A "$A"
sleep 10
stop TERM "$TRAFFIC_A"
sleep 24
compare none "$TALLY_A" "$WORK/before" "$WORK/after" >"$WORK/differences" || echo "no answer" >>"$WORK/differences"
[ ! -s "$WORK/differences" ] || fail "(b) $(head -1 "$WORK/differences")"
truth=$(($(sum total "$TALLY") + $(sum total "$TALLY_A")))
counted=$(get "$(url none)/nines/v1/objectives" 'd.items.find(i => i.key.startsWith("shop/all@")).total')
unseen=$(get "$(url none)/nines/v1/objectives" "
    d.items.find(i => i.key.startsWith('shop/all@')).spans
        .filter(s => s.kind === 'unseen' && Date.parse(s.from) <= $killed && Date.parse(s.to) >= $killed).reduce((n, s) => n + s.unseenAtMost, 0)")
node -e "process.exit($unseen > 0 ? 0 : 1)" || fail "(b) Nines does not name the stretch that nobody saw"
verdict "$figure; (b) $((truth - counted)) of $truth are missing after a kill -9, at most $(($(sum total "$WORK/after") - $(sum total "$WORK/before"))) may be, and Nines says that up to ${unseen%.*} were not seen"
