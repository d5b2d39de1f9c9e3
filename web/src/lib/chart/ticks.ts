// Where a time axis has its labels: at even steps of the reader's clock, few enough to be read. Pure.

import { zoneOffset } from '../format/zone';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** The first Monday after the epoch, which is a Thursday. */
const MONDAY = 4 * DAY;
const STEPS = [
  10 * SECOND, 30 * SECOND, MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 15 * MINUTE, 30 * MINUTE,
  HOUR, 2 * HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 4 * DAY, 7 * DAY, 14 * DAY, 28 * DAY, 91 * DAY, 182 * DAY, 364 * DAY,
];

/** Moments from `from` to `to`, epoch ms, of which at most `most` are labelled: whole steps of a clock in the zone. */
export function ticks(from: number, to: number, timeZone: string, most: number): number[] {
  const span = to - from;
  if (!(span > 0)) return [];
  const step = STEPS.find((s) => span / s <= most) ?? Math.ceil(span / most / (364 * DAY)) * 364 * DAY;
  const out: number[] = [];
  const phase = step >= 7 * DAY ? MONDAY : 0;
  const offset = zoneOffset(from, timeZone);
  for (let wall = Math.ceil((from + offset - phase) / step) * step + phase; ; wall += step) {
    // Clocks may change on the way: a day is a day of the clock.
    const at = wall - zoneOffset(wall - offset, timeZone);
    if (at > to) return out;
    if (at >= from) out.push(at);
  }
}
