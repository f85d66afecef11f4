#!/usr/bin/env bash
# The README's first command works: the demo prints its address first, its pages answer, its objectives count, breaking the shop reaches the phone,
# and when it is told to end, no process stays behind.
. "$(dirname "$0")/lib.sh"

free_port NINES SHOP PHONE
say "dotnet run --project src/Nines.Cli -- demo"
cd "$ROOT" || exit 1
setsid dotnet run --project src/Nines.Cli -- demo --port "$NINES" --shop-port "$SHOP" --phone-port "$PHONE" >"$WORK/demo.log" 2>"$WORK/demo.err" &
DEMO=$!
UNDO+=("kill -9 -- -$DEMO 2>/dev/null")
need wait_url 240 "http://127.0.0.1:$NINES/health/ready"

address=$(grep -om1 'http://[0-9.:]*' "$WORK/demo.log")
[ "$address" = "http://127.0.0.1:$NINES" ] || fail "the first address printed is $address"

total() { get "http://127.0.0.1:$NINES/nines/v1/objectives" 'd.items.reduce((sum, i) => sum + i.total, 0)'; }
counted() { [ "$(total)" -gt 100 ]; }
need wait_for 90 "a hundred events counted" counted

pages=0
for page in / /objectives /objectives/checkout/orders@production /workspace /account /login; do
    code=$(curl -sL -o "$WORK/page.html" -w '%{http_code}' -H 'Accept: text/html' "http://127.0.0.1:$NINES$page")
    [ "$code" = 200 ] && grep -q '</html>' "$WORK/page.html" && pages=$((pages + 1)) || fail "$page answers $code"
done

since=$(now_ms)
curl -fsS -X POST "http://127.0.0.1:$SHOP/faults?errors=0.5&route=/checkout" >/dev/null
need wait_for 60 "a message on the phone" grep -q 'phone ──.*PAGE.*Orders are accepted' "$WORK/demo.log"
delay=$(($(now_ms) - since))

kill -TERM -- "-$DEMO"
gone() { ! curl -fsS -m 2 "http://127.0.0.1:$SHOP/faults" && ! curl -fsS -m 2 "http://127.0.0.1:$NINES/health" && ! pgrep -g "$DEMO"; }
wait_for 30 "every process of the demo to end" gone
verdict "$pages pages, $(grep -c 'phone ──' "$WORK/demo.log") messages, the first $((delay / 1000)) s after the fault"
