import { describe, expect, it } from 'vitest';
import type { RetentionTable } from '$lib/api/types';
import { matches, pretty } from './events/tail-filter';
import { snippet } from './events/snippets';
import { fromInput, toInput } from '../frame/zoned';
import { curves, dropOff, steepest, valueAt } from './title/retention';
import { spread } from './title/spread';
import { sorted, type TitleRow } from './titles/columns';

const table = (columns: string[], rows: (string | number | null)[][]): RetentionTable => ({
  columns: columns.map((name) => ({ name, type: '' })),
  rows,
  meta: {},
});

describe('retention', () => {
  it('is one curve a group, the most played first', () => {
    const out = curves(
      table(
        ['device_type', 'position_ms', 'reached', 'watched', 'plays'],
        [
          ['tv', 10_000, 0.5, 0.6, 10],
          ['tv', 0, 1, 1, 10],
          ['phone', 0, 1, 1, 90],
        ],
      ),
    );
    expect(out.map((c) => c.group)).toEqual(['phone', 'tv']);
    expect(out[1]?.reached).toEqual([
      [0, 1],
      [10_000, 0.5],
    ]);
  });
  it('turns counts into shares', () => {
    const [curve] = curves(table(['position_ms', 'reached', 'watched', 'plays'], [[0, 40, 40, 40], [10_000, 10, 50, 40]]));
    expect(curve?.reached[1]).toEqual([10_000, 0.25]);
    expect(curve?.watched[1]).toEqual([10_000, 1.25]);
  });
  it('loses what it loses, a minute', () => {
    expect(dropOff([[0, 1], [30_000, 0.9], [90_000, 0.9]])).toEqual([[0, expect.closeTo(0.2)], [30_000, 0], [90_000, 0]]);
  });
  it('is in steps wide enough not to be noise', () => {
    const points = Array.from({ length: 601 }, (_, i): [number, number] => [i * 10_000, 1 - i / 1200]);
    const drops = dropOff(points);
    expect(drops.length).toBe(61);
    expect(drops[30]?.[1]).toBeCloseTo(0.005);
  });
  it('finds the steepest loss, not the credits', () => {
    const points: [number, number][] = Array.from({ length: 101 }, (_, i) => [i * 60_000, (i >= 40 ? 0.7 : 0.9) * (i > 95 ? 0.3 : 1)]);
    const worst = steepest(points, 6_000_000);
    expect(worst?.from).toBeLessThan(40 * 60_000);
    expect(worst?.to).toBeGreaterThanOrEqual(40 * 60_000);
    expect(valueAt(points, 1)).toBe(0.9);
    expect(valueAt([], 1)).toBeNull();
  });
  it('keeps labels apart and inside', () => {
    const at = [10, 12, 98, 99];
    const moved = spread(at, 15, 100).map((shift, i) => (at[i] ?? 0) + shift);
    const order = [...moved].sort((a, b) => a - b);
    for (let i = 1; i < order.length; i++) expect((order[i] ?? 0) - (order[i - 1] ?? 0)).toBeGreaterThanOrEqual(15);
    expect(Math.max(...moved)).toBeLessThanOrEqual(100);
  });
});

describe('the leaderboard', () => {
  const row = (id: string, plays: number | null, before: number | null): TitleRow => ({ id, name: id, now: { plays }, before: { plays: before } });
  it('sorts either way, what is not known last', () => {
    const rows = [row('a', null, 1), row('b', 5, 5), row('c', 9, 3)];
    expect(sorted(rows, 'plays', false).map((r) => r.id)).toEqual(['c', 'b', 'a']);
    expect(sorted(rows, 'plays', true).map((r) => r.id)).toEqual(['b', 'c', 'a']);
    expect(sorted(rows, 'change', false).map((r) => r.id)).toEqual(['c', 'b', 'a']);
  });
});

describe('events', () => {
  const event = { time: '', accepted: false, type: 'paused', title: 'T1', reason: 'too old', format: 'cmcd' };
  it('are filtered by fate, format and words', () => {
    expect(matches(event, { fate: 'rejected', format: 'cmcd', text: 'OLD' })).toBe(true);
    expect(matches(event, { fate: 'accepted', format: '', text: '' })).toBe(false);
    expect(matches(event, { fate: '', format: 'native', text: '' })).toBe(false);
    expect(matches(event, { fate: '', format: '', text: 'nothing' })).toBe(false);
  });
  it('are laid out when they are JSON', () => {
    expect(pretty('{"a":1}')).toBe('{\n  "a": 1\n}');
    expect(pretty('{"a":')).toBe('{"a":');
  });
  it('have snippets for this server', () => {
    for (const kind of ['curl', 'browser', 'hls'] as const) expect(snippet(kind, 'http://h:1')).toContain('http://h:1/');
  });
});

describe('date fields', () => {
  it('are clocks of a zone, over the change of the hour too', () => {
    for (const zone of ['UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kolkata']) {
      for (const ms of [Date.UTC(2026, 2, 29, 12), Date.UTC(2026, 9, 25, 12), Date.UTC(2026, 6, 1)]) {
        expect(fromInput(toInput(ms, zone), zone)).toBe(ms);
      }
    }
    expect(toInput(Date.UTC(2026, 0, 1, 0, 30), 'Asia/Kolkata')).toBe('2026-01-01T06:00');
    expect(fromInput('', 'UTC')).toBeUndefined();
  });
});
