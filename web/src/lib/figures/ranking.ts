// A breakdown ranked by what it costs viewers.

import { text, type Row } from '../api/ask';
import { judgedOf } from '../api/judged';
import { impactOf, type Impact } from './impact';

export interface Ranked extends Impact {
  dimension: string;
  value: string;
  rate: number;
  volume: number;
}

/** Groups of one dimension, those that hurt most first. Groups whose figures say nothing are left out. */
export function rank(metric: string, dimension: string, rows: readonly Row[], total: Row | undefined, sense: number): Ranked[] {
  const all = judgedOf(metric, total);
  const out: Ranked[] = [];
  for (const row of rows) {
    const group = judgedOf(metric, row);
    const impact = impactOf(metric, group, all);
    if (!impact || group.value === null || group.volume === null) continue;
    out.push({ ...impact, dimension, value: text(row[dimension]), rate: group.value, volume: group.volume });
  }
  const harm = sense > 0 ? -1 : 1;
  return out.sort((a, b) => harm * (b.impact - a.impact));
}

/** What surely hurts, over several dimensions, the worst first: by the least that it costs. */
export function hurting(lists: readonly Ranked[], sense: number): Ranked[] {
  const harm = sense > 0 ? -1 : 1;
  const least = (r: Ranked): number => (harm > 0 ? r.low : -r.high);
  return lists.filter((r) => r.value !== '' && r.certain && harm * r.impact > 0).sort((a, b) => least(b) - least(a));
}
