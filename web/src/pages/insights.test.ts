// What the pages make of rows of insights.
import { describe, expect, it } from 'vitest';
import { asCurl, asFile } from '$lib/api/call';
import { insightCall, listOf, rangedOf, spanOf, type Insight } from '$lib/api/insight';
import { gravest, noteOf } from '$lib/api/notes';
import { ageOption } from '$lib/chart/ages';
import type { Palette } from '$lib/chart/theme';
import { takenOut } from './creatives/judge';
import { groupsOfInsights, groupsOfRows, likeliest } from './creatives/whom';
import { swaps } from './title/swaps';
import { onScale, tastes } from './title/tastes';
import { launchesOf, troubles } from './trends/launches';
import { moving, seasonal } from './trends/season';

const row = (entity: string, kind: string, estimate: number | null, low: number | null, high: number | null, evidence: object = {}, n = 100): Insight => ({ entity, kind, estimate, low, high, n, basis: 'raw', evidence });

describe('a question for a program', () => {
  it('keeps its parameters in quotes and its body whole', () => {
    const call = insightCall('creatives', { title: "it's", by: undefined, country: '', media: 'true' });
    expect(call.path).toBe('/api/v1/insights/creatives?title=it%27s&media=true');
    expect(asCurl('http://h:1', call)).toContain("'http://h:1/api/v1/insights/creatives?title=it%27s&media=true'");
    expect(asCurl('http://h:1', { path: '/api/v1/query', body: { a: 1 } })).toContain('-d');
    expect(asFile(call, 'csv').path).toBe(`${call.path}&format=csv`);
    expect(asFile({ path: '/x', body: 1 }, 'parquet')).toEqual({ path: '/x?format=parquet', body: 1 });
  });
  it('spans what the page spans, all time as the insight means it', () => {
    expect(spanOf({ from: undefined, to: undefined })).toEqual({ from: undefined, to: undefined });
    expect(spanOf({ from: undefined, to: undefined }, 'ever').from).toBe('2000-01-01');
    expect(spanOf({ from: 0, to: 86_400_000 })).toEqual({ from: '1970-01-01T00:00:00.000Z', to: '1970-01-02T00:00:00.000Z' });
  });
  it('says what matters of its answer apart from how it was cut', () => {
    const meta = { warnings: ['The range was widened to whole weeks: a to b.', 'Cells of a week with fewer than 5 viewers (or all but so few) are left out of every sum: 3 of them.', 'Some creatives change places.'] };
    expect(gravest(meta)).toEqual(['Some creatives change places.']);
    expect(noteOf(meta, gravest(meta))).toBe('In whole weeks · Without cells of fewer than 5 viewers in a week');
  });
});

describe('which picture works for whom', () => {
  const rows = [
    row('a', 'creative_by_affinity', 0.3, 0.25, 0.35, { affinity: 'genre:noir', probability_best: 0.97 }, 300),
    row('b', 'creative_by_affinity', 0.1, 0.05, 0.15, { affinity: 'genre:noir', probability_best: 0.03 }, 300),
    row('a', 'creative_by_affinity', 0.2, 0.1, 0.3, { affinity: 'genre:drama', probability_best: 0.5 }, 10),
    row('a', 'creative_by_affinity', 0.2, 0.1, 0.3, { affinity: '' }, 1000),
  ];
  it('sets each beside what the group does with all of them', () => {
    const groups = groupsOfInsights(rows, 'affinity');
    expect(groups.map((g) => [g.value, g.n])).toEqual([['genre:noir', 600], ['genre:drama', 10]]);
    expect(groups[0]?.usual).toBeCloseTo(0.2);
    expect(groups[0]?.cells.map((c) => c.apart)).toEqual([1, -1]);
    expect(likeliest(groups[0])?.creative).toBe('a');
    expect(likeliest(groups[1])).toBeUndefined();
  });
  it('judges counted rates by chance', () => {
    const counted = [{ creative: 'a', rank: '1', take_rate: 0.5, viewers_reached: 1000 }, { creative: 'b', rank: '1', take_rate: 0.1, viewers_reached: 1000 }];
    expect(groupsOfRows('take_rate', counted, 'rank')[0]?.cells.map((c) => c.apart)).toEqual([1, -1]);
  });
  it('says what was taken out', () => {
    expect(takenOut(['placement', 'rank', 'device_type', 'affinity genre:noir'], (d) => d)).toBe('placement, rank, device_type and a taste for noir');
    expect(takenOut([], (d) => d)).toBe('');
  });
});

describe('tastes', () => {
  it('are the strongest, and the surest of what is liked less', () => {
    const rows = [...Array.from({ length: 20 }, (_, i) => row(`genre:${i}`, 'affinity_genre', 3 - i * 0.1, 1, 4, { stands_out: false })), row('cast:Z: the last', 'affinity_cast', 0.2, 0.1, 0.3, { stands_out: true, share: 0.01, share_of_all: 0.05 })];
    const list = tastes(rows, 6);
    expect(list.length).toBe(6);
    expect(list.at(-1)).toMatchObject({ kind: 'cast', value: 'Z: the last', sure: true, share: 0.01 });
    expect(onScale(1, 4)).toBe(0.5);
    expect(onScale(2, 4)).toBeCloseTo(1 - onScale(0.5, 4));
  });
});

describe('what moves against its season', () => {
  const rows = [
    row('noir', 'rising', Math.log(1.5), Math.log(1.2), Math.log(1.9), { alarm: true, share: 0.1, weeks: 8, top_title: 't', without_top_title: { estimate: 0.01, low: -0.1, high: 0.1 } }),
    row('drama', 'steady', 0, -0.1, 0.1, {}),
    row('sport', 'fading', Math.log(0.5), Math.log(0.4), Math.log(0.6), {}),
  ];
  it('is told from what stays', () => {
    const [noir] = moving(rows, true);
    expect(noir).toMatchObject({ value: 'noir', alarm: true, without: { title: 't', sure: false } });
    expect(noir?.growth).toBeCloseTo(0.5);
    expect(moving(rows, false).map((m) => m.value)).toEqual(['sport']);
    expect(seasonal(rows)).toBe(true);
    expect(seasonal([row('x', 'unknown', null, null, null)])).toBe(false);
  });
});

describe('launches', () => {
  const rows = [
    row('a', 'launch', 12, 9, 15, { launched: '2026-11-01', days: 3, media_hours_by_day: [3, 4, 5], media_hours_cumulative: [3, 7, 12], band_low: [1, 2, 3], band_median: [2, 4, 5], band_high: [3, 6, 9], similar_titles: 8 }),
    row('b', 'launch', 1, 0, 2, { launched: '2026-11-02', days: 3, media_hours_cumulative: [0, 1, 1], band_low: [], band_median: [], band_high: [], similar_titles: 2 }),
    row('b', 'not_shown', 0, 0, 0, { country: 'GB', expected_impressions: 28 }, 0),
  ];
  it('stand above, within or below titles like them', () => {
    expect(launchesOf(rows).map((l) => [l.id, l.standing, l.similar])).toEqual([['a', 'above', 8], ['b', undefined, 2]]);
    expect(troubles(rows)).toMatchObject([{ id: 'b', kind: 'not_shown', country: 'GB', expected: 28 }]);
    expect(listOf(rows[0], 'media_hours_by_day')).toEqual([3, 4, 5]);
    expect(rangedOf(rows[0], 'nothing')).toBeUndefined();
  });
  it('are drawn by day, the band between its ends', () => {
    const colors = { series: Array.from({ length: 8 }, () => '#000') } as unknown as Palette;
    const option = ageOption({ metric: 'media_hours', lines: [{ name: 'A', points: [3, 7, 12], color: 0 }], band: { low: [1, null, 3], middle: [2, null, 5], high: [3, null, 9] }, bandName: 'like it', colors, height: 200 }) as { series: { name: string; data: (number | null)[] }[]; xAxis: { data: string[] } };
    expect(option.xAxis.data).toEqual(['day 1', 'day 2', 'day 3']);
    expect(option.series.find((s) => s.name === 'high')?.data).toEqual([2, null, 6]);
  });
});

describe('artwork of a title', () => {
  it('was swapped on the day that another led', () => {
    const day = (n: number): string => new Date(n * 86_400_000).toISOString();
    const rows = [
      { time: day(1), creative: 'a', impressions: 90 }, { time: day(1), creative: 'b', impressions: 5 },
      { time: day(2), creative: 'a', impressions: 4 }, { time: day(2), creative: 'b', impressions: 80 },
      { time: day(3), creative: 'a', impressions: 9 },
      { time: day(4), creative: 'a', impressions: 30 }, { time: day(4), creative: 'b', impressions: 30 },
    ];
    expect(swaps(rows)).toEqual([{ at: 2 * 86_400_000, from: 'a', to: 'b' }]);
  });
});
