// A stand-in for Telegram's Bot API and for any webhook: takes every POST, answers as the Bot API does, and appends what it received, with the time and
// the headers, as one line of JSON to a file. Usage: node sink.mjs PORT FILE
import { createServer } from "node:http";
import { appendFileSync } from "node:fs";

const [port, file] = process.argv.slice(2);
appendFileSync(file, "");
createServer((request, response) => {
    const chunks = [];
    request.on("data", chunk => chunks.push(chunk));
    request.on("end", () => {
        const text = Buffer.concat(chunks).toString("utf8");
        let body = text;
        try { body = JSON.parse(text); } catch { /* kept as text */ }
        if (request.method === "POST")
            appendFileSync(file, JSON.stringify({ at: Date.now(), path: request.url, headers: request.headers, body }) + "\n");
        response.setHeader("content-type", "application/json");
        response.end('{"ok":true,"result":{"message_id":1}}');
    });
}).listen(Number(port), "127.0.0.1");
