// Which groups won or lost share beyond chance. Pure.

import { num, text, type Row } from '$lib/api/ask';

export interface Mover {
  value: string;
  now: number;
  before: number;
  shareNow: number;
  shareBefore: number;
  /** Of the share: 0.5 is half more. */
  growth: number;
  /** Standard errors. */
  z: number;
}

/** Groups by how surely their share of the metric changed; those that were too small to tell are left out. */
export function movers(dimension: string, metric: string, count: string, rows: readonly Row[]): Mover[] {
  const sum = (column: string): number => rows.reduce((total, r) => total + (num(r[column]) ?? 0), 0);
  const [all, was] = [sum(metric), sum(`${metric}_previous`)];
  if (all <= 0 || was <= 0) return [];
  return rows
    .flatMap((row): Mover[] => {
      const value = text(row[dimension]);
      const [now, before] = [num(row[metric]) ?? 0, num(row[`${metric}_previous`]) ?? 0];
      const [n, m] = [num(row[count]) ?? 0, num(row[`${count}_previous`]) ?? 0];
      if (value === '' || n + m < 20) return [];
      const [a, b] = [now / all, before / was];
      // Plays of one viewer come together: half as many independent ones.
      const error = Math.sqrt(2 / Math.max(1, n) + 2 / Math.max(1, m));
      return [{ value, now, before, shareNow: a, shareBefore: b, growth: b > 0 ? a / b - 1 : Infinity, z: b > 0 && a > 0 ? Math.log(a / b) / error : a > 0 ? 9 : -9 }];
    })
    .sort((x, y) => y.z - x.z);
}
