// A breakdown ranked by what it costs viewers.

import { num, text, type Row } from '../api/ask';
import { judgedOf } from '../api/judged';
import { server } from '../api/server.svelte';
import { judged, type Judged } from './basis';
import { impactOf, type Impact } from './impact';

export interface Ranked extends Impact {
  dimension: string;
  value: string;
  rate: number;
  volume: number;
}

/** What to ask for to rank groups by a figure: the server's own impact where it has one. */
export function rankedBy(metric: string): string[] {
  const functions = ['impact', 'impact_low', 'impact_high'].filter((name) => server.applies(name, metric));
  return [...judged([metric]), ...functions.map((name) => `${name}(${metric})`)];
}

/** All groups together: of the same answer, so that a group and its rest are counted alike. */
export function totalOf(metric: string, rows: readonly Row[]): Judged {
  let [sum, volume, events] = [0, 0, 0];
  for (const row of rows) {
    const j = judgedOf(metric, row);
    sum += (j.value ?? 0) * (j.volume ?? 0);
    volume += j.value === null ? 0 : (j.volume ?? 0);
    events += j.events ?? 0;
  }
  return { value: volume > 0 ? sum / volume : null, volume, events };
}

/** Groups of one dimension, those that hurt most first. Groups whose figures say nothing are left out. */
export function rank(metric: string, dimension: string, rows: readonly Row[], sense: number): Ranked[] {
  const all = totalOf(metric, rows);
  const out: Ranked[] = [];
  for (const row of rows) {
    const group = judgedOf(metric, row);
    const found = impactOf(metric, group, all);
    if (!found || group.value === null || group.volume === null) continue;
    out.push({ ...found, ...served(metric, row), dimension, value: text(row[dimension]), rate: group.value, volume: group.volume });
  }
  const harm = sense > 0 ? -1 : 1;
  return out.sort((a, b) => harm * (b.impact - a.impact));
}

/** The impact that came with the row. */
function served(metric: string, row: Row): Partial<Impact> {
  const [impact, low, high] = ['impact', 'impact_low', 'impact_high'].map((name) => num(row[`${name}(${metric})`]));
  if (impact == null || low == null || high == null) return {};
  return { impact, low, high, certain: low > 0 || high < 0 };
}

/** What surely hurts, over several dimensions, the worst first: by the least that it costs. */
export function hurting(lists: readonly Ranked[], sense: number): Ranked[] {
  const harm = sense > 0 ? -1 : 1;
  const least = (r: Ranked): number => (harm > 0 ? r.low : -r.high);
  return lists.filter((r) => r.value !== '' && r.certain && harm * r.impact > 0).sort((a, b) => least(b) - least(a));
}
