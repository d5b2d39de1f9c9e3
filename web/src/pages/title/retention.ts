// Retention curves out of the API's table. Pure.

import { records, num, text } from '$lib/api/ask';
import type { RetentionTable } from '$lib/api/types';

export interface Curve {
  /** "" without a breakdown, else the value of what is broken down by. */
  group: string;
  /** First frames behind the curve. */
  plays: number;
  /** [position ms, share of plays whose furthest position reaches it]. */
  reached: [number, number][];
  /** [position ms, times it was played / plays]; may pass 1. */
  watched: [number, number][];
}

/** What curves can be broken down by, and how the control says it. */
export const BREAKDOWNS = {
  device_type: 'By device',
  country: 'By country',
  season: 'By season',
  os: 'By system',
  app_version: 'By app version',
  player: 'By player',
  cdn: 'By CDN',
  isp: 'By ISP',
} as const;
export type Breakdown = keyof typeof BREAKDOWNS;

export function isBreakdown(by: string | null): by is Breakdown {
  return by !== null && Object.hasOwn(BREAKDOWNS, by);
}

/** The column that says whose a row is, before that of the position; undefined without a breakdown. */
export function brokenDownBy(table: RetentionTable): string | undefined {
  const first = table.columns[0]?.name;
  return first === 'position_ms' ? undefined : first;
}

/** One curve a group, the most played first. Counts are made shares of the group's plays. */
export function curves(table: RetentionTable): Curve[] {
  const by = brokenDownBy(table);
  const groups = new Map<string, Curve>();
  const counts = new Set<string>();
  for (const row of records(table)) {
    const group = by ? text(row[by]) : '';
    const position = num(row.position_ms);
    if (position === null) continue;
    let curve = groups.get(group);
    if (!curve) groups.set(group, (curve = { group, plays: 0, reached: [], watched: [] }));
    const reached = num(row.reached);
    const watched = num(row.watched);
    curve.plays = Math.max(curve.plays, num(row.plays) ?? 0);
    if (reached !== null) curve.reached.push([position, reached]);
    if (watched !== null) curve.watched.push([position, watched]);
    if ((reached ?? 0) > 1.0001) counts.add(group);
  }
  const out = [...groups.values()];
  for (const curve of out) {
    if (counts.size > 0 && curve.plays > 0) {
      curve.reached = curve.reached.map(([p, v]) => [p, v / curve.plays]);
      curve.watched = curve.watched.map(([p, v]) => [p, v / curve.plays]);
    }
    curve.reached.sort((a, b) => a[0] - b[0]);
    curve.watched.sort((a, b) => a[0] - b[0]);
  }
  return out.sort((a, b) => b.plays - a.plays);
}

/** Steps of the drop-off: fine enough to see a scene, wide enough not to be noise. */
const STEPS = 60;

/** Share of plays lost in each minute of the title, −d reached/dp, over about sixty steps. */
export function dropOff(reached: readonly [number, number][]): [number, number][] {
  const out: [number, number][] = [];
  const last = reached.at(-1)?.[0] ?? 0;
  let start = reached[0];
  for (const point of reached) {
    if (!start || (point[0] - start[0] < last / STEPS && point[0] !== last) || point[0] <= start[0]) continue;
    out.push([start[0], ((start[1] - point[1]) / (point[0] - start[0])) * 60_000]);
    start = point;
  }
  if (start && out.length) out.push([start[0], 0]);
  return out;
}

/** Where most of the audience is lost between the opening and the credits, or undefined. */
export function steepest(reached: readonly [number, number][], duration: number): { from: number; to: number; lost: number } | undefined {
  const wide = Math.max(30_000, duration / 40);
  let best: { from: number; to: number; lost: number } | undefined;
  for (let i = 0; i < reached.length; i++) {
    const [p0, v0] = reached[i] as [number, number];
    // Openings and credits always lose most: what is between them tells something.
    if (p0 < duration * 0.05) continue;
    if (p0 > duration * 0.93) break;
    const end = reached.findLast(([p]) => p <= p0 + wide);
    if (!end || end[0] <= p0) continue;
    const lost = v0 - end[1];
    if (!best || lost > best.lost) best = { from: p0, to: end[0], lost };
  }
  return best && best.lost > 0.005 ? best : undefined;
}

/** Value of a curve at a position, by the last point at or before it. */
export function valueAt(points: readonly [number, number][], position: number): number | null {
  return points.findLast(([p]) => p <= position)?.[1] ?? null;
}
