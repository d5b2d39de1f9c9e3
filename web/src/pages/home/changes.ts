// What changed beyond noise, and which groups it came from. Pure.

import type { Row } from '$lib/api/ask';
import { text } from '$lib/api/ask';
import { judgedOf } from '$lib/api/judged';
import { apart, basisOf } from '$lib/figures/basis';
import { contributions } from '$lib/figures/impact';

export interface Change {
  metric: string;
  now: number;
  before: number;
  /** Standard errors apart. */
  z: number;
  /** Relative change; undefined from zero. */
  ratio: number | undefined;
}

/** Beyond this many standard errors, and this much of the figure, it is worth a line. */
const SURE = 3;
const WORTH = 0.03;

/** Splits figures into those that changed, the surest first, and those that did not. */
export function changes(metrics: readonly string[], total: Row | undefined): { changed: Change[]; calm: Change[] } {
  const all: Change[] = [];
  for (const metric of metrics) {
    const [now, before] = [judgedOf(metric, total), judgedOf(metric, total, true)];
    if (now.value === null || before.value === null) continue;
    const z = apart(metric, now, before) ?? 0;
    all.push({ metric, now: now.value, before: before.value, z, ratio: before.value > 0 ? now.value / before.value - 1 : undefined });
  }
  const beyond = (c: Change): boolean => Math.abs(c.z) >= SURE && (c.ratio === undefined || Math.abs(c.ratio) >= WORTH);
  return {
    changed: all.filter(beyond).sort((a, b) => Math.abs(b.z) - Math.abs(a.z)),
    calm: all.filter((c) => !beyond(c)),
  };
}

export interface Reason {
  dimension: string;
  value: string;
  /** Of the whole change; may pass 1 when others went the other way. */
  share: number;
  now: number | null;
  before: number | null;
}

/** The groups that a change came from, over several dimensions; the largest of each leads. */
export function reasons(change: Change, lists: readonly { dimension: string; rows: readonly Row[] }[], most = 4): Reason[] {
  const rate = basisOf(change.metric).volume !== undefined;
  const whole = change.now - change.before;
  if (whole === 0) return [];
  const found: Reason[] = [];
  for (const { dimension, rows } of lists) {
    if (rows.length < 2) continue;
    const groups = rows.map((row) => ({ key: text(row[dimension]), now: judgedOf(change.metric, row), before: judgedOf(change.metric, row, true) }));
    const parts = contributions(rate, groups);
    // Distinct viewers do not add up over groups: there is no part of theirs to tell.
    const sum = parts.reduce((total, p) => total + p.part, 0);
    if (Math.abs(sum - whole) > 0.25 * Math.abs(whole)) continue;
    const size = (g: (typeof groups)[number]): number => (rate ? g.before.volume : g.before.value) ?? 0;
    const sizes = groups.reduce((total, g) => total + size(g), 0);
    for (const { key, part } of parts) {
      const share = part / whole;
      const group = groups.find((g) => g.key === key);
      const usual = group && sizes > 0 ? size(group) / sizes : 0;
      // What went the other way explains nothing, nor does a group that took no more
      // part in the change than it is large; what is unknown cannot be acted on.
      if (share < 0.08 || share < usual * 1.3 || key === '') continue;
      found.push({ dimension, value: key, share, now: group?.now.value ?? null, before: group?.before.value ?? null });
    }
  }
  return found.sort((a, b) => b.share - a.share).slice(0, most);
}
