// Kills a server of alerts three times while 10,000 alerts are posted, each time right after it took a silence, and with a webhook that hangs in flight.
// Usage: node 11-kill.mjs DIRECTORY COMMAND...; prints what was kept, as JSON.
import { mkdirSync } from "node:fs";
import { Server, Sink, alertText, freePort, pause, send, until } from "./alerts.mjs";

const ALERTS = 10_000, BATCH = 50, KILLS = [2_500, 5_000, 7_500], CONNECTIONS = 4;
const [directory, ...command] = process.argv.slice(2);
mkdirSync(directory, { recursive: true });

// Alertmanager 0.25 has no such setting, and waits as long by itself.
const patience = command[0].endsWith("prometheus-alertmanager") ? "" : ", timeout: 5m";
let hangs = true;
const sink = await new Sink((message, response) => message.path === "/hangs" && hangs ? true : (response.end(), true)).listen();
const server = new Server(command, directory, await freePort(), `
route:
  receiver: all
  group_by: ['...']
  group_wait: 0s
  group_interval: 5s
  repeat_interval: 24h
  routes: [{receiver: pending, matchers: ['pending="yes"']}]
receivers:
- {name: all, webhook_configs: [{url: '${sink.url}/all'}]}
- {name: pending, webhook_configs: [{url: '${sink.url}/hangs'${patience}}]}
`);
await server.start();
await send(server.port, "POST", "/api/v2/alerts", JSON.stringify([{ labels: { alertname: "Pending", pending: "yes" } }]));
await until(10_000, () => sink.messages.some(m => m.path === "/hangs"));

const batches = Array.from({ length: ALERTS / BATCH }, (_, b) => Array.from({ length: BATCH }, (_, i) => b * BATCH + i));
const acknowledged = new Set(), silences = [], kills = [];
let next = 0, down = false;

async function post() {
    while (next < batches.length) {
        const batch = batches[next++];
        for (; ;) {
            try {
                if ((await send(server.port, "POST", "/api/v2/alerts", `[${batch.map(n => alertText(n, n)).join()}]`)).status === 200) break;
            } catch { /* down: the same again */ }
            await until(60_000, () => !down);
        }
        batch.forEach(n => acknowledged.add(n));
    }
}

async function kill() {
    const silence = {
        matchers: [{ name: "alertname", value: `Quiet${kills.length}`, isRegex: false, isEqual: true }], createdBy: "aiko", comment: "deploy",
        startsAt: new Date().toISOString(), endsAt: new Date(Date.now() + 3_600_000).toISOString(),
    };
    const made = await send(server.port, "POST", "/api/v2/silences", JSON.stringify(silence));
    down = true;
    silences.push(JSON.parse(made.text).silenceID);
    const taken = new Set(acknowledged);
    await server.kill();
    const told = new Set(sink.messages.flatMap(numbersOf));
    await server.start();
    // Before anything is posted again.
    const kept = new Set(JSON.parse((await send(server.port, "GET", "/api/v2/alerts")).text).map(a => +a.labels.number));
    const active = JSON.parse((await send(server.port, "GET", "/api/v2/silences")).text).filter(s => s.status.state === "active").map(s => s.id);
    kills.push({
        acknowledged: taken.size, lost_alerts: [...taken].filter(n => !kept.has(n)).length, silences: silences.length,
        lost_silences: silences.filter(id => !active.includes(id)).length, told_before: told.size,
    });
    down = false;
}

const numbersOf = message => message.path === "/all" ? message.body.alerts.map(a => +a.labels.number) : [];
const posting = Promise.all(Array.from({ length: CONNECTIONS }, post));
for (const at of KILLS) {
    await until(120_000, () => acknowledged.size >= at);
    await kill();
}
await posting;
hangs = false;
const told = () => new Set(sink.messages.flatMap(numbersOf));
await until(60_000, () => told().size === ALERTS);
await until(30_000, () => sink.messages.filter(m => m.path === "/hangs").length > KILLS.length);
// What would come twice comes within an interval.
await pause(7_000);
await server.kill("SIGTERM");
sink.close();

const all = sink.messages.filter(m => m.path === "/all"), pending = sink.messages.filter(m => m.path === "/hangs");
const byAlert = new Map();
for (const message of all) for (const n of numbersOf(message)) byAlert.set(n, [...(byAlert.get(n) ?? []), message]);
const repeats = [...byAlert.values()].flatMap(messages => messages.slice(1));
const isMarked = message => message.headers["x-nines-possible-repeat"] === "true";
console.log(JSON.stringify({
    kills, acknowledged: acknowledged.size, told: byAlert.size, messages: all.length, repeats: repeats.length,
    unmarked_repeats: repeats.filter(m => !isMarked(m)).length,
    other_keys: [...byAlert.values()].filter(messages => new Set(messages.map(m => m.headers["idempotency-key"])).size > 1).length,
    pending_sent: pending.length, pending_marked: pending.slice(1).filter(isMarked).length,
}));
process.exit(0);
