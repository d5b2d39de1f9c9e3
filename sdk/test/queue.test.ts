import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { openQueue } from '../src/queue';
import { closePage, openPage, start, type Page } from './page';

let page: Page;
beforeEach(() => {
  page = openPage();
  vi.spyOn(Math, 'random').mockReturnValue(1);
});
afterEach(closePage);

const url = 'https://collector.example/v1/events?k=key';
const event = (n: number, more = {}) => ({ type: 'heartbeat', time: start + n, seq: n, ...more });
const seqs = (events: { seq?: unknown }[]) => events.map((e) => e.seq);
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

test('gathers for a second and sends one batch with the time of sending', async () => {
  const queue = openQueue(url, false);
  queue.add(event(0));
  await pass(400);
  queue.add(event(1));
  await pass(599);
  expect(page.requests).toEqual([]);
  await pass(1);
  expect(page.requests).toHaveLength(1);
  expect(page.requests[0]).toMatchObject({ url, keepalive: true, body: { sent_at: start + 1000 } });
  expect(seqs(page.sent())).toEqual([0, 1]);
  await pass(60_000);
  expect(page.requests).toHaveLength(1);
});

test('waits twice as long after each failure, at most a minute, and loses nothing', async () => {
  page.answers = ['unreachable'];
  const queue = openQueue(url, false);
  queue.add(event(0));
  const at: number[] = [];
  for (let i = 0; i < 3000 && page.requests.length < 10; i++) {
    const before = page.requests.length;
    await pass(100);
    if (page.requests.length > before) at.push(Date.now() - start);
  }
  expect(at.map((t, i) => t - (at[i - 1] ?? 0))).toEqual([1000, 1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000]);
  page.answers = [{ status: 200 }];
  await pass(60_000);
  expect(seqs(page.requests.slice(-1)[0]!.body.events)).toEqual([0]);
  expect(page.requests.slice(-1)[0]!.keepalive).toBe(false);
});

test('is still patient after hours without a network', async () => {
  page.answers = ['unreachable'];
  const queue = openQueue(url, false);
  queue.add(event(0));
  await pass(6 * 3_600_000);
  const before = page.requests.length;
  await pass(600_000);
  expect(page.requests.length - before).toBe(10);
});

test('spreads the tries of many clients', async () => {
  vi.mocked(Math.random).mockReturnValue(0);
  page.answers = ['unreachable'];
  const queue = openQueue(url, false);
  queue.add(event(0));
  await pass(1500);
  expect(page.requests).toHaveLength(2); // after half a second, not one
});

test.each([
  ['seconds', '7', 7000],
  ['a date', new Date(start + 31_000).toUTCString(), 30_000],
])('honours Retry-After in %s', async (_, retryAfter, ms) => {
  page.answers = [{ status: 429, retryAfter }, { status: 200 }];
  const queue = openQueue(url, false);
  queue.add(event(0));
  await pass(1000);
  expect(page.requests).toHaveLength(1);
  await pass(ms - 1);
  page.window.dispatchEvent(new Event('online')); // no reason to be impolite
  expect(page.requests).toHaveLength(1);
  await pass(1002);
  expect(page.requests).toHaveLength(2);
});

test('tries at once when the network is back', async () => {
  page.answers = ['unreachable', 'unreachable', 'unreachable', 'unreachable', { status: 200 }];
  const queue = openQueue(url, false);
  queue.add(event(0));
  await pass(9000);
  expect(page.requests).toHaveLength(4);
  page.window.dispatchEvent(new Event('online'));
  await pass(0);
  expect(page.requests).toHaveLength(5);
  await pass(120_000);
  expect(page.requests).toHaveLength(5);
});

test('gives up on a request that is never answered, not on its events', async () => {
  page.answers = ['never', { status: 200 }];
  const queue = openQueue(url, false);
  queue.add(event(0));
  await pass(1000 + 15_000 + 1000);
  expect(page.requests).toHaveLength(2);
  expect(seqs(page.requests[1]!.body.events)).toEqual([0]);
});

test('halves what is too large', async () => {
  page.answers = [{ status: 413 }, { status: 413 }, { status: 200 }];
  const queue = openQueue(url, false);
  for (let n = 0; n < 8; n++) queue.add(event(n));
  await pass(10_000);
  expect(page.requests.map((r) => r.body.events.length)).toEqual([8, 4, 2, 2, 2, 2]);
  expect(seqs(page.requests.slice(2).flatMap((r) => r.body.events))).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
});

test('drops what is refused for good, and says so', async () => {
  const warn = vi.spyOn(console, 'warn').mockReturnValue();
  page.answers = [{ status: 401 }, { status: 200, body: { rejected: [{ index: 0, field: 'type', code: 'unknown_type' }] } }];
  const queue = openQueue(url, false);
  queue.add(event(0));
  await pass(2000);
  queue.add(event(1));
  await pass(2000);
  expect(page.requests.map((r) => seqs(r.body.events))).toEqual([[0], [1]]);
  expect(warn.mock.calls).toEqual([
    ['playhead: refused', 401],
    ['playhead: refused', { index: 0, field: 'type', code: 'unknown_type' }],
  ]);
});

test('keeps at most a thousand events: the oldest heartbeats go first', async () => {
  page.answers = ['unreachable'];
  const queue = openQueue(url, false);
  queue.add(event(0, { type: 'play_requested' }));
  for (let n = 1; n <= 1004; n++) queue.add(event(n));
  page.answers = [{ status: 200 }];
  await pass(60_000);
  const sent = seqs(page.sent());
  expect(sent).toHaveLength(1000);
  expect(sent.slice(0, 3)).toEqual([0, 6, 7]);
});

test('bodies stay within what browsers let a closing page send', async () => {
  const queue = openQueue(url, false);
  for (let n = 0; n < 100; n++) queue.add(event(n, { title_id: '長'.repeat(300) }));
  queue.leave(true);
  expect(seqs(page.beacons.flatMap((b) => b.body.events))).toEqual([...Array(100).keys()]);
  for (const { body } of page.beacons) expect(new TextEncoder().encode(JSON.stringify(body)).length).toBeLessThan(64_000);
});

test('a beacon proves nothing: a page that comes back sends again', async () => {
  const queue = openQueue(url, false);
  queue.add(event(0));
  queue.leave(true);
  expect(page.beacons).toHaveLength(1);
  expect(page.requests).toHaveLength(0);
  await pass(1000);
  expect(seqs(page.sent())).toEqual([0]);
});

test('a hidden page sends at once, and by beacon while a request is under way', async () => {
  page.answers = ['never'];
  const queue = openQueue(url, false);
  queue.add(event(0));
  queue.leave(false);
  expect(page.requests).toHaveLength(1);
  expect(page.beacons).toHaveLength(0);
  queue.add(event(1));
  queue.leave(false);
  expect(seqs(page.beacons[0]!.body.events)).toEqual([0, 1]);
});

test('stores what could not be sent only when asked, and sends it on the next visit', async () => {
  page.answers = ['unreachable'];
  openQueue(url, false).add(event(0));
  await pass(5000);
  expect(page.storage).toEqual({});
  openQueue(url, true).add(event(1));
  await pass(5000);
  expect(seqs(JSON.parse(page.storage.playheadQueue!))).toEqual([1]);

  vi.clearAllTimers();
  page.answers = [{ status: 200 }];
  page.requests.length = 0;
  openQueue(url, true);
  await pass(100);
  expect(seqs(page.sent())).toEqual([1]);
  expect(page.storage.playheadQueue).toBe('[]');
});

test('a blocked storage is no storage', async () => {
  vi.stubGlobal('localStorage', new Proxy({}, { get: () => { throw new Error('denied'); }, set: () => { throw new Error('denied'); } }));
  openQueue(url, true).add(event(0));
  await pass(1000);
  expect(seqs(page.sent())).toEqual([0]);
});
