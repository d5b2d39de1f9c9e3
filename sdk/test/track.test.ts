import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { openClient, type Client } from '../src/client';
import { track } from '../src/track';
import type { Options } from '../src/types';
import { closePage, openPage, start, type Page, type Sent } from './page';
import { FakeVideo } from './video';

const url = 'https://collector.example/v1/events?k=key';
const options: Options = { url: 'https://collector.example', key: 'key', title: 'film' };
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

let page: Page;
let video: FakeVideo;
let client: Client;
let told: Sent[];

beforeEach(() => {
  page = openPage();
  video = new FakeVideo();
  client = openClient(url, options);
  told = [];
  const { add } = client;
  client.add = (event) => {
    told.push(JSON.parse(JSON.stringify(event)) as Sent);
    add(event);
  };
});
afterEach(closePage);

const watch = (more: Partial<Options> = {}) => {
  client.update(options);
  return track(video as unknown as HTMLMediaElement, client, { ...options, ...more }, () => {});
};
/** What was told: type, and when in ms since the start of the test. */
const story = () => told.filter((e) => e.type !== 'heartbeat').map((e) => `${e.type} ${e.time - start}`);
const one = (type: string) => told.find((e) => e.type === type)!;

test('a play from the press to the end', async () => {
  watch();
  await video.start(400);
  await video.run(25_000);
  video.dropped = 7;
  video.end();
  expect(told.map((e) => [e.type, e.time - start, e.seq, e.position_ms])).toEqual([
    ['play_requested', 0, 0, 0],
    ['play_started', 400, 1, 0],
    ['heartbeat', 10_000, 2, 9500],
    ['heartbeat', 20_000, 3, 19_500],
    ['play_ended', 25_400, 4, 100_000],
  ]);
  expect(one('play_started')).toMatchObject({ title_id: 'film', duration_ms: 100_000, live: false, rate: 1, quality: { startup_ms: 400 } });
  expect(one('play_ended')).toMatchObject({ quality: { dropped_frames: 7 } });
  expect(new Set(told.map((e) => e.play_id)).size).toBe(1);
  expect(told.every((e) => typeof e.session_id === 'string')).toBe(true);
});

test('pauses; heartbeats rest meanwhile', async () => {
  watch();
  await video.start();
  await video.run(2000);
  video.pause();
  await pass(60_000);
  video.play();
  await video.run(1000);
  expect(story()).toEqual(['play_requested 0', 'play_started 0', 'paused 2000', 'resumed 62000']);
  expect(told.filter((e) => e.type === 'heartbeat')).toEqual([]);
});

test('a wait without data is a stall from its beginning', async () => {
  watch();
  await video.start();
  await video.run(2000);
  video.loaded = 2;
  await video.wait(1500);
  await video.run(1000);
  expect(story()).toEqual(['play_requested 0', 'play_started 0', 'stall_started 2000', 'stall_ended 3500']);
});

test('a wait although there is data is a stall when it lasts', async () => {
  watch();
  await video.start();
  await video.run(2000);
  await video.wait(200);
  await video.run(1000);
  await video.wait(900);
  await video.run(1000);
  expect(story()).toEqual(['play_requested 0', 'play_started 0', 'stall_started 3200', 'stall_ended 4100']);
});

test('waiting before the first picture and in a pause is no stall', async () => {
  watch();
  video.loaded = 0;
  video.paused = false;
  video.fire('play', 'waiting');
  await pass(3000);
  video.fire('playing');
  await video.run(1000);
  video.pause();
  video.fire('waiting');
  await pass(2000);
  expect(story()).toEqual(['play_requested 0', 'play_started 3000', 'paused 4000']);
});

test('a pause ends a stall', async () => {
  watch();
  await video.start();
  await video.run(2000);
  video.loaded = 2;
  video.readyState = 2;
  video.fire('waiting');
  await pass(1000);
  video.pause();
  await pass(1000);
  video.readyState = 4;
  video.play();
  expect(story()).toEqual(['play_requested 0', 'play_started 0', 'stall_started 2000', 'paused 3000', 'resumed 4000']);
});

test('a resumed player that has no data yet stalls', async () => {
  watch();
  await video.start();
  await video.run(1000);
  video.pause();
  video.loaded = 1;
  video.readyState = 2;
  video.play();
  await pass(800);
  video.fire('playing');
  expect(story().slice(2)).toEqual(['paused 1000', 'resumed 1000', 'stall_started 1000', 'stall_ended 1800']);
});

test('a player that stands still without a word waits', async () => {
  watch();
  await video.start();
  await video.run(5000);
  await pass(6000);
  await video.run(1000);
  expect(story().slice(2)).toEqual(['stall_started 5000', 'stall_ended 11250']);
});

test('a library that waits by a speed of nought stalls', async () => {
  watch();
  await video.start();
  await video.run(2000);
  video.playbackRate = 0;
  video.fire('ratechange');
  await pass(1500);
  video.playbackRate = 1;
  video.fire('ratechange');
  await video.run(1000);
  expect(story().slice(2)).toEqual(['stall_started 2000', 'stall_ended 3750']);
});

test('what comes late from before a speed of nought ends no stall', async () => {
  watch();
  await video.start();
  await video.run(2000);
  video.playbackRate = 0;
  video.currentTime += 0.2; // where it has come to since it was last looked at
  video.fire('ratechange');
  video.fire('timeupdate');
  video.fire('playing');
  await pass(1500);
  video.playbackRate = 1;
  video.fire('ratechange');
  await video.run(1000);
  expect(story().slice(2)).toEqual(['stall_started 2000', 'stall_ended 3750']);
});

test('a quick seek is only a seek, told with where it left', async () => {
  watch();
  await video.start();
  await video.run(5100);
  await video.seek(60, 120);
  await video.run(1000);
  expect(story().slice(2)).toEqual(['seeked 5100']);
  expect(one('seeked')).toMatchObject({ from_ms: 5100, position_ms: 60_000 });
});

test('a seek that waits for data is a seek and a stall', async () => {
  watch();
  await video.start();
  await video.run(5000);
  await video.seek(60, 900);
  await video.run(1000);
  expect(story().slice(2)).toEqual(['seeked 5000', 'stall_started 5000', 'stall_ended 5900']);
  expect(told.map((e) => e.seq)).toEqual(told.map((_, i) => i));
});

test('dragging the handle is one seek', async () => {
  watch();
  await video.start();
  await video.run(5000);
  for (const to of [10, 20, 30, 40]) {
    await video.seek(to, 30);
    await pass(100);
  }
  await video.run(1000);
  expect(story().slice(2)).toEqual(['seeked 5000']);
  expect(one('seeked')).toMatchObject({ from_ms: 5000, position_ms: 40_000 });
});

test('a seek in a pause neither plays nor stalls', async () => {
  watch();
  await video.start();
  await video.run(5000);
  video.pause();
  await video.seek(60, 2000);
  await pass(1000);
  expect(story().slice(2)).toEqual(['paused 5000', 'seeked 5000']);
});

test('a seek that is under way when the page is left is told before the end', async () => {
  watch();
  await video.start();
  await video.run(5000);
  await video.seek(60, 30);
  page.window.dispatchEvent(new Event('pagehide'));
  expect(story().slice(2)).toEqual(['seeked 5000', 'play_ended 5030']);
  expect(page.beacons.flatMap((b) => b.body.events.map((e) => e.type)).slice(-1)[0]).toBe('play_ended');
});

test('a replay is another play', async () => {
  watch();
  await video.start();
  await video.run(1000);
  video.end();
  await pass(5000);
  await video.seek(0, 30);
  await video.start(100);
  expect(story()).toEqual(['play_requested 0', 'play_started 0', 'play_ended 1000', 'play_requested 6030', 'play_started 6130']);
  expect(new Set(told.map((e) => e.play_id)).size).toBe(2);
  expect(told.map((e) => e.seq)).toEqual([0, 1, 2, 0, 1]);
});

test('each round of a loop is a play', async () => {
  watch();
  video.loop = true;
  await video.start();
  video.currentTime = 99;
  await video.run(1000);
  await video.seek(0, 20);
  await video.run(1000);
  expect(story().map((s) => s.split(' ')[0])).toEqual(['play_requested', 'play_started', 'play_ended', 'play_started']);
});

test('a failed start, and a retry', async () => {
  watch();
  video.paused = false;
  video.fire('play');
  await pass(300);
  video.fail(4);
  expect(one('error')).toMatchObject({ quality: { error_code: 'MEDIA_ERR_SRC_NOT_SUPPORTED', error_fatal: true }, properties: { message: 'broken' } });
  video.error = null;
  await video.start(200);
  expect(story()).toEqual(['play_requested 0', 'error 300', 'play_requested 300', 'play_started 500']);
});

test('what still comes out of the buffer after a fatal error is no play', async () => {
  const tracker = watch();
  await video.start();
  await video.run(1000);
  tracker.error('manifestLoadError');
  await video.run(3000);
  expect(story()).toEqual(['play_requested 0', 'play_started 0', 'error 1000']);
});

test('an error that is not fatal ends nothing', async () => {
  const tracker = watch();
  await video.start();
  tracker.error('fragLoadTimeOut', { fatal: false, business: false });
  await video.run(10_000);
  expect(told.map((e) => e.type)).toEqual(['play_requested', 'play_started', 'error', 'heartbeat']);
});

test('the last of several sources that fails is fatal, the first is not', async () => {
  watch();
  video.paused = false;
  video.fire('play');
  video.networkState = 2;
  video.fire('error');
  await pass(10);
  expect(told.map((e) => e.type)).toEqual(['play_requested']);
  video.networkState = 3;
  video.fire('error');
  await pass(10);
  expect(told.map((e) => e.type)).toEqual(['play_requested', 'error']);
});

test('an autoplay is asked for when it begins to load', async () => {
  video.autoplay = true;
  watch();
  video.fire('loadstart');
  await pass(700);
  await video.start();
  expect(story()).toEqual(['play_requested 0', 'play_started 700']);
});

test('an autoplay that the browser blocks is asked for by the viewer', async () => {
  video.autoplay = true;
  watch();
  video.fire('loadstart');
  await pass(700);
  video.fire('canplaythrough');
  await pass(9000);
  await video.start(50);
  expect(story()).toEqual(['play_requested 9700', 'play_started 9750']);
});

test('who leaves before the first picture exits', async () => {
  watch();
  video.paused = false;
  video.fire('play');
  await pass(2000);
  page.window.dispatchEvent(new Event('pagehide'));
  expect(story()).toEqual(['play_requested 0', 'play_ended 2000']);
});

test('who presses pause before the first picture exits', async () => {
  watch();
  video.paused = false;
  video.fire('play');
  await pass(2000);
  video.pause();
  expect(story()).toEqual(['play_requested 0', 'play_ended 2000']);
});

test('a page that comes back goes on with the play it left', async () => {
  watch();
  await video.start();
  await video.run(1000);
  page.window.dispatchEvent(new Event('pagehide'));
  await pass(60_000);
  page.window.dispatchEvent(new Event('pageshow'));
  await video.run(1000);
  expect(story()).toEqual(['play_requested 0', 'play_started 0', 'play_ended 1000', 'resumed 61250']);
  expect(new Set(told.map((e) => e.play_id)).size).toBe(1);
  expect(told.map((e) => e.seq)).toEqual([0, 1, 2, 3]);
});

test('a hidden page says how far it is', async () => {
  watch();
  await video.start();
  await video.run(3000);
  page.document.hidden = true;
  page.document.dispatchEvent(new Event('visibilitychange'));
  expect(told.slice(-1)[0]).toMatchObject({ type: 'heartbeat', position_ms: 3000 });
});

test('heartbeats come although the timers of a hidden page are late', async () => {
  watch();
  await video.start();
  vi.clearAllTimers();
  await video.run(30_000);
  expect(told.filter((e) => e.type === 'heartbeat').map((e) => e.time - start)).toEqual([10_500, 21_000]);
});

test('a video that ran before anybody watched it has no startup time', async () => {
  video.paused = false;
  video.currentTime = 12;
  watch();
  await video.run(500);
  expect(story()).toEqual(['play_started 250']);
  expect(one('play_started')).toMatchObject({ quality: { startup_ms: null }, position_ms: 12_250 });
});

test('another title is another play; another source too', async () => {
  const tracker = watch();
  await video.start();
  await video.run(1000);
  tracker.update({ title: 'sequel' });
  video.currentTime = 0;
  video.fire('emptied', 'loadstart');
  await video.start(100);
  video.fire('emptied');
  expect(told.map((e) => [e.type, e.title_id, e.position_ms])).toEqual([
    ['play_requested', 'film', 0], ['play_started', 'film', 0], ['play_ended', 'film', 1000],
    ['play_requested', 'sequel', 0], ['play_started', 'sequel', 0], ['play_ended', 'sequel', 0],
  ]);
});

test('a player library that attaches again ends nothing', async () => {
  watch();
  video.currentSrc = 'blob:https://page.example/1';
  await video.start();
  await video.run(1000);
  video.fire('emptied');
  expect(story()).toEqual(['play_requested 0', 'play_started 0']);
});

test('bitrate, speed and live', async () => {
  let kbps: number | undefined;
  video.duration = Infinity;
  watch({ bitrate: () => kbps });
  await video.start();
  expect(one('play_started')).toMatchObject({ live: true, duration_ms: null });
  kbps = 1200;
  await video.run(10_000);
  kbps = 2400;
  await video.run(250);
  video.playbackRate = 1.5;
  video.fire('ratechange');
  const [first, changed, faster] = told.slice(2);
  expect(first).toMatchObject({ type: 'heartbeat', quality: { bitrate_kbps: 1200 } });
  expect(changed).toMatchObject({ type: 'quality_changed', quality: { bitrate_kbps: 2400 }, rate: 1 });
  expect(faster).toMatchObject({ type: 'heartbeat', rate: 1.5 });
});

test('says what does not change once, and again when it has changed', async () => {
  const tracker = watch({ context: { cdn: 'alpha' }, experiments: { row: 'b' }, creative: 'art' });
  await video.start();
  await video.run(10_000);
  tracker.update({ context: { cdn: 'beta' } });
  await video.run(20_000);
  expect(told.map((e) => (e.context as { cdn?: string } | undefined)?.cdn)).toEqual(['alpha', 'alpha', undefined, 'beta', undefined]);
  expect(one('play_requested')).toMatchObject({ creative_id: 'art', experiments: { row: 'b' }, context: { player: 'html5' } });
});

test('a play keeps the viewer it began with', async () => {
  const tracker = watch();
  await video.start();
  tracker.update({ viewer: 'anna' });
  await video.run(10_000);
  video.end();
  await video.start();
  expect(told.map((e) => e.viewer_id)).toEqual([undefined, undefined, undefined, undefined, 'anna', 'anna']);
});

test('an impression that was clicked leads to the play', async () => {
  client.picked.film = 'seen';
  watch();
  await video.start();
  expect(one('play_started').impression_id).toBe('seen');
});

test('events of the page itself', async () => {
  const tracker = watch();
  tracker.send('ad_started'); // there is no play
  tracker.send('search', { search: { query: 'bears', results: 3 } });
  await video.start();
  tracker.send('ad_started');
  expect(told.map((e) => [e.type, e.seq])).toEqual([['play_requested', 0], ['play_started', 1], ['ad_started', 2]]);
  await pass(1000);
  expect(page.sent()[0]).toMatchObject({ type: 'search', search: { query: 'bears' } });
});

test('lets go of the element', async () => {
  const tracker = watch();
  await video.start();
  await video.run(1000);
  tracker.stop();
  await video.run(60_000);
  video.pause();
  expect(story()).toEqual(['play_requested 0', 'play_started 0', 'play_ended 1000']);
});
