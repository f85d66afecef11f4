// Sends events to a server at a steady rate, each request until it is answered, and prints what it sent: node push.mjs setup|run ADDRESS …
const [action, base, ...rest] = process.argv.slice(2);
const sleep = ms => new Promise(done => setTimeout(done, ms));

async function form(jar, path, fields) {
    const page = await fetch(base + path, { headers: { cookie: jar.join('; ') }, redirect: 'manual' });
    jar.push(...page.headers.getSetCookie().map(c => c.split(';')[0]));
    const token = /name="__RequestVerificationToken"[^>]*value="([^"]+)"|value="([^"]+)"[^>]*name="__RequestVerificationToken"/.exec(await page.text());
    return new URLSearchParams({ ...fields, __RequestVerificationToken: token[1] ?? token[2] });
}

async function send(jar, path, body) {
    const answer = await fetch(base + path, { method: 'POST', body, headers: { cookie: jar.join('; ') }, redirect: 'manual' });
    jar.push(...answer.headers.getSetCookie().map(c => c.split(';')[0]));
    return answer.text();
}

// The first admin, and a token for each role asked for.
async function setup(setupToken, ...roles) {
    const jar = [], tokens = {};
    await send(jar, '/setup', await form(jar, '/setup?token=' + setupToken, { token: setupToken, name: 'prover', password: 'prove all of it' }));
    for (const role of roles) {
        const page = await send(jar, '/account/tokens', await form(jar, '/account', { name: role, role }));
        tokens[role] = /nines_[A-Za-z0-9]{20,}/.exec(page)[0];
    }
    console.log(JSON.stringify(tokens));
}

// RATE events a second for SECONDS, in requests of SIZE; every tenth request is sent twice.
async function run(token, rate, seconds, size) {
    const tally = { good: 0, bad: 0, requests: 0, retries: 0, duplicates: 0, slowest: 0 }, took = [], under = [];
    const began = Date.now(), every = 1000 * size / rate;
    async function request(number) {
        const one = i => ({ name: 'load', service: 'rag', outcome: (number + i) % 7 ? 'good' : 'bad', key: `${number}-${i}` });
        const events = Array.from({ length: size }, (_, i) => one(i));
        for (let again = 0; again < (number % 10 ? 1 : 2); again++) {
            for (let answered = false, from = Date.now(); !answered;) {
                try {
                    const headers = { authorization: 'Bearer ' + token, 'content-type': 'application/json' };
                    const answer = await fetch(base + '/nines/v1/events', { method: 'POST', body: JSON.stringify(events), headers });
                    const told = await answer.json();
                    answered = answer.status === 200;
                    if (answered) {
                        if (told.accepted + told.duplicates !== size) throw new Error('lost: ' + JSON.stringify(told));
                        took.push(Date.now() - from);
                        tally.duplicates += told.duplicates;
                    }
                } catch (e) {
                    if (String(e).includes('lost')) throw e;
                }
                if (!answered) { tally.retries++; await sleep(100); from = Date.now(); }
            }
        }
        const bad = events.filter(e => e.outcome === 'bad').length;
        tally.bad += bad, tally.good += size - bad, tally.requests++;
    }
    for (let number = 0; number * every < seconds * 1000; number++) {
        await sleep(Math.max(0, began + number * every - Date.now()));
        under.push(request(number));
    }
    tally.sentIn = Date.now() - began;
    await Promise.all(under);
    tally.answeredIn = Date.now() - began;
    took.sort((a, b) => a - b);
    console.log(JSON.stringify({ ...tally, median: took[took.length >> 1], p99: took[Math.floor(took.length * 0.99)], slowest: took[took.length - 1] }));
}

await (action === 'setup' ? setup(...rest) : run(rest[0], +rest[1], +rest[2], +rest[3]));
