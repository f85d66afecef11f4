// Ten targets with a thousand growing counters each, and the workspace that makes a thousand promises about them.
//   node cost-targets.mjs WORKSPACE     writes the workspace, prints "ready", serves until its standard input ends
import { createServer } from 'node:http';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [workspace] = process.argv.slice(2);
const targets = 10;
const appsPerTarget = 100;
const routes = ['/', '/cart', '/search', '/login', '/orders'];
const began = Date.now();

// Monotone in time, different for each series: a few events a second, some of them bad.
function value(app, route, code) {
  const seconds = (Date.now() - began) / 1000;
  const rate = code === '200' ? 1 + ((app * 7 + route * 3) % 13) : ((app + route) % 5) * 0.0001;
  return Math.floor(1000 + seconds * rate);
}

function body(target) {
  const lines = ['# TYPE http_requests counter'];
  for (let a = 0; a < appsPerTarget; a++) {
    const app = target * appsPerTarget + a;
    routes.forEach((route, r) => {
      for (const code of ['200', '500']) {
        lines.push(`http_requests_total{app="app-${app}",route="${route}",code="${code}"} ${value(app, r, code)}`);
      }
    });
  }
  lines.push('# EOF', '');
  return lines.join('\n');
}

const ports = await Promise.all(Array.from({ length: targets }, (_, t) => new Promise(resolve => {
  const server = createServer((request, response) => {
    response.setHeader('Content-Type', 'application/openmetrics-text; version=1.0.0; charset=utf-8');
    response.end(body(t));
  });
  server.keepAliveTimeout = 120_000;
  server.listen(0, '127.0.0.1', () => resolve(server.address().port));
})));

mkdirSync(workspace, { recursive: true });
writeFileSync(join(workspace, 'scrape.yaml'), `global:
  scrape_interval: 15s
scrape_configs:
  - job_name: apps
    static_configs:
      - targets: [${ports.map(p => `"127.0.0.1:${p}"`).join(', ')}]
`);
for (let t = 0; t < targets; t++) {
  const documents = [];
  for (let a = 0; a < appsPerTarget; a++) {
    const app = `app-${t * appsPerTarget + a}`;
    documents.push(`apiVersion: openslo/v1
kind: Service
metadata:
  name: ${app}
spec: {}
---
apiVersion: openslo/v1
kind: SLO
metadata:
  name: requests
spec:
  service: ${app}
  budgetingMethod: Occurrences
  timeWindow:
    - duration: 28d
      isRolling: true
  indicator:
    metadata:
      name: ${app}-requests
    spec:
      ratioMetric:
        counter: true
        bad:
          metricSource:
            type: Nines
            spec:
              query: sum(rate(http_requests_total{app="${app}", code=~"5.."}[5m]))
        total:
          metricSource:
            type: Nines
            spec:
              query: sum(rate(http_requests_total{app="${app}"}[5m]))
  objectives:
    - target: 0.999
`);
  }
  writeFileSync(join(workspace, `apps-${t}.yaml`), documents.join('---\n'));
}
console.log('ready');
process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
