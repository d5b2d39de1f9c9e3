import { describe, expect, it } from 'vitest';
import { asCurl } from '$lib/api/call';
import type { RetentionTable } from '$lib/api/types';
import { matches, pretty } from './events/tail-filter';
import { snippet } from './events/snippets';
import { fromInput, toInput } from '../frame/zoned';
import { curves, dropOff, steepest, valueAt } from './title/retention';
import { spread } from '$lib/chart/spread';
import { sorted, type TitleRow } from './titles/columns';
import { parseQuestion, pivot, toQuery, writeQuestion, asCall } from './explore/question';
import { telling, traits } from './audiences/profile';
import { overlapOf } from './audiences/overlap';
import { standings } from './creatives/judge';
import { changes, reasons } from './home/changes';
import { movers } from './trends/movers';
import { bytes } from './pipeline/bytes';
import { quantile, rates, type Sample } from './pipeline/watch.svelte';
import { histogram } from './quality/histogram';
import { compareVersions, newest } from './quality/versions';
import { introLoss, moments } from './title/moments';

const table = (columns: string[], rows: (string | number | null)[][]): RetentionTable => ({
  columns: columns.map((name) => ({ name, type: 'string' as const })),
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

describe('the explorer', () => {
  const known = { metrics: new Set(['plays', 'viewers', 'media_hours']), dimensions: new Set(['title', 'country', 'cdn', 'isp']) };
  const parse = (search: string) => parseQuestion(new URLSearchParams(search), known);
  it('holds its question in the address', () => {
    const q = parse('m=viewers,plays&by=cdn,title&grain=hour&as=pivot&sort=plays&dir=up&limit=200');
    expect(q).toEqual({ metrics: ['viewers', 'plays'], dimensions: ['cdn', 'title'], grain: 'hour', shape: 'pivot', sort: 'plays', up: true, limit: 200 });
    const written = new URLSearchParams(Object.entries(writeQuestion(q)).filter((e): e is [string, string] => e[1] !== undefined));
    expect(parse(written.toString())).toEqual(q);
  });
  it('takes nothing it does not know', () => {
    expect(parse('m=moons&by=mood&grain=aeon&as=cake&limit=7')).toEqual({ metrics: ['plays', 'viewers', 'media_hours'], dimensions: [], grain: 'auto', shape: 'chart', sort: undefined, up: false, limit: 50 });
  });
  it('asks over time for a chart, of the whole range for a table', () => {
    const scope = { from: '2026-11-01T00:00:00Z', to: '2026-11-02T00:00:00Z' };
    expect(toQuery(parse('m=plays&by=cdn'), scope, 'hour', 'UTC', 'none')).toEqual({ metrics: ['plays'], dimensions: ['cdn'], ...scope, grain: 'hour', timezone: 'UTC', order: [{ by: 'plays', desc: true }], limit: 8 });
    expect(toQuery(parse('m=plays&by=cdn&as=table'), scope, 'hour', 'UTC', 'previous')).toEqual({ metrics: ['plays'], dimensions: ['cdn'], ...scope, compare: 'previous', order: [{ by: 'plays', desc: true }], limit: 50 });
  });
  it('is a call for a terminal', () => {
    expect(asCurl('http://h:1', asCall({ metrics: ['plays'], where: [{ dimension: 'title', in: ["it's"] }] }))).toContain("it'\\''s");
  });
  it('crosses two columns, the largest first', () => {
    const crossed = pivot([{ cdn: 'a', isp: 'x', plays: 1 }, { cdn: 'b', isp: 'x', plays: 5 }, { cdn: 'b', isp: 'y', plays: null }], 'cdn', 'isp', 'plays', { down: 5, across: 5 });
    expect(crossed.down).toEqual(['b', 'a']);
    expect([crossed.at('b', 'x'), crossed.at('b', 'y'), crossed.at('a', 'y')]).toEqual([5, null, null]);
  });
});

describe('what changed', () => {
  const total = { plays: 20_000, plays_previous: 10_000, play_requests: 21_000, play_requests_previous: 10_500, video_start_failure_rate: 0.02, video_start_failure_rate_previous: 0.01, exits_before_video_start: 0.0301, exits_before_video_start_previous: 0.03 };
  it('is told apart from noise', () => {
    const found = changes(['plays', 'video_start_failure_rate', 'exits_before_video_start'], total);
    expect(found.changed.map((c) => c.metric).sort()).toEqual(['plays', 'video_start_failure_rate']);
    expect(found.calm.map((c) => c.metric)).toEqual(['exits_before_video_start']);
  });
  it('comes from groups that changed more than they are large', () => {
    const [change] = changes(['plays'], total).changed;
    if (!change) throw new Error('no change');
    const rows = [
      { cdn: 'big', plays: 15_000, plays_previous: 9000 },
      { cdn: 'risen', plays: 5000, plays_previous: 1000 },
    ];
    const found = reasons(change, [{ dimension: 'cdn', rows }]);
    expect(found).toMatchObject([{ dimension: 'cdn', value: 'risen', share: 0.4 }]);
  });
  it('of distinct viewers does not add up, and is not split', () => {
    const change = { metric: 'viewers', now: 200, before: 100, z: 5, ratio: 1 };
    expect(reasons(change, [{ dimension: 'cdn', rows: [{ cdn: 'a', viewers: 190, viewers_previous: 20 }, { cdn: 'b', viewers: 190, viewers_previous: 90 }] }])).toEqual([]);
  });
});

describe('quality', () => {
  it('spreads a volume over round bins', () => {
    const bins = histogram([{ value: 0.002, weight: 10 }, { value: 0.011, weight: 30 }, { value: 0.012, weight: 60 }], 10);
    expect(bins.reduce((sum, b) => sum + b.share, 0)).toBeCloseTo(1);
    expect(bins.at(-1)?.share).toBeGreaterThan(0.5);
    expect(histogram([], 5)).toEqual([]);
    expect(histogram([{ value: 5, weight: 1 }], 5)).toHaveLength(1);
  });
  it('knows the new version', () => {
    expect(['8.4.9', '8.10.0', '8.4.10', '7.9'].sort(compareVersions)).toEqual(['7.9', '8.4.9', '8.4.10', '8.10.0']);
    expect(newest(['8.0', '9.0', '8.1'], new Map([['9.0', 3], ['8.1', 500], ['8.0', 900]]))).toBe('8.1');
    expect(newest([], new Map())).toBeUndefined();
  });
});

describe('moments of a title', () => {
  const curve = (f: (x: number) => number): [number, number][] => Array.from({ length: 121 }, (_, i) => [i * 30_000, f(i / 120)]);
  it('are where plays go back to, and what they skip', () => {
    const reached = curve((x) => 1 - x / 2);
    const watched = curve((x) => (1 - x / 2) * (x > 0.4 && x < 0.43 ? 1.5 : x > 0.7 && x < 0.73 ? 0.5 : 0.95));
    const found = moments(reached, watched, 3_600_000, 0.1);
    expect(found.map((m) => m.kind).sort()).toEqual(['again', 'skipped']);
    expect(found.find((m) => m.kind === 'again')?.from).toBeCloseTo(0.4 * 3_600_000, -5);
  });
  it('are none when it is watched evenly', () => expect(moments(curve(() => 1), curve(() => 1), 3_600_000, 0.06)).toEqual([]));
  it('begin with what the opening costs', () => {
    expect(introLoss(curve((x) => (x < 0.02 ? 1 : 0.8)), 3_600_000)).toEqual({ until: 120_000, lost: expect.closeTo(0.2) });
    expect(introLoss([], 1)).toBeUndefined();
  });
});

describe('the pipeline', () => {
  const sample = (at: number, n: number): Sample => ({ at, figures: { process_events_total: n }, results: {} });
  it('has rates between samples, and a gap at a restart', () => {
    expect(rates([sample(0, 10), sample(2000, 30), sample(4000, 5), sample(6000, 9)], (s) => s.figures.process_events_total)).toEqual([10, null, 2]);
  });
  it('reads a histogram', () => {
    const buckets = [{ seconds: 0.1, count: 50 }, { seconds: 1, count: 99 }];
    expect([quantile(buckets, 100, 0.5), quantile(buckets, 100, 0.99), quantile(buckets, 100, 1), quantile([], 0, 0.5)]).toEqual([0.1, 1, Infinity, undefined]);
  });
  it('writes sizes', () => expect([0, 1536, 5e9].map((b) => bytes(b).replace('\u202f', ' '))).toEqual(['0 B', '1.5 KiB', '4.7 GiB']));
});

describe('creatives', () => {
  const row = (creative: string, rate: number, reached: number) => ({ creative, take_rate: rate, viewers_reached: reached, impressions: reached * 2 });
  it('are best only when it is sure', () => {
    const list = standings('take_rate', [row('a', 0.1, 50_000), row('b', 0.05, 50_000), row('c', 0.09, 20)], undefined);
    expect(list.map((s) => [s.id, s.verdict])).toEqual([['a', 'open'], ['c', 'open'], ['b', 'worse']]);
    expect(standings('take_rate', [row('a', 0.1, 50_000), row('b', 0.05, 50_000)], undefined)[0]?.verdict).toBe('best');
  });
  it('take the estimates of the insight layer before plain ones', () => {
    const given = [{ entity: { creative: 'a' }, kind: 'take_rate', estimate: 0.07, low: 0.06, high: 0.08, n: 100, basis: null, evidence: null }];
    expect(standings('take_rate', [row('a', 0.1, 100)], given)[0]).toMatchObject({ estimate: 0.07, low: 0.06, high: 0.08 });
  });
  it('without viewers are not shown', () => expect(standings('take_rate', [row('', 0.1, 10), { creative: 'x', take_rate: null }], undefined)).toEqual([]));
});

describe('an audience', () => {
  const everybody = [{ country: 'US', viewers: 5000 }, { country: 'BR', viewers: 1000 }];
  it('has traits that set it apart, and those that do not', () => {
    const list = traits('country', [{ country: 'US', viewers: 500 }, { country: 'BR', viewers: 400 }, { country: 'XX', viewers: null }], everybody, 1000, 10_000);
    expect(list.map((t) => t.value)).toEqual(['US', 'BR']);
    expect(telling(list).map((t) => t.value)).toEqual(['BR']);
    expect(list[1]?.index).toBeCloseTo(4);
  });
  it('of nobody has none', () => expect(traits('country', [], everybody, 0, 10)).toEqual([]));
  it('overlaps with another as far as the answer says', () => {
    const row = (entity: string, kind: string, estimate: number | null) => ({ entity, kind, estimate, low: estimate === null ? null : estimate - 1, high: estimate === null ? null : estimate + 1, n: null, basis: null, evidence: null });
    const rows = [row('y', 'title', 20), row('x', 'title', 10), row('x & y', 'overlap', 5)];
    expect(overlapOf({ rows }, 'x', 'y')).toEqual({ a: { size: 10, low: 9, high: 11 }, b: { size: 20, low: 19, high: 21 }, both: { size: 5, low: 4, high: 6 } });
    // Too few to be told is not nothing.
    expect(overlapOf({ rows: [row('x', 'title', 10), row('y', 'title', 9), row('x & y', 'overlap', null)] }, 'x', 'y')?.both).toBeUndefined();
    expect(overlapOf({ rows }, 'x', 'z')).toBeUndefined();
    expect(overlapOf({}, 'x', 'y')).toBeUndefined();
  });
});

describe('trends', () => {
  it('are shares that moved further than chance', () => {
    const rows = [
      { title: 'up', media_hours: 300, media_hours_previous: 100, plays: 600, plays_previous: 200 },
      { title: 'same', media_hours: 700, media_hours_previous: 900, plays: 1400, plays_previous: 1800 },
      { title: 'tiny', media_hours: 1, media_hours_previous: 0, plays: 2, plays_previous: 0 },
    ];
    const found = movers('title', 'media_hours', 'plays', rows);
    expect(found.map((m) => m.value)).toEqual(['up', 'same']);
    expect(found[0]?.z).toBeGreaterThan(2);
    expect(movers('title', 'media_hours', 'plays', [])).toEqual([]);
  });
});
