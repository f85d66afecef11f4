// Measures a server of alerts: how fast it takes 10,000 alerts of 10,000 groups, how long an alert takes to its webhook when nothing else happens, and how
// much of a burst of 50,000 alerts in 1,000 groups is delivered how soon. Usage: node 12-speed.mjs DIRECTORY COMMAND...; prints JSON.
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { Server, Sink, alertText, freePort, fsyncMs, pause, quantile, send, until } from "./alerts.mjs";

const CONNECTIONS = 4, BATCH = 500, IDLE = 400;
const [directory, ...command] = process.argv.slice(2);
mkdirSync(directory, { recursive: true });

const sink = await new Sink().listen();
const config = groupBy => `
route: {receiver: hook, group_by: [${groupBy}], group_wait: 0s, group_interval: 5m, repeat_interval: 24h}
receivers: [{name: hook, webhook_configs: [{url: '${sink.url}/'}]}]
`;

/** A server with nothing in it, for one measurement. */
async function fresh(groupBy, measure) {
    rmSync(`${directory}/data`, { recursive: true, force: true });
    sink.messages.length = 0;
    const server = new Server(command, directory, await freePort(), config(groupBy));
    await server.start();
    try {
        return await measure(server);
    } finally {
        await server.kill();
    }
}

/** Posts alerts in batches; gives seconds from the first byte to the last answer. */
async function post(server, count, groupSize) {
    const bodies = [];
    for (let from = 0; from < count; from += BATCH)
        bodies.push(`[${Array.from({ length: BATCH }, (_, i) => alertText(from + i, Math.floor((from + i) / groupSize))).join()}]`);
    const begun = performance.now();
    await Promise.all(Array.from({ length: CONNECTIONS }, async (_, c) => {
        for (let b = c; b < bodies.length; b += CONNECTIONS) {
            const answer = await send(server.port, "POST", "/api/v2/alerts", bodies[b]);
            if (answer.status !== 200) throw new Error(`${answer.status} ${answer.text.slice(0, 200)}`);
        }
    }));
    return (performance.now() - begun) / 1000;
}

const memoryMb = server => +/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${server.process.pid}/status`, "utf8"))[1] / 1024;
const told = () => sink.messages.reduce((sum, m) => sum + m.body.alerts.length, 0);

const idle = await fresh("'...'", async server => {
    const times = [];
    for (let i = 0; i < IDLE; i++) {
        const heard = new Promise(resolve => { sink.heard = resolve; });
        const begun = performance.now();
        await send(server.port, "POST", "/api/v2/alerts", `[${alertText(i, i)}]`);
        times.push((await heard).at - begun);
        await pause(10);
    }
    sink.heard = undefined;
    return times.slice(50);
});

const ingest = await fresh("'...'", async server => {
    const seconds = await post(server, 10_000, 1), end = performance.now();
    await until(60_000, () => told() >= 10_000);
    return { per_s: 10_000 / seconds, told: told(), told_s: (sink.messages.at(-1).at - end) / 1000 + seconds, mb: memoryMb(server) };
});

const burst = await fresh("alertname", async server => {
    const seconds = await post(server, 50_000, 50), end = performance.now();
    await until(10_000, () => told() >= 50_000);
    const inTime = sink.messages.filter(m => m.at <= end + 10_000);
    return {
        per_s: 50_000 / seconds, told: inTime.reduce((sum, m) => sum + m.body.alerts.length, 0),
        after_s: Math.max(0, (inTime.at(-1).at - end) / 1000), mb: memoryMb(server),
    };
});

console.log(JSON.stringify({
    idle_p50_ms: quantile(idle, 0.5), idle_p99_ms: quantile(idle, 0.99), ingest, burst, fsync_ms: fsyncMs(directory),
}));
sink.close();
process.exit(0);
