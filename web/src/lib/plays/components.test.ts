// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { server } from '../api/server.svelte';
import type { SinglePlay } from '../api/types';
import { router } from '../state/router.svelte';
import { all, button, clear, click, find, press, read, settle, show, type } from '../../testing/dom';
import ViewersPage from '../../pages/viewers/ViewersPage.svelte';
import PlayDetail from './PlayDetail.svelte';
import SamplePlays from './SamplePlays.svelte';
import StateLegend from './StateLegend.svelte';
import Track from './Track.svelte';

const T0 = Date.UTC(2026, 10, 26, 12, 0);
const at = (s: number): string => new Date(T0 + s * 1000).toISOString();
const VIEWER = 'ab'.repeat(16);

const play = (more: Partial<SinglePlay> = {}): SinglePlay => ({
  play: '01'.repeat(16), part: 0, from: at(0), to: at(100), requested: at(0), first_frame: at(10), ended: at(100), outcome: 'failed', error_code: 'E7', error_class: 'technical',
  title: 't1', live: false, country: 'DE', region: '', device_type: 'tv', os: 'Tizen', app_version: '8.4', player: 'p', cdn: 'cascade', isp: 'Net',
  startup_ms: 10_000, duration_ms: 600_000, furthest_ms: 80_000, media_ms: 80_000, watched_ms: 100_000, stall_ms: 10_000, stalls: 1, bitrate_kbps: 4000,
  dropped_frames: 12, completed: false, cut: false,
  states: [
    { state: 'startup', from: at(0), to: at(10) },
    { state: 'playing', from: at(10), to: at(90) },
    { state: 'stalled', from: at(90), to: at(100), cdn: 'meridian' },
  ],
  ...more,
});

let asked: { path: string; body: Record<string, unknown> }[] = [];

function answer(status: number, body: unknown): void {
  vi.stubGlobal('fetch', (path: string, init: RequestInit = {}) => {
    asked.push({ path, body: JSON.parse(String(init.body ?? '{}')) });
    return Promise.resolve(new Response(JSON.stringify(body), { status, headers: { 'Content-Type': 'application/json' } }));
  });
}

beforeEach(() => {
  asked = [];
  router.go('/quality', true);
  server.session = { role: 'support', name: 'Ada' };
  server.titles = new Map([['t1', { id: 't1', name: 'Quiet Ferry' }]]) as typeof server.titles;
});

afterEach(async () => {
  await clear();
  vi.unstubAllGlobals();
});

describe('a play on a line', () => {
  it('is drawn in proportion, marks its failure, and is no noise to a screen reader', () => {
    const root = show(Track, { play: play(), from: T0, to: T0 + 200_000 });
    const line = find(root, '[aria-hidden=true]');
    expect(all(line, 'span[style*=width]').map((e) => [e.style.left, e.style.width])).toEqual([['0.000%', '5.000%'], ['5.000%', '40.000%'], ['45.000%', '5.000%']]);
    expect(all(line, '.bg-bad')).toHaveLength(1);
    expect(all(show(Track, { play: play({ outcome: 'open' }), from: T0, to: T0 + 200_000 }), '.bg-good')).toHaveLength(1);
  });

  it('its legend has only what occurs', () => {
    expect(all(show(StateLegend, { plays: [play()] }), 'li').map(read)).toEqual(['Playing', 'Starting', 'Stalled']);
  });

  it('its detail says everything in words', () => {
    const root = show(PlayDetail, { play: play({ cut: true }) });
    const said = read(root);
    for (const part of ['Failed with E7, technical', 'Startup 10\u202fs'.replace('\u202f', ' '), 'Reached 1:20 of 10:00', '4.0 Mbit/s on average', 'Germany', 'TV, Tizen', 'There are more; the first 3 are shown']) {
      expect(said.replaceAll('\u202f', ' ')).toContain(part);
    }
    expect(all(root, 'tbody tr').map((r) => read(find(r, 'td:last-child')))).toEqual(['cascade', 'cascade', 'meridian']);
  });
});

describe('the plays behind a figure', () => {
  const sample = (more: object = {}) => ({ from: at(0), to: at(100), more: false, suppressed: false, plays: [{ ...play(), masked: 'abab', viewer: VIEWER }], ...more });

  it('lead to the timeline of who may look, and not of others', async () => {
    answer(200, sample());
    const root = show(SamplePlays, { metric: 'rebuffering_ratio' });
    await settle();
    expect(asked[0]?.path).toBe('/api/v1/plays/sample');
    expect(asked[0]?.body.worst).toBe('stalls');
    expect(read(root).replaceAll('\u202f', ' ')).toContain('10 s stalled');
    expect(find(root, 'a[aria-label^=Timeline]').getAttribute('href')).toContain(`/viewers?viewer=${VIEWER}&play=${'01'.repeat(16)}`);
    click(button(root, 'Quiet Ferry'));
    expect(find(root, '[aria-expanded=true]')).toBeTruthy();
    server.session = { role: 'viewer', name: 'Bob' };
    await settle();
    expect(root.querySelector('a')).toBeNull();
  });

  it('say when they may not be shown, when there are none, and when the question failed', async () => {
    answer(200, sample({ plays: [], suppressed: true }));
    const hidden = show(SamplePlays, { metric: 'rebuffering_ratio' });
    await settle();
    expect(read(hidden)).toContain('Fewer viewers than may be told apart');
    answer(200, sample({ plays: [] }));
    const none = show(SamplePlays, { metric: 'video_start_failure_rate' });
    await settle();
    expect(read(none)).toContain('No finished play of this range');
    answer(503, { title: 'Service Unavailable', detail: 'starting' });
    const failed = show(SamplePlays, { metric: 'startup_time' });
    await settle();
    expect(read(find(failed, '[role=alert]'))).toContain('starting');
  });

  it('say which filters they are not narrowed by', async () => {
    router.go('/quality?f.genre=noir&country=DE', true);
    answer(200, sample());
    const root = show(SamplePlays, { metric: 'rebuffering_ratio', extra: { title: ['t1'] } });
    await settle();
    expect(asked[0]?.body.where).toEqual([{ dimension: 'country', in: ['DE'] }, { dimension: 'title', in: ['t1'] }]);
    expect(read(root)).toContain('not narrowed by');
  });
});

describe('looking a viewer up', () => {
  const timeline = { viewer: VIEWER, from: at(0), to: at(100), plays: 2, more: false, sessions: [{ from: at(0), to: at(100), plays: [play(), play({ play: '02'.repeat(16), from: at(50) })] }] };

  it('puts the pseudonym into the address and the raw id nowhere', async () => {
    router.go('/viewers', true);
    answer(200, timeline);
    const root = show(ViewersPage, {});
    const field = find(root, 'form input') as HTMLInputElement;
    type(field, ' ada@example.com ');
    find(root, 'form').dispatchEvent(new Event('submit', { bubbles: true, cancelable: true }));
    await settle();
    expect(asked.map((a) => [a.path, a.body.viewer_id])).toEqual([['/api/v1/viewers/timeline', 'ada@example.com']]);
    expect(field.value).toBe('');
    expect(location.href).not.toContain('ada');
    expect(router.params.get('viewer')).toBe(VIEWER);
    expect(read(root)).toContain('2 plays');
    // Arrows move between plays, a click opens one, and the address says which.
    const rows = all(root, '[data-play]');
    rows[0]?.focus();
    press(rows[0] as HTMLElement, 'ArrowDown');
    expect(document.activeElement).toBe(rows[1]);
    click(rows[1] as HTMLElement);
    expect(router.params.get('play')).toBe('02'.repeat(16));
    expect(rows[1]?.getAttribute('aria-expanded')).toBe('true');
    expect(asked).toHaveLength(1);
  });

  it('opens the timeline of a copied link', async () => {
    router.go(`/viewers?viewer=${VIEWER}&days=31`, true);
    answer(200, timeline);
    const root = show(ViewersPage, {});
    await settle();
    expect(asked.map((a) => a.body.viewer)).toEqual([VIEWER]);
    expect(Date.now() - Date.parse(String(asked[0]?.body.from))).toBeGreaterThan(30 * 86_400_000);
    expect(all(root, '[data-play]')).toHaveLength(2);
  });

  it('says what failed, and what to check when nothing is known', async () => {
    router.go(`/viewers?viewer=${VIEWER}`, true);
    answer(503, { title: 'Service Unavailable', detail: 'the look-up cannot be written to the audit log' });
    const root = show(ViewersPage, {});
    await settle();
    expect(read(find(root, '[role=alert]'))).toContain('audit log');
    answer(200, { ...timeline, sessions: [], plays: 0 });
    click(button(root, 'Retry'));
    await settle();
    expect(read(root)).toContain('Nothing is known of this viewer');
  });

  it('asks nothing for who may not look', async () => {
    server.session = { role: 'viewer', name: 'Bob' };
    router.go(`/viewers?viewer=${VIEWER}`, true);
    answer(200, timeline);
    const root = show(ViewersPage, {});
    await settle();
    expect(read(root)).toContain('This needs the role support');
    expect(asked).toHaveLength(0);
  });
});
