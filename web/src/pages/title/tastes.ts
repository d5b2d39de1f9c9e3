// What an audience likes more and less than everybody, out of affinity rows. Pure.

import { evidenceOf, figureOf, type Insight } from '$lib/api/insight';

export const KINDS = ['all', 'genre', 'theme', 'cast', 'language'] as const;
export type Kind = (typeof KINDS)[number];

export interface Taste {
  kind: string;
  value: string;
  /** How often as often as everybody. */
  index: number;
  low: number;
  high: number;
  share: number | undefined;
  usual: number | undefined;
  sure: boolean;
}

/** The strongest tastes of an audience, and those that it has least of, ends first. */
export function tastes(rows: readonly Insight[], most: number): Taste[] {
  const all = rows.flatMap((r): Taste[] => {
    if (typeof r.entity !== 'string' || r.estimate === null || r.low === null || r.high === null) return [];
    const at = r.entity.indexOf(':');
    return [
      {
        kind: r.entity.slice(0, at), value: r.entity.slice(at + 1), index: r.estimate, low: r.low, high: r.high,
        share: figureOf(r, 'share'), usual: figureOf(r, 'share_of_all'), sure: evidenceOf(r).stands_out === true,
      },
    ];
  });
  all.sort((a, b) => b.index - a.index);
  if (all.length <= most) return all;
  // Half as many of what it is less given to: those are said when they are sure.
  const rare = all.filter((t) => t.sure && t.index < 1).slice(-Math.floor(most / 3));
  return [...all.slice(0, most - rare.length), ...rare];
}

/** Where an index stands on a scale that has half as often as far from 1 as twice as often; 0 to 1. */
export function onScale(index: number, reach: number): number {
  return Math.max(0, Math.min(1, 0.5 + Math.log(Math.max(index, 1e-6)) / (2 * Math.log(reach))));
}
