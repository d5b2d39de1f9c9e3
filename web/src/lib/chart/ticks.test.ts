import { describe, expect, it } from 'vitest';
import { ticks } from './ticks';

const at = (ms: number): string => new Date(ms).toISOString().slice(5, 16);
const NOON = Date.UTC(2026, 9, 23, 12, 3);
const HOUR = 3_600_000;

describe('the labels of a time axis', () => {
  it('are whole steps, and few', () => {
    expect(ticks(NOON, NOON + HOUR / 2, 'UTC', 6).map(at)).toEqual(['10-23T12:05', '10-23T12:10', '10-23T12:15', '10-23T12:20', '10-23T12:25', '10-23T12:30']);
    expect(ticks(NOON, NOON + 24 * HOUR, 'UTC', 4).map(at)).toEqual(['10-23T18:00', '10-24T00:00', '10-24T06:00', '10-24T12:00']);
    // Weeks begin on Mondays.
    expect(ticks(NOON, NOON + 28 * 24 * HOUR, 'UTC', 4).map(at)).toEqual(['10-26T00:00', '11-02T00:00', '11-09T00:00', '11-16T00:00']);
    for (const days of [1, 7, 28, 35, 400, 4000]) expect(ticks(NOON, NOON + days * 24 * HOUR, 'UTC', 6).length).toBeLessThanOrEqual(7);
  });

  it('are of the reader’s clock, across a change of it too', () => {
    // Clocks in Berlin go back an hour on 25 October.
    expect(ticks(NOON, NOON + 4 * 24 * HOUR, 'Europe/Berlin', 6).map(at)).toEqual(['10-23T22:00', '10-24T22:00', '10-25T23:00', '10-26T23:00']);
    expect(ticks(NOON, NOON + 12 * HOUR, 'Asia/Kolkata', 2).map(at)).toEqual(['10-23T12:30', '10-23T18:30']);
  });

  it('are none of nothing', () => {
    expect(ticks(NOON, NOON, 'UTC', 6)).toEqual([]);
    expect(ticks(NaN, NaN, 'UTC', 6)).toEqual([]);
  });
});
