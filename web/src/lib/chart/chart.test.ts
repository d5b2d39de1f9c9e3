import { describe, expect, it } from 'vitest';
import { stretches, type TimeSeries } from './time';
import { EventParser } from '../api/sse';
import { breaks, classOf } from './classes';
import { CODE_OF, COUNTRY_CODES } from './countries';
import { csv, fileName } from './export';

describe('csv', () => {
  it('quotes, keeps gaps, and defuses formulas', () => {
    expect(csv({ columns: ['title', 'plays'], rows: [['a "b", c', 1], ['=cmd()', null], ['-1', -1]] })).toBe(
      'title,plays\r\n"a ""b"", c",1\r\n\'=cmd(),\r\n\'-1,-1\r\n',
    );
  });
  it('names files', () => expect(fileName('Top titles, the last 7 days')).toBe('playhead-top-titles-the-last-7-days'));
});

describe('map classes', () => {
  it('are round and few', () => {
    expect(breaks(3000)).toEqual([50, 100, 500, 1000]);
    expect(breaks(0)).toEqual([1, 2]);
    expect(breaks(1_000_000)).toEqual([20_000, 50_000, 200_000, 500_000]);
  });
  it('put zero apart', () => {
    expect([0, 1, 49, 50, 999, 1000].map((v) => classOf(v, [50, 100, 500, 1000]))).toEqual([0, 1, 1, 2, 4, 5]);
  });
  it('know every country once', () => {
    expect(CODE_OF.get('840')).toBe('US');
    expect(new Set(COUNTRY_CODES).size).toBe(COUNTRY_CODES.length);
    expect(COUNTRY_CODES.every((code) => /^[A-Z]{2}$/.test(code))).toBe(true);
  });
});

describe('server-sent events', () => {
  it('are whole however the bytes are cut', () => {
    const text = ': hello\n\ndata: {"a":1}\n\nevent: x\r\ndata: two\r\ndata: lines\r\n\r\ndata:{"b":2}\n\n';
    for (let size = 1; size < text.length; size++) {
      const parser = new EventParser();
      const out: string[] = [];
      for (let i = 0; i < text.length; i += size) out.push(...parser.push(text.slice(i, i + size)));
      expect(out).toEqual(['{"a":1}', 'two\nlines', '{"b":2}']);
    }
  });
});

describe('history that is on its way', () => {
  const minute = 60_000;
  const series = (points: [number, number | null][]): TimeSeries[] => [{ name: 'a', color: 0, points }];
  it('is where the window has no point yet, not where one is missing', () => {
    const points = Array.from({ length: 30 }, (_, i): [number, number | null] => [(60 + i) * minute, i === 10 ? null : i]);
    expect(stretches(series(points), 0, 90 * minute)).toEqual([[0, 60 * minute]]);
    expect(stretches(series(points), 60 * minute, 90 * minute)).toEqual([]);
  });
  it('may lie between what is there', () => {
    const points = [...Array.from({ length: 20 }, (_, i) => i), ...Array.from({ length: 20 }, (_, i) => 60 + i)].map((m): [number, number] => [m * minute, 1]);
    expect(stretches(series(points), 0, 80 * minute)).toEqual([[19 * minute, 60 * minute]]);
    // One that ends in the middle of an hour is a gap: the server or the network was away.
    expect(stretches(series(points.map(([t, v]) => [t + 7 * minute, v])), 7 * minute, 87 * minute)).toEqual([]);
  });
  it('is nothing to say of an empty chart', () => {
    expect(stretches(series([]), 0, minute)).toEqual([]);
  });
});
