#!/usr/bin/env bash
# Proves that breaking a promise reaches people, whatever happens to the server or its disk.
#
# After five good minutes a shop answers every request with an error. Four servers watch it, each with a 99.9 % objective and the default policy:
#   a  nothing else happens: the message must be at Telegram, at Slack and at the webhook within 60 s, and `nines explain` says so;
#   b  the server dies between the decision and the send, and starts again: the same message with the same key;
#   c  every file of its data directory is immutable (chattr +i): it still arrives, marked as unrecorded, and is recorded once the files can be written again;
#   d  its data directory is a full tmpfs: the same.
# And another shop is killed in good health under load:
#   e  its server tells that the signal is lost within 3 minutes, and credits nothing that it did not see.
#
# Usage: 02-page.sh          (about 7 minutes; needs root for c and d, which are skipped by name otherwise)
#        GOOD_SECONDS=40 02-page.sh    shortens the good time, for work on this script
. "$(dirname "$0")/lib.sh"

GOOD_SECONDS=${GOOD_SECONDS:-300}
RATE=30
FIGURES=()
figure() { FIGURES+=("$1"); say "$1"; }

# workspace VARIANT SHOP_PORT: one objective over all requests, scraped every 5 s; a Telegram-compatible receiver, a Slack-compatible one and a webhook.
workspace() {
    mkdir -p "$WORK/$1/workspace"
    cat >"$WORK/$1/workspace/scrape.yaml" <<YAML
scrape_configs:
  - job_name: shop
    scrape_interval: 5s
    static_configs:
      - targets: ["127.0.0.1:$2"]
YAML
    cat >"$WORK/$1/workspace/promise.yaml" <<YAML
apiVersion: openslo/v1
kind: Service
metadata: {name: shop}
spec: {}
---
apiVersion: openslo/v1
kind: SLO
metadata: {name: answers}
spec:
  service: shop
  budgetingMethod: Occurrences
  timeWindow: [{duration: 28d, isRolling: true}]
  indicator:
    metadata: {name: answered}
    spec:
      ratioMetric:
        counter: true
        bad:
          metricSource: {type: Nines, spec: {query: 'http_requests_total{job="shop", code=~"5.."}'}}
        total:
          metricSource: {type: Nines, spec: {query: 'http_requests_total{job="shop"}'}}
  objectives: [{target: 0.999}]
---
apiVersion: nines/v1
kind: Delivery
metadata: {name: all}
spec:
  receivers:
    - name: phone
      telegram: {apiUrl: "http://127.0.0.1:$SINK/$1", chatId: "1", botToken: "\${env:TEST_BOT_TOKEN}"}
    - name: chat
      slack: {api_url: "http://127.0.0.1:$SINK/$1/chat"}
    - name: hook
      webhook: {url: "http://127.0.0.1:$SINK/$1/hook"}
YAML
}

# serve VARIANT [NAME=value]: starts the variant's server; its id is in PID_x, its address in URL_x.
serve() {
    local v=$1 port=PORT_$1
    shift
    start "PID_$v" "$WORK/$v/log" "$@" TEST_BOT_TOKEN=0:test "$NINES_BIN" serve --demo true \
        --workspace "$WORK/$v/workspace" --data "$WORK/$v/data" --listen "http://127.0.0.1:${!port}"
    printf -v "URL_$v" '%s' "http://127.0.0.1:${!port}"
}

# received VARIANT ALERT FIELD: what arrived of an alert, one line of a field for each message: JavaScript over the message `m`.
received() {
    node -e '
        const [file, variant, alert, field] = process.argv.slice(1);
        for (const line of require("fs").readFileSync(file, "utf8").split("\n").filter(l => l)) {
            const m = JSON.parse(line);
            m.hook = m.path.endsWith("/hook");
            m.channel = m.hook ? "webhook" : m.path.endsWith("/chat") ? "slack" : "telegram";
            const about = m.hook ? m.body.commonLabels.alertname : { burns: "ErrorBudgetBurn", "no signal": "SliLost", refuses: "NinesStoreRefusesWrites" }[
                /(burns|no signal|refuses writes)/.exec(m.body.text.split("\n")[0])?.[0].replace(" writes", "")];
            if (m.path.split("/")[1] === variant && about === alert) console.log(eval(field));
        }' "$WORK/received" "$@"
}

# arrived VARIANT ALERT: whether it is at all three receivers.
arrived() { [ "$(received "$1" "$2" m.channel | sort -u | wc -l)" = 3 ]; }

# delays VARIANT ALERT SINCE_MS: seconds from a moment to the first arrival at each receiver.
delays() {
    received "$1" "$2" '`${m.channel} ${m.at}`' | sort -s -u -k1,1 | while read -r channel at; do
        printf '%s %s s, ' "$channel" "$(((at - $3 + 500) / 1000))"
    done
}

# expect_page VARIANT SECONDS: the burn's message is at all receivers within a time of the errors.
expect_page() {
    local left=$((($2 * 1000 - ($(now_ms) - BROKEN_AT)) / 1000 + 1))
    wait_for $((left > 1 ? left : 1)) "$1: the page at all receivers within $2 s" arrived "$1" ErrorBudgetBurn
    figure "$1: $(delays "$1" ErrorBudgetBurn "$BROKEN_AT")"
}

# expect_marked VARIANT: the first message of each receiver says that it was not recorded.
expect_marked() {
    local n
    n=$(received "$1" ErrorBudgetBurn \
        'm.headers["x-nines-unrecorded"] === "true" && /not recorded/.test(m.hook ? m.body.commonAnnotations.nines_delivery : JSON.stringify(m.body))' | grep -c true)
    [ "$n" -ge 3 ] || fail "$1: $n of 3 messages are marked as unrecorded"
}

# keys_on_disk VARIANT: the keys of the messages in its state database, by receiver, as the bytes lie there.
keys_on_disk() { cat "$WORK/$1"/data/state.db* | LC_ALL=C grep -aoE '[0-9a-f]{32}(phone|hook|chat)' | sort -u; }

# keys_received VARIANT: the same of what arrived.
keys_received() { received "$1" ErrorBudgetBurn 'm.headers["idempotency-key"] + { webhook: "hook", slack: "chat", telegram: "phone" }[m.channel]' | sort -u; }

# expect_recorded VARIANT: after the disk came back, the record says what was sent, and the ledger is on disk again: a kill -9 loses nothing.
expect_recorded() {
    local url=URL_$1 pid=PID_$1 before after
    wait_for 90 "$1: everything is recorded once the disk takes writes again" healthy "${!url}" || return
    for key in $(keys_received "$1"); do
        keys_on_disk "$1" | grep -q "$key" || fail "$1: the message $key is not on record"
    done
    before=$(get "${!url}/nines/v1/objectives" 'd.items[0].total')
    stop KILL "${!pid}"
    serve "$1"
    url=URL_$1
    wait_url 20 "${!url}/health/live"
    wait_for 20 "$1: the ledger still has what it had" at_least "${!url}" "$before"
}

healthy() { [ "$(get "$1/health/detailed" 'Object.values(d.checks).flat().filter(c => c.status !== "pass" && /state|ledger|store|tsdb/.test(JSON.stringify(c))).length + (d.status === "fail")')" = 0 ]; }
at_least() { [ "$(get "$1/nines/v1/objectives" "d.items[0].total >= $2")" = true ]; }

# ---- what the machine allows ----
build
variants=(a b e)
mkdir -p "$WORK/c/data" "$WORK/d/data"
touch "$WORK/probe"
if chattr +i "$WORK/probe" 2>/dev/null; then
    chattr -i "$WORK/probe"
    variants+=(c)
    UNDO+=('find "$WORK/c/data" -type f -exec chattr -i {} + 2>/dev/null')
else
    figure "c: skipped, chattr +i needs root and a file system that knows it"
fi
if mount -t tmpfs -o size=64m nines-proof "$WORK/d/data" 2>/dev/null; then
    variants+=(d)
    UNDO+=('umount "$WORK/d/data"')
else
    figure "d: skipped, mounting a tmpfs needs root"
fi
has() { [[ " ${variants[*]} " == *" $1 "* ]]; }

# ---- five good minutes ----
free_port SINK SHOP SHOP_E PORT_a PORT_b PORT_c PORT_d PORT_e
start SINK_PID "$WORK/sink.log" node "$ROOT/eng/prove/sink.mjs" "$SINK" "$WORK/received"
start SHOP_PID "$WORK/shop.log" "$SHOP_BIN" serve --port "$SHOP"
start SHOP_E_PID "$WORK/shop-e.log" "$SHOP_BIN" serve --port "$SHOP_E"
need wait_url 20 "http://127.0.0.1:$SHOP/metrics"
need wait_url 20 "http://127.0.0.1:$SHOP_E/metrics"
start TRAFFIC_PID "$WORK/traffic.log" "$SHOP_BIN" traffic --target "http://127.0.0.1:$SHOP" --rate $RATE --flat
start TRAFFIC_E_PID "$WORK/traffic-e.log" "$SHOP_BIN" traffic --target "http://127.0.0.1:$SHOP_E" --rate $RATE --flat
for v in "${variants[@]}"; do
    [ "$v" = e ] && workspace e "$SHOP_E" || workspace "$v" "$SHOP"
    [ "$v" = b ] && serve b NINES_FAULT_BEFORE_SEND=exit || serve "$v"
done
for v in "${variants[@]}"; do url=URL_$v; need wait_url 30 "${!url}/health/live"; done
begun=$(now_ms)
say "servers ${variants[*]} watch; $GOOD_SECONDS good seconds begin"

# ---- e: the shop is killed while all is well ----
until_ms $((begun + GOOD_SECONDS * 1000 / 3))
stop KILL "$SHOP_E_PID"
killed=$(now_ms)
say "e: the shop is dead"
until_ms $((killed + 20000))     # what was read before has been counted by now
good_at_death=$(get "$URL_e/nines/v1/objectives" 'd.items[0].good')

# ---- the disks of c and d fail, then the shop ----
until_ms $((begun + GOOD_SECONDS * 1000 - 15000))
if has c; then find "$WORK/c/data" -type f -exec chattr +i {} +; say "c: $(find "$WORK/c/data" -type f | wc -l) files are immutable"; fi
if has d; then dd if=/dev/zero of="$WORK/d/data/filler" bs=4096 2>/dev/null; say "d: $(df --output=avail "$WORK/d/data" | tail -1) bytes are left"; fi
until_ms $((begun + GOOD_SECONDS * 1000))
for v in "${variants[@]}"; do
    url=URL_$v
    [ "$v" = e ] || [ "$(received "$v" ErrorBudgetBurn 1 | wc -l)" = 0 ] || fail "$v: a page without a reason"
    [ "$(get "${!url}/nines/v1/objectives" 'd.items[0].good > 0 && d.items[0].bad === 0')" = true ] || fail "$v: the good minutes were not counted as good"
done
curl -fsS -o /dev/null -X POST "http://127.0.0.1:$SHOP/faults?errors=1"
BROKEN_AT=$(now_ms)
say "every answer is an error now"

# ---- b dies before it sends, and comes back ----
wait_for 60 "b: the server dies between decision and send" eval '! kill -0 $PID_b'
say "b: the server is dead"
[ "$(received b ErrorBudgetBurn 1 | wc -l)" = 0 ] || fail "b: something was sent before the server died"
keys_on_disk b >"$WORK/keys-decided"
[ "$(wc -l <"$WORK/keys-decided")" = 3 ] || fail "b: $(wc -l <"$WORK/keys-decided") of 3 decided messages are on disk"
serve b

for v in a b c d; do has "$v" && expect_page "$v" 60; done
told=$("$NINES_BIN" explain 'alertname="ErrorBudgetBurn"' --server "$URL_a")
for receiver in phone chat hook; do
    grep -qE "Told: .*$receiver .*at [0-9:]+" <<<"$told" || fail "a: the explanation does not say that $receiver was told: $(head -3 <<<"$told")"
done
sleep 2
diff "$WORK/keys-decided" <(keys_received b) >&2 || fail "b: the keys that arrived are not those that were decided"
for v in c d; do has "$v" && expect_marked "$v"; done

# ---- e: the signal is lost, and nothing was made up ----
wait_for $((killed / 1000 + 180 - $(date +%s) + 1)) "e: the lost signal is told within 180 s" arrived e SliLost
figure "e: $(delays e SliLost "$killed")"
good_now=$(get "$URL_e/nines/v1/objectives" 'd.items[0].good')
[ "$good_now" = "$good_at_death" ] || fail "e: good went from $good_at_death to $good_now after the death"
known=$(get "$URL_e/nines/v1/objectives" 'd.items[0].burn.find(b => b.windowMinutes === 5).knownMinutes')
lost_minutes=$((($(now_ms) - killed) / 60000))
node -e "process.exit($known <= 5 - $lost_minutes + 0.2 ? 0 : 1)" || fail "e: $known of the last 5 min count as observed, $lost_minutes min after the death"

# ---- the disks of c and d recover ----
if has c; then find "$WORK/c/data" -type f -exec chattr -i {} +; fi
if has d; then rm "$WORK/d/data/filler"; fi
for v in c d; do has "$v" && expect_recorded "$v"; done

verdict "${FIGURES[*]}"
