// Groups of one dimension, or of two crossed: which CDN with which ISP. Pure.

import { text, type Row } from '$lib/api/ask';

/** Dimensions that are worth crossing, most telling first. */
export const PAIRS = [
  ['isp', 'cdn'],
  ['country', 'cdn'],
  ['os', 'app_version'],
  ['country', 'device_type'],
] as const;

/** Between the two dimensions of a pair in the address; no dimension's name has it. */
const TIMES = '-';
/** Between the values of a pair. */
const BETWEEN = '\u0000';

export function pairName(pair: readonly string[]): string {
  return pair.join(TIMES);
}

/** The dimensions of a breakdown as the address names it. */
export function dimensionsOf(by: string): string[] {
  return by.split(TIMES);
}

/** The values of a group, one a dimension. */
export function valuesOf(group: string): string[] {
  return group.split(BETWEEN);
}

/** The rows with their group under the breakdown's own name; without those of which a dimension is not known. */
export function grouped(by: string, rows: readonly Row[]): readonly Row[] {
  const dimensions = dimensionsOf(by);
  if (dimensions.length === 1) return rows;
  return rows.flatMap((row) => {
    const values = dimensions.map((d) => text(row[d]));
    return values.includes('') ? [] : [{ ...row, [by]: values.join(BETWEEN) }];
  });
}
