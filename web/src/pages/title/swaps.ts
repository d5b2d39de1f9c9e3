// When one picture of a title gave way to another. Pure.

import { num, text, time, type Row } from '$lib/api/ask';

export interface Swap {
  /** The first day of the other one, epoch ms. */
  at: number;
  from: string;
  to: string;
}

/** A picture leads a day when more than half of its title's impressions are of it. */
const LEADS = 0.5;
/** Fewer impressions a day say nothing of what was chosen. */
const LEAST = 20;

/** Days on which another picture than before began to be shown most, in order. */
export function swaps(rows: readonly Row[]): Swap[] {
  const days = new Map<number, Map<string, number>>();
  for (const row of rows) {
    const at = time(row.time);
    const day = days.get(at) ?? new Map<string, number>();
    day.set(text(row.creative), num(row.impressions) ?? 0);
    days.set(at, day);
  }
  const out: Swap[] = [];
  let leader: string | undefined;
  for (const [at, day] of [...days].sort(([a], [b]) => a - b)) {
    const all = [...day.values()].reduce((sum, n) => sum + n, 0);
    const [id, n] = [...day].sort((a, b) => b[1] - a[1])[0] ?? ['', 0];
    if (all < LEAST || n <= all * LEADS) continue;
    if (leader !== undefined && leader !== id) out.push({ at, from: leader, to: id });
    leader = id;
  }
  return out;
}
