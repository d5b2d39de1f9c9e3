// A stand-in for the server while pages are being drawn: the API's shapes with
// plausible, moving data, and dist/ beside it. Never shipped.
//
//   node dev/fixture.mjs [--port 8080|0] [--mode normal|empty|errors|auth|long|slow]

import { createServer } from 'node:http';
import { readFileSync, existsSync, statSync } from 'node:fs';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { art, catalogue } from './catalog.mjs';
import { answer, concurrent, COUNTRIES, DEVICES, definitions, dimensions, retention, share, tailEvent } from './numbers.mjs';

const option = (name, fallback) => {
  const at = process.argv.indexOf(`--${name}`);
  return at > 0 ? process.argv[at + 1] : fallback;
};
const port = Number(option('port', '8080'));
const mode = option('mode', 'normal');
const empty = mode === 'empty';
const started = Date.now();
const dist = join(fileURLToPath(new URL('..', import.meta.url)), 'dist');
const titles = empty ? [] : catalogue(120, mode === 'long');

const POLICY = "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'";
const KINDS = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.woff2': 'font/woff2' };

const json = (response, body, status = 200) => {
  response.writeHead(status, { 'Content-Type': status < 400 ? 'application/json' : 'application/problem+json' });
  response.end(JSON.stringify(body));
};

function events(request, response, every, make) {
  response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache' });
  response.write(': open\n\n');
  const timer = setInterval(() => {
    const value = make();
    response.write(value ? `data: ${JSON.stringify(value)}\n\n` : ': still here\n\n');
  }, every);
  request.on('close', () => clearInterval(timer));
}

function snapshot() {
  const now = Date.now();
  const all = empty ? 0 : concurrent(now);
  const top = (list) => list.map(([value, part]) => ({ value, concurrent_viewers: Math.round(all * part) })).sort((a, b) => b.concurrent_viewers - a.concurrent_viewers);
  const ranked = titles
    .map((t) => {
      const at = (ms) => Math.round(concurrent(ms) * share(t, titles, ms));
      return { value: t.id, concurrent_viewers: at(now), change: at(now) - at(now - 300_000) };
    })
    .sort((a, b) => b.concurrent_viewers - a.concurrent_viewers)
    .slice(0, 20);
  return {
    time: new Date(now).toISOString(),
    concurrent_viewers: all,
    events_per_second: empty ? 0 : 812 + Math.round(Math.random() * 90),
    freshness_ms: 180 + Math.round(Math.random() * 200),
    per_minute: { plays: empty ? 0 : 421 + Math.round(Math.random() * 20), stalls: empty ? 0 : 96, failures: empty ? 0 : 7 },
    top: { title: ranked, country: empty ? [] : top(Object.entries(COUNTRIES)).slice(0, 20), device_type: empty ? [] : top(Object.entries(DEVICES)) },
    countries: empty ? {} : Object.fromEntries(top(Object.entries(COUNTRIES)).map((e) => [e.value, e.concurrent_viewers])),
  };
}

const routes = {
  '/api/v1/status': () => ({
    version: '0.1.0-fixture',
    demo: !empty,
    first_event_at: empty ? null : new Date(started - 9e6).toISOString(),
    events_total: empty ? 0 : 123456,
    report_timezone: 'UTC',
    write_url: `http://localhost:${port}/v1/events`,
    history: empty ? null : { done: Math.min(35, 12 + Math.floor((Date.now() - started) / 4000)), total: 35 },
  }),
  '/api/v1/session': () => ({ role: 'viewer', name: 'Fixture', demo: !empty }),
  '/api/v1/metrics': () => ({ metrics: definitions, dimensions, grains: ['none', '10s', 'minute', 'hour', 'day', 'week', 'month'] }),
  '/api/v1/catalog/titles': () => ({ titles: titles.map(({ weight, mood, ...t }) => t) }),
};

async function body(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  return JSON.parse(Buffer.concat(parts).toString());
}

async function api(request, response, url) {
  if (mode === 'auth' && request.headers.authorization !== 'Bearer secret') return json(response, { title: 'Unauthorized', status: 401, detail: 'sign in first' }, 401);
  if (mode === 'slow') await new Promise((done) => setTimeout(done, 1500));
  const path = url.pathname;
  if (path === '/api/v1/live') return events(request, response, 250, snapshot);
  if (path === '/api/v1/events/tail') return events(request, response, empty ? 5000 : 140, () => (empty ? null : tailEvent(titles)));
  if (path === '/api/v1/session/logout') return void response.writeHead(204).end();
  if (routes[path]) return json(response, routes[path]());
  if (mode === 'errors') return json(response, { title: 'The query was refused', status: 422, detail: 'no roll-up holds title × country × device_type at 10 s; widen the grain to an hour' }, 422);
  if (path === '/api/v1/query') return json(response, answer(await body(request), titles, empty));
  if (path === '/api/v1/values') {
    const prefix = (url.searchParams.get('prefix') ?? '').toLowerCase();
    const dimension = url.searchParams.get('dimension');
    const list = dimension === 'title' ? titles.map((t) => ({ value: t.id, label: t.name, plays: Math.round(9e4 * t.weight) })) : Object.entries(dimension === 'country' ? COUNTRIES : DEVICES).map(([value, p]) => ({ value, label: value, plays: Math.round(p * 4e5) }));
    return json(response, { values: list.filter((v) => `${v.label} ${v.value}`.toLowerCase().includes(prefix)) });
  }
  const match = /^\/api\/v1\/titles\/([^/]+)\/retention$/.exec(path);
  if (match) return json(response, retention(titles.find((t) => t.id === decodeURIComponent(match[1])), url.searchParams.get('by')));
  json(response, { title: 'Not found', status: 404 }, 404);
}

const server = createServer((request, response) => {
  const url = new URL(request.url, 'http://localhost');
  if (url.pathname.startsWith('/api/')) return void api(request, response, url).catch((error) => json(response, { title: 'Fixture failed', detail: String(error) }, 500));
  const drawn = /^\/art\/([^/]+)\/(poster|still)\.svg$/.exec(url.pathname);
  if (drawn) {
    const title = titles.find((t) => t.id === drawn[1]);
    if (!title || title.id === 't004') return void response.writeHead(404).end();
    response.writeHead(200, { 'Content-Type': 'image/svg+xml' });
    return void response.end(art(title, drawn[2]));
  }
  const wanted = join(dist, normalize(url.pathname));
  const file = wanted.startsWith(dist) && existsSync(wanted) && statSync(wanted).isFile() ? wanted : join(dist, 'index.html');
  response.writeHead(200, { 'Content-Type': KINDS[extname(file)] ?? 'application/octet-stream', 'Content-Security-Policy': POLICY });
  response.end(readFileSync(file));
});

// Port 0 takes a free one; the address is the last word of the line.
server.listen(port, '127.0.0.1', () => console.log(`fixture (${mode}) on http://127.0.0.1:${server.address().port}`));
