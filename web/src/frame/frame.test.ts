// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { live } from '$lib/api/live.svelte';
import { server } from '$lib/api/server.svelte';
import { router } from '$lib/state/router.svelte';
import { view } from '$lib/state/view.svelte';
import { all, button, clear, click, find, press, read, settle, show, type } from '../testing/dom';
import AnnotateDialog from './AnnotateDialog.svelte';
import ComparePicker from './ComparePicker.svelte';
import FilterBar from './FilterBar.svelte';
import Freshness from './Freshness.svelte';
import RangePicker from './RangePicker.svelte';
import SearchPalette from './SearchPalette.svelte';
import ValuePicker from './ValuePicker.svelte';
import { annotations } from '$lib/api/annotations.svelte';
import { shortcuts } from './shortcuts';

const asked: { path: string; body: unknown }[] = [];

/** Answers requests by the beginning of their path; what is not there is a problem document. */
function answers(by: Record<string, unknown>): void {
  vi.stubGlobal('fetch', (path: string, init: RequestInit = {}) => {
    asked.push({ path, body: init.body ? JSON.parse(String(init.body)) : undefined });
    const found = Object.entries(by).find(([start]) => path.startsWith(start));
    return Promise.resolve(
      found
        ? new Response(JSON.stringify(found[1]), { status: 200, headers: { 'Content-Type': 'application/json' } })
        : new Response(JSON.stringify({ title: 'Service Unavailable', detail: 'starting' }), { status: 503 }),
    );
  });
}

beforeEach(() => {
  asked.length = 0;
  router.go('/quality', true);
  server.session = { role: 'support', name: 'Ada' };
  server.dimensions = new Map(['country', 'title', 'cdn'].map((name) => [name, { name, title: name === 'cdn' ? 'CDN' : name }])) as typeof server.dimensions;
  server.definitions = new Map([['plays', { name: 'plays' }]]) as typeof server.definitions;
  server.titles = new Map([['t1', { id: 't1', name: 'Quiet Ferry' }]]) as typeof server.titles;
});

afterEach(async () => {
  await clear();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

describe('the address is the state', () => {
  it('a range is put there, and a custom one only when it is one', async () => {
    const root = show(RangePicker, {});
    click(button(root, 'Time range'));
    click(button(root, 'Last 7 days'));
    expect(router.params.get('range')).toBe('7d');
    expect(find(root, 'button').getAttribute('aria-label')).toBe('Time range: Last 7 days, UTC');
    click(button(root, 'Time range'));
    const [from, to] = all(root, 'input[type=datetime-local]');
    type(from as HTMLElement, '2026-11-20T10:00');
    type(to as HTMLElement, '2026-11-20T09:00');
    expect(button(root, 'Show this range').disabled).toBe(true);
    type(to as HTMLElement, '2026-11-20T12:00');
    expect(button(root, 'Show this range').disabled).toBe(false);
    find(root, 'form').dispatchEvent(new Event('submit', { bubbles: true, cancelable: true }));
    await settle();
    expect(view.window.to! - view.window.from!).toBe(2 * 3_600_000);
  });

  it('a time zone is put there, one that is not in the short list too, and is said beside the range', async () => {
    const root = show(RangePicker, {});
    click(button(root, 'Time range'));
    const other = find(root, 'input[list]');
    type(other, 'Asia/To');
    expect(router.params.has('tz')).toBe(false);
    type(other, 'Asia/Tokyo');
    await settle();
    expect(router.params.get('tz')).toBe('Asia/Tokyo');
    expect(read(find(root, 'button'))).toContain('Tokyo');
    click(button(root, 'UTC'));
    expect(router.params.has('tz')).toBe(false);
  });

  it('a comparison is put there and taken away', () => {
    const root = show(ComparePicker, {});
    click(button(root, 'Compare with'));
    click(button(root, 'A year earlier'));
    expect(router.params.get('compare')).toBe('year');
    click(button(root, 'Compare with: A year earlier'));
    click(button(root, 'No comparison'));
    expect(router.params.has('compare')).toBe(false);
  });

  it('filters are chips that can be removed', () => {
    router.go('/quality?country=DE&f.cdn=cascade', true);
    const root = show(FilterBar, {});
    expect(read(root)).toContain('Germany');
    click(button(root, 'Remove the filter CDN cascade'));
    expect(router.params.has('f.cdn')).toBe(false);
    expect(router.params.get('country')).toBe('DE');
  });
});

describe('the picker of values', () => {
  it('shows countries by name, finds by name, and tells of a choice', async () => {
    answers({ '/api/v1/values': { values: [{ value: 'DE' }, { value: 'US' }, { value: 'DK' }] } });
    const ontoggle = vi.fn();
    const root = show(ValuePicker, { selected: (d: string) => (d === 'country' ? ['US'] : []), ontoggle });
    await settle();
    expect(all(root, '[data-item][aria-pressed=true]').map(read)).toContain('United States');
    type(find(root, 'input'), 'den');
    click(button(root, 'Denmark'));
    expect(ontoggle).toHaveBeenCalledWith('country', 'DK');
    type(find(root, 'input'), 'atlantis');
    expect(read(root)).toContain('Nothing was seen with this name');
  });

  it('asks the server as one types a title, and for another dimension when it is chosen', async () => {
    answers({ '/api/v1/values': { values: [{ value: 't1', label: 'Quiet Ferry' }] } });
    const root = show(ValuePicker, { selected: () => [], ontoggle: () => {}, start: 'title' });
    await settle();
    type(find(root, 'input'), 'qui');
    await settle();
    expect(asked.at(-1)?.path).toContain('dimension=title&prefix=qui');
    click(button(root, 'CDN'));
    await settle();
    expect(asked.at(-1)?.path).toContain('dimension=cdn&prefix=&');
  });

  it('says what failed, and tries again', async () => {
    answers({});
    const root = show(ValuePicker, { selected: () => [], ontoggle: () => {} });
    await settle();
    expect(read(find(root, '[role=alert]'))).toContain('Service Unavailable');
    answers({ '/api/v1/values': { values: [{ value: 'DE' }] } });
    click(button(root, 'Retry'));
    await settle();
    expect(read(root)).toContain('Germany');
  });
});

describe('freshness', () => {
  it('waits, is fresh, and turns amber with its age', async () => {
    live.snapshot = undefined;
    const root = show(Freshness, {});
    const status = find(root, '[role=status]');
    expect(status.getAttribute('aria-label')).toMatch(/connecting|no events yet/);
    const snapshot = { time: new Date().toISOString(), concurrent_viewers: 1, events_per_second: 1, freshness_ms: 400, per_minute: { plays: 0, stalls: 0, failures: 0 }, top: {} };
    const body = new ReadableStream({ start: (c) => c.enqueue(new TextEncoder().encode(`data: ${JSON.stringify(snapshot)}\n\n`)) });
    vi.stubGlobal('fetch', () => Promise.resolve(new Response(body, { headers: { 'Content-Type': 'text/event-stream' } })));
    const stop = live.start();
    await settle();
    expect(status.getAttribute('aria-label')).toMatch(/Freshness: 0\.\d.s ago/);
    expect(status.className).toContain('text-muted');
    const later = Date.now() + 60_000;
    vi.spyOn(Date, 'now').mockReturnValue(later);
    await new Promise((done) => setTimeout(done, 600)); // its clock moves twice a second
    await settle();
    expect(status.getAttribute('aria-label')).toMatch(/Freshness: 1.m ago/);
    expect(status.className).toContain('text-warn');
    stop();
  });
});

describe('search and keys', () => {
  it('finds a title by a word of its name and opens it by Enter', async () => {
    answers({ '/api/v1/values': { values: [] } });
    const root = show(SearchPalette, { open: true });
    await settle();
    const input = find(root, 'input');
    type(input, 'ferry');
    await settle();
    expect(all(root, '[role=option]').map(read)[0]).toContain('Quiet Ferry');
    press(input, 'Enter');
    await settle();
    expect(router.path).toBe('/titles/t1');
  });

  it('g and a letter go to a page, but not while one writes', () => {
    const go = vi.fn();
    const help = vi.fn();
    const stop = shortcuts({ help, search: () => {}, clear: () => {}, go });
    const field = document.createElement('input');
    document.body.append(field);
    press(document.body, 'g');
    press(document.body, 'v');
    press(document.body, '?');
    press(field, '?');
    expect(go).toHaveBeenCalledWith('/viewers');
    expect(help).toHaveBeenCalledOnce();
    stop();
    press(document.body, '?');
    expect(help).toHaveBeenCalledOnce();
  });
});

describe('annotating', () => {
  it('writes the moment, of the title that is open, and says what the server refused', async () => {
    router.go('/titles/t1', true);
    answers({});
    annotations.writing = Date.UTC(2026, 10, 26, 12, 0);
    const root = show(AnnotateDialog, {});
    await settle();
    type(find(root, 'input[maxlength]'), 'Trailer out');
    find(root, 'form').dispatchEvent(new Event('submit', { bubbles: true, cancelable: true }));
    await settle();
    expect(read(find(root, '[role=alert]'))).toBe('starting');
    answers({ '/api/v1/annotations': { annotations: [] } });
    find(root, 'form').dispatchEvent(new Event('submit', { bubbles: true, cancelable: true }));
    await settle();
    const sent = asked.find((a) => a.body !== undefined)?.body;
    expect(sent).toEqual({ time: '2026-11-26T12:00:00.000Z', kind: 'note', text: 'Trailer out', title: 't1' });
    expect(annotations.writing).toBeUndefined();
  });
});
