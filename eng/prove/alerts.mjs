// What proofs about alerts share: a server under test (nines alertmanager, or Alertmanager itself), a sink for its webhooks, and posts over kept connections.
import { spawn } from "node:child_process";
import { Agent, createServer, request } from "node:http";
import { once } from "node:events";
import { openSync, writeFileSync, fsyncSync, closeSync, unlinkSync } from "node:fs";
import { join } from "node:path";

const agent = new Agent({ keepAlive: true, maxSockets: 16 });

/** Sends a request; gives status and text. Rejects when the connection breaks. */
export function send(port, method, path, body) {
    return new Promise((resolve, reject) => {
        const headers = body === undefined ? {} : { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
        const sent = request({ host: "127.0.0.1", port, method, path, headers, agent }, response => {
            const chunks = [];
            response.on("data", chunk => chunks.push(chunk));
            response.on("end", () => resolve({ status: response.statusCode, text: Buffer.concat(chunks).toString("utf8") }));
            response.on("error", reject);
        });
        sent.on("error", reject);
        sent.end(body);
    });
}

/** A port nobody listens on. */
export async function freePort() {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address();
    server.close();
    return port;
}

/** The server under test: the words of its command, with Alertmanager's flags added. `kill` is kill -9. */
export class Server {
    constructor(command, directory, port, config) {
        Object.assign(this, { command, directory, port });
        this.config = join(directory, "alertmanager.yml");
        this.log = openSync(join(directory, "server.log"), "a");
        writeFileSync(this.config, config);
    }

    async start(patienceMs = 30_000) {
        const [program, ...words] = this.command;
        this.process = spawn(program, [...words, `--config.file=${this.config}`, `--storage.path=${join(this.directory, "data")}`,
            `--web.listen-address=127.0.0.1:${this.port}`, "--cluster.listen-address=", "--log.level=warn"], { stdio: ["ignore", this.log, this.log] });
        this.gone = once(this.process, "exit");
        for (const end = Date.now() + patienceMs; ;) {
            try {
                if ((await send(this.port, "GET", "/-/ready")).status === 200) return;
            } catch { /* not yet */ }
            if (Date.now() > end) throw new Error(`${program} did not get ready`);
            await pause(20);
        }
    }

    async kill(signal = "SIGKILL") {
        this.process.kill(signal);
        await this.gone;
    }
}

/** Takes webhooks. `answer(message, response)` may answer otherwise than at once with 200. */
export class Sink {
    messages = [];

    constructor(answer) {
        this.server = createServer((asked, response) => {
            const chunks = [];
            asked.on("data", chunk => chunks.push(chunk));
            asked.on("end", () => {
                const message = { at: performance.now(), path: asked.url, headers: asked.headers, body: JSON.parse(Buffer.concat(chunks).toString("utf8")) };
                this.messages.push(message);
                if (!answer?.(message, response)) response.end();
                this.heard?.(message);
            });
        });
    }

    async listen() {
        this.server.listen(0, "127.0.0.1");
        await once(this.server, "listening");
        this.url = `http://127.0.0.1:${this.server.address().port}`;
        return this;
    }

    close() {
        this.server.closeAllConnections();
        this.server.close();
    }
}

export const pause = ms => new Promise(resolve => setTimeout(resolve, ms));

/** Waits until something holds; gives whether it did. */
export async function until(patienceMs, holds) {
    for (const end = Date.now() + patienceMs; Date.now() < end; await pause(25)) if (await holds()) return true;
    return false;
}

/** An alert of about 600 bytes as JSON. */
export const alertText = (number, group) => JSON.stringify({
    labels: { alertname: `Load${group}`, instance: `host-${number}:9100`, job: "node", cluster: "eu-west-1", severity: "page", number: String(number) },
    annotations: {
        summary: `Load on host ${number} is above what it can bear`,
        description: "The five minute load average has been above the number of cores for a quarter of an hour; look at what runs there, "
            + "and move it if it can be moved. Nobody else is told while this fires.",
        runbook_url: "https://runbooks.example/load",
    },
    generatorURL: "http://prometheus.example/graph?g0.expr=node_load5",
});

/** Milliseconds of a write with fsync in a directory, the median of 200. */
export function fsyncMs(directory) {
    const file = join(directory, "fsync");
    const times = Array.from({ length: 200 }, () => {
        const begun = performance.now(), handle = openSync(file, "a");
        writeFileSync(handle, "x".repeat(4096));
        fsyncSync(handle);
        closeSync(handle);
        return performance.now() - begun;
    });
    unlinkSync(file);
    return quantile(times, 0.5);
}

export const quantile = (values, q) => [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * q))];
