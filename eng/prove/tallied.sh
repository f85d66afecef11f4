# Shared by the proofs that hold ledgers against what customers counted themselves; sourced after lib.sh, not run. SERVERS names the servers by their
# planted faults (or none), each with its port in PORT_<name>. METRICS is what objectives are read from and WINDOW how long they are kept.
RATE=30
TALLY=$WORK/tally           # of the traffic over all replicas
METRICS=${METRICS:-"type: Nines"}
WINDOW=${WINDOW:-28d}
OBJECTIVES=()               # their names; compare misses one that a server does not have

# objective NAME PART QUERY TOTAL: the part is good or bad.
objective() {
    OBJECTIVES+=("$1")
    cat >>"$WORK/workspace/promises.yaml" <<YAML
---
apiVersion: openslo/v1
kind: SLO
metadata: {name: $1}
spec:
  service: shop
  budgetingMethod: Occurrences
  timeWindow: [{duration: $WINDOW, isRolling: true}]
  indicator:
    metadata: {name: $1}
    spec:
      ratioMetric:
        counter: true
        $2: {metricSource: {$METRICS, spec: {query: '$3'}}}
        total: {metricSource: {$METRICS, spec: {query: '$4'}}}
  objectives: [{target: 0.99}]
YAML
}

url() { local port=PORT_${1//-/_}; echo "http://127.0.0.1:${!port}"; }

# serve NAME: starts the server of that planted fault (or none). serve_all: all of them, until they answer.
serve() {
    local v=${1//-/_}
    start "PID_$v" "$WORK/$1.log" "NINES_MUTANT=${1/none/}" "$NINES_BIN" serve --demo true \
        --workspace "$WORK/workspace" --data "$WORK/data-$1" --listen "$(url "$1")"
}
serve_all() {
    local s
    for s in "${SERVERS[@]}"; do serve "$s"; done
    for s in "${SERVERS[@]}"; do need wait_url 40 "$(url "$s")/health/live"; done
}

shop() { start "SHOP_$1" "$WORK/shop-$1.log" "$SHOP_BIN" serve --port "$2"; need wait_url 20 "http://127.0.0.1:$2/metrics"; }
faults() { curl -fsS -o /dev/null -X POST "http://127.0.0.1:$1/faults?$2"; }

# traffic_on PORT...: customers use these replicas in turn. traffic_off: they wait for their last answers.
traffic_on() {
    local targets=() port
    for port in "$@"; do targets+=(--target "http://127.0.0.1:$port"); done
    start TRAFFIC "$WORK/traffic.log" "$SHOP_BIN" traffic "${targets[@]}" --rate $RATE --flat --seed $RANDOM --tally "$TALLY"
}
traffic_off() { stop TERM "$TRAFFIC"; }

# compare SERVER [OTHER BEFORE AFTER]: each objective of a server against the tallies: one line for each figure that differs, or nothing. OTHER is a second
# tally. With two snapshots of a killed replica's tally, the difference may be up to what it answered between them: what it answered and nobody read is
# missing, and what was read but whose answer the kill cut off is in the ledger only.
compare() {
    curl -fsS "$(url "$1")/nines/v1/objectives" | node -e '
        const fs = require("fs");
        const [all, a, before, after] = process.argv.slice(1, 5).map(f => f && fs.existsSync(f) ? JSON.parse(fs.readFileSync(f, "utf8")) : {});
        const sum = (tally, route, field) => Object.entries(tally).filter(([r]) => !route || r === route).reduce((n, [, t]) => n + t[field], 0);
        const routes = { all: "", orders: "/checkout", pages: "/catalogue", carts: "/cart", searches: "/search" };
        const items = JSON.parse(fs.readFileSync(0, "utf8")).items;
        for (const name of process.argv.slice(5)) {
            const item = items.find(i => i.key.startsWith(`shop/${name}@`)), route = routes[name];
            for (const field of ["good", "total"]) {
                const truth = sum(all, route, field) + sum(a, route, field);
                const slack = sum(after, route, field) - sum(before, route, field);
                if (!(Math.abs(truth - (item?.[field] ?? 0)) <= slack)) {
                    console.log(`${name}: ${field} is ${item?.[field]}, the tally says ${truth}` + (slack ? `, ${slack} may differ` : ""));
                }
            }
        }' "$TALLY" "${2:-}" "${3:-}" "${4:-}" "${OBJECTIVES[@]}"
}
