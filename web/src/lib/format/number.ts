// Numbers as the reader sees them, by the reader's locale. Exact values go to titles and exports.

import { digits, share } from './locale';

const NARROW = '\u202f';
const MISSING = '–';


/** 1234567 → "1,234,567". */
export function exact(value: number | null | undefined): string {
  if (value == null || !Number.isFinite(value)) return MISSING;
  return digits(value, Number.isInteger(value) ? 0 : 4);
}

/** 1234 → "1,234", 12345 → "12.3 k", 1234567 → "1.23 M". */
export function count(value: number | null | undefined): string {
  if (value == null || !Number.isFinite(value)) return MISSING;
  const size = Math.abs(value);
  if (size < 10 && !Number.isInteger(value)) return digits(value, 1);
  if (Math.round(size) < 10_000) return digits(Math.round(value), 0);
  for (const [unit, suffix] of UNITS) {
    // 999,950 would round to "1000 k": it is 1 M.
    if (Number((size / unit).toPrecision(3)) < 1) continue;
    return short(value / unit) + NARROW + suffix;
  }
  return digits(value, 0);
}

const UNITS: readonly [number, string][] = [
  [1e12, 'T'],
  [1e9, 'B'],
  [1e6, 'M'],
  [1e3, 'k'],
];

/** Three significant digits without an exponent. */
function short(value: number): string {
  const size = Math.abs(value);
  return digits(value, size < 9.995 ? 2 : size < 99.95 ? 1 : 0);
}

/** 0.0123 → "1.2%". Takes a rate of 0–1; a small rate that is not zero is never shown as zero. */
export function percent(rate: number | null | undefined): string {
  if (rate == null || !Number.isFinite(rate)) return MISSING;
  if (rate > 0 && rate < 0.0005) return `<${share(0.001, 1)}`;
  if (rate < 0 && rate > -0.0005) return `>${minus(share(-0.001, 1))}`;
  return minus(share(rate, 1));
}

/** −3 with a true minus sign. */
export function minus(text: string): string {
  return text.replace('-', '−');
}

/** A per-second or per-minute figure: one decimal below ten. */
export function rate(value: number | null | undefined): string {
  if (value == null || !Number.isFinite(value)) return MISSING;
  return Math.abs(value) < 10 ? digits(value, 1) : count(value);
}

/** How many times as much: "× 1.34"; from ten on without digits after the point. */
export function times(value: number): string {
  return Math.abs(value) < 10 ? digits(value, 2, 2) : digits(value, 0);
}

export type Direction = 'up' | 'down' | 'flat';

export interface Change {
  /** "+12.3%", "−4.0%", "new", or "" when nothing can be said. */
  text: string;
  direction: Direction;
  /** Inside what chance alone would do: shown grey. */
  noise: boolean;
  /** "up 12.3%" for screen readers. */
  words: string;
}

/**
 * The change from previous to current. With counts, a difference below two
 * standard errors of two Poisson counts is noise; a rate or a mean, whose volume
 * is not known here, has to move by 5 %.
 */
export function change(current: number | null | undefined, previous: number | null | undefined, counts = false): Change {
  const none: Change = { text: '', direction: 'flat', noise: true, words: 'no comparison' };
  if (current == null || previous == null) return none;
  if (previous === 0) {
    if (current === 0) return { text: '0%', direction: 'flat', noise: true, words: 'no change' };
    return { text: 'new', direction: 'up', noise: false, words: 'new, none before' };
  }
  const ratio = (current - previous) / Math.abs(previous);
  const noise = counts
    ? Math.abs(current - previous) < 2 * Math.sqrt(Math.abs(current) + Math.abs(previous))
    : Math.abs(ratio) < 0.05;
  const percentText = Math.abs(ratio) >= 10 ? '×' + short(current / previous) : percent(Math.abs(ratio));
  if (Math.abs(ratio) < 0.0005) return { text: '0%', direction: 'flat', noise: true, words: 'no change' };
  const direction = ratio > 0 ? 'up' : 'down';
  const sign = percentText.startsWith('×') ? '' : ratio > 0 ? '+' : '−';
  return { text: sign + percentText, direction, noise, words: `${direction} ${percentText}${noise ? ', within noise' : ''}` };
}
