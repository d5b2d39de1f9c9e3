// Durations and clock times, by the reader's locale.

import { digits, hourDigits, written } from './locale';

const NARROW = '\u202f';
const MISSING = '–';

/** 180 → "180 ms", 3200 → "3.2 s", 84_000 → "1 m 24 s", 5_040_000 → "1 h 24 m". */
export function duration(ms: number | null | undefined): string {
  if (ms == null || !Number.isFinite(ms)) return MISSING;
  if (ms < 0) return '−' + duration(-ms);
  if (Math.round(ms) < 1000) return `${Math.round(ms)}${NARROW}ms`;
  if (ms < 59_950) return `${digits(ms / 1000, 1)}${NARROW}s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 3600) return pair(Math.floor(seconds / 60), 'm', seconds % 60, 's');
  const minutes = Math.round(seconds / 60);
  if (minutes < 48 * 60) return pair(Math.floor(minutes / 60), 'h', minutes % 60, 'm');
  const hours = Math.round(minutes / 60);
  return pair(Math.floor(hours / 24), 'd', hours % 24, 'h');
}

function pair(big: number, bigUnit: string, small: number, smallUnit: string): string {
  const head = `${big}${NARROW}${bigUnit}`;
  return small === 0 ? head : `${head} ${small}${NARROW}${smallUnit}`;
}

/** A position in a title: 83_000 → "1:23", 5_025_000 → "1:23:45". */
export function position(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const pad = (n: number): string => String(n).padStart(2, '0');
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  return hours > 0 ? `${hours}:${pad(minutes)}:${pad(seconds % 60)}` : `${minutes}:${pad(seconds % 60)}`;
}

/** How long ago: "0.4 s", "12 s", "3 m". */
export function age(ms: number): string {
  if (ms < 9_950) return `${digits(Math.max(0, ms) / 1000, 1, 1)}${NARROW}s`;
  if (ms < 60_000) return `${Math.round(ms / 1000)}${NARROW}s`;
  if (ms < 3_600_000) return `${Math.round(ms / 60_000)}${NARROW}m`;
  if (ms < 48 * 3_600_000) return `${Math.round(ms / 3_600_000)}${NARROW}h`;
  return `${Math.round(ms / 86_400_000)}${NARROW}d`;
}

/** Clock time in a zone: "14:05" or "14:05:30", "2:05 PM" where clocks have twelve hours. */
export function clock(ms: number, timeZone: string, seconds = false): string {
  return written(ms, { timeZone, hour: hourDigits(), minute: '2-digit', ...(seconds ? { second: '2-digit' } : {}) });
}

/** Whether a day begins in the zone at that moment. */
export function midnight(ms: number, timeZone: string): boolean {
  return /^(24|0?0)\D00/.test(written(ms, { timeZone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23', numberingSystem: 'latn' }));
}

/** "23 Nov" in a zone. */
export function day(ms: number, timeZone: string): string {
  return written(ms, { timeZone, day: 'numeric', month: 'short' });
}

/** "Mon 23 Nov, 14:05" in a zone. */
export function moment(ms: number, timeZone: string, seconds = false): string {
  const date = written(ms, { timeZone, weekday: 'short', day: 'numeric', month: 'short' });
  return `${date.replace(',', '')}, ${clock(ms, timeZone, seconds)}`;
}
