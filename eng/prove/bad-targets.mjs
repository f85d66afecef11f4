// Healthy targets and hostile ones, for eng/prove/03-bad-input.sh.
//   node bad-targets.mjs WORKSPACE healthy|hostile LOG
// Writes a workspace with five healthy targets and six others (healthy too, for the control run), prints "ready" and serves until its standard input ends.
// LOG gets a line "port milliseconds" for each request of a healthy target.
import { createServer } from 'node:http';
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createGzip } from 'node:zlib';

const [workspace, mode, log] = process.argv.slice(2);
const type = 'application/openmetrics-text; version=1.0.0; charset=utf-8';
const began = Date.now();
const gigabytes = 2 * 1024 ** 3;

function healthy(request, response) {
  appendFileSync(log, `${request.socket.localPort} ${Date.now()}\n`);
  const seconds = Math.floor((Date.now() - began) / 100);
  const lines = ['# TYPE jobs counter'];
  for (let i = 0; i < 500; i++) { lines.push(`jobs_total{queue="q-${i}"} ${seconds + i}`); }
  response.setHeader('Content-Type', type);
  response.end(lines.join('\n') + '\n# EOF\n');
}

// Sends what `next` gives until `size` bytes are out or the reader is gone, never faster than it reads.
function pour(response, size, next) {
  let sent = 0;
  let open = true;
  response.on('close', () => { open = false; });
  const more = () => {
    while (open && sent < size) {
      const chunk = next();
      sent += chunk.length;
      if (!response.write(chunk)) { response.once('drain', more); return; }
    }
    if (open) { response.end(); }
  };
  more();
}

const hostile = {
  html(request, response) {
    response.setHeader('Content-Type', 'text/html');
    response.end('<!DOCTYPE html><html><body><h1>Sign in</h1></body></html>');
  },
  // Two gigabytes of samples that are all right and all different: the reader cannot know from a line that it is too much.
  samples(request, response) {
    response.setHeader('Content-Type', type);
    const letters = 'x'.repeat(60);
    let at = 0;
    response.write('# TYPE flood counter\n');
    pour(response, gigabytes, () => {
      const lines = [];
      for (let i = 0; i < 500; i++, at++) { lines.push(`flood_total{path="/${letters}/${at}",user="${letters}${at * 7}"} ${at}\n`); }
      return lines.join('');
    });
  },
  line(request, response) {
    response.setHeader('Content-Type', type);
    const chunk = Buffer.alloc(64 * 1024, 'a');
    pour(response, gigabytes, () => chunk);
  },
  drip(request, response) {
    response.setHeader('Content-Type', type);
    const text = '# TYPE slow counter\nslow_total 1\n'.repeat(100);
    let at = 0;
    const turn = setInterval(() => response.write(text[at++ % text.length]), 1000);
    response.on('close', () => clearInterval(turn));
  },
  bomb(request, response) {
    response.setHeader('Content-Type', type);
    response.setHeader('Content-Encoding', 'gzip');
    const zip = createGzip({ level: 9 });
    zip.on('error', () => {});
    zip.pipe(response);
    response.on('close', () => zip.destroy());
    const chunk = Buffer.from('bomb_total 1\n'.repeat(80_000));
    const more = () => { while (!zip.destroyed && zip.write(chunk)) { /* until it is full */ } };
    zip.on('drain', more);
    more();
  },
  silence() { /* takes the request and never answers */ },
};

function listen(handler) {
  return new Promise(resolve => {
    const server = createServer(handler);
    server.keepAliveTimeout = 120_000;
    server.on('clientError', (error, socket) => socket.destroy());
    server.listen(0, '127.0.0.1', () => resolve(server.address().port));
  });
}

writeFileSync(log, '');
const good = await Promise.all(Array.from({ length: 5 }, () => listen(healthy)));
const others = {};
for (const [name, handler] of Object.entries(hostile)) { others[name] = await listen(mode === 'hostile' ? handler : healthy); }
const job = (name, ports) => `  - job_name: ${name}\n    static_configs:\n      - targets: [${ports.map(p => `"127.0.0.1:${p}"`).join(', ')}]\n`;
mkdirSync(workspace, { recursive: true });
writeFileSync(join(workspace, 'scrape.yaml'),
  `global:\n  scrape_interval: 5s\n  scrape_timeout: 4s\nscrape_configs:\n${job('good', good)}${Object.entries(others).map(([name, port]) => job(name, [port])).join('')}`);
console.log('ready ' + good.join(' '));
process.on('uncaughtException', error => { if (!['EPIPE', 'ECONNRESET', 'ERR_STREAM_DESTROYED'].includes(error.code)) { throw error; } });
process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
