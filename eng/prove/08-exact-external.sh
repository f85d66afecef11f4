#!/usr/bin/env bash
# Proves that the ledger counts exactly what somebody else's Prometheus scraped. The truth is what the shop's customers saw: the traffic generator tallies each
# answer on its own side. A real Prometheus scrapes two replicas of the shop every 3 s; Nines scrapes nothing and reads the Prometheus' HTTP API.
#
#   - Nines comes minutes after the Prometheus and back-fills what happened before it was there;
#   - errors begin after a while, so the label set code="500" appears during the run;
#   - Nines is killed (kill -9) while the traffic goes on; what it missed is read again from the source;
#   - the Prometheus is killed while the traffic goes on; what it missed is in the counters;
#   - a replica is killed after its last requests were scraped, and comes back with counters that begin anew.
# At the end good and total of every objective equal the tally, to the single request.
#
# Usage: 08-exact-external.sh                  (about 5 minutes) also runs a second Nines with a planted fault, which must differ
#        08-exact-external.sh --mutant NAME    with one planted fault: fails when it works
. "$(dirname "$0")/lib.sh"

MUTANTS=(first-sample reset double-count gap)
case "${1:-}" in
    "") SERVERS=(none "${MUTANTS[@]}") ;;
    --mutant) SERVERS=("${2:?name a mutant: ${MUTANTS[*]}}") ;;
    *) grep '^# Usage' -A1 "$0" >&2; exit 2 ;;
esac
[[ " none ${MUTANTS[*]} " == *" ${SERVERS[0]} "* ]] || { echo "there is no planted fault ${SERVERS[0]}; there are ${MUTANTS[*]}" >&2; exit 2; }
command -v prometheus >/dev/null || { echo "prometheus is not installed"; exit 77; }
METRICS='type: Prometheus, metricSourceRef: prometheus'
WINDOW=1d
. "$(dirname "$0")/tallied.sh"

prometheus_on() {
    start PROMETHEUS "$WORK/prometheus.log" prometheus --config.file="$WORK/prometheus.yml" --storage.tsdb.path="$WORK/prometheus" \
        --web.listen-address="127.0.0.1:$PROM" --log.level=warn
    need wait_url 30 "http://127.0.0.1:$PROM/-/ready"
}
build
free_port A B PROM PORT_none PORT_first_sample PORT_reset PORT_double_count PORT_gap
mkdir -p "$WORK/workspace"
cat >"$WORK/prometheus.yml" <<YAML
global: {scrape_interval: 3s}
scrape_configs:
  - {job_name: shop, static_configs: [{targets: ["127.0.0.1:$A", "127.0.0.1:$B"]}]}
YAML
cat >"$WORK/workspace/promises.yaml" <<YAML
apiVersion: openslo/v1
kind: Service
metadata: {name: shop}
spec: {}
---
apiVersion: openslo/v1
kind: DataSource
metadata: {name: prometheus}
spec:
  type: Prometheus
  connectionDetails: {url: "http://127.0.0.1:$PROM"}
YAML
objective all bad 'http_requests_total{code=~"5.."}' 'http_requests_total'
objective orders good 'sum(rate(http_requests_total{route="/checkout",code!~"5.."}[5m]))' 'sum(rate(http_requests_total{route="/checkout"}[5m]))'
objective pages bad 'sum(http_requests_total{route="/catalogue",code="500"})' 'sum(http_requests_total{route="/catalogue"})'
objective searches bad 'http_requests_total{route="/search",code=~"5.."}' 'http_request_duration_seconds_count{route="/search"}'

shop A "$A"; shop B "$B"
prometheus_on
sleep 8         # both are scraped before the first customer comes
traffic_on "$A" "$B"
say "customers, two replicas and a Prometheus"
sleep 25
serve_all
say "Nines is there: ${SERVERS[*]}"
sleep 10
faults "$A" 'errors=0.25'
say "errors begin"
sleep 25

for s in "${SERVERS[@]}"; do pid=PID_${s//-/_}; stop KILL "${!pid}"; done
say "Nines is dead"
sleep 25
serve_all
say "Nines is back"
sleep 20

stop KILL "$PROMETHEUS"
say "the Prometheus is dead"
sleep 25
prometheus_on
say "the Prometheus is back"
sleep 20

traffic_off
sleep 8         # all that the replicas answered is scraped
stop KILL "$SHOP_A"
sleep 4
shop A "$A"
faults "$A" 'errors=0.5'
sleep 8         # scraped once before customers come
traffic_on "$A" "$B"
say "a quiesced replica was killed and is back"
sleep 25
traffic_off
say "no more requests; the last scrapes and readings pass"
sleep 40

[ "$(json 'Object.values(d).reduce((n, t) => n + t.unanswered, 0)' "$TALLY")" = 0 ] || fail "the truth is not known: there are unanswered requests"
total=$(json 'Object.values(d).reduce((n, t) => n + t.total, 0)' "$TALLY")
good=$(json 'Object.values(d).reduce((n, t) => n + t.good, 0)' "$TALLY")
caught=0
for s in "${SERVERS[@]}"; do
    compare "$s" >"$WORK/differences" || echo "no answer" >>"$WORK/differences"
    [ -s "$WORK/differences" ] && say "$s: $(head -3 "$WORK/differences" | paste -sd';')"
    if [ "$s" = none ] || [ ${#SERVERS[@]} -eq 1 ]; then
        [ ! -s "$WORK/differences" ] || fail "$s: $(head -1 "$WORK/differences")"
    else
        [ -s "$WORK/differences" ] && caught=$((caught + 1)) || fail "the planted fault $s was not noticed"
    fi
done
status=$(get "$(url "${SERVERS[0]}")/nines/v1/sources" \
    '`${d.items[0].requests} requests since the restart, ${d.items[0].failedRequests} failed, ${d.items[0].objectives.filter(o => o.state === "live").length} of ${d.items[0].objectives.length} objectives live`')
verdict "good $good of $total requests, read from a Prometheus, each objective equal to the tally; Nines, Prometheus and shop each killed once; $caught of $((${#SERVERS[@]} - 1)) planted faults noticed; $status"
