// Two servers on one database: the leader is killed, then the next one stands still, while alerts are posted to whichever leads.
// Usage: node 11-takeover.mjs DIRECTORY NINES POSTGRES; prints what was kept, as JSON.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Sink, alertText, freePort, pause, until } from "./alerts.mjs";

const ALERTS = 6_000, BATCH = 50, CONNECTIONS = 4;
const [directory, nines, postgres] = process.argv.slice(2);
let hangs = true, token = "", down = false;
const sink = await new Sink((message, response) => message.path === "/hangs" && hangs ? true : (response.end(), true)).listen();
const workspace = join(directory, "workspace");
mkdirSync(workspace);
writeFileSync(join(workspace, "alertmanager.yml"), `
route:
  receiver: all
  group_by: ['...']
  group_wait: 0s
  group_interval: 5s
  repeat_interval: 24h
  routes: [{receiver: pending, matchers: ['pending="yes"']}]
receivers:
- {name: all, webhook_configs: [{url: '${sink.url}/all'}]}
- {name: pending, webhook_configs: [{url: '${sink.url}/hangs', timeout: 5m}]}
`);

class Server {
    constructor(name, port) { Object.assign(this, { name, port, log: join(directory, `${name}.log`) }); }

    start() {
        const log = openSync(this.log, "a");
        this.process = spawn(nines, ["serve", "--workspace", workspace, "--data", join(directory, this.name), "--listen", `http://127.0.0.1:${this.port}`],
            { stdio: ["ignore", log, log], env: { ...process.env, NINES_POSTGRES: postgres } });
        this.gone = once(this.process, "exit");
    }

    /** Gives status and text; rejects when nobody answers within 5 s. */
    async send(method, path, body, headers = {}) {
        const asked = await fetch(`http://127.0.0.1:${this.port}${path}`, {
            method, body, redirect: "manual", signal: AbortSignal.timeout(5_000),
            headers: { "content-type": "application/json", ...(token ? { authorization: `Bearer ${token}` } : {}), ...headers },
        });
        return { status: asked.status, text: await asked.text(), cookies: asked.headers.getSetCookie().map(c => c.split(";")[0]) };
    }

    leads = async () => (await this.send("GET", "/api/v2/status").catch(() => ({ status: 0 }))).status === 200;
    standsBy = async () => (await this.send("GET", "/api/v2/status").catch(() => ({ status: 0 }))).status === 503;
}

/** The way of a person: the first admin by the link of the console, then a token on the account's page. */
async function makeToken(server) {
    await until(20_000, () => /setup\?token=\S+/.test(readFileSync(server.log, "utf8")));
    const link = /\/setup\?token=\S+/.exec(readFileSync(server.log, "utf8"))[0];
    const jar = new Map();
    const form = async (page, action, fields) => {
        const cookie = () => ({ cookie: [...jar].map(c => c.join("=")).join("; ") });
        const keep = answer => (answer.cookies.forEach(c => jar.set(c.slice(0, c.indexOf("=")), c.slice(c.indexOf("=") + 1))), answer);
        const shown = keep(await server.send("GET", page, undefined, cookie()));
        const name = /name="(__RequestVerificationToken)" value="([^"]+)"/.exec(shown.text);
        return keep(await server.send("POST", action, new URLSearchParams({ [name[1]]: name[2], ...fields }).toString(),
            { ...cookie(), "content-type": "application/x-www-form-urlencoded" }));
    };
    await form(link, "/setup", { token: decodeURIComponent(link.split("token=")[1]), name: "aiko", password: "a long enough password" });
    return /shown only now: <code>([^<]+)/.exec((await form("/account", "/account/tokens", { name: "rig", role: "admin" })).text)[1];
}

let [leader, other] = [new Server("a", await freePort()), new Server("b", await freePort())];
leader.start();
if (!await until(60_000, leader.leads) && !/setup/.test(readFileSync(leader.log, "utf8"))) throw new Error("the first server did not start");
token = await makeToken(leader);
other.start();
if (!await until(60_000, other.standsBy)) throw new Error("the second server does not stand by");
await leader.send("POST", "/api/v2/alerts", JSON.stringify([{ labels: { alertname: "Pending", pending: "yes" } }]));
await until(20_000, () => sink.messages.some(m => m.path === "/hangs"));

const batches = Array.from({ length: ALERTS / BATCH }, (_, b) => Array.from({ length: BATCH }, (_, i) => b * BATCH + i));
const acknowledged = new Set(), silences = [], takeovers = [];
let next = 0;

async function post() {
    while (next < batches.length) {
        const batch = batches[next++];
        for (; ;) {
            const answer = await leader.send("POST", "/api/v2/alerts", `[${batch.map(n => alertText(n, n)).join()}]`).catch(() => ({ status: 0 }));
            if (answer.status === 200) break;
            await pause(50);
            await until(90_000, () => !down);
        }
        batch.forEach(n => acknowledged.add(n));
    }
}

/** The leader goes, by a signal; gives the one that went. */
async function goes(signal) {
    const made = await leader.send("POST", "/api/v2/silences", JSON.stringify({
        matchers: [{ name: "alertname", value: `Quiet${takeovers.length}`, isRegex: false, isEqual: true }], createdBy: "aiko", comment: "deploy",
        startsAt: new Date().toISOString(), endsAt: new Date(Date.now() + 3_600_000).toISOString(),
    }));
    silences.push(JSON.parse(made.text).silenceID);
    down = true;
    const taken = new Set(acknowledged), begun = Date.now();
    leader.process.kill(signal);
    [leader, other] = [other, leader];
    if (!await until(60_000, leader.leads)) throw new Error(`nobody took over after ${signal}`);
    const seconds = (Date.now() - begun) / 1000;
    const kept = new Set(JSON.parse((await leader.send("GET", "/api/v2/alerts")).text).map(a => +a.labels.number));
    const active = JSON.parse((await leader.send("GET", "/api/v2/silences")).text).filter(s => s.status.state === "active").map(s => s.id);
    takeovers.push({
        signal, seconds, acknowledged: taken.size, lost_alerts: [...taken].filter(n => !kept.has(n)).length,
        silences: silences.length, lost_silences: silences.filter(id => !active.includes(id)).length,
    });
    down = false;
    return other;
}

const numbersOf = message => message.path === "/all" ? message.body.alerts.map(a => +a.labels.number) : [];
const posting = Promise.all(Array.from({ length: CONNECTIONS }, post));
await until(120_000, () => acknowledged.size >= 2_000);
const killed = await goes("SIGKILL");
await killed.gone;
killed.start();
if (!await until(60_000, killed.standsBy)) throw new Error("the killed server does not stand by when it comes back");
await until(120_000, () => acknowledged.size >= 4_000);
const frozen = await goes("SIGSTOP");
await posting;
hangs = false;
const told = () => new Set(sink.messages.flatMap(numbersOf));
await until(60_000, () => told().size === ALERTS);
await until(60_000, () => sink.messages.filter(m => m.path === "/hangs").length > 2);
const letGo = Date.now();
frozen.process.kill("SIGCONT");
const [exitCode] = await Promise.race([frozen.gone, pause(30_000).then(() => [null])]);
const let_go = { exit_code: exitCode, seconds: (Date.now() - letGo) / 1000 };
// What would come twice comes within an interval.
await pause(7_000);
leader.process.kill("SIGTERM");
await leader.gone;
if (exitCode === null) frozen.process.kill("SIGKILL");
sink.close();

const all = sink.messages.filter(m => m.path === "/all"), pending = sink.messages.filter(m => m.path === "/hangs");
const byAlert = new Map();
for (const message of all) for (const n of numbersOf(message)) byAlert.set(n, [...(byAlert.get(n) ?? []), message]);
const repeats = [...byAlert.values()].flatMap(messages => messages.slice(1));
const isMarked = message => message.headers["x-nines-possible-repeat"] === "true";
console.log(JSON.stringify({
    takeovers, let_go, acknowledged: acknowledged.size, told: byAlert.size, messages: all.length, repeats: repeats.length,
    unmarked_repeats: repeats.filter(m => !isMarked(m)).length,
    other_keys: [...byAlert.values()].filter(messages => new Set(messages.map(m => m.headers["idempotency-key"])).size > 1).length,
    pending_sent: pending.length, pending_marked: pending.slice(1).filter(isMarked).length,
}));
process.exit(0);
